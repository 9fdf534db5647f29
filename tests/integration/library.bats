#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is installed: one binary on libc alone, a library with a symbol map, headers, berth.pc.

load ../kit/container

setup() {
	build=${BERTH_BUILD:-$kit_root/build/release}
	[ -e "$build/build.ninja" ] || skip "no release build"
	work=$(mktemp -d /tmp/berth-test.XXXXXX)
}

teardown() {
	[ -z "${work:-}" ] || rm -rf "$work"
}

@test "berth needs libc alone" {
	run sh -c 'readelf -d "$1" | grep NEEDED' sh "$BERTH"
	assert_status 0
	[ "${#lines[@]}" = 1 ]
	assert_contains libc.so.6
}

@test "berth-init needs nothing: static, no interpreter, at most 100 kB" {
	local init=${BERTH_INIT:-$kit_root/build/bin/berth-init}
	run readelf -ld "$init"
	refute_contains INTERP
	refute_contains NEEDED
	[ "$(stat -c %s "$init")" -le 102400 ]
}

@test "berth carries the very bytes of berth-init" {
	run python3 -c 'import sys; print(open(sys.argv[1], "rb").read() in open(sys.argv[2], "rb").read())' \
		"${BERTH_INIT:-$kit_root/build/bin/berth-init}" "$BERTH"
	[ "$output" = True ]
}

@test "an installed tree: a program in C builds with berth.pc and runs" {
	DESTDIR=$work meson install -C "$build" --no-rebuild >/dev/null
	local pc
	pc=$(find "$work" -name berth.pc)
	[ -n "$pc" ]
	cat >"$work/program.c" <<'C'
#include <berth/bootstrap.h>
#include <berth/container.h>
#include <stdio.h>

int main(void)
{
	struct berth_error err = {0};
	char line[1200];
	int status;
	struct berth_context context = {.size = sizeof(context), .root = "/nowhere"};
	struct berth_options run = {
		.size = sizeof(run), .id = "x", .bundle = "/nowhere"};

	if (berth_run(&context, &run, &status, &err) == 0) {
		return 1;
	}
	berth_error_text(&err, line, sizeof(line));
	printf("%s|%d|%s\n", berth_version(), err.errnum, line);
	return 0;
}
C
	PKG_CONFIG_SYSROOT_DIR=$work PKG_CONFIG_PATH=$(dirname "$pc") \
		sh -c 'cc -Wall -Werror -o "$1/program" "$1/program.c" $(pkg-config --cflags --libs berth)' sh "$work"
	run env LD_LIBRARY_PATH="$(dirname "$(find "$work" -name 'libberth.so.0')")" "$work/program"
	assert_status 0
	[ "$output" = "0.1.0|2|open /nowhere/config.json: no such file or directory" ]
}

@test "the same headers and library from C++" {
	cat >"$work/program.cc" <<'CC'
#include <berth/bootstrap.h>
#include <berth/container.h>

int main()
{
	return berth_version()[0] == '0' ? 0 : 1;
}
CC
	g++ -Wall -Werror -std=c++11 -I "$kit_root/include" -o "$work/program" "$work/program.cc" \
		-L "$build/lib/api" -lberth
	run env LD_LIBRARY_PATH="$build/lib/api" "$work/program"
	assert_status 0
}

@test "the program of the README builds with berth.pc, runs a container, and says which field is wrong" {
	[ "$EUID" = 0 ] || skip "needs root"
	DESTDIR=$work meson install -C "$build" --no-rebuild >/dev/null
	local pc
	pc=$(find "$work" -name berth.pc)
	make_bundle
	sed -n '/^    #include <berth/,/^    }$/s/^    //p' "$kit_root/README.md" | sed "s|/run/my-engine|$bundle/state|" >"$work/run.c"
	PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$work run sh -c 'cc -Wall -Wextra -Werror -o "$1/run" "$1/run.c" $(pkg-config --cflags --libs berth)' sh "$work"
	assert_status 0
	local lib
	lib=$(dirname "$(find "$work" -name libberth.so.0)")
	LD_LIBRARY_PATH=$lib run "$work/run"
	assert_status 2
	[ "$output" = "usage: $work/run BUNDLE" ]
	in_container 'echo RAN; exit $(cat /tmp/status)'
	echo 0 >"$bundle/rootfs/tmp/status"
	LD_LIBRARY_PATH=$lib run "$work/run" "$bundle"
	assert_status 0
	[ "$output" = RAN ]
	echo 3 >"$bundle/rootfs/tmp/status"
	LD_LIBRARY_PATH=$lib run "$work/run" "$bundle"
	assert_status 1
	[ "$output" = RAN ]
	config '.process.cwd = "here"'
	LD_LIBRARY_PATH=$lib run "$work/run" "$bundle"
	assert_status 1
	[[ $output == 'class 3, field /process/cwd: /process/cwd (line '*'is not an absolute path: "here"' ]]
	remove_bundle
}

@test "the library is quiet and stays: a failed run prints nothing and does not end the caller" {
	cat >"$work/quiet.py" <<'PYTHON'
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
err = ctypes.create_string_buffer(1024)
text = ctypes.c_char_p()
class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("id", ctypes.c_char_p), ("bundle", ctypes.c_char_p)]
options = Options(ctypes.sizeof(Options), None, b"/nowhere")
assert lib.berth_explain(ctypes.byref(options), ctypes.byref(text), err) < 0
sys.stderr.write("still here\n")
PYTHON
	run python3 "$work/quiet.py" "$build/lib/api/libberth.so"
	assert_status 0
	[ "$output" = "still here" ]
}

@test "fifty lives and execs by the library: no descriptor and no child is left with the caller" {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'trap "exit 0" TERM; while :; do sleep 0.05; done'
	cat >"$work/lives.c" <<'C'
#include <berth/container.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (directory && readdir(directory)) {
		count++;
	}
	return directory ? closedir(directory) + count : -1;
}

static int check(int r, const char *verb, const struct berth_error *err)
{
	char line[1200];

	if (r < 0) {
		berth_error_text(err, line, sizeof(line));
		printf("%s: %s\n", verb, line);
	}
	return r;
}

int main(int argc, char **argv)
{
	const char *const args[] = {"true"};
	struct berth_context context = {.size = sizeof(context), .root = argv[1]};
	struct berth_options make = {.size = sizeof(make), .id = argv[2], .bundle = argv[3]};
	struct berth_exec_options more = {.size = sizeof(more), .id = argv[2],
		.args = {.items = args, .count = 1}};
	struct berth_error err = {0};
	int before = 0;

	for (int i = 0; argc == 4 && i < 50; i++) {
		int status = 1;

		if (check(berth_create(&context, &make, &err), "create", &err) < 0 ||
			check(berth_start(&context, argv[2], &err), "start", &err) < 0 ||
			check(berth_exec(&context, &more, &status, &err), "exec", &err) < 0 || status != 0 ||
			check(berth_delete(&context, argv[2], true, &err), "delete", &err) < 0) {
			return 1;
		}
		/* The container's process is this one's child. */
		if (waitpid(-1, NULL, 0) <= 0) {
			return 2;
		}
		if (i == 0) {
			before = open_descriptors();
		}
	}
	printf("%d more, %s\n", open_descriptors() - before,
		waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "alone" : "with children");
	return 0;
}
C
	cc -Wall -Werror -I "$kit_root/include" -o "$work/lives" "$work/lives.c" -L "$build/lib/api" -lberth
	run env LD_LIBRARY_PATH="$build/lib/api" timeout 120 "$work/lives" "$bundle/state" "$cid" "$bundle"
	local result=$output
	remove_bundle
	[ "$result" = "0 more, alone" ] || {
		echo "$result"
		return 1
	}
}

@test "what is no failure goes to the caller's log: a hook poststop that fails" {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container true
	config '.hooks.poststop = [{"path": "/bin/false"}]'
	cat >"$work/log.c" <<'C'
#include <berth/container.h>
#include <stdio.h>

static void take_line(void *argument, enum berth_log_level level, const char *line)
{
	printf("%s %d %s\n", (const char *)argument, (int)level, line);
}

int main(int argc, char **argv)
{
	char tag[] = "said:";
	struct berth_context context = {.size = sizeof(context), .root = argv[1],
		.log = argc == 5 ? take_line : NULL, .log_argument = tag};
	struct berth_options make = {.size = sizeof(make), .id = argv[2], .bundle = argv[3]};
	int status = 1;

	return berth_run(&context, &make, &status, NULL) < 0 ? 1 : status;
}
C
	cc -Wall -Werror -I "$kit_root/include" -o "$work/log" "$work/log.c" -L "$build/lib/api" -lberth
	export LD_LIBRARY_PATH="$build/lib/api"
	run "$work/log" "$bundle/state" "$cid" "$bundle" with
	local heard debug
	heard=$status:$(grep -v '^said: 1 ' <<<"$output")
	debug=$(grep -c "^said: 1 container $cid: .* us)$" <<<"$output" || true)
	run "$work/log" "$bundle/state" "$cid" "$bundle"
	local unheard=$status:$output
	remove_bundle
	[ "$unheard" = 0: ]
	[ "$debug" -ge 5 ]
	[ "$heard" = "0:said: 0 container $cid: /hooks/poststop/0: error running poststop hook #0 (/bin/false): exit status 1 (step poststop)" ] || {
		echo "$heard"
		return 1
	}
}

@test "events of two containers in a loop of the caller's own, and nothing is left of them" {
	[ "$EUID" = 0 ] || skip "needs root"
	make_bundle
	in_container 'while :; do sleep 1; done'
	"$BERTH" run --detach --bundle "$bundle" "$cid-a" >"$bundle/out" 2>&1 </dev/null 3>&-
	"$BERTH" run --detach --bundle "$bundle" "$cid-b" >"$bundle/out" 2>&1 </dev/null 3>&-
	cat >"$work/loop.c" <<'C'
#include <berth/container.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (directory && readdir(directory)) {
		count++;
	}
	return directory ? closedir(directory) + count : -1;
}

/* What a stream has now: how many lines, and in `*ret_last` the event behind them. */
static int take_all(struct berth_events *events, const char *id, enum berth_event *ret_last)
{
	int count = 0;

	for (;;) {
		char *text = NULL;

		if (berth_events_next(events, ret_last, &text, NULL) < 0) {
			return -1;
		}
		if (*ret_last == BERTH_EVENT_NONE || *ret_last == BERTH_EVENT_END) {
			return text ? -1 : count;
		}
		if (*ret_last != BERTH_EVENT_STATS || !text || !strstr(text, id) || strchr(text, '\n')) {
			return -1;
		}
		free(text);
		count++;
	}
}

int main(int argc, char **argv)
{
	struct berth_context context = {.size = sizeof(context), .root = argv[1]};
	struct berth_events *streams[2] = {NULL, NULL};
	struct pollfd items[2];
	enum berth_event last[2] = {BERTH_EVENT_NONE, BERTH_EVENT_NONE};
	int lines[2] = {0, 0};
	int before = open_descriptors();
	char *text = NULL;

	/* The first one tells its end alone. */
	if (argc != 4 || berth_events_open(&context, argv[2], 0, &streams[0], NULL) < 0 ||
		berth_events_open(&context, argv[3], 100 * 1000 * 1000, &streams[1], NULL) < 0 ||
		berth_stats(&context, argv[2], &text, NULL) < 0 || !strstr(text, "\"type\":\"stats\"")) {
		return 1;
	}
	free(text);
	if (berth_events_open(NULL, argv[2], 0, &streams[0], NULL) == 0 ||
		berth_events_open(&context, NULL, 0, &streams[0], NULL) == 0 ||
		berth_events_open(&context, "nothing", 0, &streams[0], NULL) == 0 ||
		berth_stats(&context, "nothing", &text, NULL) == 0) {
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		items[i] = (struct pollfd){.fd = berth_events_fd(streams[i]), .events = POLLIN};
		if (take_all(streams[i], argv[2 + i], &last[i]) != 0 || last[i] != BERTH_EVENT_NONE) {
			return 3;
		}
	}
	while (last[0] != BERTH_EVENT_END || last[1] != BERTH_EVENT_END) {
		if (poll(items, 2, 20000) <= 0) {
			return 4;
		}
		for (int i = 0; i < 2; i++) {
			int count = items[i].revents ? take_all(streams[i], argv[2 + i], &last[i]) : 0;

			if (count < 0 || (items[i].revents && count == 0 && last[i] == BERTH_EVENT_NONE)) {
				return 5; /* woken for nothing */
			}
			lines[i] += count;
			items[i].events = last[i] == BERTH_EVENT_END ? 0 : POLLIN;
		}
		if (lines[1] == 3 && last[1] == BERTH_EVENT_NONE &&
			berth_kill(&context, argv[3], SIGKILL, false, NULL) < 0) {
			return 6;
		}
		if (last[1] == BERTH_EVENT_END && last[0] == BERTH_EVENT_NONE &&
			berth_kill(&context, argv[2], SIGKILL, false, NULL) < 0) {
			return 7;
		}
	}
	if (take_all(streams[0], argv[2], &last[0]) != 0 || last[0] != BERTH_EVENT_END) {
		return 8;
	}
	berth_events_close(streams[0]);
	berth_events_close(streams[1]);
	if (berth_events_close(NULL)) {
		return 9;
	}
	printf("%d and %s lines, %d more\n", lines[0], lines[1] >= 3 ? "some" : "few",
		open_descriptors() - before);
	return 0;
}
C
	cc -Wall -Werror -I "$kit_root/include" -o "$work/loop" "$work/loop.c" -L "$build/lib/api" -lberth
	run env LD_LIBRARY_PATH="$build/lib/api" timeout 60 "$work/loop" "$bundle/state" "$cid-a" "$cid-b"
	local result=$status:$output
	"$BERTH" delete --force "$cid-a"
	"$BERTH" delete --force "$cid-b"
	remove_bundle
	[ "$result" = "0:0 and some lines, 0 more" ] || {
		echo "$result"
		return 1
	}
}
