/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "base/str.h"
#include "plan/work.h"

enum {
	/* Of the default devices, and where the config gives no fileMode, as other runtimes do: who may use a
	 * device is for the rules of linux.resources.devices. */
	DEFAULT_MODE = 0666,

	PERMISSION_BITS = 07777,
	MINOR_MAX = (1 << 20) - 1, /* the kernel's dev_t has 12 and 20 bits */
	MAJOR_MAX = (1 << 12) - 1,
};

/* config-linux.md, "Default Devices". */
static const struct default_device {
	const char *path;
	uint32_t major, minor;
} default_devices[] = {
	{"/dev/null", 1, 3},
	{"/dev/zero", 1, 5},
	{"/dev/full", 1, 7},
	{"/dev/random", 1, 8},
	{"/dev/urandom", 1, 9},
	{"/dev/tty", 5, 0},
};

/* runtime-linux.md, "Dev symbolic links"; and ptmx, which must be that of the container's devpts.
 * */
static const struct default_link {
	const char *path, *target;
} default_links[] = {
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},
	{"/dev/ptmx", "pts/ptmx"},
};

/* In a user namespace, or in a container that has no CAP_MKNOD, mknod(2) is refused. */
static bool may_make_nodes(const struct plan_work *work)
{
	return !plan_has(work, CLONE_NEWUSER) && !work->facts->is_userns &&
	       (work->facts->effective & UINT64_C(1) << CAP_MKNOD);
}

/* Where a node may not be made that of the host is bound; a FIFO may be made anywhere. */
static uint32_t kind_of(const struct plan_work *work, uint32_t mode)
{
	return S_ISFIFO(mode) || may_make_nodes(work) ? BOOT_DEVICE_NODE : BOOT_DEVICE_BIND;
}

static struct boot_device *device_find(struct boot_devices *devices, const char *path)
{
	for (size_t i = 0; i < devices->count; i++) {
		if (str_is_equal(devices->items[i].path, path)) {
			return &devices->items[i];
		}
	}
	return NULL;
}

static bool is_same_device(const struct boot_device *a, const struct boot_device *b)
{
	return (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->major == b->major &&
	       a->minor == b->minor;
}

static void add_defaults(struct plan_work *work, struct boot_devices *devices)
{
	for (size_t i = 0; i < ARRAY_COUNT(default_devices); i++) {
		const struct default_device *row = &default_devices[i];

		devices->items[devices->count++] = (struct boot_device){
			.kind = kind_of(work, S_IFCHR),
			.pointer = "/linux/devices",
			.path = row->path,
			.mode = S_IFCHR | DEFAULT_MODE,
			.major = row->major,
			.minor = row->minor,
		};
	}
}

/* After the devices: a device of the config may have the path of a link. */
static void add_links(struct boot_devices *devices)
{
	for (size_t i = 0; i < ARRAY_COUNT(default_links); i++) {
		if (device_find(devices, default_links[i].path)) {
			continue;
		}
		devices->items[devices->count++] = (struct boot_device){
			.kind = BOOT_DEVICE_LINK,
			.pointer = "/linux/devices",
			.path = default_links[i].path,
			.target = default_links[i].target,
		};
	}
}

/* S_IF* of a type of config-linux.md; 0 for any other text. */
static uint32_t type_mode(const char *type)
{
	if (str_is_equal(type, "c") || str_is_equal(type, "u")) {
		return S_IFCHR;
	}
	if (str_is_equal(type, "b")) {
		return S_IFBLK;
	}
	return str_is_equal(type, "p") ? S_IFIFO : 0;
}

/* The texts of a device: type and path. */
static int read_names(struct plan_work *work, const struct spec_device *asked,
	struct boot_device *device, struct berth_error *err)
{
	int r;

	device->mode = asked->type ? type_mode(asked->type) : 0;
	if (device->mode == 0) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/type", device->pointer),
			"is no type of device: \"%s\"", asked->type ? asked->type : "");
	}
	if (!asked->path || asked->path[0] != '/') {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/path", device->pointer),
			"is not an absolute path: \"%s\"", asked->path ? asked->path : "");
	}
	device->path = plan_path_inside(work->arena, asked->path);
	if (!device->path) {
		return plan_no_memory(err);
	}
	if (str_is_equal(device->path, "/")) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/path", device->pointer),
			"is the root directory: \"%s\"", asked->path);
	}
	r = plan_check_proc(device->path, false, false,
		arena_printf(work->arena, "%s/path", device->pointer), err);
	return r;
}

static int read_numbers(struct plan_work *work, const struct spec_device *asked,
	struct boot_device *device, struct berth_error *err)
{
	if (S_ISFIFO(device->mode)) {
		return 0;
	}
	if (asked->major < 0 || asked->major > MAJOR_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/major", device->pointer),
			"is no major number of a device: %lld", (long long)asked->major);
	}
	if (asked->minor < 0 || asked->minor > MINOR_MAX) {
		return error_field(err, BERTH_ERROR_CONFIG,
			arena_printf(work->arena, "%s/minor", device->pointer),
			"is no minor number of a device: %lld", (long long)asked->minor);
	}
	device->major = (uint32_t)asked->major;
	device->minor = (uint32_t)asked->minor;
	return 0;
}

static int read_device(struct plan_work *work, const struct spec_device *asked, size_t index,
	struct boot_device *ret_device, struct berth_error *err)
{
	struct boot_device device = {
		.pointer = arena_printf(work->arena, "/linux/devices/%zu", index),
		.uid = asked->uid,
		.gid = asked->gid,
	};
	int r;

	if (!device.pointer) {
		return plan_no_memory(err);
	}
	r = read_names(work, asked, &device, err);
	if (r == 0) {
		r = read_numbers(work, asked, &device, err);
	}
	if (r < 0) {
		return r;
	}
	device.kind = kind_of(work, device.mode);
	device.mode |= (asked->has_file_mode ? asked->file_mode : DEFAULT_MODE) & PERMISSION_BITS;
	*ret_device = device;
	return 0;
}

/* /dev/ptmx of the host (5:2), which engines list among all devices of a privileged container: what
 * the container gets is the one of its own devpts. */
static bool is_host_ptmx(const struct boot_device *device)
{
	return str_is_equal(device->path, "/dev/ptmx") && S_ISCHR(device->mode) &&
	       device->major == 5 && device->minor == 2;
}

static int add_device(
	struct boot_devices *devices, const struct boot_device *device, struct berth_error *err)
{
	struct boot_device *old = device_find(devices, device->path);

	if (is_host_ptmx(device)) {
		return 0;
	}
	if (!old) {
		devices->items[devices->count++] = *device;
		return 0;
	}
	if (!is_same_device(old, device)) {
		return error_field(err, BERTH_ERROR_CONFIG, device->pointer,
			"\"%s\" is another device already, with numbers %u:%u", device->path,
			old->major, old->minor);
	}
	*old = *device;
	return 0;
}

/* Whether /dev is a directory of the host: nothing is made in it then. */
static bool is_dev_bound(const struct boot_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		if (mounts->items[i].kind == BOOT_MOUNT_BIND &&
			str_is_equal(mounts->items[i].target, "/dev")) {
			return true;
		}
	}
	return false;
}

int plan_devices(struct plan_work *work, struct berth_error *err)
{
	const struct spec_devices *asked = &work->spec->linux_section.devices;
	struct boot_devices *devices = &work->plan->boot.devices;
	bool is_bound = is_dev_bound(&work->plan->boot.mounts);

	devices->items = arena_alloc(work->arena,
		asked->count + ARRAY_COUNT(default_devices) + ARRAY_COUNT(default_links),
		sizeof(*devices->items));
	if (!devices->items) {
		return plan_no_memory(err);
	}
	if (!is_bound) {
		add_defaults(work, devices);
	}
	for (size_t i = 0; i < asked->count; i++) {
		struct boot_device device;
		int r = read_device(work, &asked->items[i], i, &device, err);

		if (r == 0 && !(is_bound && plan_path_is_below(device.path, "/dev"))) {
			r = add_device(devices, &device, err);
		}
		if (r < 0) {
			return r;
		}
	}
	if (!is_bound) {
		add_links(devices);
	}
	return 0;
}
