# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A test program in bash: source this, define functions test_<module>_<behaviour>_<condition>,
# end with run_tests. Each runs in a subshell of its own under set -eu, so that the first command
# that fails fails the test, and what it changed in the shell (traps too) ends with it. What it
# prints, and its commands, are shown only when it fails. Results are TAP on stdout.

# Run every test of the program in the order of the file, or those that are named as arguments.
run_tests() {
	local names name log rc number=0
	mapfile -t names < <(sed -n 's/^\(test_[a-z0-9_]*\)() [{(].*/\1/p' "$0")
	[ $# -eq 0 ] || names=("$@")
	log=$(mktemp)
	echo "1..${#names[@]}"
	for name in "${names[@]}"; do
		: >"$log"
		number=$((number + 1))
		# Not as a condition: bash would ignore set -e in it.
		(
			# Into the log, not into what a test captures of a command's messages.
			BASH_XTRACEFD=9 PS4='+ line $LINENO: '
			set -eux -o pipefail
			"$name"
		) >>"$log" 2>&1 9>&1 </dev/null
		rc=$?
		case $rc in
		0)	echo "ok $number - $name" ;;
		77)	echo "ok $number - $name # SKIP $(grep -v '^+' "$log" | tail -n 1)" ;;
		*)	echo "not ok $number - $name"
			tail -n 60 "$log" | sed 's/^/#   /' ;;
		esac
	done
	rm -f "$log"
}

skip() {
	echo "$*"
	exit 77
}

# expect_equal FOUND EXPECTED
expect_equal() {
	[ "$1" = "$2" ] || { printf 'found:    %s\nexpected: %s\n' "$1" "$2"; return 1; }
}

# expect_differ FOUND UNWANTED
expect_differ() {
	[ "$1" != "$2" ] || { printf 'found, but should not be: %s\n' "$1"; return 1; }
}

# expect_match FOUND REGEX (extended, anywhere in any line)
expect_match() {
	grep -qE -e "$2" <<<"$1" || { printf 'found: %s\nexpected a match of: %s\n' "$1" "$2"; return 1; }
}

# expect_no_match FOUND REGEX
expect_no_match() {
	! grep -E -e "$2" <<<"$1" || { printf 'should not match: %s\n' "$2"; return 1; }
}

# expect_failure CMD [ARG...]: CMD must fail. (set -e does not see a plain "! CMD".)
expect_failure() {
	if "$@"; then
		printf 'succeeded, but should not: %s\n' "$*"
		return 1
	fi
}

# eventually SECONDS CMD [ARG...]: CMD succeeds within the time, which is as many times longer as
# TEST_PATIENCE says: on an emulated processor everything takes longer
eventually() {
	local end=$((SECONDS + $1 * ${TEST_PATIENCE:-1}))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { printf 'still fails: %s\n' "$*"; return 1; }
		sleep 0.1
	done
}
