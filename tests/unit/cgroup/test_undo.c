/* SPDX-License-Identifier: Apache-2.0 */
/* What an update writes to bring back what a file held: each file shows it in its own way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "cgroup/inside.h"

static const struct {
	const char *file, *value, *held, *back;
} rows[] = {
	{"memory.max", "4096", "max\n", "max"},
	{"cpu.max", "max 50000", "20000 100000\n", "20000 100000"},
	{"cpu.max", "20000 50000", "20000 100000\n", "20000 100000"},
	{"cpuset.cpus", "1", "0-1\n", "0-1"},
	{"cpuset.cpus", "1", "\n", "\n"},
	{"cpuset.cpus", "1", "", "\n"},
	{"memory.limit_in_bytes", "4096", "9223372036854771712\n", "9223372036854771712"},
	{"cpu.cfs_quota_us", "5", "-1\n", "-1"},
	{"memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n", "0"},
	{"memory.oom_control", "1", "oom_kill_disable 1\nunder_oom 0\n", "1"},
	/* one line for each device */
	{"io.max", "8:0 rbps=1", "8:16 rbps=5 wbps=max riops=max wiops=max\n",
		"8:0 rbps=max wbps=max riops=max wiops=max"},
	{"io.max", "8:0 rbps=1", "8:0 rbps=5 wbps=6 riops=max wiops=max\n8:16 rbps=7 wbps=8\n",
		"8:0 rbps=5 wbps=6 riops=max wiops=max"},
	{"io.max", "8:1 rbps=1", "8:16 rbps=5\n8:1 rbps=6\n", "8:1 rbps=6"},
	{"io.max", "8:1 rbps=1", "", "8:1 rbps=max wbps=max riops=max wiops=max"},
	{"io.weight", "200", "default 100\n8:0 50\n", "default 100"},
	{"io.weight", "default 200", "8:0 50\ndefault 100\n", "default 100"},
	{"io.weight", "8:0 200", "default 100\n8:0 50\n", "8:0 50"},
	{"io.weight", "8:0 200", "default 100\n", "8:0 default"},
	{"io.bfq.weight", "200", "default 100\n", "default 100"},
	{"blkio.bfq.weight", "200", "100\n", "100"},
	{"blkio.bfq.weight_device", "8:0 200", "", "8:0 default"},
	{"blkio.throttle.read_bps_device", "8:0 200", "8:16 5\n", "8:0 0"},
	{"blkio.throttle.write_iops_device", "8:0 200", "8:0 5\n8:16 6\n", "8:0 5"},
	{"io.latency", "8:0 target=5", "", "8:0 target=0"},
	/* of no known file: it is left out, as a wrong text would be worse */
	{"io.other", "8:0 x=1", "8:16 x=2\n", NULL},
	{"net_prio.ifpriomap", "eth1 5", "lo 0\neth0 3\neth1 7\n", "eth1 7"},
	{"rdma.max", "mlx5_0 hca_handle=2", "mlx4_0 hca_handle=max\nmlx5_0 hca_handle=1\n",
		"mlx5_0 hca_handle=1"},
};

static void test_texts(void **state)
{
	autoarena struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *back =
			cgroup_undo_text(&arena, rows[i].file, rows[i].value, rows[i].held);

		if (!back != !rows[i].back || (back && strcmp(back, rows[i].back) != 0)) {
			fail_msg("%s: \"%s\" over \"%s\" gives \"%s\"", rows[i].file, rows[i].value,
				rows[i].held, back ? back : "(nothing)");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
