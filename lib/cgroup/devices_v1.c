/* SPDX-License-Identifier: Apache-2.0 */
/* The device controller of version 1: devices.allow and devices.deny, one exception in one write. */
#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "cgroup/inside.h"

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

static int write_rule(
	int fd, const char *file, const struct host_device_rule *rule, struct berth_error *err)
{
	char text[80];
	struct strbuf buf;
	int r;

	strbuf_init(&buf, text, sizeof(text));
	rule_text(rule, &buf);
	r = cgroup_file_write(fd, file, text);
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
		r = write_rule(fd, but, &devices->rules[i], err);
	}
	return r;
}
