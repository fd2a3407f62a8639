#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Control groups: a user who controls their own, as systemd delegates it, can freeze or starve what is
# in it, but nobody else's login.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

tracer=/usr/local/libexec/tracer

install -D "$HOST_BUILD/tests/faults/tracer" $tracer
install -d -m 1777 /tmp/faults
echo 'lab1 ALL=(lab2) NOPASSWD: ALL' >/etc/sudoers.d/lab1
chmod 0440 /etc/sudoers.d/lab1

# By sudo lab1 becomes lab2; the helper of that stops when it is told to.
cat >/etc/pam.d/sudo <<-END
	auth    required pam_permit.so
	account required pam_permit.so
	session required pam_carrel.so helper=$tracer timeout=60
END

# hold N: the next helper of sudo's stops at its call N; its number is in $helper then; let_go ends that
hold() {
	rm -f /tmp/faults/go /tmp/faults/held
	mkfifo /tmp/faults/go
	"$HOST_BUILD/tests/faults/every_fault" hold "$1" </tmp/faults/go >/tmp/faults/held &
	exec 8>/tmp/faults/go
	eventually 5 test -s /tmp/faults/order
}

is_held() {
	helper=$(cat /tmp/faults/held)
	[ -n "$helper" ]
}

let_go() {
	exec 8>&-
}

# in_a_scope_of_its_own USER CMD...: as the user's manager makes it for a terminal
in_a_scope_of_its_own() {
	as "$1" systemd-run --user --quiet --scope --unit=mine -- "${@:2}"
}

# The lock of lab2's carrel is held from about the 70th call to the end.
sudo_is_held() {
	hold 130
	in_a_scope_of_its_own lab1 sudo -u lab2 true 8>&- &
	session=$!
	eventually 10 is_held
	scope=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pgrep -o -x sudo)/cgroup")
	expect_match "$scope" 'user@61101.service/.*mine.scope'
	expect_failure flock --nonblock /run/carrel/locks/61102 true
}

is_over() {
	let_go
	echo 0 >"$scope/cgroup.freeze"
	wait "$session"
}

test_cgroup_of_a_user_holds_no_helper() {
	without_carrel lab2
	as lab1 true
	sudo_is_held
	trap is_over EXIT
	expect_equal "$(cat "/proc/$helper/cgroup")" "$(cat /proc/1/cgroup)"
	as lab1 "echo 1 >$scope/cgroup.freeze"
	let_go
	timeout 5 su lab2 -c true
}

# That of a session is root's: nothing has to move.
test_cgroup_of_root_is_not_left() {
	hold 130
	systemd-run --quiet --pipe --wait --unit=roots sudo -u lab2 true 8>&- &
	session=$!
	eventually 10 is_held
	expect_match "$(cat "/proc/$helper/cgroup")" 'roots.service'
	let_go
	wait "$session"
}

run_tests "$@"
