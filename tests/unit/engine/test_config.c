/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

static const struct engine_entry one_of_many = {.program = "/opt/berth"};
static const struct engine_entry standard = {.program = "/opt/berth", .is_default = true};

/* The text is what is wanted, and a second time nothing changes. */
static void check(enum engine_kind kind, const struct engine_entry *entry, const char *text,
	const char *wanted)
{
	struct berth_error err = {0};
	char *made = NULL, *again = NULL;

	if (engine_config(kind, entry, text, &made, &err) < 0) {
		fail_msg("%s: %u:%u: %s", text, err.line, err.column, err.message);
	}
	assert_string_equal(made, wanted);
	if (kind != ENGINE_PODMAN) {
		assert_int_equal(engine_config(kind, entry, made, &again, &err), 0);
		assert_string_equal(again, wanted);
	}
	free(made);
	free(again);
}

static void check_refused(enum engine_kind kind, const char *text, uint32_t line, uint32_t column,
	const char *message)
{
	struct berth_error err = {0};
	char *made = NULL;

	assert_int_equal(engine_config(kind, &standard, text, &made, &err), -EINVAL);
	assert_null(made);
	assert_int_equal(err.error_class, BERTH_ERROR_CONFIG);
	assert_string_equal(err.message, message);
	assert_int_equal(err.line, line);
	assert_int_equal(err.column, column);
}

#define BERTH "\"berth\": {\"path\": \"/opt/berth\"}"

static void docker_gets_a_member_and_keeps_every_other_byte(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{NULL, "{\n    \"runtimes\": {" BERTH "}\n}\n"},
		{"", "{\n    \"runtimes\": {" BERTH "}\n}\n"},
		{"{}", "{\n    \"runtimes\": {" BERTH "}\n}"},
		{"{ \"a\":1.0 }\n", "{ \"a\":1.0, \"runtimes\": {" BERTH "} }\n"},
		{"{\"a\":1e3}", "{\"a\":1e3, \"runtimes\": {" BERTH "}}"},
		{"{\n\t\"b\": \"\\u00e9\",\n\n\t\"a\": [1,  2]\n}\n",
			"{\n\t\"b\": \"\\u00e9\",\n\n\t\"a\": [1,  2],\n\n\t\"runtimes\": {" BERTH
			"}\n}\n"},
		{"{\"runtimes\": { }, \"a\": 1}", "{\"runtimes\": {" BERTH "}, \"a\": 1}"},
		{"{\"runtimes\": {\n  \"crun\": {\"path\": \"/c\"}\n}}",
			"{\"runtimes\": {\n  \"crun\": {\"path\": \"/c\"},\n  " BERTH "\n}}"},
		{"{\"runtimes\": {\"berth\": {\"path\": \"/old\", \"runtimeArgs\": [\"--debug\"]}}}",
			"{\"runtimes\": {\"berth\": {\"path\": \"/opt/berth\", \"runtimeArgs\": [\"--debug\"]}}}"},
		{"{\"runtimes\": {\"a\": {}}, \"runtimes\": {}}",
			"{\"runtimes\": {\"a\": {}}, \"runtimes\": {" BERTH "}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check(ENGINE_DOCKER, &one_of_many, cases[i].text, cases[i].wanted);
	}
}

static void docker_default(void **state)
{
	(void)state;
	check(ENGINE_DOCKER, &standard, "{\"default-runtime\": \"crun\", \"runtimes\": {}}",
		"{\"default-runtime\": \"berth\", \"runtimes\": {" BERTH "}}");
	check(ENGINE_DOCKER, &standard, "{\n  \"runtimes\": {}\n}",
		"{\n  \"runtimes\": {" BERTH "},\n  \"default-runtime\": \"berth\"\n}");
	check(ENGINE_DOCKER, &one_of_many, "{\"default-runtime\": \"crun\", \"runtimes\": {}}",
		"{\"default-runtime\": \"crun\", \"runtimes\": {" BERTH "}}");
}

static void docker_refused(void **state)
{
	(void)state;
	check_refused(ENGINE_DOCKER, "{\n \"a\": 1\n \"b\": 2}", 3, 2,
		"no JSON: expected a comma or '}'");
	check_refused(ENGINE_DOCKER, "[]", 1, 1, "expected an object, not an array");
	check_refused(
		ENGINE_DOCKER, "{\"runtimes\": 1}", 1, 14, "expected an object, not a number");
	check_refused(ENGINE_DOCKER, "{\"runtimes\": {\"berth\": {\"path\": 1}}}", 1, 33,
		"expected a string, not a number");
	check_refused(ENGINE_DOCKER, "{\"runtimes\": {},\n\"default-runtime\": null}", 2, 20,
		"expected a string, not null");
}

#define PODMAN(standard, json, nocgroup)                                                                  \
	"# Written by \"berth install podman\"; the same with --undo takes it away.\n[engine]\n" standard \
	"runtime_supports_json = [\"crun\", \"runc\", \"kata\", \"runsc\", \"youki\", \"krun\"" json      \
	"]\nruntime_supports_nocgroup = [\"crun\", \"krun\"" nocgroup                                     \
	"]\n\n[engine.runtimes]\nberth = [\"/opt/berth\"]\n"

static void podman_drop_in(void **state)
{
	(void)state;
	check(ENGINE_PODMAN, &one_of_many, NULL, PODMAN("", ", \"berth\"", ", \"berth\""));
	check(ENGINE_PODMAN, &standard, "",
		PODMAN("runtime = \"berth\"\n", ", \"berth\"", ", \"berth\""));
	/* A list replaces the one of containers.conf: what is in that stays known. */
	check(ENGINE_PODMAN, &one_of_many,
		"[containers]\nruntime_supports_json = [\"no\"]\n[engine]\nruntime = \"crun\"\n"
		"runtime_supports_json = [\"runc\", # \"no\"\n 'mine']\nruntime_supports_nocgroup = [\"berth\", \"other\"]\n",
		PODMAN("", ", \"mine\", \"berth\"", ", \"berth\", \"other\""));
	check_refused(
		ENGINE_PODMAN, "[engine\n", 1, 8, "no TOML: expected ']' behind the table's name");
}

#define CRI2      "plugins.\"io.containerd.grpc.v1.cri\".containerd"
#define CRI3      "plugins.\"io.containerd.cri.v1.runtime\".containerd"
#define RUNC(cri) "\n[" cri ".runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"
#define TABLES(cri)                                                                                \
	"\n[" cri ".runtimes.berth]\n  runtime_type = \"io.containerd.runc.v2\"\n"                 \
	"\n[" cri ".runtimes.berth.options]\n  BinaryName = \"/opt/berth\"\n"
#define DEFAULT(cri) "\n[" cri "]\n  default_runtime_name = \"berth\"\n"

static void containerd_gets_tables_at_the_end(void **state)
{
	(void)state;
	check(ENGINE_CONTAINERD, &one_of_many, NULL, "version = 2\n" RUNC(CRI2) TABLES(CRI2));
	check(ENGINE_CONTAINERD, &one_of_many, "# nothing\n",
		"version = 2\n# nothing\n" RUNC(CRI2) TABLES(CRI2));
	check(ENGINE_CONTAINERD, &standard, "version = 3",
		"version = 3\n" RUNC(CRI3) TABLES(CRI3) DEFAULT(CRI3));
	/* Who has runtimes has said which. */
	check(ENGINE_CONTAINERD, &one_of_many,
		"version = 2\n[" CRI2 ".runtimes.crun]\n  runtime_type = 'x' # y\n",
		"version = 2\n[" CRI2 ".runtimes.crun]\n  runtime_type = 'x' # y\n" TABLES(CRI2));
	/* Tables of the other version are none. */
	check(ENGINE_CONTAINERD, &one_of_many, "version = 3\n[" CRI2 ".runtimes.crun]\n",
		"version = 3\n[" CRI2 ".runtimes.crun]\n" RUNC(CRI3) TABLES(CRI3));
}

static void containerd_changes_what_is_there(void **state)
{
	(void)state;
	check(ENGINE_CONTAINERD, &standard,
		"version = 2\n[plugins]\n  ['plugins'.'io.containerd.grpc.v1.cri'.containerd]\n    default_runtime_name = \"crun\" # mine\n"
		"    snapshotter = \"native\"\n    [" CRI2
		".runtimes.berth]\n      runtime_type = 'io.containerd.runc.v2'\n"
		"      [" CRI2 ".runtimes.berth.options]\n        SystemdCgroup = false\n[grpc]\n",
		"version = 2\n[plugins]\n  ['plugins'.'io.containerd.grpc.v1.cri'.containerd]\n    default_runtime_name = \"berth\" # mine\n"
		"    snapshotter = \"native\"\n    [" CRI2
		".runtimes.berth]\n      runtime_type = 'io.containerd.runc.v2'\n"
		"      [" CRI2
		".runtimes.berth.options]\n        BinaryName = \"/opt/berth\"\n        SystemdCgroup = false\n[grpc]\n");
}

static void containerd_refused(void **state)
{
	static const char by_hand[] =
		"a table that cannot be added to: write it as a header, [table], or add \"berth\" by hand";
	static const char no_version[] =
		"containerd's configuration is of no version that is known here: \"version = 2\", 3 or 4 is "
		"needed; without it containerd reads version 1, where plugins have other names";

	(void)state;
	check_refused(ENGINE_CONTAINERD, "version = 2\n[plugins\n", 2, 9,
		"no TOML: expected ']' behind the table's name");
	check_refused(ENGINE_CONTAINERD, "disabled_plugins = [\"cri\"]\n", 1, 1, no_version);
	check_refused(ENGINE_CONTAINERD, "version = 1\n", 1, 1, no_version);
	check_refused(ENGINE_CONTAINERD, "version = 5\n", 1, 1, no_version);
	check_refused(ENGINE_CONTAINERD,
		"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\ncontainerd = {snapshotter = \"native\"}\n",
		3, 1, by_hand);
	check_refused(ENGINE_CONTAINERD,
		"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\ncontainerd.snapshotter = \"native\"\n",
		3, 1, by_hand);
	check_refused(ENGINE_CONTAINERD, "version = 2\n[[plugins]]\n", 2, 1, by_hand);
}

static void programs_that_no_text_can_have(void **state)
{
	static const char *const programs[] = {"", "berth", "/a\"b", "/a\\b", "/a\nb", "/\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct engine_entry entry = {.program = programs[i]};
		struct berth_error err = {0};
		char *made = NULL;

		assert_int_equal(engine_config(ENGINE_DOCKER, &entry, NULL, &made, &err), -EINVAL);
		assert_int_equal(err.error_class, BERTH_ERROR_USAGE);
		assert_null(made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_gets_a_member_and_keeps_every_other_byte),
		cmocka_unit_test(docker_default),
		cmocka_unit_test(docker_refused),
		cmocka_unit_test(podman_drop_in),
		cmocka_unit_test(containerd_gets_tables_at_the_end),
		cmocka_unit_test(containerd_changes_what_is_there),
		cmocka_unit_test(containerd_refused),
		cmocka_unit_test(programs_that_no_text_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
