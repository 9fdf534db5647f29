/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of systemd, by its D-Bus interface (org.freedesktop.systemd1(5)). What takes time there is a job: the call
 * gives its path, and the signal JobRemoved its result. The signal is subscribed to before the call, or it could
 * come between the two; the bus takes both in their order, so nobody waits for the first.
 */
#include "bus/bus.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "bus/library.h"
#include "sys/file.h"

enum {
	CALL_TIMEOUT_MS = 10000,
	JOB_TIMEOUT_MS = 30000, /* of all: systemd may be busy with others' */
	JOB_PATH_MAX = 128,
	JOB_RESULT_MAX = 32,
	JOBS_SEEN_MAX = 16,
};

static const char destination[] = "org.freedesktop.systemd1";
static const char manager_path[] = "/org/freedesktop/systemd1";
static const char manager_interface[] = "org.freedesktop.systemd1.Manager";
static const char unit_interface[] = "org.freedesktop.systemd1.Unit";
static const char property_interface[] = "org.freedesktop.DBus.Properties";

/* The greeting of the bus: without this the first call would wait for it, and for much longer. */
static int wait_ready(const struct bus *bus)
{
	const struct bus_library *library = bus->library;
	uint64_t end_ns = sys_now_ns() + (uint64_t)CALL_TIMEOUT_MS * 1000000U;
	int r = library->is_ready(bus->connection);

	while (r == 0) {
		uint64_t now_ns = sys_now_ns();

		if (now_ns >= end_ns) {
			return -ETIMEDOUT;
		}
		r = library->process(bus->connection, NULL);
		if (r == 0) {
			r = library->wait(bus->connection, (end_ns - now_ns) / 1000U);
		}
		if (r < 0 && r != -EINTR) {
			return r;
		}
		r = library->is_ready(bus->connection);
	}
	return r < 0 ? r : 0;
}

/* Where sd-bus looks for it (sd_bus_default(3)). */
static int connect_failed(bool is_user, int errnum, struct berth_error *err)
{
	const char *address =
		secure_getenv(is_user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	const char *runtime = is_user ? secure_getenv("XDG_RUNTIME_DIR") : "/run/dbus";
	const char *kind = is_user ? "user" : "system";

	if (address || runtime) {
		return error_system(err, errnum, "connect to the %s bus of systemd, %s%s", kind,
			address ? address : runtime,
			address   ? ""
			: is_user ? "/bus"
				  : "/system_bus_socket");
	}
	return error_set(err, BERTH_ERROR_SYSTEM,
		"connect to the user bus of systemd: neither DBUS_SESSION_BUS_ADDRESS nor "
		"XDG_RUNTIME_DIR says where it is");
}

int bus_open(struct bus *bus, bool is_user, struct berth_error *err)
{
	struct bus_library *library = calloc(1, sizeof(*library));
	sd_bus *connection = NULL;
	int r;

	*bus = (struct bus){.library = library};
	if (!library) {
		return error_system(err, ENOMEM, "memory for the bus");
	}
	r = bus_library_load(library, &bus->handle, err);
	if (r < 0) {
		return r;
	}
	r = is_user ? library->open_user(&connection) : library->open_system(&connection);
	bus->connection = connection;
	if (r >= 0) {
		r = wait_ready(bus);
	}
	return r < 0 ? connect_failed(is_user, r, err) : 0;
}

/* What was sent was answered, or is not waited for any more: nothing is flushed. */
void bus_close(struct bus *bus)
{
	autoptr struct bus_library *library = bus->library;

	if (bus->connection) {
		(void)library->close_unref(bus->connection);
	}
	if (bus->handle) {
		(void)dlclose(bus->handle);
	}
	*bus = (struct bus){0};
}

/* A call that is being put together, and its answer. */
struct call {
	struct bus *bus;
	const char *member;
	sd_bus_message *message;
	sd_bus_message *reply;
	struct bus_error error;
	int status; /* the first failure of what was appended */
};

/* One of the manager. */
static void call_begin(struct call *call, struct bus *bus, const char *member)
{
	*call = (struct call){.bus = bus, .member = member};
	call->status = bus->library->message_new_method_call(bus->connection, &call->message,
		destination, manager_path, manager_interface, member);
}

/* One that asks a unit for a property. */
static void call_begin_get(struct call *call, struct bus *bus, const char *path, const char *name)
{
	*call = (struct call){.bus = bus, .member = "Get"};
	call->status = bus->library->message_new_method_call(bus->connection, &call->message,
		destination, path, property_interface, call->member);
	if (call->status >= 0) {
		call->status =
			bus->library->message_append(call->message, "ss", unit_interface, name);
	}
}

static void call_finish(struct call *call)
{
	const struct bus_library *library = call->bus->library;

	(void)library->message_unref(call->message);
	(void)library->message_unref(call->reply);
	library->error_free(&call->error);
}

#define autocall __attribute__((cleanup(call_finish)))

static void call_note(struct call *call, int r)
{
	call->status = call->status < 0 || r >= 0 ? call->status : r;
}

static bool call_failed_with(const struct call *call, const char *name)
{
	return call->error.name && strcmp(call->error.name, name) == 0;
}

static int call_make(struct call *call)
{
	if (call->status < 0) {
		return call->status;
	}
	return call->bus->library->call(call->bus->connection, call->message,
		(uint64_t)CALL_TIMEOUT_MS * 1000U, &call->error, &call->reply);
}

/* What systemd said, in its own words. */
static int call_failure(
	const struct call *call, int r, const char *subject, struct berth_error *err)
{
	const char *words = call->error.message;

	if (r == -ETIMEDOUT) {
		return error_system(err, r, "systemd: %s of %s: no answer in %d seconds",
			call->member, subject, CALL_TIMEOUT_MS / 1000);
	}
	if (!words) {
		return error_system(err, r, "systemd: %s of %s", call->member, subject);
	}
	return error_set(err,
		call_failed_with(call, "org.freedesktop.systemd1.UnitExists") ? BERTH_ERROR_EXISTS
									      : BERTH_ERROR_SYSTEM,
		"systemd: %s of %s: %s", call->member, subject, words);
}

/* Appends the value of a property as a variant. */
static void append_value(struct call *call, const struct host_unit_property *property)
{
	const struct bus_library *library = call->bus->library;
	sd_bus_message *message = call->message;
	const char type[2] = {(char)property->type, '\0'};
	int truth = property->number != 0;
	uint32_t narrow = (uint32_t)property->number;

	switch (property->type) {
	case HOST_UNIT_STRING:
		call_note(call, library->message_append(message, "v", "s", property->texts[0]));
		break;
	case HOST_UNIT_BOOL:
		call_note(call, library->message_append(message, "v", "b", truth));
		break;
	case HOST_UNIT_I32:
	case HOST_UNIT_U32:
		call_note(call, library->message_append(message, "v", type, narrow));
		break;
	case HOST_UNIT_I64:
	case HOST_UNIT_U64:
		call_note(call, library->message_append(message, "v", type, property->number));
		break;
	case HOST_UNIT_DOUBLE:
		call_note(call, library->message_append(message, "v", "d", property->fraction));
		break;
	case HOST_UNIT_STRINGS:
		call_note(call, library->message_open_container(message, 'v', "as"));
		call_note(call, library->message_open_container(message, 'a', "s"));
		for (size_t i = 0; i < property->count; i++) {
			call_note(call,
				library->message_append_basic(message, 's', property->texts[i]));
		}
		call_note(call, library->message_close_container(message));
		call_note(call, library->message_close_container(message));
		break;
	case HOST_UNIT_BYTES:
		call_note(call, library->message_open_container(message, 'v', "ay"));
		call_note(call, library->message_append_array(
					message, 'y', property->bytes, property->count));
		call_note(call, library->message_close_container(message));
		break;
	default:
		call_note(call, -EINVAL);
		break;
	}
}

/* One (sv). */
static void append_property(struct call *call, const struct host_unit_property *property)
{
	const struct bus_library *library = call->bus->library;

	call_note(call, library->message_open_container(call->message, 'r', "sv"));
	call_note(call, library->message_append_basic(call->message, 's', property->name));
	append_value(call, property);
	call_note(call, library->message_close_container(call->message));
}

static void append_properties(struct call *call, const struct host_unit_property *properties,
	size_t count, const pid_t *pid)
{
	const struct bus_library *library = call->bus->library;

	call_note(call, library->message_open_container(call->message, 'a', "(sv)"));
	if (pid) {
		call_note(call, library->message_append(
					call->message, "(sv)", "PIDs", "au", 1, (uint32_t)*pid));
	}
	for (size_t i = 0; i < count; i++) {
		append_property(call, &properties[i]);
	}
	call_note(call, library->message_close_container(call->message));
}

/* A job that is waited for. Those that end before its path is known are remembered. */
struct job {
	const struct bus_library *library;
	struct {
		char path[JOB_PATH_MAX];
		char result[JOB_RESULT_MAX];
	} seen[JOBS_SEEN_MAX];
	size_t count;
};

/* JobRemoved: number, path, unit, result. */
static int job_removed(sd_bus_message *message, void *argument, struct bus_error *error)
{
	struct job *job = argument;
	uint32_t number;
	const char *path = NULL;
	const char *unit = NULL;
	const char *result = NULL;

	(void)error;
	if (job->library->message_read(message, "uoss", &number, &path, &unit, &result) >= 0) {
		size_t at = job->count++ % JOBS_SEEN_MAX;

		(void)str_copy(job->seen[at].path, sizeof(job->seen[at].path), path);
		(void)str_copy(job->seen[at].result, sizeof(job->seen[at].result), result);
	}
	return 0;
}

static const char *job_result(const struct job *job, const char *path)
{
	for (size_t i = 0; i < JOBS_SEEN_MAX && i < job->count; i++) {
		if (strcmp(job->seen[i].path, path) == 0) {
			return job->seen[i].result;
		}
	}
	return NULL;
}

/* Until the job is over, or the deadline is. */
static int job_wait(
	struct bus *bus, const struct job *job, const char *path, const char **ret_result)
{
	uint64_t end_ns = sys_now_ns() + (uint64_t)JOB_TIMEOUT_MS * 1000000U;

	for (;;) {
		uint64_t now_ns = sys_now_ns();
		int r = bus->library->process(bus->connection, NULL);

		*ret_result = job_result(job, path);
		if (*ret_result) {
			return 0;
		}
		if (now_ns >= end_ns) {
			return -ETIMEDOUT;
		}
		if (r == 0) {
			r = bus->library->wait(bus->connection, (end_ns - now_ns) / 1000U);
		}
		if (r < 0 && r != -EINTR) {
			return r;
		}
	}
}

/* Makes a call that starts a job, and waits for its end. */
static int call_job(struct call *call, const char *subject, struct berth_error *err)
{
	struct bus *bus = call->bus;
	const struct bus_library *library = bus->library;
	struct job job = {.library = library};
	sd_bus_slot *slot = NULL;
	const char *path = NULL;
	const char *result = NULL;
	int r = library->match_signal_async(bus->connection, &slot, destination, manager_path,
		manager_interface, "JobRemoved", job_removed, NULL, &job);

	if (r < 0) {
		return error_system(err, r, "watch the jobs of systemd");
	}
	r = call_make(call);
	if (r < 0) {
		r = call_failure(call, r, subject, err);
	} else {
		r = library->message_read(call->reply, "o", &path);
		r = r < 0 ? r : job_wait(bus, &job, path, &result);
		if (r == -ETIMEDOUT) {
			r = error_system(err, r,
				"systemd: %s of %s: its job has not ended in %d seconds",
				call->member, subject, JOB_TIMEOUT_MS / 1000);
		} else if (r < 0) {
			r = error_system(
				err, r, "wait for systemd's %s of %s", call->member, subject);
		} else if (strcmp(result, "done") != 0) {
			r = error_set(err, BERTH_ERROR_SYSTEM,
				"systemd: %s of %s: the job ended with \"%s\"", call->member,
				subject, result);
		}
	}
	(void)library->slot_unref(slot);
	return r;
}

static bool is_missing(const struct call *call)
{
	return call_failed_with(call, "org.freedesktop.systemd1.NoSuchUnit");
}

int bus_unit_forget(struct bus *bus, const char *name, struct berth_error *err)
{
	autocall struct call call;
	int r;

	call_begin(&call, bus, "ResetFailedUnit");
	call_note(&call, bus->library->message_append(call.message, "s", name));
	r = call_make(&call);
	return r < 0 && !is_missing(&call) ? call_failure(&call, r, name, err) : 0;
}

/* A failed unit keeps its name until somebody forgets it. Of one that cannot be asked, false. */
static bool has_failed(struct bus *bus, const char *name)
{
	const struct bus_library *library = bus->library;
	autocall struct call find;
	autocall struct call ask;
	const char *path = "/";
	const char *state = "";
	int r;

	call_begin(&find, bus, "GetUnit");
	call_note(&find, library->message_append(find.message, "s", name));
	r = call_make(&find);
	if (r >= 0) {
		r = library->message_read(find.reply, "o", &path);
	}
	call_begin_get(&ask, bus, path, "ActiveState");
	if (r >= 0) {
		r = call_make(&ask);
	}
	if (r >= 0) {
		r = library->message_read(ask.reply, "v", "s", &state);
	}
	return r >= 0 && strcmp(state, "failed") == 0;
}

/* A start that is not waited for any more must not come later, with a process that is another's by then. */
static void give_up(struct bus *bus, const char *name)
{
	autocall struct call call;

	call_begin(&call, bus, "StopUnit");
	call_note(&call, bus->library->message_append(call.message, "ss", name, "replace"));
	(void)call_make(&call);
}

static int start_once(
	struct bus *bus, const struct host_unit *unit, pid_t pid, struct berth_error *err)
{
	const struct bus_library *library = bus->library;
	autocall struct call call;
	int r;

	call_begin(&call, bus, "StartTransientUnit");
	call_note(&call, library->message_append(call.message, "ss", unit->name, "fail"));
	/* A slice holds no processes. */
	append_properties(
		&call, unit->properties, unit->property_count, unit->is_slice ? NULL : &pid);
	call_note(&call, library->message_append(call.message, "a(sa(sv))", 0));
	r = call_job(&call, unit->name, err);
	if (r == -ETIMEDOUT && call.reply) {
		give_up(bus, unit->name);
	}
	return r;
}

int bus_unit_start(
	struct bus *bus, const struct host_unit *unit, pid_t pid, struct berth_error *err)
{
	struct berth_error own = {0};
	int r = start_once(bus, unit, pid, &own);

	if (own.error_class == BERTH_ERROR_EXISTS && has_failed(bus, unit->name)) {
		r = bus_unit_forget(bus, unit->name, err);
		return r < 0 ? r : start_once(bus, unit, pid, err);
	}
	if (r < 0 && err) {
		*err = own;
	}
	return r;
}

int bus_unit_stop(struct bus *bus, const char *name, struct berth_error *err)
{
	struct berth_error own = {0};
	autocall struct call call;
	int r;

	call_begin(&call, bus, "StopUnit");
	call_note(&call, bus->library->message_append(call.message, "ss", name, "replace"));
	r = call_job(&call, name, &own);
	if (r < 0 && !is_missing(&call)) {
		if (err) {
			*err = own;
		}
		return r;
	}
	return bus_unit_forget(bus, name, err);
}

int bus_unit_attach(
	struct bus *bus, const char *name, const char *below, pid_t pid, struct berth_error *err)
{
	autocall struct call call;
	int r;

	call_begin(&call, bus, "AttachProcessesToUnit");
	call_note(&call,
		bus->library->message_append(call.message, "ssau", name, below, 1, (uint32_t)pid));
	r = call_make(&call);
	return r < 0 ? call_failure(&call, r, name, err) : 0;
}

/* systemd answers before it writes to the files of the unit, and takes the next call after that. */
static int await_writes(struct bus *bus, const char *name, struct berth_error *err)
{
	autocall struct call call;
	int r;

	call_begin(&call, bus, "GetUnit");
	call_note(&call, bus->library->message_append(call.message, "s", name));
	r = call_make(&call);
	return r < 0 ? call_failure(&call, r, name, err) : 0;
}

int bus_unit_set(struct bus *bus, const char *name, const struct host_unit_property *properties,
	size_t count, struct berth_error *err)
{
	autocall struct call call;
	int r;

	call_begin(&call, bus, "SetUnitProperties");
	call_note(&call, bus->library->message_append(call.message, "sb", name, 1));
	append_properties(&call, properties, count, NULL);
	r = call_make(&call);
	return r < 0 ? call_failure(&call, r, name, err) : await_writes(bus, name, err);
}
