/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <errno.h>

#include "sys/cred.h"

enum { CAPABILITY_BITS = 64 };

static bool has(uint64_t set, int capability)
{
	return (set >> capability & 1) != 0;
}

/* Dropped without a look at whether it is there. Without CAP_SETPCAP the kernel refuses that even of what
 * is not there, and of what it does not know: prctl(2), PR_CAPBSET_DROP. */
static int bounding_drop(int capability)
{
	int r = sys_bounding_drop(capability);
	int held;

	if (r != -EPERM) {
		return r;
	}
	held = sys_bounding_has(capability);
	return held == 1 ? r : held;
}

int guard_bounding_drop(uint64_t wanted, struct berth_error *err)
{
	for (int i = 0; i < CAPABILITY_BITS; i++) {
		int r = has(wanted, i) ? 0 : bounding_drop(i);

		if (r == -EINVAL) {
			break; /* the kernel knows no more */
		}
		if (r < 0) {
			error_system(err, r, "drop capability %d from the bounding set", i);
			error_add_pointer(err, "/process/capabilities/bounding");
			return r;
		}
	}
	return 0;
}

/* What was asked for and is not held is named: the kernel says EPERM and no more. */
static int caps_failed(int r, const struct boot_identity *identity, struct berth_error *err)
{
	struct sys_caps held = {0};
	uint64_t missing;

	if (r != -EPERM || sys_capget(&held) < 0) {
		return error_system(err, r, "set the capabilities");
	}
	missing = identity->permitted & ~held.permitted;
	for (int i = 0; i < CAPABILITY_BITS; i++) {
		if (has(missing, i)) {
			return error_system(
				err, r, "set the capabilities: number %d is not held here", i);
		}
	}
	return error_system(err, r,
		"set the capabilities: effective must be permitted, inheritable in the bounding set");
}

static int ambient_set(uint64_t wanted, struct berth_error *err)
{
	int r = sys_ambient_clear();

	if (r < 0) {
		return error_system(err, r, "clear the ambient capabilities");
	}
	for (int i = 0; i < CAPABILITY_BITS; i++) {
		r = has(wanted, i) ? sys_ambient_raise(i) : 0;
		if (r < 0) {
			return error_system(err, r, "raise ambient capability %d", i);
		}
	}
	return 0;
}

int guard_caps_set(const struct boot_identity *identity, struct berth_error *err)
{
	const struct sys_caps caps = {
		.effective = identity->effective,
		.permitted = identity->permitted,
		.inheritable = identity->inheritable,
	};
	int r = sys_capset(&caps);

	r = r < 0 ? caps_failed(r, identity, err) : ambient_set(identity->ambient, err);
	if (r < 0) {
		error_add_pointer(err, "/process/capabilities");
	}
	return r;
}
