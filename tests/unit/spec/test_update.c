/* SPDX-License-Identifier: Apache-2.0 */
/* The object of update: every limit of "linux.resources" with its value, and errors that begin in the object. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

static int decode(struct arena *arena, const char *text, struct spec_update *ret_update,
	struct berth_error *err)
{
	const struct json_value *tree = NULL;
	const char *reason = NULL;
	size_t offset = 0;

	memset(err, 0, sizeof(*err));
	arena_init(arena, 1 << 20);
	if (json_parse(arena, text, strlen(text), &tree, &offset, &reason) < 0) {
		fail_msg("%s: %s at %zu", text, reason, offset);
	}
	return spec_decode_update(tree, arena, ret_update, err);
}

static const char full[] =
	"{\"memory\": {\"limit\": 1, \"reservation\": 2, \"swap\": -1, \"kernel\": 4, \"kernelTCP\": 5,"
	"  \"checkBeforeUpdate\": true},"
	" \"cpu\": {\"shares\": 6, \"quota\": -7, \"period\": 8, \"burst\": 0, \"idle\": 0, \"cpus\": \"9\"},"
	" \"pids\": {\"limit\": 0},"
	" \"blockIO\": {\"weight\": 10, \"leafWeight\": 11,"
	"  \"weightDevice\": [{\"major\": 12, \"minor\": 13, \"weight\": 14, \"leafWeight\": 15}],"
	"  \"throttleReadBpsDevice\": [{\"major\": 16, \"minor\": 17, \"rate\": 18446744073709551615}],"
	"  \"throttleWriteBpsDevice\": [{\"major\": 19, \"minor\": 20, \"rate\": 21}],"
	"  \"throttleReadIOPSDevice\": [{\"major\": 22, \"minor\": 23, \"rate\": 24}],"
	"  \"throttleWriteIOPSDevice\": [{\"major\": 25, \"minor\": 26, \"rate\": 0}]},"
	" \"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 27}],"
	" \"unified\": {\"memory.high\": \"28\"},"
	" \"devices\": [{\"allow\": true, \"access\": \"rwm\"}]}";

static void check_rate(
	const struct spec_block_rates *rates, int64_t major, int64_t minor, uint64_t rate)
{
	assert_int_equal(rates->count, 1);
	assert_int_equal(rates->items[0].major, major);
	assert_int_equal(rates->items[0].minor, minor);
	assert_int_equal(rates->items[0].rate, rate);
}

static void test_full(void **state)
{
	autoarena struct arena arena;
	struct spec_update update;
	struct berth_error err;
	const struct spec_block_io *block = &update.resources.block_io;

	(void)state;
	assert_int_equal(decode(&arena, full, &update, &err), 0);
	assert_null(update.oci_version);
	assert_int_equal(update.resources.memory.limit, 1);
	assert_int_equal(update.resources.memory.reservation, 2);
	assert_int_equal(update.resources.memory.swap, -1);
	assert_int_equal(update.resources.memory.kernel, 4);
	assert_int_equal(update.resources.memory.kernel_tcp, 5);
	assert_true(update.resources.memory.check_before_update);
	assert_int_equal(update.resources.cpu.shares, 6);
	assert_int_equal(update.resources.cpu.quota, -7);
	assert_int_equal(update.resources.cpu.period, 8);
	assert_true(update.resources.cpu.has_burst && update.resources.cpu.has_idle);
	assert_string_equal(update.resources.cpu.cpus, "9");
	assert_true(update.resources.pids.has_limit);
	assert_int_equal(block->weight, 10);
	assert_int_equal(block->leaf_weight, 11);
	assert_int_equal(block->weight_devices.count, 1);
	assert_int_equal(block->weight_devices.items[0].major, 12);
	assert_int_equal(block->weight_devices.items[0].minor, 13);
	assert_int_equal(block->weight_devices.items[0].weight, 14);
	assert_int_equal(block->weight_devices.items[0].leaf_weight, 15);
	check_rate(&block->read_bytes, 16, 17, UINT64_MAX);
	check_rate(&block->write_bytes, 19, 20, 21);
	check_rate(&block->read_operations, 22, 23, 24);
	check_rate(&block->write_operations, 25, 26, 0);
	assert_int_equal(update.resources.hugepage_limits.count, 1);
	assert_string_equal(update.resources.hugepage_limits.items[0].page_size, "2MB");
	assert_int_equal(update.resources.hugepage_limits.items[0].limit, 27);
	assert_int_equal(update.resources.unified.count, 1);
	assert_int_equal(update.resources.devices.count, 1);
}

static void test_empty(void **state)
{
	static const struct spec_resources nothing;
	autoarena struct arena arena;
	struct spec_update update;
	struct berth_error err;

	(void)state;
	assert_int_equal(decode(&arena, "{\"ociVersion\": \"1.3.0\", \"x\": 1}", &update, &err), 0);
	assert_string_equal(update.oci_version, "1.3.0");
	assert_memory_equal(&update.resources, &nothing, sizeof(nothing));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *pointer, *message;
		int error_class;
	} rows[] = {
		{"[]", "", "the resources must be an object, are an array", BERTH_ERROR_CONFIG},
		{"{\"memory\": {\"limit\": \"1\"}}", "/memory/limit",
			"must be a number, is a string", BERTH_ERROR_CONFIG},
		{"{\"devices\": [{}, {\"major\": true}]}", "/devices/1/major",
			"must be a number, is a boolean", BERTH_ERROR_CONFIG},
		{"{\"blockIO\": {\"weightDevice\": [{\"major\": 1}]}}",
			"/blockIO/weightDevice/0/minor", "is required, is missing",
			BERTH_ERROR_CONFIG},
		{"{\"hugepageLimits\": [{\"pageSize\": \"\", \"limit\": 1}]}",
			"/hugepageLimits/0/pageSize", "must not be empty", BERTH_ERROR_CONFIG},
		{"{\"rdma\": {\"mlx5_1\": 1}}", "/rdma/mlx5_1", "must be an object, is a number",
			BERTH_ERROR_CONFIG},
		{"{\"ociVersion\": \"2.0.0\"}", "/ociVersion",
			"must be a version 1.x.y of the specification, is \"2.0.0\"",
			BERTH_ERROR_CONFIG},
		{"{\"ociVersion\": 1}", "/ociVersion", "must be a string, is a number",
			BERTH_ERROR_CONFIG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autoarena struct arena arena;
		struct spec_update update;
		struct berth_error err;

		assert_true(decode(&arena, rows[i].text, &update, &err) < 0);
		assert_int_equal(err.error_class, rows[i].error_class);
		assert_string_equal(err.pointer, rows[i].pointer);
		assert_string_equal(err.message, rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
