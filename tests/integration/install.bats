#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# berth install: the engines' configuration in a directory of its own, never the machine's /etc.

bats_require_minimum_version 1.5.0
load ../kit/assert

# Version 2 and version 3 of containerd's configuration name the CRI plugin's runtimes so.
cri='plugins."io.containerd.grpc.v1.cri".containerd'

setup() {
	dir=$(mktemp -d)
	etc=$dir/etc
	mkdir "$etc"
	docker=$etc/docker/daemon.json
	podman=$etc/containers/containers.conf.d/berth.conf
	containerd=$etc/containerd/config.toml
}

teardown() {
	rm -rf "${dir:?}"
}

# install ENGINE OPTION...: in the test's directory, from no terminal.
install() {
	run --separate-stderr "$BERTH" install --config-root "$etc" --program /opt/berth "$@" </dev/null
}

# undo ENGINE OPTION...: likewise, what install did.
undo() {
	run --separate-stderr "$BERTH" install --config-root "$etc" --undo "$@" </dev/null
}

# put FILE: its text from the input.
put() {
	mkdir -p "${1%/*}"
	cat >"$1"
}

# tree: every file with its mode, owner, inode and content, to be compared.
tree() {
	(cd "$etc" && find . -printf '%p %M %U %G %i %s %T@\n' | sort && find . -type f -print0 | sort -z | xargs -0r sha256sum)
}

# as_json FILE: TOML as one line of JSON, by a reader that is not ours.
as_json() {
	python3 -c 'import json, sys, tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], "rb"))))' "$1"
}

refused() {
	[ "$status" = 1 ]
	[[ $stderr == *"$1"* ]] || {
		echo "$stderr"
		return 1
	}
}

@test "podman, nothing there: a drop-in, which podman's parser would take" {
	install --yes podman
	assert_status 0
	[ "$output" = "$(cat "$podman")" ]
	[[ $stderr == *"$podman is written"*"--undo"* ]]
	as_json "$podman" | jq -e '.engine == {runtime_supports_json: ["crun", "runc", "kata", "runsc", "youki", "krun", "berth"],
		runtime_supports_nocgroup: ["crun", "krun", "berth"], runtimes: {berth: ["/opt/berth"]}}'
	[ "$(stat -c %a "$podman")" = 644 ]
	[ ! -e "$podman.before-berth" ]
	install --yes --default podman
	assert_status 0
	[ "$(as_json "$podman" | jq -r .engine.runtime)" = berth ]
}

@test "podman, with containers.conf: the names of its lists stay known, and that file stays as it is" {
	put "$etc/containers/containers.conf" <<-'END'
		[engine]
		runtime = "mine" # the default
		runtime_supports_json = [
		  "mine", # a comment with "quotes"
		]
		[engine.runtimes]
		mine = ["/usr/bin/mine"]
	END
	cp "$etc/containers/containers.conf" "$dir/copy"
	install --yes podman
	assert_status 0
	as_json "$podman" | jq -e '.engine.runtime_supports_json[-2:] == ["mine", "berth"] and (.engine | has("runtime") | not)'
	cmp "$dir/copy" "$etc/containers/containers.conf"
}

@test "docker, nothing there: a file with the runtime alone" {
	install --yes docker
	assert_status 0
	[ "$(jq -c . "$docker")" = '{"runtimes":{"berth":{"path":"/opt/berth"}}}' ]
	[ ! -e "$docker.before-berth" ]
}

@test "docker, with other members and runtimes: one line more, and every other byte as it was" {
	put "$docker" <<-'END'
		{
		  "log-driver" : "json-file",  "log-opts": {"max-size": "10m"},
		  "runtimes": {
		      "crun": {"path": "/usr/bin/crun"}
		  },
		  "number": 1.50e1, "text": "\u00e9"
		}
	END
	chmod 640 "$docker"
	cp -p "$docker" "$dir/copy"
	install --yes docker
	assert_status 0
	[ "$(diff "$dir/copy" "$docker" | grep -c '^[<>]')" = 3 ]
	[ "$(diff "$dir/copy" "$docker" | grep '^>')" = $'>       "crun": {"path": "/usr/bin/crun"},\n>       "berth": {"path": "/opt/berth"}' ]
	[ "$(stat -c '%a %u %g' "$docker")" = "$(stat -c '%a %u %g' "$dir/copy")" ]
	cmp "$dir/copy" "$docker.before-berth"
}

@test "docker --default: it takes the place of another default" {
	put "$docker" <<<'{"default-runtime": "crun", "debug": true}'
	install --yes docker
	[ "$(jq -r '."default-runtime"' "$docker")" = crun ]
	install --yes docker --default
	assert_status 0
	jq -e '. == {"default-runtime": "berth", "debug": true, "runtimes": {"berth": {"path": "/opt/berth"}}}' "$docker"
	# The file before the first of the two is the one to go back to.
	[ "$(cat "$docker.before-berth")" = '{"default-runtime": "crun", "debug": true}' ]
}

@test "containerd, nothing there: version 2, with runc, which would be gone otherwise" {
	install --yes containerd
	assert_status 0
	as_json "$containerd" | jq -e '. == {version: 2, plugins: {"io.containerd.grpc.v1.cri": {containerd: {runtimes: {
		runc: {runtime_type: "io.containerd.runc.v2"},
		berth: {runtime_type: "io.containerd.runc.v2", options: {BinaryName: "/opt/berth"}}}}}}}'
}

@test "containerd, version 2 with other runtimes: tables at the end, and a default where the table is" {
	put "$containerd" <<-END
		# mine
		version = 2
		[$cri]
		  snapshotter = "native"
		  [$cri.runtimes.crun]
		    runtime_type = "io.containerd.runc.v2"
		[debug]
		  level = "info"
	END
	as_json "$containerd" >"$dir/before"
	install --yes containerd --default
	assert_status 0
	as_json "$containerd" | jq -e --slurpfile before "$dir/before" '. == ($before[0] *
		{plugins: {"io.containerd.grpc.v1.cri": {containerd: {default_runtime_name: "berth", runtimes: {
		berth: {runtime_type: "io.containerd.runc.v2", options: {BinaryName: "/opt/berth"}}}}}}})'
	[ -e "$containerd.before-berth" ]
	[ -z "$(diff "$containerd.before-berth" "$containerd" | grep '^<')" ]
}

@test "containerd, version 3: the runtimes of the plugin of that version" {
	put "$containerd" <<-'END'
		version = 3
		imports = ["/etc/containerd/conf.d/*.toml"]
		[plugins.'io.containerd.cri.v1.runtime'.containerd]
		  default_runtime_name = 'runc'
		  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
		    runtime_type = 'io.containerd.runc.v2'
	END
	install --yes containerd --default
	assert_status 0
	as_json "$containerd" | jq -e '.plugins | keys == ["io.containerd.cri.v1.runtime"] and (.[].containerd |
		.default_runtime_name == "berth" and (.runtimes | keys == ["berth", "runc"]) and
		.runtimes.berth.options.BinaryName == "/opt/berth")'
}

@test "already installed: nothing is written, whoever asks" {
	local engine
	for engine in podman docker containerd; do
		install --yes --default "$engine"
		assert_status 0
		tree >"$dir/before"
		install --default "$engine"
		assert_status 0
		[[ $stderr == *"has berth already" ]]
		[ -z "$output" ]
		tree | diff "$dir/before" -
	done
}

@test "another --program takes the place of the first" {
	local engine
	for engine in podman docker containerd; do
		install --yes "$engine"
		install --yes "$engine" --program /usr/bin/berth
		assert_status 0
	done
	[ "$(grep -rl /usr/bin/berth "$etc" | wc -l)" = 3 ]
	[ -z "$(grep -rl /opt/berth "$etc")" ]
	# Both go with one --undo.
	for engine in podman docker containerd; do
		undo --yes "$engine"
		assert_status 0
	done
	[ -z "$(find "$etc" -type f)" ]
	install docker --program berth
	refused 'the program is "berth": an absolute path'
}

@test "without --program it is the program that was called" {
	run --separate-stderr "$BERTH" install --config-root "$etc" --yes docker
	assert_status 0
	[ "$(jq -r .runtimes.berth.path "$docker")" = "$(readlink -f "$BERTH")" ]
}

@test "--dry-run changes nothing, and prints what would be written" {
	put "$docker" <<<'{"debug": true}'
	tree >"$dir/before"
	local engine
	for engine in podman docker containerd; do
		install --dry-run "$engine"
		assert_status 0
		[ "$stderr" = "would write ${!engine}" ]
		echo "$output" >"$dir/$engine"
	done
	tree | diff "$dir/before" -
	for engine in podman docker containerd; do
		install --yes "$engine"
	done
	diff "$dir/podman" "$podman"
	diff "$dir/docker" "$docker"
	diff "$dir/containerd" "$containerd"
}

@test "no consent: without a terminal, and by an answer that is not yes" {
	put "$docker" <<<'{"debug": true}'
	tree >"$dir/before"
	install docker
	refused "nothing is done without consent: --yes"
	local answer
	for answer in n '' yeah; do
		run python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" "$answer"$'\n' "$BERTH" install --config-root "$etc" docker
		assert_status 1
		assert_contains "write $docker? [y/N]"
		assert_contains "nothing was done"
	done
	tree | diff "$dir/before" -
	run python3 "$BATS_TEST_DIRNAME/../kit/terminal.py" y "$BERTH" install --config-root "$etc" --program /opt/berth docker
	assert_status 0
	[ "$(jq -r .runtimes.berth.path "$docker")" = /opt/berth ]
}

@test "a file that the engine would not read: line, column and file, and nothing is written" {
	put "$docker" <<-'END'
		{
		  "debug": true
		  "runtimes": {}
		}
	END
	put "$containerd" <<<$'version = 2\n[plugins'
	put "$etc/containers/containers.conf" <<<'[engine]]'
	tree >"$dir/before"
	install --yes docker
	refused "line 3, column 3: no JSON: expected a comma or '}' ($docker)"
	install --yes containerd
	refused "line 2, column 9: no TOML: expected ']' behind the table's name ($containerd)"
	install --yes podman
	refused "line 1, column 9: no TOML: expected the end of the line ($etc/containers/containers.conf)"
	tree | diff "$dir/before" -
}

@test "a file that berth has no certain place in: where, and nothing is written" {
	put "$docker" <<<'{"runtimes": []}'
	install --yes docker
	refused "/runtimes (line 1, column 14): expected an object, not an array"
	put "$containerd" <<<'disabled_plugins = ["cri"]'
	install --yes containerd
	refused '"version = 2", 3 or 4 is needed'
	put "$containerd" <<<$'version = 2\nplugins = {}'
	tree >"$dir/before"
	install --yes containerd
	refused "line 2, column 1: a table that cannot be added to"
	tree | diff "$dir/before" -
}

@test "what is no text file: a directory, a fifo, bytes of zero, more than a mebibyte" {
	mkdir -p "$docker"
	install --yes docker
	refused "$docker is no regular file"
	rmdir "$docker"
	mkfifo "$docker"
	install --yes docker
	refused "$docker is no regular file"
	rm "$docker"
	printf '{}\0' >"$docker"
	install --yes docker
	refused "$docker has a zero byte in it"
	head -c 1048577 /dev/zero | tr '\0' ' ' >"$docker"
	install --yes docker
	refused "$docker is no regular file of at most 1 MiB"
}

@test "a read-only directory: one error, and the file as it was" {
	[ "$EUID" = 0 ] || skip "needs root"
	put "$docker" <<<'{"debug": true}'
	tree >"$dir/before"
	# shellcheck disable=SC2016 # for the shell inside
	run unshare -m --propagation private sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' \
		sh "$etc" "$BERTH" install --config-root "$etc" --yes docker
	assert_status 1
	assert_contains "read-only file system"
	tree | diff "$dir/before" -
}

@test "a full file system: one error, the file as it was, and nothing beside it" {
	[ "$EUID" = 0 ] || skip "needs root"
	# shellcheck disable=SC2016 # for the shell inside
	run unshare -m --propagation private sh -c '
		mount -t tmpfs -o size=64k none "$1" && mkdir "$1/docker" && echo "{}" >"$1/docker/daemon.json"
		head -c 1000000 /dev/zero >"$1/docker/rest" 2>/dev/null
		"$2" install --config-root "$1" --yes docker
		echo "status $?"
		cat "$1/docker/daemon.json"
		ls "$1/docker"' sh "$etc" "$BERTH"
	assert_contains "no space left on device"
	assert_contains $'status 1\n{}\ndaemon.json\nrest'
}

@test "a symbolic link stays one: the file behind it is replaced" {
	put "$dir/elsewhere/daemon.json" <<<'{}'
	mkdir "$etc/docker"
	ln -s "$dir/elsewhere/daemon.json" "$docker"
	install --yes docker
	assert_status 0
	[ -L "$docker" ]
	grep -q berth "$dir/elsewhere/daemon.json"
	ln -sf nowhere "$docker"
	install --yes docker
	refused "follow $docker: no such file or directory"
}

@test "--undo: the very file that was there, or none" {
	# A path is no runtime's name.
	put "$docker" <<<'{ "debug":true, "data-root":"/berth/x-berth/berth" }'
	put "$podman" <<<'# mine'
	tree | grep -v ' d' >"$dir/before"
	local engine
	for engine in podman docker; do
		install --yes "$engine"
		install --yes --default "$engine"
		undo "$engine"
		refused "without consent"
		undo --dry-run "$engine"
		assert_status 0
		[[ $stderr == "would put back $etc/"*.before-berth ]]
		undo --yes "$engine"
		assert_status 0
		[[ $stderr == *"${!engine} is as it was; "* ]]
	done
	tree | grep -v ' d' | diff "$dir/before" -
	install --yes containerd
	undo --dry-run containerd
	assert_status 0
	[ -z "$output" ]
	[ "$stderr" = "would remove $containerd" ]
	undo --yes containerd
	assert_status 0
	[ ! -e "$containerd" ]
	undo --yes containerd
	assert_status 0
	[[ $stderr == *"nothing is to be undone" ]]
}

@test "--undo of a file that was changed since is refused, and says where the backup is" {
	put "$docker" <<<'{"debug": true}'
	install --yes docker
	sed -i 's/true/false/' "$docker"
	tree >"$dir/before"
	undo --yes docker
	refused "somebody has changed it since; take berth out by hand, or put back $docker.before-berth"
	tree | diff "$dir/before" -
}

@test "the file as it was before the first install is never lost, however often it is changed and installed" {
	put "$docker" <<<'{"runtimes":{"x":{"path":"/x"}}}'
	cp "$docker" "$dir/copy"
	install --yes docker
	sed -i 's/"x"/"y"/' "$docker"
	install --yes docker --default
	assert_status 0
	[[ $stderr == *"somebody has changed it; what was there before berth is kept: $docker.before-berth"* ]]
	cmp "$dir/copy" "$docker.before-berth"
	[ "$(jq -c '.runtimes | keys' "$docker")" = '["berth","y"]' ]
	tree >"$dir/before"
	undo --yes docker
	refused "somebody has changed it since; take berth out by hand, or put back $docker.before-berth"
	tree | diff "$dir/before" -
	# By hand, as it says: then berth comes and goes as at first.
	cp "$docker.before-berth" "$docker"
	install --yes docker
	undo --yes docker
	assert_status 0
	[[ $stderr == *"is as it was;"* ]]
	cmp "$dir/copy" "$docker"
}

@test "podman's file is berth's alone: one that was changed is not written over where a backup is there already" {
	put "$podman" <<<'# first'
	install --yes podman
	echo '# second' >>"$podman"
	tree >"$dir/before"
	install --yes podman --default
	refused "$podman was changed by somebody, and $podman.before-berth has what was there before"
	tree | diff "$dir/before" -
	rm "$podman"
	install --yes podman
	undo --yes podman
	assert_status 0
	[ "$(cat "$podman")" = '# first' ]
}

@test "a backup that cannot be read is not taken for none: nothing is written" {
	put "$docker" <<<'{"debug": true}'
	ln -s nowhere "$docker.before-berth"
	tree | grep -v ' d' >"$dir/before"
	install --yes docker
	refused "keep $docker as $docker.before-berth: file exists"
	tree | grep -v ' d' | diff "$dir/before" -
}

@test "--undo says so where what it puts back has berth in it" {
	# Somebody's own entry, and a file that install has made and somebody has changed.
	put "$docker" <<<'{"runtimes":{"berth":{"path":"/my/berth"}}}'
	install --yes podman
	echo '# mine' >>"$podman"
	local engine
	for engine in docker podman; do
		install --yes "$engine"
		assert_status 0
		cp "${!engine}.before-berth" "$dir/copy"
		undo --yes "$engine"
		assert_status 0
		[[ $stderr == *"${!engine} is as it was when $engine was last told of berth, and had berth in it: take that out by hand; "* ]]
		cmp "$dir/copy" "${!engine}"
	done
}

@test "options that do not go together are refused, both by name" {
	local pair
	tree >"$dir/before"
	for pair in "--undo --default" "--undo --program=/opt/berth" "--dry-run --yes"; do
		# shellcheck disable=SC2086 # of words
		run --separate-stderr "$BERTH" install --config-root "$etc" docker $pair
		pair=${pair/ / and }
		refused "install: ${pair%%=*} cannot be there together"
	done
	tree | diff "$dir/before" -
}

@test "--config-root must be there; for other users it is the user's own folder" {
	run "$BERTH" install --config-root "$dir/nothing" --yes docker
	assert_status 1
	assert_contains "open $dir/nothing: no such file or directory"
	[ "$EUID" = 0 ] || skip "needs root to become somebody else"
	mkdir -p "$dir/home/.config" "$dir/xdg"
	chown -R 65534:65534 "$dir"
	cp "$BERTH" "$dir/berth"
	local as=(setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH="$PATH")
	run "${as[@]}" HOME="$dir/home" "$dir/berth" install --yes docker
	assert_status 0
	[ "$(stat -c '%u %a' "$dir/home/.config/docker/daemon.json")" = "65534 644" ]
	run "${as[@]}" HOME="$dir/home" XDG_CONFIG_HOME="$dir/xdg" "$dir/berth" install --yes podman
	assert_status 0
	[ -e "$dir/xdg/containers/containers.conf.d/berth.conf" ]
	run "${as[@]}" "$dir/berth" install --yes podman
	assert_status 1
	assert_contains "--config-root is needed"
}

@test "an engine that is none" {
	install --yes cri-o
	refused 'install: "cri-o" is none of podman, docker, containerd'
	install --yes
	refused '"install" requires exactly 1 argument(s)'
}
