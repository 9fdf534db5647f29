/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cgroup/inside.h"

/* Why version 2 has no file of a controller: what the kernel has said when it was to be enabled above (its
 * admin-guide/cgroup-v2, "No Internal Process Constraint" and "Threads"). */
static const char *missing_reason(int refused)
{
	switch (refused) {
	case -EBUSY:
		return " (a cgroup above it holds processes)";
	case -EOPNOTSUPP:
		return " (a cgroup above it is threaded)";
	default:
		return " (is the controller there?)";
	}
}

static int write_one(const struct cgroup *cgroup, const struct host_cgroup_write *write)
{
	int fd = cgroup->dirs[write->dir].fd;
	int r = fd < 0 ? -ENOENT : cgroup_file_write(fd, write->file, write->value);

	/* Gone as a file, or as a feature behind it. */
	if ((write->flags & HOST_CGROUP_OPTIONAL) &&
		(r == -ENOENT || r == -EOPNOTSUPP || r == -EACCES)) {
		return 0;
	}
	return r;
}

static int write_failed(const struct cgroup *cgroup, const struct host_cgroup_write *write,
	int errnum, struct berth_error *err)
{
	const struct cgroup_dir *dir = &cgroup->dirs[write->dir];

	(void)error_system(err, errnum, "write \"%s\" to %s%s/%s%s", write->value, dir->mount_point,
		dir->path, write->file, errnum == -ENOENT ? missing_reason(dir->refused) : "");
	error_add_pointer(err, write->pointer);
	return errnum;
}

/* How many writes are done with: a pair that goes in the other order is two. */
static int write_at(const struct cgroup *cgroup, const struct host_cgroup *plan, size_t at,
	struct berth_error *err)
{
	const struct host_cgroup_write *write = &plan->writes[at];
	int r = write_one(cgroup, write);
	bool is_turned = r == -EINVAL && (write->flags & HOST_CGROUP_WITH_NEXT) &&
			 at + 1 < plan->write_count;

	if (is_turned) {
		int next = write_one(cgroup, write + 1);

		if (next < 0) {
			return write_failed(cgroup, write + 1, next, err);
		}
		r = write_one(cgroup, write);
	}
	if (r < 0) {
		return write_failed(cgroup, write, r, err);
	}
	return is_turned ? 2 : 1;
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
	/* systemd may write its properties into the files: what is exact comes after it. */
	if (is_final && plan->unit && plan->unit->late) {
		int r = cgroup_unit_set(cgroup, plan->unit->late, 1, err);

		if (r < 0) {
			return r;
		}
	}
	for (size_t i = 0; i < plan->write_count && !cgroup->is_unit_due;) {
		bool is_later = (plan->writes[i].flags & HOST_CGROUP_FINAL) != 0;
		int r = is_later == is_final ? write_at(cgroup, plan, i, err) : 1;

		if (r < 0) {
			return r;
		}
		i += (size_t)r;
	}
	return is_final ? limit_devices(cgroup, &plan->devices, err) : 0;
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
