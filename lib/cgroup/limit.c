/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/str.h"
#include "cgroup/inside.h"
#include "cgroup/unit.h"

/* Why there is no such file. On version 2 that is what the kernel has said when the controller was to be enabled above
 * (its admin-guide/cgroup-v2, "No Internal Process Constraint" and "Threads"). */
static const char *missing_reason(const struct cgroup_dir *dir)
{
	if (!dir->is_v2) {
		return " (this kernel has no such file)";
	}
	switch (dir->refused) {
	case -EBUSY:
		return " (a cgroup above it holds processes)";
	case -EOPNOTSUPP:
		return " (a cgroup above it is threaded)";
	default:
		return " (is the controller there?)";
	}
}

static const char *failure_reason(
	const struct cgroup_dir *dir, const struct host_cgroup_write *write, int errnum)
{
	if (errnum == -ENOENT) {
		return missing_reason(dir);
	}
	return errnum == -EBUSY && str_has_prefix(write->file, "memory.")
		       ? " (more is in use than can be reclaimed)"
		       : "";
}

/* Some files take everything, and do nothing with it. */
static int check_taken(int fd, const struct host_cgroup_write *write)
{
	char text[32];
	int length = cgroup_file_read(fd, write->file, text, sizeof(text));

	if (length < 0) {
		return length;
	}
	return strtoull(text, NULL, 10) > strtoull(write->value, NULL, 10) ? -EOPNOTSUPP : 0;
}

static int write_one(const struct cgroup_writer *writer, const struct host_cgroup_write *write)
{
	int fd = writer->cgroup->dirs[write->dir].fd;
	size_t mark = writer->undo ? writer->undo->count : 0;
	int r = fd < 0 ? -ENOENT : 0;

	if (r == 0 && writer->undo) {
		cgroup_undo_push(writer->undo, fd, write);
	}
	if (r == 0) {
		r = cgroup_file_write(fd, write->file, write->value);
	}
	if (r == 0 && (write->flags & HOST_CGROUP_CHECKED)) {
		r = check_taken(fd, write);
	}
	if (r < 0 && writer->undo) {
		writer->undo->count = mark;
	}
	/* Gone as a file, or as a feature behind it. */
	if ((write->flags & HOST_CGROUP_OPTIONAL) &&
		(r == -ENOENT || r == -EOPNOTSUPP || r == -EACCES)) {
		return 0;
	}
	return r;
}

static int write_failed(const struct cgroup_writer *writer, const struct host_cgroup_write *write,
	int errnum, struct berth_error *err)
{
	const struct cgroup_dir *dir = &writer->cgroup->dirs[write->dir];

	(void)error_system(err, errnum, "write \"%s\" to %s%s/%s%s", write->value, dir->mount_point,
		dir->path, write->file, failure_reason(dir, write, errnum));
	error_add_pointer(err, write->pointer);
	return errnum;
}

/* How many writes are done with: a pair that goes in the other order is two, and so is one in the place of the next. */
static int write_at(const struct cgroup_writer *writer, size_t at, struct berth_error *err)
{
	const struct host_cgroup_write *write = &writer->plan->writes[at];
	bool has_next = at + 1 < writer->plan->write_count;
	int r = write_one(writer, write);
	bool is_turned = r == -EINVAL && (write->flags & HOST_CGROUP_WITH_NEXT) && has_next;

	if (has_next && (write->flags & HOST_CGROUP_ELSE_NEXT) && (r == 0 || r == -ENOENT)) {
		return r == 0 ? 2 : 1;
	}
	if (is_turned) {
		int next = write_one(writer, write + 1);

		if (next < 0) {
			return write_failed(writer, write + 1, next, err);
		}
		r = write_one(writer, write);
	}
	if (r < 0) {
		return write_failed(writer, write, r, err);
	}
	return is_turned ? 2 : 1;
}

int cgroup_write_all(
	const struct cgroup_writer *writer, uint32_t mask, uint32_t flags, struct berth_error *err)
{
	for (size_t i = 0; i < writer->plan->write_count;) {
		bool is_wanted = (writer->plan->writes[i].flags & mask) == flags;
		int r = is_wanted ? write_at(writer, i, err) : 1;

		if (r < 0) {
			return r;
		}
		i += (size_t)r;
	}
	return 0;
}

/* Without the cgroup, which may be missing for a user without privileges, nothing but what the config asks for is
 * an error: the default is that of every container. */
static int limit_missing(const struct host_devices *devices, struct berth_error *err)
{
	bool is_asked = devices->is_allowed;

	for (size_t i = 0; i < devices->count; i++) {
		is_asked = is_asked || !devices->rules[i].is_default;
	}
	return is_asked ? error_field(err, BERTH_ERROR_UNSUPPORTED, devices->pointer,
				  "cannot be applied: the container's cgroup could not be made")
			: 0;
}

static int limit_devices(
	const struct cgroup *cgroup, const struct host_devices *devices, struct berth_error *err)
{
	const struct cgroup_dir *dir;

	if (!devices->is_present) {
		return 0;
	}
	dir = &cgroup->dirs[devices->dir];
	if (dir->fd < 0) {
		return limit_missing(devices, err);
	}
	return dir->is_v2 ? cgroup_devices_v2(dir->fd, devices, err)
			  : cgroup_devices_v1(dir->fd, devices, err);
}

int cgroup_limit(const struct cgroup *cgroup, const struct host_cgroup *plan, bool is_final,
	struct berth_error *err)
{
	const struct cgroup_writer writer = {.cgroup = cgroup, .plan = plan};
	uint32_t mask = HOST_CGROUP_FINAL;
	int r = 0;

	/* Before systemd has made it there is nothing to write to. */
	if (cgroup->is_unit_due) {
		return 0;
	}
	/* systemd may write all its properties into the files: what is exact comes after it. */
	if (is_final && plan->unit && plan->unit->late) {
		r = cgroup_unit_set(cgroup, plan->unit->late, 1, err);
		mask = 0;
	}
	if (r == 0) {
		r = cgroup_write_all(&writer, mask, is_final ? mask : 0, err);
	}
	if (r == 0 && is_final) {
		r = limit_devices(cgroup, &plan->devices, err);
	}
	return r == 0 && is_final && plan->unit ? cgroup_unit_delegate(cgroup, plan->unit, err) : r;
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
	uint64_t most = 0;

	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[i];
		uint64_t count = 0;

		if (dir->fd >= 0 && cgroup_file_number(dir->fd, cgroup_driver_of(dir)->oom_file,
					    "oom_kill", &count) == 0) {
			most = count > most ? count : most;
		}
	}
	return most;
}
