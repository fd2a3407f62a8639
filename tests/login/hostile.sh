#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Users who get in the way of their own logins, with what every user may do: nobody else is kept
# out by that, and nothing of root's comes to harm.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

# What users start themselves, with a password that they have.
sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su

# The user's own processes, as they are after a login.
by_exam1=(setpriv --reuid="$exam1" --regid="$(id -g exam1)" --init-groups)

children() {
	ps -o pid= --ppid "$1" | xargs
}

# has_child PID: and its only child is $child
has_child() {
	child=$(children "$1")
	[ -n "$child" ]
}

# begin_login: exam1 runs su, whose second child, not yet the helper, waits for a second or two for a lock
# that is held here; $application, $between and $future are their process ids
begin_login() {
	local child
	sed -i '1i pins private' /etc/carrel/carrel.conf
	without_carrel exam1
	mkdir -p /run/carrel-pins
	(umask 077 && : >/run/carrel-pins/lock)
	exec 8</run/carrel-pins/lock
	flock -x 8
	"${by_exam1[@]}" su exam1 -c 'echo came in' >/run/testhost/su 2>&1 8<&- &
	application=$!
	trap 'exec 8<&-; sed -i /^pins/d /etc/carrel/carrel.conf; wait "$application" || :' EXIT
	eventually 5 has_child "$application"
	between=$child
	eventually 5 has_child "$between"
	future=$child
}

login_works() {
	exec 8<&-
	expect_equal "$("${by_exam1[@]}" su exam1 -c "$probe tcp ${exam_site[0]} 443 | wc -l")" 1
}

# They run with root's rights in the application's memory.
test_hostile_user_cannot_signal_what_becomes_the_helper() {
	begin_login
	local process
	for process in "$between" "$future"; do
		expect_equal "$(awk '/^Uid:/ { print $2, $3, $4 }' "/proc/$process/status")" '0 0 0'
		expect_failure "${by_exam1[@]}" kill -STOP "$process"
		expect_failure "${by_exam1[@]}" kill -KILL "$process"
	done
	exec 8<&-
	wait "$application"
	expect_equal "$(cat /run/testhost/su)" 'came in'
}

# As who may write to a control group can do to one process in it: its memory is not taken away from
# the process that it made.
test_hostile_kill_of_the_process_between_ends_the_login() {
	local mark
	begin_login
	mark=$(log_mark)
	kill -KILL "$between"
	expect_failure wait "$application"
	expect_failure kill -0 "$future"
	eventually 5 logged_since "$mark" 'refused a session of .exam1.: .*somebody killed'
	login_works
}

run_tests "$@"
