#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The model of a user's lock, record, pin and sessions (carrel.pml): spin looks at every state that
# can be reached. Then each thing that the model says is needed is taken away, and spin must find
# out.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"

model=$(dirname "$(readlink -f "$0")")/carrel.pml
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# check [MACRO]: what spin says of the model without what MACRO takes away
check() {
	cd "$directory" || return
	spin -a ${1+"-D$1"} "$model"
	"${CC:-cc}" -O2 -w -DSAFETY -DCOLLAPSE -o pan pan.c
	./pan -m100000
}

test_model_holds_in_every_state() {
	local said states
	said=$(check)
	expect_match "$said" 'errors: 0$'
	expect_no_match "$said" 'max search depth too small'
	expect_no_match "$said" 'Search not completed'
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' <<<"$said")
	echo "# $states states of the model, and every step between them" >&3
	[ "$states" -gt 10000 ]
}

test_model_needs_all_that_it_has() {
	local macro macros
	mapfile -t macros < <(sed -n 's/^#if[n]*def \([A-Z_]*\)$/\1/p' "$model" | sort -u)
	[ ${#macros[@]} -gt 5 ]
	for macro in "${macros[@]}"; do
		echo "without: $macro"
		expect_match "$(check "$macro")" 'errors: [1-9]'
	done
}

exec 3>&1
run_tests "$@"
