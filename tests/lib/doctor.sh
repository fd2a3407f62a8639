# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For tests of `carrel doctor`, which run as root on the server: what it finds, and that its fixes
# do what they are there for.

doctor_found=/run/testhost/found

# Let the policy lab reach the host's port 53, whoever answers for names.
let_lab_ask_the_host() {
	sed 's/to resolver port 53 .*/to host port 53/' /usr/share/carrel/policies/lab.policy \
		>/etc/carrel/policies/lab.policy
}

# Every service that opens sessions on this machine: the test host itself has only those that its
# other tests come through.
all_services_have_the_module() {
	local service
	for service in other sudo-i systemd-user; do
		[ -e /etc/pam.d/$service ] || cp /usr/lib/pam.d/$service /etc/pam.d/
		echo 'session required pam_carrel.so exempt=sudo' >>/etc/pam.d/$service
	done
}

# examine: have doctor look at everything; that it does not come to its end is not what it finds
examine() {
	local rc=0
	carrel doctor --json >$doctor_found || rc=$?
	[ $rc = 0 ] || expect_equal $rc 5
}

# findings CHECK: severity and what, a line each
findings() {
	examine && found_by "$1"
}

# found_by CHECK: the same, from the last examination
found_by() {
	jq -r --arg check "$1" '.findings[] | select(.check == $check) | .severity + ": " + .what' \
		$doctor_found
}

# fix_of CHECK: the commands that mend what CHECK found at the last examination
fix_of() {
	jq -r --arg check "$1" '.findings[] | select(.check == $check) | .fix // empty' $doctor_found
}

# finds CHECK SEVERITY REGEX: and the exit status says so
finds() {
	local rc=0
	carrel doctor --json >$doctor_found || rc=$?
	expect_match "$(found_by "$1")" "^$2: .*$3"
	[ "$2" != wrong ] || expect_equal $rc 5
}

# is_well CHECK: it looks, and finds nothing wrong
is_well() {
	examine && expect_no_match "$(found_by "$1")" '^(wrong|unchecked)'
}

# mended_by_its_fix CHECK: after finds(): the commands that doctor prints are run; then all is well
mended_by_its_fix() {
	local fix
	fix=$(fix_of "$1")
	expect_differ "$fix" ""
	bash -ec "$fix"
	is_well "$1"
}

# passes FAMILY (0: IPv4, 1: IPv6): what the policy lab allows gets out
passes() {
	# shellcheck disable=SC2154  # of login.sh
	expect_equal "$(reaches lab1 tcp "${other_site[$1]}" 80)" "internet sees ${uplink[$1]}"
}

# asks_host FAMILY: likewise to the host itself
asks_host() {
	# shellcheck disable=SC2154
	expect_match "$(reaches lab1 udp "${server[$1]}" 53)" '^server sees '
}

# What policies forbid stays forbidden, whatever was done about the host's firewall.
forbidden_stays() {
	local family
	# shellcheck disable=SC2154
	for family in 0 1; do
		cannot_reach exam1 tcp "${other_site[$family]}" 80
		cannot_reach lab1 tcp "${server[$family]}" 22
	done
}

# in_the_way REGEX FAMILY...: nothing of these gets out, doctor says why, and its commands help
in_the_way() {
	local family what=$1
	shift
	for family; do
		cannot_reach lab1 tcp "${other_site[$family]}" 80
	done
	finds firewall wrong "$what"
	expect_equal "$(found_by firewall | grep -c 'to the internet')" $#
	mended_by_its_fix firewall
	passes 0
	passes 1
	asks_host 0
	asks_host 1
	forbidden_stays
}

# coverage_of USER EXPRESSION: what jq makes of the user's processes among those that --coverage lists
coverage_of() {
	{ carrel doctor --coverage --json || expect_equal $? 5; } |
		jq -r ".[] | select(.user == \"$1\") | $2"
}

# uncovered_of USER COUNT: so many of them are outside
uncovered_of() {
	local pids
	pids=$(coverage_of "$1" .pid) && expect_equal "$(grep -c . <<<"$pids")" "$2"
}

# coverage EXPRESSION, uncovered COUNT: of exam1
coverage() { coverage_of exam1 "$1"; }
uncovered() { uncovered_of exam1 "$1"; }
