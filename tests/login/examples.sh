#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Examples of configurations and policies, taken out of what people read: each is valid, and the
# README's first policy does what the README says.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

# page_examples PAGE: the literal blocks of its EXAMPLES, each in a file of its own: 0, 1, ...
page_examples() {
	awk -v directory="$examples" '
		/^\.Sh EXAMPLES/ { on = 1 }
		/^\.Ed/ { inside = 0; number++ }
		on && inside { print > (directory "/" number + 0) }
		/^\.Bd -literal/ { inside = 1 }' "$1"
}

# readme_example FIRST: the indented block of the README whose first line begins with FIRST
readme_example() {
	awk -v first="    $1" '
		index($0, first) == 1 { inside = 1 }
		inside && !/^    / { exit }
		inside { print substr($0, 5) }' "$HOST_SOURCE/README.md"
}

# all_valid SUFFIX COUNT: carrel check takes each of the examples, of which there are COUNT
all_valid() {
	local file
	expect_equal "$(find "$examples" -type f | wc -l)" "$2"
	for file in "$examples"/*; do
		mv "$file" "$file$1"
		carrel check "$file$1"
	done
}

with_examples() {
	examples=$(mktemp -d)
	trap 'rm -rf "$examples"' EXIT
}

test_examples_of_the_policy_page_are_valid() {
	with_examples
	page_examples "$HOST_SOURCE/man/carrel.policy.5"
	# What the page says beside them.
	echo 'set campus 192.0.2.0/24,2001:db8:1::/48' >/etc/carrel/carrel.conf.d/examples.conf
	install -D -m 0644 "$examples/4" /etc/carrel/policies/common/time.policy
	all_valid .policy 7
}

test_examples_of_the_configuration_page_are_valid() {
	with_examples
	page_examples "$HOST_SOURCE/man/carrel.conf.5"
	all_valid .conf 1
}

test_examples_in_the_installed_configuration_are_valid() {
	with_examples
	sed -n 's/^#\(assign\|set\) /\1 /p' "$HOST_SOURCE/conf/carrel.conf" >"$examples/0"
	expect_differ "$(cat "$examples/0")" ""
	all_valid .conf 1
}

test_examples_of_the_readme_are_valid() {
	with_examples
	readme_example 'assign   unconfined' >"$examples/0"
	expect_equal "$(wc -l <"$examples/0")" 3
	all_valid .conf 1
}

test_examples_first_policy_does_what_the_readme_says() {
	policy=/etc/carrel/policies/exam.policy
	cp $policy /tmp/saved
	trap 'mv /tmp/saved $policy' EXIT
	readme_example 'description "Final exam' >$policy
	carrel check $policy
	expect_equal "$(reaches exam1 tcp 203.0.113.10 443)" "internet sees 198.51.100.1"
	expect_equal "$(reaches exam1 tcp 2001:db8:80::10 443)" "internet sees 2001:db8:0:2::1"
	expect_equal "$(reaches exam1 --wait 1 tcp 203.0.113.80 443 || :)" timeout
	expect_equal "$(reaches exam1 --wait 1 tcp 203.0.113.80 25 || :)" refused
	expect_match "$(ip netns exec carrel-61001 nft list ruleset)" \
		'dnat ip to 198.51.100.53 .*'
	expect_match "$(carrel explain exam1 udp 192.0.2.53:53)" ', redirected to 198.51.100.53$'
	# shellcheck disable=SC2016  # that is a prompt
	expect_equal "$(carrel explain exam1 tcp 203.0.113.10:443)" \
		"$(readme_example '$ carrel explain' | tail -n +2)"
}

run_tests "$@"
