#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every fuzz target for a while: always the same inputs, from the corpus by a fixed seed.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
cd "$(dirname "$0")/../.." || exit 1

runs=10000
build=${BUILD:-build}/fuzz

# survives TARGET: so many inputs
survives() {
	local found
	found=$(mktemp -d)
	# shellcheck disable=SC2064  # as it is now
	trap "rm -rf '$found'" EXIT
	"$build/tests/fuzz/fuzz_$1.fuzzer" -runs=$runs -seed=1 -dict=tests/fuzz/words \
		-artifact_prefix="$found/broke-" -verbosity=0 "$found" "tests/fuzz/corpus/$1" ||
		{ head -c 4096 "$found"/broke-* | od -A d -c; false; }
}

tests=()
for source in tests/fuzz/fuzz_*.c; do
	target=$(basename -s .c "$source" | sed 's/^fuzz_//')
	name=test_fuzz_${target}_survives_what_a_fixed_seed_makes
	eval "$name() { survives $target; }"
	tests+=("$name")
done

run_tests "${@:-${tests[@]}}"
