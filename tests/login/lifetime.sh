#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From a user's last logout to the moment when nothing is left: who counts as being there, how
# long an idle carrel is kept, what "logout cut" does, and what `carrel gc` clears up.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

exam1=61001
probe=$(command -v probe)
policy=/etc/carrel/policies/exam.policy

# Nothing lingers here unless a test says so, and only tests start gc.
sed -i '1i linger 0' /etc/carrel/carrel.conf
touch -d '1 day' /run/carrel/collected

without_carrel() {
	carrel remove "${1-exam1}" || expect_equal $? 3
}

# json EXPRESSION: evaluate it in Python, with standard input understood as j
json() {
	python3 -c 'import json, sys
j = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}

# gc_says REGEX: the next run does that; or one soon after it, while processes of a login still end
gc_says() {
	eventually 5 next_gc_says "$1"
}

next_gc_says() {
	local output
	output=$(carrel gc)
	expect_match "$output" "$1"
}

gc_says_nothing() {
	expect_equal "$(carrel gc)" ""
}

link_is_gone() {
	[ ! -e /sys/class/net/"cr-$1" ] || ! ip link show "cr-$1"
}

# nothing_left UID: but the lock, which stays
nothing_left() {
	[ ! -e "/run/netns/carrel-$1" ]
	[ ! -e "/run/carrel/carrels/$1" ]
	[ ! -e "/run/carrel/sessions/$1" ]
	[ ! -e "/run/carrel/addresses/uid-$1" ]
	expect_equal "$(find /run/carrel/addresses -lname "$1")" ""
	eventually 5 link_is_gone "$1"
}

# collected UID: idle, and removed by the second run
collected() {
	gc_says 'idle from now on'
	gc_says ': removed'
	nothing_left "$1"
}

# account NAME UID: as no tool would make it
account() {
	printf '%s:x:%s:61001::/tmp:/bin/sh\n' "$1" "$2" >>/etc/passwd
	printf '%s:*:19000:0:99999:7:::\n' "$1" >>/etc/shadow
}

# gone PID: and reaped
gone() {
	! kill -0 "$1" 2>/dev/null
}

# pid_of NAME UID: of the youngest process of that name that the user has, or soon will have
pid_of() {
	eventually 5 pgrep -x -u "$2" "$1" >/dev/null
	pgrep -n -x -u "$2" "$1"
}

# leave_behind: a process that stays after its session
leave_behind() {
	su exam1 -c 'setsid sleep 1006 >/dev/null 2>&1 &'
	eventually 5 pid_of sleep $exam1
}

# --- idle carrels

test_lifetime_idle_carrel_is_noted_then_removed() {
	without_carrel
	su exam1 -c true
	expect_match "$(carrel gc --dry-run)" '^exam1: would be noted as idle$'
	expect_no_match "$(cat /run/carrel/carrels/$exam1)" idle
	gc_says '^exam1: idle from now on$'
	expect_match "$(carrel list)" '^exam1 .* 0 \(idle [0-9]s\) '
	expect_match "$(carrel list --json | json 'j[0]["idle_since"]')" '^20.*Z$'
	expect_match "$(carrel gc --dry-run)" '^exam1: would be removed$'
	expect_equal "$(carrel gc --dry-run --json)" \
		'[{"user": "exam1", "uid": 61001, "action": "remove", "whole": true}]'
	[ -e /run/netns/carrel-$exam1 ]
	gc_says '^exam1: removed$'
	nothing_left $exam1
	gc_says_nothing
	expect_equal "$(carrel gc --json)" '[]'
}

test_lifetime_idle_carrel_is_kept_as_long_as_it_lingers() {
	without_carrel
	sed -i 's/^linger.*/linger 2s/' /etc/carrel/carrel.conf
	trap "sed -i 's/^linger.*/linger 0/' /etc/carrel/carrel.conf" EXIT
	su exam1 -c true
	gc_says 'idle from now on'
	gc_says_nothing
	sleep 2.1
	gc_says ': removed'
}

test_lifetime_login_begins_the_time_anew() {
	local inode
	without_carrel
	su exam1 -c true
	inode=$(stat -L -c %i /run/netns/carrel-$exam1)
	gc_says 'idle from now on'
	su exam1 -c true
	expect_equal "$(stat -L -c %i /run/netns/carrel-$exam1)" "$inode"
	expect_no_match "$(carrel list)" idle
	gc_says 'idle from now on'
}

test_lifetime_open_session_keeps_it() {
	without_carrel
	keep_open exam1
	gc_says_nothing
	gc_says_nothing
	end_session
	collected $exam1
}

# --- who is there: no session may be believed alive that is dead, none dead that is alive

test_lifetime_process_left_behind_keeps_it() {
	local pid
	without_carrel
	leave_behind
	pid=$(pid_of sleep $exam1)
	gc_says_nothing
	expect_match "$(carrel list)" '^exam1 .* 0  '
	kill "$pid"
	eventually 5 gone "$pid"
	collected $exam1
}

test_lifetime_process_wakes_an_idle_one() {
	without_carrel
	su exam1 -c true
	gc_says 'idle from now on'
	ip netns exec carrel-$exam1 sleep 1002 &
	eventually 5 pgrep -f -x 'sleep 1002'
	gc_says '^exam1: in use again$'
	gc_says_nothing
	kill $!
	wait $! || :
	collected $exam1
}

# One thread of a process that is elsewhere itself.
test_lifetime_thread_in_it_keeps_it() {
	without_carrel
	su exam1 -c true
	python3 - /run/netns/carrel-$exam1 <<-'END' &
		import ctypes, os, sys, threading, time
		libc = ctypes.CDLL(None, use_errno=True)
		def enter():
		    if libc.setns(os.open(sys.argv[1], os.O_RDONLY), 0x40000000):
		        os._exit(1)
		    time.sleep(1000)
		threading.Thread(target=enter, daemon=True).start()
		time.sleep(1000)
	END
	eventually 5 thread_entered $!
	expect_equal "$(readlink /proc/$!/ns/net)" "$host_netns"
	gc_says_nothing
	kill $!
	wait $! || :
	collected $exam1
}

thread_entered() {
	expect_match "$(readlink /proc/"$1"/task/*/ns/net)" \
		"\\[$(stat -L -c %i /run/netns/carrel-$exam1)\\]"
}

test_lifetime_dropped_connection() {
	without_carrel
	keep_open exam1
	kill -KILL "$session"
	wait "$session" || :
	collected $exam1
}

test_lifetime_killed_monitor_of_sshd() {
	local monitor
	without_carrel
	keep_open exam1
	monitor=$(pgrep -f 'sshd: exam1 \[priv\]')
	kill -KILL "$monitor"
	# Its child goes on, and with it the user.
	gc_says_nothing
	end_session
	collected $exam1
}

test_lifetime_su_killed_by_the_user() {
	local su shell
	without_carrel
	su exam1 -c 'sleep 1003' &
	su=$!
	shell=$(pid_of sleep $exam1)
	gc_says_nothing
	kill -KILL $su
	wait $su || :
	# What it had started goes on, and is seen.
	gc_says_nothing
	kill "$shell"
	eventually 5 gone "$shell"
	collected $exam1
}

test_lifetime_sudo_killed() {
	local sudo pid
	without_carrel
	sudo -u exam1 sleep 1004 &
	sudo=$!
	pid=$(pid_of sleep $exam1)
	kill -KILL $sudo
	wait $sudo || :
	gc_says_nothing
	kill "$pid"
	eventually 5 gone "$pid"
	collected $exam1
}

# session_file PID TICKS: as systemd --user leaves it, which has closed the descriptor
session_file() {
	printf 'carrel-session 1\nuid %s\npid %s\nstart %s\nopened 1\n' $exam1 "$1" "$2" \
		>/run/carrel/sessions/$exam1/"$1-$2-0"
}

start_ticks() {
	cut -d ' ' -f 22 /proc/"$1"/stat
}

test_lifetime_session_without_its_descriptor_lives_with_its_process() {
	without_carrel
	su exam1 -c true
	install -d -o carrel -g carrel /run/carrel/sessions/$exam1
	sleep 1005 &
	session_file $! "$(start_ticks $!)"
	gc_says_nothing
	kill $!
	wait $! || :
	collected $exam1
}

test_lifetime_pid_of_another_process_is_no_session() {
	without_carrel
	su exam1 -c true
	install -d -o carrel -g carrel /run/carrel/sessions/$exam1
	session_file 1 1
	collected $exam1
}

# --- logout cut

cuts() {
	echo 'logout cut' >>$policy
	trap 'sed -i /^logout/d $policy; without_carrel' EXIT
}

# behind: does what stayed behind have a network?
behind() {
	nsenter --net="/run/netns/carrel-$exam1" -- "$probe" --wait 1 tcp "${exam_site[0]}" 443 &&
		nsenter --net="/run/netns/carrel-$exam1" -- "$probe" --wait 1 tcp "${exam_site[1]}" 443
}

cut_off() {
	[ "$(carrel list --json | json '[c["cut"] for c in j if c["user"] == "exam1"]')" = '[True]' ] &&
		expect_match "$(ip link show cr-$exam1)" 'state DOWN'
}

kill_left_behind() {
	kill "$(pid_of sleep $exam1)"
}

test_lifetime_logout_keep_leaves_the_network() {
	without_carrel
	leave_behind
	behind
	carrel gc
	behind
	kill_left_behind
}

test_lifetime_logout_cut_takes_the_network_at_the_last_logout() {
	without_carrel
	cuts
	keep_open exam1
	leave_behind
	behind
	gc_says_nothing
	end_session
	eventually 5 cut_off
	expect_failure behind
	expect_match "$(carrel list)" '^exam1 .* 0 \(cut\) '
	gc_says_nothing

	# Who comes back finds the network again, and so does what stayed behind.
	keep_open exam1
	behind
	expect_equal "$(as exam1 "$probe tcp ${exam_site[0]} 443 >/dev/null && echo passed")" passed
	expect_no_match "$(carrel list)" cut
	end_session
	eventually 5 cut_off
	kill_left_behind
	collected $exam1
}

test_lifetime_logout_cut_without_a_close_is_done_by_gc() {
	without_carrel
	cuts
	su exam1 -c 'setsid sleep 1006 >/dev/null 2>&1 & sleep 1007' &
	eventually 5 pgrep -f -x 'sleep 1007'
	kill -KILL $!
	wait $! || :
	kill "$(pgrep -f -x 'sleep 1007')"
	behind
	gc_says '^exam1: cut off from the network$'
	cut_off
	expect_failure behind
	# It stays so, also when somebody sets the link up.
	ip link set cr-$exam1 up
	gc_says '^exam1: cut off from the network$'
	cut_off
	gc_says_nothing
	kill_left_behind
}

# Killed between the record and the link: the next login does not care which of them is true.
test_lifetime_logout_cut_recorded_but_not_done() {
	without_carrel
	cuts
	keep_open exam1
	echo 'cut 1' >>/run/carrel/carrels/$exam1
	su exam1 -c true
	behind
	expect_no_match "$(cat /run/carrel/carrels/$exam1)" '^cut'
	end_session
}

# helper_vanishes: a session whose helper is no more when it is closed
helper_vanishes() {
	install /usr/libexec/carrel/carrel-helper /run/testhost/vanishing
	sed -i 's|pam_carrel.so.*|pam_carrel.so helper=/run/testhost/vanishing|' /etc/pam.d/su
	su exam1 -c 'sleep 1009' &
	eventually 5 pgrep -f -x 'sleep 1009'
	sed -i 's|pam_carrel.so.*|pam_carrel.so exempt=sudo|' /etc/pam.d/su
	rm /run/testhost/vanishing
	mark=$(log_mark)
	kill "$(pgrep -f -x 'sleep 1009')"
	wait $! || :
}

test_lifetime_logout_starts_a_helper_only_to_cut() {
	local mark
	without_carrel
	helper_vanishes
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" vanishing

	cuts
	helper_vanishes
	eventually 5 logged_since "$mark" 'not cut off yet: .*vanishing'
	keep_open exam1
	helper_vanishes
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" vanishing
	end_session
}

# --- remains

test_lifetime_record_without_pin_goes() {
	without_carrel
	su exam1 -c true
	umount /run/netns/carrel-$exam1
	rm /run/netns/carrel-$exam1
	gc_says '^exam1: remains removed$'
	nothing_left $exam1
}

test_lifetime_record_without_pin_stays_while_somebody_is_in_it() {
	without_carrel
	keep_open exam1
	umount /run/netns/carrel-$exam1
	rm /run/netns/carrel-$exam1
	gc_says_nothing
	[ -e /run/carrel/carrels/$exam1 ]
	end_session
	gc_says 'remains removed'
	nothing_left $exam1
}

test_lifetime_pin_without_record_goes() {
	without_carrel
	su exam1 -c true
	rm /run/carrel/carrels/$exam1
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
}

test_lifetime_record_that_cannot_be_read_goes() {
	without_carrel
	su exam1 -c true
	echo rubbish >/run/carrel/carrels/$exam1
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
}

test_lifetime_link_without_anything_goes() {
	without_carrel
	ip link add cr-$exam1 type veth peer name other
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
}

# A namespace that something holds, by a descriptor, keeps its link; but not for long.
test_lifetime_link_of_a_namespace_that_is_held_goes() {
	without_carrel
	su exam1 -c true
	exec 9</run/netns/carrel-$exam1
	gc_says 'idle from now on'
	gc_says ': removed'
	ip link show cr-$exam1
	gc_says 'remains removed'
	nothing_left $exam1
	exec 9<&-
}

test_lifetime_what_a_killed_helper_left_goes() {
	without_carrel
	ln -s 10.213.9.9 /run/carrel/addresses/uid-$exam1
	ln -s $exam1 /run/carrel/addresses/10.213.9.9
	install -d -o carrel -g carrel /run/carrel/sessions/$exam1
	echo half >/run/carrel/sessions/$exam1/.tmp-77
	echo half >/run/carrel/.tmp-host-77
	echo half >/run/carrel/carrels/.tmp-$exam1
	touch -d '1 hour ago' /run/carrel/.tmp-host-77 /run/carrel/carrels/.tmp-$exam1
	gc_says '^uid 61001: remains removed$'
	nothing_left $exam1
	expect_equal "$(find /run/carrel -name '.tmp-*')" ""
	# Also when there is nothing else to do.
	echo half >/run/carrel/.tmp-host-77
	touch -d '1 hour ago' /run/carrel/.tmp-host-77
	gc_says_nothing
	expect_equal "$(find /run/carrel -name '.tmp-*')" ""
}

test_lifetime_remove_leaves_nothing() {
	without_carrel
	su exam1 -c true
	carrel remove exam1
	nothing_left $exam1
	su exam1 -c true
	echo rubbish >/run/carrel/carrels/$exam1
	carrel remove exam1
	nothing_left $exam1
}

# --- gc

test_lifetime_gc_looks_from_the_host_wherever_it_is_run() {
	without_carrel exam2
	without_carrel
	su exam1 -c true
	keep_open exam2
	expect_match "$(ip netns exec carrel-61002 carrel gc)" '^exam1: idle from now on$'
	expect_match "$(ip netns exec carrel-61002 carrel gc)" '^exam1: removed$'
	end_session
	nothing_left $exam1
	without_carrel exam2
}

test_lifetime_gc_is_alone() {
	local output
	exec 9>/run/carrel/collected
	flock 9
	output=$(carrel gc 2>&1)
	expect_match "$output" "another 'carrel gc' is at work"
	exec 9>&-
}

test_lifetime_gc_of_a_user_who_is_logging_in_waits() {
	without_carrel
	su exam1 -c true
	gc_says 'idle from now on'
	exec 9>/run/carrel/locks/$exam1
	flock 9
	gc_says_nothing
	exec 9>&-
	gc_says ': removed'
}

test_lifetime_gc_needs_root_and_a_configuration() {
	local rc=0
	setpriv --reuid=61201 --regid=61201 --clear-groups carrel gc || rc=$?
	expect_equal $rc 1
	rc=0
	carrel --config /etc/carrel/missing.conf gc || rc=$?
	expect_equal $rc 4
	rc=0
	carrel gc exam1 || rc=$?
	expect_equal $rc 2
}

# All are noted as idle, some perhaps later than others; and all are removed.
gc_finishes() {
	carrel gc
	expect_no_match "$(carrel list)" ^many
}

test_lifetime_gc_goes_through_many_in_batches() {
	local number
	for number in {1..40}; do
		account "many$number" $((62000 + number))
	done
	for number in {1..40}; do
		su "many$number" -s /bin/sh -c true
	done
	expect_equal "$(carrel list | grep -c ^many)" 40
	eventually 10 gc_finishes
	for number in {1..40}; do
		nothing_left $((62000 + number))
	done
}

# --- without systemd, logins start it

test_lifetime_logins_start_gc_when_nobody_else_does() {
	without_carrel
	without_carrel exam2
	su exam1 -c true
	touch -d '2 minutes ago' /run/carrel/collected
	su exam2 -c true
	eventually 5 grep -q '^idle' /run/carrel/carrels/$exam1
	# Not again so soon.
	sleep 0.3
	su exam2 -c true
	sleep 0.5
	[ -e /run/netns/carrel-$exam1 ]
	touch -d '2 minutes ago' /run/carrel/collected
	su exam2 -c true
	eventually 5 nothing_left $exam1
	touch -d '1 day' /run/carrel/collected
	without_carrel exam2
}

# --- who comes back, and under which name

test_lifetime_login_while_the_old_namespace_is_destroyed() {
	local _
	without_carrel
	for _ in {1..15}; do
		su exam1 -c "$probe tcp ${exam_site[0]} 443 && $probe tcp ${exam_site[1]} 443"
		carrel gc
		carrel gc
	done
	for _ in {1..15}; do
		su exam1 -c "$probe tcp ${exam_site[0]} 443 && $probe tcp ${exam_site[1]} 443"
		carrel remove exam1
	done
}

# comes_and_goes NAME UID: a login as NAME is in a carrel of its own, is found, and is collected
comes_and_goes() {
	local output
	output=$(su "$1" -s /bin/sh -c "readlink /proc/self/ns/net; $probe tcp ${exam_site[0]} 443;
		$probe tcp ${exam_site[1]} 443")
	expect_match "$output" "net:\\[$(stat -L -c %i "/run/netns/carrel-$2")\\]"
	expect_equal "$(carrel show --json "$2" | json 'j["user"]')" "$1"
	expect_equal "$(grep -c 'internet sees' <<<"$output")" 2
	collected "$2"
}

test_lifetime_largest_uid() {
	account largest 4294967294
	comes_and_goes largest 4294967294
}

test_lifetime_names_of_directory_services() {
	account abcdefghijklmnopqrstuvwxyz123456 63001
	account 'DOM\user' 63002
	account 'user@realm.example' 63003
	comes_and_goes abcdefghijklmnopqrstuvwxyz123456 63001
	comes_and_goes 'DOM\user' 63002
	comes_and_goes user@realm.example 63003
}

test_lifetime_uid_given_to_somebody_else() {
	account former 63004
	su former -s /bin/sh -c true
	sed -i '/^former:/d' /etc/passwd /etc/shadow
	expect_match "$(carrel list)" '^former +63004 '
	account later 63004
	su later -s /bin/sh -c true
	expect_match "$(carrel list)" '^later +63004 '
	expect_no_match "$(carrel list)" '^former'
	collected 63004
}

test_lifetime_renamed_user() {
	local inode
	account maiden 63005
	su maiden -s /bin/sh -c true
	inode=$(stat -L -c %i /run/netns/carrel-63005)
	sed -i 's/^maiden:/married:/' /etc/passwd /etc/shadow
	su married -s /bin/sh -c true
	expect_equal "$(stat -L -c %i /run/netns/carrel-63005)" "$inode"
	expect_match "$(carrel list)" '^married +63005 '
	carrel show married
	collected 63005
}

# --- an upgrade while sessions are open

# upgraded: as the next version's installation leaves it; what runs keeps the file that it has
upgraded() {
	local helper=/usr/libexec/carrel/carrel-helper
	cp $helper $helper.new
	mv $helper.new $helper
	sed -i 's/^version .*/version 0.0.0/' /run/carrel/host
}

test_lifetime_session_stays_through_an_upgrade() {
	local inode mark
	without_carrel
	keep_open exam1
	inode=$(stat -L -c %i /run/netns/carrel-$exam1)
	# What the first version knew of a carrel.
	sed -i -E '/^(carrel-record 1|(uid|user|policy|uplink|address4|address6|netns|rules|created) .*)$/!d' \
		/run/carrel/carrels/$exam1
	upgraded
	mark=$(log_mark)
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" "net:[$inode]"
	behind
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" 'anew|another uplink'
	expect_equal "$(carrel list --json | json '[len(c["sessions"]) for c in j if c["user"] == "exam1"]')" '[1]'
	gc_says_nothing
	end_session
	collected $exam1
}

test_lifetime_two_names_for_one_uid_share_a_carrel() {
	account first 63006
	account second 63006
	su first -s /bin/sh -c 'sleep 1008' &
	eventually 5 pgrep -f -x 'sleep 1008'
	expect_equal "$(su second -s /bin/sh -c 'readlink /proc/self/ns/net')" \
		"net:[$(stat -L -c %i /run/netns/carrel-63006)]"
	gc_says_nothing
	kill "$(pgrep -f -x 'sleep 1008')"
	wait $! || :
	collected 63006
}

run_tests "$@"
