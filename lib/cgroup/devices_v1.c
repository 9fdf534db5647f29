/* SPDX-License-Identifier: Apache-2.0 */
/* The device controller of version 1: devices.allow and devices.deny, one exception in one write. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cgroup/inside.h"
#include "sys/file.h"

static void add_number(struct strbuf *buf, int64_t number)
{
	if (number < 0) {
		strbuf_add(buf, "*");
	} else {
		strbuf_printf(buf, "%lld", (long long)number);
	}
}

static void rule_text(const struct host_device_rule *rule, struct strbuf *buf)
{
	strbuf_add(buf, rule->is_block ? "b " : "c ");
	add_number(buf, rule->major);
	strbuf_add(buf, ":");
	add_number(buf, rule->minor);
	strbuf_printf(buf, " %s%s%s", rule->access & HOST_DEVICE_READ ? "r" : "",
		rule->access & HOST_DEVICE_WRITE ? "w" : "",
		rule->access & HOST_DEVICE_MKNOD ? "m" : "");
}

/* Into the file of this name, which is open, or an error that its open gave. */
static int write_rule(
	int file_fd, const char *file, const struct host_device_rule *rule, struct berth_error *err)
{
	char text[80];
	struct strbuf buf;
	int r;

	strbuf_init(&buf, text, sizeof(text));
	rule_text(rule, &buf);
	r = file_fd < 0 ? file_fd : sys_write_once(file_fd, text, strlen(text));
	/* Denied to the caller's own cgroup: the container has no more than that, and need not. */
	if (r == -EPERM && rule->is_default) {
		return 0;
	}
	if (r < 0) {
		(void)error_system(err, r, "write \"%s\" to %s", text, file);
		error_add_pointer(err, rule->pointer);
	}
	return r;
}

int cgroup_devices_v1(int fd, const struct host_devices *devices, struct berth_error *err)
{
	const char *all = devices->is_allowed ? "devices.allow" : "devices.deny";
	const char *but = devices->is_allowed ? "devices.deny" : "devices.allow";
	autofd int but_fd = cgroup_file_open_to_write(fd, but);
	int r = cgroup_file_write(fd, all, "a");

	/* What the caller's own cgroup denies stays denied: as much as may be is allowed already. */
	if (r == -EPERM && devices->is_allowed) {
		r = 0;
	}
	if (r < 0) {
		(void)error_system(err, r, "write \"a\" to %s", all);
		error_add_pointer(err, devices->pointer);
	}
	for (size_t i = 0; r == 0 && i < devices->count; i++) {
		r = write_rule(but_fd, but, &devices->rules[i], err);
	}
	return r;
}

/* The rules that hold: an array in the arena. */
struct list {
	struct host_device_rule *items;
	size_t count;
	bool is_all; /* everything is allowed, but for what the kernel does not tell */
};

/* "*" or a number, up to a character that ends it. */
static int64_t read_number(const char **at, char end)
{
	int64_t number = 0;

	if (**at == '*') {
		number = -1;
		(*at)++;
	}
	while (**at >= '0' && **at <= '9' && number <= UINT32_MAX) {
		number = number * 10 + (*(*at)++ - '0');
	}
	*at += **at == end;
	return number;
}

/* "c 1:3 rwm" */
static void read_line(const char *line, struct list *list)
{
	struct host_device_rule rule = {.is_block = line[0] == 'b'};
	const char *at = line + 2;

	if (line[0] == 'a') {
		list->is_all = true;
		return;
	}
	rule.major = read_number(&at, ':');
	rule.minor = read_number(&at, ' ');
	for (; *at && *at != '\n'; at++) {
		rule.access |= *at == 'r'   ? HOST_DEVICE_READ
			       : *at == 'w' ? HOST_DEVICE_WRITE
			       : *at == 'm' ? HOST_DEVICE_MKNOD
					    : 0;
	}
	list->items[list->count++] = rule;
}

static int read_list(int fd, struct arena *arena, struct list *list)
{
	char *text = arena_alloc(arena, CGROUP_MEMORY_MAX / 4, 1);
	size_t lines = 1;
	int length =
		text ? cgroup_file_read(fd, "devices.list", text, CGROUP_MEMORY_MAX / 4) : -ENOMEM;

	if (length < 0) {
		return length;
	}
	for (const char *c = text; *c; c++) {
		lines += *c == '\n';
	}
	list->items = arena_alloc(arena, lines, sizeof(*list->items));
	if (!list->items) {
		return -ENOMEM;
	}
	for (const char *line = text; *line;) {
		if (line[1] == ' ') {
			read_line(line, list);
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return 0;
}

/* Of the access that a rule has, what rules for the very same devices do not. */
static uint32_t access_beyond(
	const struct host_device_rule *rule, const struct host_device_rule *others, size_t count)
{
	uint32_t access = rule->access;

	for (size_t i = 0; i < count; i++) {
		if (others[i].is_block == rule->is_block && others[i].major == rule->major &&
			others[i].minor == rule->minor) {
			access &= ~others[i].access;
		}
	}
	return access;
}

struct change {
	struct host_device_rule rule;
	const char *file, *opposite;
};

/* Allows what is new, and then denies what is there no more. */
static int make_changes(const struct host_devices *devices, const struct list *now,
	struct arena *arena, struct change **ret_changes, size_t *ret_count)
{
	struct change *changes = arena_alloc(arena, devices->count + now->count, sizeof(*changes));
	size_t count = 0;

	for (size_t i = 0; changes && i < devices->count; i++) {
		struct host_device_rule rule = devices->rules[i];

		rule.access = access_beyond(&rule, now->items, now->count);
		if (rule.access != 0) {
			changes[count++] = (struct change){rule, "devices.allow", "devices.deny"};
		}
	}
	for (size_t i = 0; changes && i < now->count; i++) {
		struct host_device_rule rule = now->items[i];

		rule.pointer = devices->pointer;
		rule.access = access_beyond(&rule, devices->rules, devices->count);
		if (rule.access != 0) {
			changes[count++] = (struct change){rule, "devices.deny", "devices.allow"};
		}
	}
	*ret_changes = changes;
	*ret_count = count;
	return changes ? 0 : -ENOMEM;
}

static int apply_change(
	int fd, const char *file, const struct change *change, struct berth_error *err)
{
	autofd int file_fd = cgroup_file_open_to_write(fd, file);

	return write_rule(file_fd, file, &change->rule, err);
}

static int apply_changes(
	int fd, const struct change *changes, size_t count, struct berth_error *err)
{
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < count) {
		r = apply_change(fd, changes[done].file, &changes[done], err);
		done += r == 0;
	}
	while (r < 0 && done > 0) {
		done--;
		(void)!apply_change(fd, changes[done].opposite, &changes[done], NULL);
	}
	return r;
}

int cgroup_devices_v1_update(int fd, const struct host_devices *devices, struct berth_error *err)
{
	autoarena struct arena arena;
	struct change *changes = NULL;
	struct list now = {0};
	size_t count = 0;
	int r;

	arena_init(&arena, CGROUP_MEMORY_MAX);
	r = read_list(fd, &arena, &now);
	if (r == 0 && !now.is_all && !devices->is_allowed) {
		r = make_changes(devices, &now, &arena, &changes, &count);
	}
	if (r < 0) {
		return error_system(err, r, "read devices.list");
	}
	if (changes) {
		return apply_changes(fd, changes, count, err);
	}
	/* From one default to the other: the only way is through no exceptions. */
	r = cgroup_devices_v1(fd, devices, err);
	if (r < 0 && now.is_all) {
		(void)!cgroup_file_write(fd, "devices.allow", "a");
	}
	return r;
}
