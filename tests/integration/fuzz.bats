#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A bounded run of the fuzzers. BERTH_FUZZ_DIR is a build directory of clang with -Dfuzz=true.

RUNS=200000

setup() {
	if [ -z "${BERTH_FUZZ_DIR:-}" ]; then
		[ -z "${MUST_RUN:-}" ] || return 1
		skip "BERTH_FUZZ_DIR is not set: the build directory of clang with -Dfuzz=true"
	fi
	mkdir "$BATS_TEST_TMPDIR/corpus"
}

# seed_records NAME...: messages of the conversation.
seed_records() {
	local name
	for name in "$@"; do
		cp "$BATS_TEST_DIRNAME"/../fuzz/corpus/record/"$name" "$BATS_TEST_TMPDIR/corpus/"
	done
}

# fuzz PROGRAM: starts from the corpus of the test, with the same random numbers in every run.
fuzz() {
	run "$BERTH_FUZZ_DIR/tests/fuzz/$1" -runs="$RUNS" -seed=1 -max_len=4096 \
		-artifact_prefix="$BATS_TEST_TMPDIR/" "$BATS_TEST_TMPDIR/corpus"
}

seed() {
	cp "$BATS_TEST_DIRNAME"/../fuzz/corpus/bootstrap/"$1" "$BATS_TEST_TMPDIR/corpus/"
}

@test "a planted mistake of the bootstrap decoder is found" {
	# From the good messages of the vectors alone: no seed has the answer in it.
	for i in 0 1 2 3; do
		seed "vector-$i"
	done
	fuzz fuzz_bootstrap_planted
	[ "$status" -ne 0 ]
	[[ "$output" == *"BROKEN PROMISE: bytes whose first NUL is not behind them"* ]]
	ls "$BATS_TEST_TMPDIR"/crash-*
}

@test "the bootstrap decoder keeps its promises with the same budget" {
	for i in 0 1 2 3; do
		seed "vector-$i"
	done
	fuzz fuzz_bootstrap
	[ "$status" -eq 0 ]
	[[ "$output" == *"Done $RUNS runs"* ]]
}

@test "the bootstrap decoder keeps its promises from the whole corpus" {
	cp "$BATS_TEST_DIRNAME"/../fuzz/corpus/bootstrap/* "$BATS_TEST_TMPDIR/corpus/"
	fuzz fuzz_bootstrap
	[ "$status" -eq 0 ]
}

@test "a planted mistake of the record decoder is found" {
	seed_records boot-small error child
	fuzz fuzz_record_planted
	[ "$status" -ne 0 ]
	[[ "$output" == *"BROKEN PROMISE: a text whose first NUL is not at its end"* ]]
	ls "$BATS_TEST_TMPDIR"/crash-*
}

@test "the record decoder keeps its promises with the same budget" {
	seed_records boot-small error child
	fuzz fuzz_record
	[ "$status" -eq 0 ]
	[[ "$output" == *"Done $RUNS runs"* ]]
}

@test "the record decoder keeps its promises from the whole corpus" {
	cp "$BATS_TEST_DIRNAME"/../fuzz/corpus/record/* "$BATS_TEST_TMPDIR/corpus/"
	fuzz fuzz_record
	[ "$status" -eq 0 ]
}
