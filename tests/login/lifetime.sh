#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long a carrel is there: who counts as being in it, how long an idle one is kept, and that it
# outlives an upgrade.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/lifetime.sh"

# --- idle carrels

test_lifetime_idle_carrel_is_noted_then_removed() {
	without_carrel exam1
	su exam1 -c true
	expect_match "$(carrel gc --dry-run)" '^exam1: would be noted as idle$'
	expect_no_match "$(cat /run/carrel/carrels/$exam1)" idle
	gc_says '^exam1: idle from now on$'
	expect_match "$(carrel list)" '^exam1 .* 0 \(idle [0-9]s\) '
	expect_match "$(carrel list --json | jq -r '.[0].idle_since')" '^20.*Z$'
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
	without_carrel exam1
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
	without_carrel exam1
	su exam1 -c true
	inode=$(stat -L -c %i /run/netns/carrel-$exam1)
	gc_says 'idle from now on'
	su exam1 -c true
	expect_equal "$(stat -L -c %i /run/netns/carrel-$exam1)" "$inode"
	expect_no_match "$(carrel list)" idle
	gc_says 'idle from now on'
}

test_lifetime_open_session_keeps_it() {
	without_carrel exam1
	keep_open exam1
	gc_says_nothing
	gc_says_nothing
	end_session
	collected $exam1
}

# --- who is there: no session may be believed alive that is dead, none dead that is alive

test_lifetime_process_left_behind_keeps_it() {
	local pid
	without_carrel exam1
	leave_behind
	pid=$(pid_of sleep $exam1)
	gc_says_nothing
	expect_match "$(carrel list)" '^exam1 .* 0  '
	kill "$pid"
	eventually 5 gone "$pid"
	collected $exam1
}

test_lifetime_process_wakes_an_idle_one() {
	without_carrel exam1
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
	without_carrel exam1
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
	without_carrel exam1
	keep_open exam1
	kill -KILL "$session"
	wait "$session" || :
	collected $exam1
}

test_lifetime_killed_monitor_of_sshd() {
	local monitor
	without_carrel exam1
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
	without_carrel exam1
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
	without_carrel exam1
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
	without_carrel exam1
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
	without_carrel exam1
	su exam1 -c true
	install -d -o carrel -g carrel /run/carrel/sessions/$exam1
	session_file 1 1
	collected $exam1
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
	without_carrel exam1
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
	expect_equal "$(carrel list --json | jq '.[] | select(.user == "exam1").sessions | length')" 1
	gc_says_nothing
	end_session
	collected $exam1
}

run_tests "$@"
