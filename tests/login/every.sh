#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything that can happen to a helper: killed at each system call, each call failing in each
# way, each netlink request refused, the application killed, the deadline passed. See
# tests/faults/every_fault.c for what holds each time.
#
# Of what is to be tried, one in some is, by chance; ALL=1 tries all.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

# No login starts gc; and nothing lingers.
printf 'linger 0\nassign exam user exam1\n' >/etc/carrel/carrel.conf
install -D "$HOST_BUILD/tests/faults/tracer" /usr/local/libexec/tracer
install -d -m 1777 /tmp/faults
traced='helper=/usr/local/libexec/tracer'
echo "session required pam_carrel.so" >/etc/pam.d/carrel-real
echo "session required pam_carrel.so $traced timeout=60" >/etc/pam.d/carrel-traced
echo "session required pam_carrel.so $traced timeout=1" >/etc/pam.d/carrel-hasty
su exam1 -c true
touch -d '1 day' /run/carrel/collected

# every FAULT PART DEED...: tries one fault in PART of each, and prints the figures
every() {
	local fault=$1 part=$2 deed rc=0
	shift 2
	[ -z "${ALL-}" ] || part=1
	for deed; do
		"${within[@]}" "$HOST_BUILD/tests/faults/every_fault" "$fault" "$deed" "$part" \
			>/tmp/faults/output || rc=$?
		cat /tmp/faults/output
		sed -n '$s/^/# /p' /tmp/faults/output >&3
	done
	return $rc
}

# In the mount namespace of private pins, which is kept for as long as that takes.
with_private_pins() {
	without_carrel exam1
	echo 'pins private' >>/etc/carrel/carrel.conf
	# Pins stay private until the last of them is gone and gc has seen that.
	trap "without_carrel exam1; carrel gc; sed -i '/^pins/d' /etc/carrel/carrel.conf" EXIT
	su exam1 -c true
	within=(flock --shared /run/carrel-pins/lock nsenter --mount=/run/carrel-pins/mounts)
}

within=()
logins=(first-login second-login update)
others=(apply close remove note-idle collect-idle collect-remains)

test_every_kill_of_a_login() {
	every kill 4 "${logins[@]}"
}

test_every_kill_of_what_is_no_login() {
	every kill 6 "${others[@]}"
}

test_every_kill_of_a_login_with_private_pins() {
	with_private_pins
	every kill 12 "${logins[@]}"
	every call 100 first-login
}

test_every_failing_call_of_a_login() {
	every call 30 "${logins[@]}"
}

test_every_failing_call_of_what_is_no_login() {
	every call 40 "${others[@]}"
}

test_every_refused_netlink_request() {
	every netlink 8 "${logins[@]}" "${others[@]}"
}

test_every_killed_application() {
	every orphan 20 "${logins[@]}"
}

test_every_fault_while_carrels_learn_of_addresses() {
	every kill 12 learn learn-at-login learn-at-first-login
	every call 100 learn learn-at-login learn-at-first-login
	every netlink 16 learn learn-at-login learn-at-first-login
}

# Each takes a second, all of them ten minutes.
test_every_hanging_helper() {
	every hang 100 "${logins[@]}"
}

exec 3>&1
run_tests "$@"
