/* SPDX-License-Identifier: Apache-2.0 */
/* The messages to and from CRIU: the bytes that protocol buffers have for them, and nothing believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "criu/message.h"

enum { MEMORY = 1024 * 1024 };

/* Where a field begins in a message: its key and what follows, for keys of at most two bytes. */
static const uint8_t *find(const uint8_t *bytes, size_t length, const void *wanted, size_t size)
{
	return memmem(bytes, length, wanted, size);
}

#define assert_has(bytes, length, literal)                                                         \
	assert_non_null(find(bytes, length, literal, sizeof(literal) - 1))
#define assert_lacks(bytes, length, literal)                                                       \
	assert_null(find(bytes, length, literal, sizeof(literal) - 1))

static const uint8_t *encode(
	const struct criu_request *request, struct arena *arena, size_t *ret_length)
{
	const void *bytes = NULL;

	arena_init(arena, MEMORY);
	assert_int_equal(criu_encode(request, arena, &bytes, ret_length), 0);
	return bytes;
}

static void test_version_request(void **state)
{
	const struct criu_request request = {.task = CRIU_VERSION};
	autoarena struct arena arena;
	size_t length = 0;
	const uint8_t *bytes = encode(&request, &arena, &length);

	(void)state;
	assert_int_equal(length, 2);
	assert_memory_equal(bytes, "\x08\x0a", 2);
}

static void test_flags(void **state)
{
	static const struct {
		size_t member;
		const char *key;
		size_t size;
	} flags[] = {
		{offsetof(struct criu_request, is_left_running), "\x18\x01", 2},
		{offsetof(struct criu_request, has_ext_unix), "\x20\x01", 2},
		{offsetof(struct criu_request, has_tcp), "\x28\x01", 2},
		{offsetof(struct criu_request, has_shell_job), "\x38\x01", 2},
		{offsetof(struct criu_request, has_file_locks), "\x40\x01", 2},
		{offsetof(struct criu_request, is_memory_tracked), "\x78\x01", 2},
		{offsetof(struct criu_request, is_deduplicated), "\x80\x01\x01", 3},
		{offsetof(struct criu_request, may_link), "\x90\x01\x01", 3},
		{offsetof(struct criu_request, is_tcp_in_flight_skipped), "\xf0\x02\x01", 3},
		{offsetof(struct criu_request, is_lazy), "\x80\x03\x01", 3},
		{offsetof(struct criu_request, is_tcp_closed), "\xa0\x03\x01", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct criu_request request = {.task = CRIU_DUMP, .images_fd = 7, .work_fd = 7};
		autoarena struct arena without;
		autoarena struct arena with;
		size_t length = 0;
		size_t longer = 0;
		const uint8_t *bytes = encode(&request, &without, &length);

		assert_null(find(bytes, length, flags[i].key, flags[i].size));
		*((bool *)&request + flags[i].member) = true;
		bytes = encode(&request, &with, &longer);
		assert_non_null(find(bytes, longer, flags[i].key, flags[i].size));
		assert_int_equal(longer, length + flags[i].size);
	}
}

static void test_texts(void **state)
{
	struct criu_pair mount = {"berth-mount-0", "/src"};
	struct criu_pair root = {"", "/a"};
	struct criu_inherit inherit = {"pipe:[5]", 300};
	const char *external = "net[5]:n";
	const struct criu_request request = {
		.task = CRIU_RESTORE,
		.images_fd = 200,
		.log_file = "restore.log",
		.page_server = "127.0.0.1",
		.page_server_port = 27277,
		.lsm_profile = "apparmor:x",
		.lsm_mount_context = "ctx",
		.cgroup_mode = CRIU_CGROUP_STRICT,
		.network_lock = CRIU_LOCK_NFTABLES,
		.empty_ns = CLONE_NEWNET,
		.ext_mounts = {&mount, 1},
		.cgroup_roots = {&root, 1},
		.externals = {&external, 1},
		.inherits = {&inherit, 1},
	};
	autoarena struct arena arena;
	size_t length = 0;
	const uint8_t *bytes = encode(&request, &arena, &length);

	(void)state;
	assert_memory_equal(bytes, "\x08\x02\x12", 3);
	assert_has(bytes, length, "\x08\xc8\x01");        /* images_dir_fd */
	assert_has(bytes, length, "\x52\x0brestore.log"); /* log_file */
	assert_has(bytes, length,
		"\x5a\x0f\x0a\x09"
		"127.0.0.1\x10\x8d\xd5\x01"); /* ps */
	assert_has(bytes, length,
		"\xaa\x03\x0a"
		"apparmor:x");
	assert_has(bytes, length,
		"\xfa\x03\x03"
		"ctx");
	assert_has(bytes, length, "\x90\x02\x05");                 /* manage_cgroups_mode */
	assert_has(bytes, length, "\x80\x04\x02");                 /* network_lock */
	assert_has(bytes, length, "\xb0\x02\x80\x80\x80\x80\x04"); /* empty_ns */
	assert_has(bytes, length,
		"\xba\x01\x15\x0a\x0d"
		"berth-mount-0\x12\x04/src");
	assert_has(bytes, length, "\xca\x01\x06\x0a\x00\x12\x02/a");
	assert_has(bytes, length, "\xaa\x02\x08net[5]:n");
	assert_has(bytes, length, "\xda\x01\x0d\x0a\x08pipe:[5]\x10\xac\x02");
	assert_has(bytes, length, "\xd0\x01\x01"); /* rst_sibling */
}

static void test_too_long(void **state)
{
	struct criu_request request = {.task = CRIU_DUMP};
	char *text = malloc(CRIU_MESSAGE_MAX + 1);
	autoarena struct arena arena;
	const void *bytes = NULL;
	size_t length = 0;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', CRIU_MESSAGE_MAX);
	text[CRIU_MESSAGE_MAX] = '\0';
	request.root = text;
	arena_init(&arena, MEMORY);
	assert_int_equal(criu_encode(&request, &arena, &bytes, &length), -E2BIG);
	free(text);
}

static void test_answers(void **state)
{
	uint8_t bytes[8];

	(void)state;
	assert_int_equal(criu_encode_answer(true, bytes), 4);
	assert_memory_equal(bytes, "\x08\x06\x18\x01", 4);
	assert_int_equal(criu_encode_answer(false, bytes), 4);
	assert_memory_equal(bytes, "\x08\x06\x18\x00", 4);
}

/* A notice, as criu 3.17 sends it. */
static const char notice[] = "\x08\x06\x10\x01\x2a\x11\x0a\x0cpost-restore\x10\xa5\x01";

static void test_notice(void **state)
{
	struct criu_reply reply;

	(void)state;
	assert_int_equal(criu_decode(notice, sizeof(notice) - 1, &reply), 0);
	assert_int_equal(reply.type, CRIU_REQ_NOTIFY);
	assert_true(reply.is_success);
	assert_string_equal(reply.notice, "post-restore");
	assert_int_equal(reply.pid, 165);
}

static void test_ends(void **state)
{
	static const char version[] = "\x08\x0a\x10\x01\x52\x06\x08\x03\x10\x11\x20\x01";
	static const char failure[] = "\x08\x01\x10\x00\x38\x34\x4a\x09"
				      "a\tb\x1b"
				      "c\nxyz";
	static const char restored[] = "\x08\x02\x10\x01\x22\x02\x08\x2a";
	struct criu_reply reply;

	(void)state;
	assert_int_equal(criu_decode(version, sizeof(version) - 1, &reply), 0);
	assert_int_equal(reply.version, 31701);
	assert_int_equal(criu_decode(failure, sizeof(failure) - 1, &reply), 0);
	assert_false(reply.is_success);
	assert_int_equal(reply.error, 52);
	assert_string_equal(reply.message, "a b c");
	assert_int_equal(criu_decode(restored, sizeof(restored) - 1, &reply), 0);
	assert_int_equal(reply.pid, 42);
}

/* What is cut off anywhere is refused or complete without the rest; nothing is read behind the end. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(notice) - 1; i++) {
		struct criu_reply reply;
		char *copy = malloc(i ? i : 1);
		int r;

		assert_non_null(copy);
		memcpy(copy, notice, i);
		r = criu_decode(copy, i, &reply);
		assert_true(r == -EPROTO || (r == 0 && (i == 0 || i == 2 || i == 4)));
		free(copy);
	}
}

static void test_odd(void **state)
{
	static const char *const bad[] = {
		"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",     /* a length of 2^64 - 1 */
		"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", /* a varint of eleven bytes */
		"\x0b",                                             /* a group */
		"\x2a\x02\x0a\x05", /* longer than what is around it */
	};
	static const char odd[] = "\x0a\x01x\x15"
				  "1234\xf9\x07"
				  "12345678\x08\x06";
	struct criu_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(criu_decode(bad[i], strlen(bad[i]), &reply), -EPROTO);
	}
	/* Known numbers in another form, and unknown ones, are passed over. */
	assert_int_equal(criu_decode(odd, sizeof(odd) - 1, &reply), 0);
	assert_int_equal(reply.type, CRIU_REQ_NOTIFY);
	assert_false(reply.is_success);
}

static void test_error_text(void **state)
{
	char text[CRIU_TEXT_MAX];

	(void)state;
	criu_error_text(
		"(00.1)     1: Error (criu/a.c:3): Can't \x1b[1m do it", text, sizeof(text));
	assert_string_equal(text, "Can't  [1m do it");
	criu_error_text("(00.1) Error (criu/util.c:642): exited, status=1", text, sizeof(text));
	assert_string_equal(text, "");
	criu_error_text("(00.1) Warn  (criu/a.c:3): no", text, sizeof(text));
	assert_string_equal(text, "");
}

/* As CRIU 3.17.1 writes it on a kernel with AppArmor. */
static void test_inventory(void **state)
{
	static const uint8_t bytes[] = {0x08, 0x02, 0x10, 0x01, 0x1a, 0x04, 0x30, 0x01, 0x38, 0x03,
		0x20, 0x01, 0x28, 0x01, 0x30, 0x02, 0x58, 0x00};
	uint32_t module = CRIU_MODULE_SELINUX;

	(void)state;
	assert_int_equal(criu_decode_inventory(bytes, sizeof(bytes), &module), 0);
	assert_int_equal(module, CRIU_MODULE_APPARMOR);
	/* Before the field there was no module. */
	assert_int_equal(criu_decode_inventory(bytes, 14, &module), 0);
	assert_int_equal(module, CRIU_MODULE_NONE);
	assert_int_equal(criu_decode_inventory(bytes, 15, &module), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_request),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_error_text),
		cmocka_unit_test(test_inventory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
