#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel refuses the helper one kind of system call. Every time: the login is refused with
# the reason in the log, nothing is half done, and the next login works and is confined.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

helper=/usr/libexec/carrel/carrel-helper
refuser=/usr/local/libexec/refuser

install -D "$HOST_BUILD/tests/faults/refuser" $refuser
install -d -m 1777 /tmp/refuser
# "su" gets the helper that is refused something, "runuser -l" keeps the real one.
sed -i "s|pam_carrel.so.*|pam_carrel.so helper=$refuser|" /etc/pam.d/su

# Numbers of errno(3), of socket(2)'s families, of clone(2)'s flags.
EPERM=1 EINVAL=22 ENFILE=23 ENOSPC=28 ENOMEM=12 ENOBUFS=105 ENOLCK=37 EBUSY=16 EIO=5
AF_NETLINK=16

next_login_works() {
	local output
	output=$(runuser -l exam1 -c "$probe tcp ${exam_site[0]} 443 && $probe tcp ${exam_site[1]} 443 &&
		echo passed; $probe tcp ${other_site[0]} 443 || echo stopped; readlink /proc/self/ns/net")
	expect_match "$output" passed
	expect_match "$output" stopped
	expect_match "$output" "^net:\[$(stat -L -c %i /run/netns/carrel-61001)\]$"
	expect_equal "$(find /run/carrel -name '.tmp-*' -o -name '*.tmp')" ""
}

# refused_when PREPARE REASON CALL ERRNO [ARGUMENT]: PREPARE, then a login with CALL refused;
# the log says REASON (a regular expression)
refused_when() {
	local prepare=$1 reason=$2 mark output rc=0
	shift 2
	"$prepare"
	mark=$(log_mark)
	echo "$helper $*" >/tmp/refuser/order
	output=$(su exam1 -c 'readlink /proc/self/ns/net' 2>&1) || rc=$?
	expect_differ $rc 0
	expect_match "$output" 'this login is refused'
	eventually 5 logged_since "$mark" "pam_carrel\(su:session\): refused a session of 'exam1': .*$reason"
	next_login_works
}

no_carrel() {
	without_carrel exam1
}

with_carrel() {
	runuser -l exam1 -c true
}

test_refused_netlink_sockets() {
	refused_when no_carrel 'Operation not permitted' socket $EPERM $AF_NETLINK
	refused_when with_carrel 'Operation not permitted' socket $EPERM $AF_NETLINK
	refused_when no_carrel 'Too many open files' socket $ENFILE $AF_NETLINK
}

test_refused_netlink_messages() {
	refused_when no_carrel 'No buffer space' sendto $ENOBUFS
	refused_when with_carrel 'No buffer space' sendto $ENOBUFS
	refused_when no_carrel 'No buffer space' recvmsg $ENOBUFS
	refused_when with_carrel 'No buffer space' recvmsg $ENOBUFS
}

test_refused_namespace() {
	refused_when no_carrel 'making a network namespace: No space left' unshare $ENOSPC
	refused_when no_carrel 'making a network namespace: Cannot allocate' unshare $ENOMEM
}

test_refused_pin() {
	refused_when no_carrel 'carrel-61001: Operation not permitted' mount $EPERM
	refused_when no_carrel 'carrel-61001: Cannot allocate memory' mount $ENOMEM
}

test_refused_locks() {
	refused_when no_carrel 'No locks available' flock $ENOLCK
	refused_when with_carrel 'No locks available' fcntl $ENOLCK
}

test_refused_writing_of_state() {
	refused_when no_carrel 'No space left' renameat $ENOSPC
	refused_when no_carrel 'No space left' symlinkat $ENOSPC
	refused_when no_carrel 'No space left' write $ENOSPC
	refused_when with_carrel 'No space left' renameat2 $ENOSPC
}

test_refused_sandbox() {
	refused_when with_carrel 'Invalid argument' seccomp $EINVAL
}

test_refused_looks_at_files() {
	refused_when with_carrel 'Input/output error' fstatfs $EIO
	refused_when with_carrel 'Input/output error' ioctl $EIO
}

# Sweeping up is no reason to keep anybody out.
test_refused_sweeping_only_warns() {
	local mark
	with_carrel
	mark=$(log_mark)
	echo "$helper unlinkat $EBUSY" >/tmp/refuser/order
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" \
		"net:[$(stat -L -c %i /run/netns/carrel-61001)]"
	logged_since "$mark" 'pam_carrel.*Device or resource busy'
}

# Logins wait for those of the same user only, and not for ever.
test_refused_lock_of_one_user_keeps_no_other_waiting() {
	local mark output
	with_carrel
	sed -i "s|pam_carrel.so.*|& timeout=1|" /etc/pam.d/su
	echo "$helper socket $EPERM 99" >/tmp/refuser/order
	mark=$(log_mark)
	exec 9>/run/carrel/locks/61001
	flock 9
	su exam2 -c true
	output=$(su exam1 -c true 2>&1) && return 1
	expect_match "$output" 'this login is refused'
	logged_since "$mark" "refused a session of .exam1.: the helper did not reply within 1000 ms"
	exec 9>&-
	su exam1 -c true
}

run_tests "$@"
