#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The test machine itself, from outside: it is what its tests take it for, they fail without
# carrel, and nothing of it is left when it ends.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
here=$(dirname "$(readlink -f "$0")")

machine() {
	"$here/machine" --bare "$@"
}

test_machine_is_booted_by_systemd() {
	expect_equal "$(machine run -- sh -c 'cat /proc/1/comm; systemctl is-system-running')" "systemd
running"
}

test_machine_command_status_is_passed_on() {
	local rc=0
	machine run -- sh -c 'exit 7' || rc=$?
	expect_equal $rc 7
}

test_machine_writes_nothing_outside() {
	local panic mounts
	panic=$(cat /proc/sys/kernel/panic) mounts=$(cat /proc/self/mountinfo)
	expect_failure machine run -- sh -c 'echo 77 >/proc/sys/kernel/panic'
	expect_failure machine run -- date --set=@0
	machine run -- sh -c 'echo changed >/etc/carrel-was-here; echo changed >carrel-was-here'
	expect_equal "$(cat /proc/sys/kernel/panic)" "$panic"
	expect_equal "$(cat /proc/self/mountinfo)" "$mounts"
	expect_equal "$(ls /etc/carrel-was-here "$("$here/root")/etc/carrel-was-here" \
		"$here/../../carrel-was-here" 2>/dev/null)" ""
}

# ended_by SIGNAL: end the script while a command is running in there
ended_by() {
	namespaces=$(mktemp) script=
	trap 'rm -f "$namespaces"; [ -z "$script" ] || kill "$script" || :' EXIT
	"$here/machine" --bare run -- sh -c 'readlink /proc/1/ns/pid; exec sleep 1000' >"$namespaces" &
	script=$!
	eventually 60 grep -q pid "$namespaces"
	kill "-$1" $script
	script=
	eventually 10 all_gone "$namespaces"
}

all_gone() {
	! grep -qxF -f "$1" <(find /proc/[0-9]*/ns/pid -printf "%l\n" 2>/dev/null)
}

# In the order of what was not cleaned up: the second also removes what the first had to leave.
test_machine_goes_when_its_script_is_killed() {
	ended_by KILL
}

test_machine_goes_when_its_script_is_terminated() {
	ended_by TERM
	eventually 10 no_cgroup
}

no_cgroup() {
	[ -z "$(unshare --mount --propagation private sh -c 'mount -t cgroup2 none /mnt &&
		ls /mnt' | sed -n 's/^carrel-tests-//p' | while read -r pid; do
			[ -d "/proc/$pid" ] || echo "$pid"
		done)" ]
}

# A row of the table that is right also without carrel would say nothing.
test_machine_without_carrel_fails_at_every_door() {
	local output
	output=$(machine run -- "$here/doors.sh")
	printf '%s\n' "$output"
	expect_match "$output" '^1\.\.[1-9]'
	expect_no_match "$output" '^ok '
	expect_equal "$(grep -ac '^not ok .* host  *yy yy .* came-in' <<<"$output")" \
		"$(sed -n 's/^1\.\.//p' <<<"$output")"
}

run_tests "$@"
