/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of a cgroup that is in use: all of them, or none. Before each write the file is read, and after a failure
 * what it held is written back, the last one first. systemd learns of them when nothing else can fail: it then writes
 * some of the files itself, with less in them than berth does, and so they are written once more.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "cgroup/unit.h"

/* How a line about one device is taken away from the files that have one for each. */
static const struct reset_row {
	const char *prefix; /* of the file's name */
	const char *text;
} resets[] = {
	{"io.max", "rbps=max wbps=max riops=max wiops=max"},
	{"io.weight", "default"},
	{"io.bfq.weight", "default"},
	{"io.latency", "target=0"},
	{"blkio.bfq.weight_device", "default"},
	{"blkio.throttle.", "0"},
};

int cgroup_read(const struct cgroup *cgroup, const struct host_cgroup_read *read,
	struct arena *arena, const char **ret_text)
{
	int fd = cgroup->dirs[read->dir].fd;
	char text[CGROUP_TEXT_MAX];
	int length = fd < 0 ? -ENOENT : cgroup_file_read(fd, read->file, text, sizeof(text));

	if (length < 0) {
		*ret_text = NULL;
		return length == -ENOENT || length == -EOPNOTSUPP ? 0 : length;
	}
	if (length > 0 && text[length - 1] == '\n') {
		length--;
	}
	*ret_text = arena_copy(arena, text, (size_t)length);
	return *ret_text ? 0 : -ENOMEM;
}

static bool is_same_word(const char *a, const char *b)
{
	size_t length = strcspn(a, " \n");

	return strncmp(a, b, length) == 0 && strcspn(b, " \n") == length;
}

/* "8:0 ..." */
static bool is_about_device(const char *value)
{
	size_t major = strspn(value, "0123456789");
	size_t minor = value[major] == ':' ? strspn(value + major + 1, "0123456789") : 0;

	return major > 0 && minor > 0 && value[major + 1 + minor] == ' ';
}

static const char *reset_text(struct arena *arena, const char *file, const char *value)
{
	for (size_t i = 0; i < ARRAY_COUNT(resets); i++) {
		if (str_has_prefix(file, resets[i].prefix)) {
			return arena_printf(
				arena, "%.*s %s", (int)strcspn(value, " "), value, resets[i].text);
		}
	}
	return NULL;
}

/* A file with a line for each device or the like: the one of the same. Else the first line is all, or the default. */
const char *cgroup_undo_text(
	struct arena *arena, const char *file, const char *value, const char *held)
{
	if (str_is_equal(file, "memory.oom_control")) {
		const char *word = strchr(held, ' ');

		return word ? arena_copy(arena, word + 1, 1) : NULL;
	}
	for (const char *line = held; *line;) {
		size_t length = strcspn(line, "\n");

		if (is_same_word(value, line)) {
			return arena_copy(arena, line, length);
		}
		line += length + (line[length] == '\n');
	}
	if (is_about_device(value)) {
		return reset_text(arena, file, value);
	}
	/* Nothing cannot be written, but an empty line can: a cpuset of version 2 may have none of its own. The kernel
	 * takes that only where no process is inside (Linux 6.1). */
	return held[0] == '\0' || held[0] == '\n' ? "\n"
						  : arena_copy(arena, held, strcspn(held, "\n"));
}

void cgroup_undo_push(struct cgroup_undo *undo, int fd, const struct host_cgroup_write *write)
{
	char held[CGROUP_TEXT_MAX];
	int length = cgroup_file_read(fd, write->file, held, sizeof(held));
	const char *text = NULL;

	/* One that is cut may end in half a line. */
	if (length >= 0 && length + 1 < (int)sizeof(held)) {
		text = cgroup_undo_text(&undo->arena, write->file, write->value, held);
	}
	if (text) {
		undo->items[undo->count++] =
			(struct cgroup_undo_item){.fd = fd, .file = write->file, .text = text};
	}
}

static void undo_finish(struct cgroup_undo *undo)
{
	arena_finish(&undo->arena);
}

/* Each write may be tried twice: once more after the next one; and all of them again after systemd's. */
static int undo_init(struct cgroup_undo *undo, const struct host_cgroup *plan)
{
	*undo = (struct cgroup_undo){0};
	arena_init(&undo->arena, CGROUP_MEMORY_MAX);
	undo->items = arena_alloc(&undo->arena, 4 * plan->write_count, sizeof(*undo->items));
	return undo->items ? 0 : -ENOMEM;
}

static void undo_run(struct cgroup_undo *undo, struct berth_error *err)
{
	while (undo->count > 0) {
		const struct cgroup_undo_item *item = &undo->items[--undo->count];

		if (cgroup_file_write(item->fd, item->file, item->text) < 0) {
			error_prefix(err, "%s could not be put back to \"%.*s\"; ", item->file,
				(int)strcspn(item->text, "\n"), item->text);
		}
	}
}

static int update_devices(
	const struct cgroup *cgroup, const struct host_devices *devices, struct berth_error *err)
{
	const struct cgroup_dir *dir = devices->is_present ? &cgroup->dirs[devices->dir] : NULL;

	if (!dir) {
		return 0;
	}
	if (dir->fd < 0) {
		(void)error_system(err, ENOENT, "set the device rules of the cgroup %s%s",
			dir->mount_point, dir->path);
		error_add_pointer(err, devices->pointer);
		return -ENOENT;
	}
	return dir->is_v2 ? cgroup_devices_v2(dir->fd, devices, err)
			  : cgroup_devices_v1_update(dir->fd, devices, err);
}

/* A controller that nothing was asked of before. That the kernel refuses it, the write to its file will say. */
static int enable(struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->dir_count && i < cgroup->count; i++) {
		struct cgroup_dir *dir = &cgroup->dirs[i];

		if (dir->fd >= 0 && dir->is_v2 && plan->dirs[i].controllers[0] != '\0') {
			r = cgroup_enable_way(
				dir, cgroup_count_parts(dir->path), plan->dirs[i].controllers);
			r = r < 0 ? error_system(err, r, "enable %s for the cgroup %s%s",
					    plan->dirs[i].controllers, dir->mount_point, dir->path)
				  : 0;
		}
	}
	return r;
}

/* What systemd has with less in it than the kernel: a quota in hundredths of a CPU, a period only with it, a limit of
 * one task at least. For a controller that nothing was asked of before it writes all that it has again. */
static const char *const rounded[] = {"cpu.max", "pids.max"};

enum { ROUNDED_COUNT = ARRAY_COUNT(rounded), ROUNDED_SIZE = 64 };

static void rounded_read(int fd, char texts[ROUNDED_COUNT][ROUNDED_SIZE])
{
	for (size_t i = 0; i < ROUNDED_COUNT; i++) {
		if (cgroup_file_read(fd, rounded[i], texts[i], ROUNDED_SIZE) < 0) {
			texts[i][0] = '\0';
		}
	}
}

static int rounded_restore(int fd, char texts[ROUNDED_COUNT][ROUNDED_SIZE], struct berth_error *err)
{
	char now[ROUNDED_COUNT][ROUNDED_SIZE];

	rounded_read(fd, now);
	for (size_t i = 0; i < ROUNDED_COUNT; i++) {
		int r = texts[i][0] == '\0' || str_is_equal(texts[i], now[i])
				? 0
				: cgroup_file_write(fd, rounded[i], texts[i]);

		if (r < 0) {
			return error_system(
				err, r, "put back %s, which systemd has written again", rounded[i]);
		}
	}
	return 0;
}

static bool is_gone(int fd)
{
	char text[ROUNDED_SIZE];
	int r = cgroup_file_read(fd, "cgroup.events", text, sizeof(text));

	return r == -ENOENT || r == -ENODEV;
}

static int update_unit(const struct cgroup_writer *writer, struct berth_error *err)
{
	const struct host_unit *unit = writer->plan->unit;
	int fd = writer->cgroup->dirs[0].fd;
	char texts[ROUNDED_COUNT][ROUNDED_SIZE];
	int r;

	if (!unit || unit->property_count == 0) {
		return 0;
	}
	rounded_read(fd, texts);
	r = cgroup_unit_set(writer->cgroup, unit->properties, unit->property_count, err);
	/* The kernel has ended the container for a limit that is set already. */
	if (r < 0 && is_gone(fd)) {
		error_clear(err);
		return 0;
	}
	if (r == 0) {
		r = rounded_restore(fd, texts, err);
	}
	return r < 0 ? r : cgroup_write_all(writer, HOST_CGROUP_FOR_UNDO, 0, err);
}

int cgroup_update(struct cgroup *cgroup, const struct host_cgroup *plan, struct berth_error *err)
{
	__attribute__((cleanup(undo_finish))) struct cgroup_undo undo;
	const struct cgroup_writer writer = {.cgroup = cgroup, .plan = plan, .undo = &undo};
	int r = undo_init(&undo, plan);

	if (r < 0) {
		return error_system(err, r, "memory for the limits");
	}
	r = enable(cgroup, plan, err);
	if (r == 0) {
		r = cgroup_write_all(&writer, 0, 0, err);
	}
	if (r == 0) {
		r = update_devices(cgroup, &plan->devices, err);
	}
	if (r == 0) {
		r = update_unit(&writer, err);
	}
	if (r < 0) {
		undo_run(&undo, err);
	}
	return r;
}
