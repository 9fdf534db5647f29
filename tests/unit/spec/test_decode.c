/* SPDX-License-Identifier: Apache-2.0 */
/* What a decoded config has in it, and the errors that test_fields.c has no row for. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

static int decode(
	struct arena *arena, const char *text, struct spec *ret_spec, struct berth_error *err)
{
	const struct json_value *tree = NULL;
	const char *reason = NULL;
	size_t offset = 0;

	memset(err, 0, sizeof(*err));
	arena_init(arena, 1 << 20);
	if (json_parse(arena, text, strlen(text), &tree, &offset, &reason) < 0) {
		fail_msg("%s: %s at %zu", text, reason, offset);
	}
	return spec_decode(tree, arena, ret_spec, err);
}

static const char full[] =
	"{\"ociVersion\": \"1.0.2-dev\","
	" \"root\": {\"path\": \"rootfs\", \"readonly\": true},"
	" \"hostname\": \"h\", \"domainname\": \"d\","
	" \"process\": {\"terminal\": true, \"consoleSize\": {\"height\": 25, \"width\": 80},"
	"  \"user\": {\"uid\": 1, \"gid\": 2, \"umask\": 18, \"additionalGids\": [3, 4294967295]},"
	"  \"args\": [\"sh\", \"-c\", \"\"], \"env\": [\"A=b\"], \"cwd\": \"/w\","
	"  \"capabilities\": {\"bounding\": [\"B\"], \"effective\": [\"E\"],"
	"   \"inheritable\": [\"I\"], \"permitted\": [\"P\"], \"ambient\": [\"A\"]},"
	"  \"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 9007199254740993,"
	"   \"hard\": 18446744073709551615}],"
	"  \"noNewPrivileges\": true},"
	" \"mounts\": [{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"p\"},"
	"  {\"destination\": \"/x\", \"options\": [\"ro\", \"bind\"]}],"
	" \"annotations\": {\"a/b~c\": \"\", \"k\": \"1\", \"a/b~c\": \"2\"},"
	" \"linux\": {\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"user\", \"path\": \"/u\"}],"
	"  \"uidMappings\": [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1}],"
	"  \"gidMappings\": [{\"containerID\": 5, \"hostID\": 6, \"size\": 7},"
	"   {\"containerID\": 8, \"hostID\": 9, \"size\": 4294967295}],"
	"  \"devices\": [{\"type\": \"p\", \"path\": \"/f\"}, {\"type\": \"b\", \"path\": \"/d\","
	"   \"major\": 8, \"minor\": -1, \"fileMode\": 0, \"uid\": 10, \"gid\": 11}],"
	"  \"rootfsPropagation\": \"slave\", \"maskedPaths\": [\"/m\"],"
	"  \"readonlyPaths\": [\"/r\", \"/s\"]},"
	" \"hooks\": {\"prestart\": [{\"path\": \"/1\", \"args\": [\"x\", \"y\"], \"env\": [\"A=b\"],"
	"   \"timeout\": 5}, {\"path\": \"/2\", \"timeout\": null}],"
	"  \"createRuntime\": [{\"path\": \"/3\"}], \"createContainer\": [{\"path\": \"/4\"}],"
	"  \"startContainer\": [{\"path\": \"/5\"}], \"poststart\": [{\"path\": \"/6\"}],"
	"  \"poststop\": [{\"path\": \"/7\"}]}}";

static void check_process(const struct spec_process *process)
{
	assert_true(process->is_present);
	assert_true(process->terminal);
	assert_int_equal(process->console_height, 25);
	assert_int_equal(process->console_width, 80);
	assert_int_equal(process->user.uid, 1);
	assert_int_equal(process->user.gid, 2);
	assert_true(process->user.has_umask);
	assert_int_equal(process->user.umask, 18);
	assert_int_equal(process->user.additional_gids.count, 2);
	assert_int_equal(process->user.additional_gids.items[0], 3);
	assert_int_equal(process->user.additional_gids.items[1], UINT32_MAX);
	assert_int_equal(process->args.count, 3);
	assert_string_equal(process->args.items[1], "-c");
	assert_string_equal(process->args.items[2], "");
	assert_int_equal(process->env.count, 1);
	assert_string_equal(process->env.items[0], "A=b");
	assert_string_equal(process->cwd, "/w");
	assert_true(process->capabilities.is_present);
	assert_string_equal(process->capabilities.bounding.items[0], "B");
	assert_string_equal(process->capabilities.effective.items[0], "E");
	assert_string_equal(process->capabilities.inheritable.items[0], "I");
	assert_string_equal(process->capabilities.permitted.items[0], "P");
	assert_string_equal(process->capabilities.ambient.items[0], "A");
	assert_int_equal(process->rlimits.count, 1);
	assert_string_equal(process->rlimits.items[0].type, "RLIMIT_CORE");
	assert_true(process->rlimits.items[0].soft == UINT64_C(9007199254740993));
	assert_true(process->rlimits.items[0].hard == UINT64_MAX);
	assert_true(process->no_new_privileges);
}

static void check_linux(const struct spec_linux *section)
{
	const struct spec_device *devices = section->devices.items;

	assert_true(section->is_present);
	assert_int_equal(section->namespaces.count, 2);
	assert_int_equal(section->namespaces.items[0].flag, CLONE_NEWPID);
	assert_null(section->namespaces.items[0].path);
	assert_int_equal(section->namespaces.items[1].flag, CLONE_NEWUSER);
	assert_string_equal(section->namespaces.items[1].path, "/u");
	assert_int_equal(section->uid_mappings.count, 1);
	assert_int_equal(section->uid_mappings.items[0].host_id, 1000);
	assert_int_equal(section->gid_mappings.count, 2);
	assert_int_equal(section->gid_mappings.items[0].container_id, 5);
	assert_int_equal(section->gid_mappings.items[0].host_id, 6);
	assert_int_equal(section->gid_mappings.items[1].size, UINT32_MAX);
	assert_int_equal(section->devices.count, 2);
	assert_false(devices[0].has_file_mode);
	assert_string_equal(devices[1].type, "b");
	assert_string_equal(devices[1].path, "/d");
	assert_int_equal(devices[1].major, 8);
	assert_int_equal(devices[1].minor, -1);
	assert_true(devices[1].has_file_mode);
	assert_int_equal(devices[1].file_mode, 0);
	assert_int_equal(devices[1].uid, 10);
	assert_int_equal(devices[1].gid, 11);
	assert_string_equal(section->rootfs_propagation, "slave");
	assert_int_equal(section->masked_paths.count, 1);
	assert_string_equal(section->masked_paths.items[0], "/m");
	assert_int_equal(section->readonly_paths.count, 2);
	assert_string_equal(section->readonly_paths.items[1], "/s");
}

static void check_hooks(const struct spec_hooks *hooks)
{
	const struct spec_hook_list *single[] = {&hooks->create_runtime, &hooks->create_container,
		&hooks->start_container, &hooks->poststart, &hooks->poststop};
	const struct spec_hook *first = hooks->prestart.items;

	assert_int_equal(hooks->prestart.count, 2);
	assert_string_equal(first->path, "/1");
	assert_int_equal(first->args.count, 2);
	assert_string_equal(first->args.items[1], "y");
	assert_int_equal(first->env.count, 1);
	assert_true(first->has_timeout);
	assert_int_equal(first->timeout, 5);
	assert_false(first[1].has_timeout);
	assert_int_equal(first[1].args.count, 0);
	for (size_t i = 0; i < ARRAY_COUNT(single); i++) {
		const char path[] = {'/', (char)('3' + i), '\0'};

		assert_int_equal(single[i]->count, 1);
		assert_string_equal(single[i]->items[0].path, path);
	}
}

static void test_full(void **state)
{
	autoarena struct arena arena;
	struct berth_error err;
	struct spec spec;

	(void)state;
	assert_int_equal(decode(&arena, full, &spec, &err), 0);
	assert_string_equal(spec.oci_version, "1.0.2-dev");
	assert_true(spec.root.is_present);
	assert_string_equal(spec.root.path, "rootfs");
	assert_true(spec.root.readonly);
	assert_string_equal(spec.hostname, "h");
	assert_string_equal(spec.domainname, "d");
	assert_int_equal(spec.mounts.count, 2);
	assert_string_equal(spec.mounts.items[0].destination, "/proc");
	assert_string_equal(spec.mounts.items[0].type, "proc");
	assert_string_equal(spec.mounts.items[0].source, "p");
	assert_int_equal(spec.mounts.items[0].options.count, 0);
	assert_null(spec.mounts.items[0].options.items);
	assert_null(spec.mounts.items[1].type);
	assert_int_equal(spec.mounts.items[1].options.count, 2);
	assert_string_equal(spec.mounts.items[1].options.items[1], "bind");
	assert_int_equal(spec.annotations.count, 2);
	assert_string_equal(spec.annotations.items[0].key, "k");
	assert_string_equal(spec.annotations.items[1].key, "a/b~c");
	assert_string_equal(spec.annotations.items[1].value, "2");
	check_process(&spec.process);
	check_linux(&spec.linux_section);
	check_hooks(&spec.hooks);
}

static void test_absent(void **state)
{
	static const char *const texts[] = {"{\"ociVersion\": \"1.3.0\"}",
		"{\"ociVersion\": \"1.3.0\", \"root\": null, \"process\": null, \"mounts\": null,"
		" \"annotations\": null, \"linux\": null, \"hostname\": null, \"hooks\": null}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		autoarena struct arena arena;
		struct berth_error err;
		struct spec spec;

		assert_int_equal(decode(&arena, texts[i], &spec, &err), 0);
		assert_false(spec.root.is_present);
		assert_false(spec.process.is_present);
		assert_false(spec.linux_section.is_present);
		assert_null(spec.hostname);
		assert_null(spec.mounts.items);
		assert_int_equal(spec.annotations.count, 0);
	}
}

/* `V` stands before a member that everything needs. */
#define V "{\"ociVersion\": \"1.3.0\", "

static const struct refusal {
	const char *text, *pointer, *message;
} refusals[] = {
	{"[]", "", "the config must be an object, is an array"},
	{"null", "", "the config must be an object, is null"},
	{"{}", "/ociVersion", "is required, is missing"},
	{V "\"root\": {}}", "/root/path", "is required, is missing"},
	{V "\"root\": {\"path\": \"\"}}", "/root/path", "must not be empty"},
	{V "\"process\": {}}", "/process/cwd", "is required, is missing"},
	{V "\"process\": {\"cwd\": \"/\", \"consoleSize\": {\"width\": 1}}}",
		"/process/consoleSize/height", "is required, is missing"},
	{V "\"process\": {\"cwd\": \"/\", \"consoleSize\": {\"height\": 1}}}",
		"/process/consoleSize/width", "is required, is missing"},
	{V "\"process\": {\"cwd\": \"/\", \"rlimits\": [{\"soft\": 1, \"hard\": 1}]}}",
		"/process/rlimits/0/type", "is required, is missing"},
	{V "\"process\": {\"cwd\": \"/\", \"rlimits\": [{\"type\": \"t\", \"hard\": 1}]}}",
		"/process/rlimits/0/soft", "is required, is missing"},
	{V "\"process\": {\"cwd\": \"/\", \"rlimits\": [{\"type\": \"t\", \"soft\": 1}]}}",
		"/process/rlimits/0/hard", "is required, is missing"},
	{V "\"process\": {\"cwd\": \"/\", \"env\": [\"A=\", 5]}}", "/process/env/1",
		"must be a string, is a number"},
	{V "\"mounts\": [{\"destination\": \"/a\"}, {\"type\": \"proc\"}]}",
		"/mounts/1/destination", "is required, is missing"},
	{V "\"mounts\": [{\"destination\": \"/a\"}, {\"destination\": \"\"}]}",
		"/mounts/1/destination", "must not be empty"},
	{V "\"hooks\": {\"poststop\": [{\"path\": \"/x\"}, {\"args\": []}]}}",
		"/hooks/poststop/1/path", "is required, is missing"},
	{V "\"hooks\": {\"prestart\": [{\"path\": \"\"}]}}", "/hooks/prestart/0/path",
		"must not be empty"},
	{V "\"hooks\": {\"prestart\": [null]}}", "/hooks/prestart/0", "must be an object, is null"},
	{V "\"annotations\": {\"\": \"x\"}}", "/annotations/", "must not have an empty key"},
	{V "\"annotations\": {\"a/b~c\": 1}}", "/annotations/a~1b~0c",
		"must be a string, is a number"},
	{V "\"linux\": {\"namespaces\": [{\"path\": \"/x\"}]}}", "/linux/namespaces/0/type",
		"is required, is missing"},
	{V "\"linux\": {\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"net\"}]}}",
		"/linux/namespaces/1/type",
		"must be one of \"pid\", \"network\", \"mount\", \"ipc\", \"uts\", \"user\", "
		"\"cgroup\", \"time\", is \"net\""},
	{V "\"linux\": {\"uidMappings\": [{\"hostID\": 0, \"size\": 1}]}}",
		"/linux/uidMappings/0/containerID", "is required, is missing"},
	{V "\"linux\": {\"uidMappings\": [{\"containerID\": 0, \"size\": 1}]}}",
		"/linux/uidMappings/0/hostID", "is required, is missing"},
	{V "\"linux\": {\"gidMappings\": [{\"containerID\": 0, \"hostID\": 1}]}}",
		"/linux/gidMappings/0/size", "is required, is missing"},
	{V "\"linux\": {\"devices\": [{\"path\": \"/x\"}]}}", "/linux/devices/0/type",
		"is required, is missing"},
	{V "\"linux\": {\"devices\": [{\"type\": \"c\"}]}}", "/linux/devices/0/path",
		"is required, is missing"},
	{V "\"linux\": {\"devices\": [{\"type\": \"cc\", \"path\": \"/x\"}]}}",
		"/linux/devices/0/type", "must be one of \"c\", \"u\", \"b\", \"p\", is \"cc\""},
	{V "\"mounts\": [{\"destination\": \"/\"}, {\"destination\": \"/\", \"uidMappings\": "
	   "[{}]}]}",
		"/mounts/1/uidMappings/0/containerID", "is required, is missing"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		autoarena struct arena arena;
		struct spec spec = {.hostname = "untouched"};
		struct berth_error err;
		int r = decode(&arena, refusals[i].text, &spec, &err);

		if (r >= 0 || strcmp(err.pointer, refusals[i].pointer) != 0 ||
			strcmp(err.message, refusals[i].message) != 0) {
			fail_msg("%s: %d %s: %s", refusals[i].text, r, err.pointer, err.message);
		}
		assert_string_equal(spec.hostname, "untouched");
	}
}

static void check_version(const char *version, bool is_good)
{
	char text[256];
	autoarena struct arena arena;
	struct berth_error err;
	struct spec spec;
	int r;

	assert_true(snprintf(text, sizeof(text), "{\"ociVersion\": \"%s\"}", version) <
		    (int)sizeof(text));
	r = decode(&arena, text, &spec, &err);
	if ((r == 0) != is_good) {
		fail_msg("%s: %s", version, err.message);
	}
	if (!is_good) {
		assert_string_equal(err.pointer, "/ociVersion");
		assert_int_equal(err.error_class, BERTH_ERROR_CONFIG);
	}
}

static void test_versions(void **state)
{
	static const char *const good[] = {"1.0.0", "1.0.2-dev", "1.0.0-rc5-dev", "1.1.0+dev",
		"1.2.1", "1.3.0", "1.3.0+x", "1.3.0-rc.1", "1.10.20", "1.0.0-0", "1.0.0-0a",
		"1.0.0--", "1.0.0-x.7.z.92", "1.0.0+001", "1.0.0-a+b.c"};
	static const char *const bad[] = {"", "1", "1.", "1.0", "1.0.", "1.0.0.", "1.0.0.0",
		"2.0.0", "0.9.0", "10.0.0", "01.0.0", "1.00.0", "1.0.00", "v1.0.0", " 1.0.0",
		"1.0.0 ", "1.0.0-", "1.0.0+", "1.0.0-01", "1.0.0-a..b", "1.0.0-a.", "1.0.0+a+b",
		"1.0.0-a_b", "1.a.0", "1.-1.0", "latest", "1.0.0-\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		check_version(good[i], true);
	}
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		check_version(bad[i], false);
	}
}

static void test_namespaces(void **state)
{
	static const struct {
		const char *type;
		uint32_t flag;
	} rows[] = {{"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET},
		{"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC}, {"user", CLONE_NEWUSER},
		{"cgroup", CLONE_NEWCGROUP}, {"time", 0x80}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		char text[128];
		autoarena struct arena arena;
		struct berth_error err;
		struct spec spec;

		assert_true(snprintf(text, sizeof(text),
				    V "\"linux\": {\"namespaces\": [{\"type\": \"%s\"}]}}",
				    rows[i].type) < (int)sizeof(text));
		assert_int_equal(decode(&arena, text, &spec, &err), 0);
		assert_int_equal(spec.linux_section.namespaces.items[0].flag, rows[i].flag);
	}
}

/* A key longer than the error's pointer: cut, and nothing is written past it. */
static void test_long_pointer(void **state)
{
	char text[8192] = V "\"annotations\": {\"";
	size_t length = strlen(text);
	autoarena struct arena arena;
	struct berth_error err;
	struct spec spec;

	(void)state;
	memset(text + length, '~', 4096);
	memcpy(text + length + 4096, "\": 1}}", 7);
	assert_int_equal(decode(&arena, text, &spec, &err), -EINVAL);
	assert_int_equal(strlen(err.pointer), BERTH_ERROR_POINTER_SIZE - 1);
	assert_string_equal(err.message, "must be a string, is a number");
}

/* Memory that ends anywhere: an error of that class, and no struct. */
static void test_memory(void **state)
{
	autoarena struct arena arena;
	const struct json_value *tree = NULL;
	const char *reason;
	size_t offset, failures = 0;
	int r;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(json_parse(&arena, full, strlen(full), &tree, &offset, &reason), 0);
	for (size_t limit = 0;; limit += 16) {
		autoarena struct arena small;
		struct spec spec = {.hostname = "untouched"};
		struct berth_error err = {0};

		arena_init(&small, limit);
		r = spec_decode(tree, &small, &spec, &err);
		if (r == 0) {
			break;
		}
		failures++;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(err.error_class, BERTH_ERROR_MEMORY);
		assert_string_equal(spec.hostname, "untouched");
	}
	assert_true(failures > 10);
}

/* The error is optional. */
static void test_no_error(void **state)
{
	autoarena struct arena arena;
	const struct json_value *tree = NULL;
	const char *reason;
	size_t offset;
	struct spec spec;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(json_parse(&arena, "{}", 2, &tree, &offset, &reason), 0);
	assert_int_equal(spec_decode(tree, &arena, &spec, NULL), -EINVAL);
}

/* No field of the specification that the tables have is one that nobody knows. */
static void test_all_known(void **state)
{
	autoarena struct arena arena;
	struct log_notes notes = {0};
	const struct json_value *tree = NULL;
	const char *reason;
	size_t offset;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(json_parse(&arena, full, strlen(full), &tree, &offset, &reason), 0);
	spec_note_unknown(tree, &arena, &notes);
	assert_int_equal(notes.count, 0);
}

/* What is said of a config with this version: nothing, or that it is newer. */
static void check_note(const char *version, bool is_newer)
{
	autoarena struct arena arena;
	struct log_notes notes = {0};
	const struct json_value *tree = NULL;
	const char *reason, *text;
	size_t offset;

	arena_init(&arena, 1 << 20);
	text = arena_printf(&arena, "{\"ociVersion\": \"%s\"}", version);
	assert_int_equal(json_parse(&arena, text, strlen(text), &tree, &offset, &reason), 0);
	spec_note_unknown(tree, &arena, &notes);
	assert_int_equal(notes.count, is_newer);
	assert_true(!is_newer || strstr(notes.items[0], "newer than 1.3"));
}

static void test_newer_versions(void **state)
{
	static const char *const old[] = {
		"1.0.0", "1.3.0", "1.3.7", "1.3.0-rc.1+dev", "2.0.0", "x"};
	static const char *const newer[] = {
		"1.4.0", "1.4.0-rc.1", "1.10.0", "1.30.0+dev", "1.99999999999999999999.0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(old); i++) {
		check_note(old[i], false);
	}
	for (size_t i = 0; i < ARRAY_COUNT(newer); i++) {
		check_note(newer[i], true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_long_pointer),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_no_error),
		cmocka_unit_test(test_all_known),
		cmocka_unit_test(test_newer_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
