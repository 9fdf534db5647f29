/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_sample.h"

#include <errno.h>
#include <sys/stat.h>

#include "wire/frame.h"

/* A list of texts "WORD-0", "WORD-1" ...; the first one is empty, the third one is long. */
static struct wire_texts sample_texts(struct arena *arena, const char *word, size_t count)
{
	const char **items = arena_alloc(arena, count + 1, sizeof(*items));

	for (size_t i = 0; items && i < count; i++) {
		items[i] = arena_printf(arena, "%s-%zu%.*s", word, i, i == 2 ? 40 : 0,
			"........................................");
	}
	if (items && count > 0) {
		items[0] = "";
	}
	return (struct wire_texts){.items = items, .count = items ? count : 0};
}

static struct wire_u32s sample_numbers(struct arena *arena, size_t count)
{
	uint32_t *items = arena_alloc(arena, count, sizeof(*items));

	for (size_t i = 0; items && i < count; i++) {
		items[i] = UINT32_MAX - (uint32_t)i;
	}
	return (struct wire_u32s){.items = items, .count = items ? count : 0};
}

static void sample_mount(struct arena *arena, struct boot_mount *mount, uint32_t i)
{
	*mount = (struct boot_mount){
		.kind = i % BOOT_MOUNT_GONE,
		.flags = i * 3,
		.pointer = arena_printf(arena, "/mounts/%u", i),
		.target = arena_printf(arena, "/target/\xc3\xa4/%u", i),
		.source = arena_printf(arena, "/source/%u", i),
		.fstype = i % 2 ? NULL : "tmpfs",
		.options = sample_texts(arena, "option", i % 5),
		.attr_set = 1ULL << (i % 64),
		.attr_clear = ~(1ULL << (i % 64)),
		.tree_set = UINT64_MAX - i,
		.tree_clear = i,
		.propagation = 1U << (i % 32),
		.is_propagation_recursive = i % 2,
	};
	if (mount->kind == BOOT_MOUNT_FS) {
		mount->fstype = "proc";
	}
}

static void sample_device(struct arena *arena, struct boot_device *device, uint32_t i)
{
	*device = (struct boot_device){
		.kind = i % BOOT_DEVICE_KIND_COUNT,
		.pointer = arena_printf(arena, "/linux/devices/%u", i),
		.path = arena_printf(arena, "/dev/node%u", i),
		.target = i % BOOT_DEVICE_KIND_COUNT == BOOT_DEVICE_LINK ? "/proc/self/fd" : NULL,
		.mode = S_IFCHR | i,
		.major = 100 + i,
		.minor = 200 + i,
		.uid = 300 + i,
		.gid = UINT32_MAX - i,
	};
}

static struct boot_identity sample_identity(struct arena *arena)
{
	return (struct boot_identity){
		.uid = 1001,
		.gid = 1002,
		.groups = sample_numbers(arena, 7),
		.is_setgroups_denied = 1,
		.bounding = 0x123456789abcdef0,
		.effective = 2,
		.permitted = 3,
		.inheritable = 4,
		.ambient = UINT64_MAX,
	};
}

static struct wire_hooks sample_hooks(struct arena *arena, const char *kind, size_t count)
{
	struct wire_hook *items = arena_alloc(arena, count, sizeof(*items));

	for (size_t i = 0; items && i < count; i++) {
		items[i] = (struct wire_hook){
			.kind = kind,
			.index = (uint32_t)i,
			.path = arena_printf(arena, "/usr/libexec/%s-%zu", kind, i),
			.args = sample_texts(arena, "word", i + 1),
			.env = sample_texts(arena, "NAME=word", i),
			.timeout_s = UINT32_MAX - (uint32_t)i,
		};
	}
	return (struct wire_hooks){.items = items, .count = items ? count : 0};
}

struct boot *boot_sample(struct arena *arena, size_t mounts)
{
	struct boot *boot = arena_alloc(arena, 1, sizeof(*boot));

	if (!boot) {
		return NULL;
	}
	*boot = (struct boot){
		.flags = 0x2a,
		.root = "/srv/root",
		.root_propagation = 0x40000,
		.is_root_propagation_recursive = 1,
		.first_propagation = 0x80000,
		.readonly_paths = sample_texts(arena, "/readonly", 4),
		.masked_paths = sample_texts(arena, "/masked", 3),
		.hostname = "host",
		.domainname = "domain",
		.umask = 0027,
		.console_rows = 24,
		.console_columns = 80,
		.identity = sample_identity(arena),
		.cwd = "/work dir",
		.args = sample_texts(arena, "arg", mounts / 2 + 1),
		.env = sample_texts(arena, "NAME=value", mounts / 2),
		.hooks = {"{\"id\":\"x\"}", "/srv", 5, 6, sample_hooks(arena, "createContainer", 3),
			sample_hooks(arena, "startContainer", mounts / 3)},
		.time_offsets = "monotonic 1 2\nboottime -3 4\n",
		.personality = 8,
		.memory_mode = 0x8002,
		.memory_nodes = {"\0nodes\0", 7},
		.seccomp = {{"\0filter\0of 15\0", 15}, 0x80000004},
		.mounts = {.items = arena_alloc(arena, mounts, sizeof(struct boot_mount))},
		.devices = {.items = arena_alloc(arena, mounts / 2, sizeof(struct boot_device))},
	};
	if (!boot->mounts.items || !boot->devices.items) {
		return NULL;
	}
	boot->mounts.count = mounts;
	boot->devices.count = mounts / 2;
	for (size_t i = 0; i < boot->mounts.count; i++) {
		sample_mount(arena, &boot->mounts.items[i], (uint32_t)i);
	}
	for (size_t i = 0; i < boot->devices.count; i++) {
		sample_device(arena, &boot->devices.items[i], (uint32_t)i);
	}
	return boot;
}

int boot_sample_message(
	struct arena *arena, size_t mounts, const void **ret_message, size_t *ret_length)
{
	const struct boot *boot = boot_sample(arena, mounts);

	return boot ? wire_record_encode(
			      &boot_record, WIRE_FRAME_BOOT, boot, arena, ret_message, ret_length)
		    : -ENOMEM;
}
