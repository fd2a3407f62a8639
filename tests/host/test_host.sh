#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The test host itself: it is what tests take it for, and when it ends nothing of it is left.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
here=$(dirname "$(readlink -f "$0")")

host() {
	"$here/host" --bare "$@"
}

# What of the test host runs with the namespaces in the file $1? One line each.
still_there() {
	local namespace
	# Not find -lname: to that, "net:[...]" is a pattern.
	while read -r namespace; do
		find /proc/[0-9]*/ns -type l -printf "%l\n" 2>/dev/null | grep -xF -e "$namespace"
	done <"$1"
}

all_gone() {
	[ -z "$(still_there "$1")" ]
}

test_host_command_status_is_passed_on() {
	local rc=0
	host run -- sh -c 'exit 7' || rc=$?
	expect_equal $rc 7
	host run -- true
}

test_host_usage_is_shown_without_a_command() {
	local output
	output=$(host run 2>&1) && return 1
	expect_match "$output" '^usage: tests/host/host .*run'
}

# Where mounts are passed on as on any machine, but for those of this one: they come and go.
test_host_writes_nothing_outside() {
	local scratch
	scratch=$(mktemp -d)
	# shellcheck disable=SC2016  # for the inner shell
	unshare --mount --propagation private sh -euc '
		mount --make-rshared /
		cat /proc/self/mountinfo >"$0/before"
		"$@"
		cat /proc/self/mountinfo >"$0/after"
	' "$scratch" "$here/host" --bare run -- sh -c '
		echo changed >/etc/carrel-was-here
		echo changed >/usr/carrel-was-here
		echo changed >carrel-was-here
		echo changed >/run/carrel-was-here
		echo changed >/tmp/carrel-was-here
		echo 127.0.0.9 changed >>/etc/hosts
		mount --bind /etc /srv'
	expect_equal "$(ls /etc/carrel-was-here /usr/carrel-was-here "$here/../../carrel-was-here" \
		/run/carrel-was-here /tmp/carrel-was-here 2>/dev/null)" ""
	expect_no_match "$(cat /etc/hosts)" changed
	expect_equal "$(cat "$scratch/after")" "$(cat "$scratch/before")"
	rm -r "$scratch"
}

test_host_leaves_the_settings_of_the_machine_alone() {
	local panic
	panic=$(cat /proc/sys/kernel/panic)
	expect_failure host run -- sh -c 'echo 77 >/proc/sys/kernel/panic'
	expect_equal "$(cat /proc/sys/kernel/panic)" "$panic"
	host run -- sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

test_host_has_a_network_of_its_own() {
	local outside inside
	outside=$(readlink /proc/self/ns/net)
	inside=$(host run -- sh -c 'readlink /proc/self/ns/net; client readlink /proc/self/ns/net;
		inet readlink /proc/self/ns/net')
	expect_equal "$(sort -u <<<"$inside" | wc -l)" 3
	expect_no_match "$inside" "${outside//[/\\[}"
}

# The tests of forbidden traffic mean something only if all of it passes without carrel.
test_host_passes_all_traffic_without_carrel() {
	# shellcheck disable=SC2016  # expanded in there
	host run -- bash -euc '
		for address in 203.0.113.10 203.0.113.80 2001:db8:80::10 2001:db8:80::80; do
			for port in 25 53 80 443; do probe tcp $address $port; done
			for port in 53 443; do probe udp $address $port; done
			probe icmp $address
		done
		for address in 192.0.2.1 2001:db8:0:1::1; do
			client probe tcp $address 22
			client probe tcp $address 80
			client probe udp $address 53
			client probe icmp $address
		done
		client probe tcp 192.0.2.1 9 && exit 1
		true'
}

test_host_answers_tell_who_asked() {
	expect_equal "$(host run -- sh -c 'probe tcp 203.0.113.80 80; probe udp 2001:db8:80::80 53;
		client probe tcp 192.0.2.1 80')" "internet sees 198.51.100.1
internet sees 2001:db8:0:2::1
server sees 192.0.2.2"
}

# A home directory is often closed to others, and so is a tree that was cloned into it.
test_host_users_run_its_tools_where_they_cannot_enter_the_tree() {
	closed=$(mktemp -d)
	trap 'rm -rf "$closed"' EXIT
	mkdir "$closed/tests"
	cp -r "$here" "$closed/tests/host"
	chmod -R go= "$closed"
	expect_equal "$("$closed/tests/host/host" --bare run -- client ssh free1@server \
		probe tcp 203.0.113.10 443)" "internet sees 198.51.100.1"
}

test_host_logs_what_the_server_logs() {
	expect_match "$(host run -- sh -c 'client ssh free1@server true; cat /var/log/auth.log')" \
		'^sshd\[[0-9]*\]: Accepted publickey for free1 from 192.0.2.2'
}

test_host_end_takes_every_process_with_it() {
	namespaces=$(mktemp)
	trap 'rm -f "$namespaces"' EXIT
	host run -- sh -c 'setsid sleep 1000 & readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/mnt;
		client readlink /proc/self/ns/net' >"$namespaces"
	expect_equal "$(wc -l <"$namespaces")" 4
	eventually 5 all_gone "$namespaces"
}

# killed_by SIGNAL: end the script from outside while a command is running in there
killed_by() {
	namespaces=$(mktemp) outside=
	trap 'rm -f "$namespaces"; [ -z "$outside" ] || kill "$outside" || :' EXIT
	# Not by the function: $! would be a subshell of this test.
	"$here/host" --bare run -- sh -c 'readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/mnt
		exec sleep 1000' \
		>"$namespaces" &
	outside=$!
	eventually 20 grep -q mnt "$namespaces"
	expect_failure all_gone "$namespaces"
	kill "-$1" "$outside"
	outside=
	eventually 5 all_gone "$namespaces"
}

test_host_goes_when_its_script_is_killed() {
	killed_by KILL
}

test_host_goes_when_its_script_is_terminated() {
	killed_by TERM
}

run_tests "$@"
