#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sessions where systemd runs everything: many at once, at boot, from services in sandboxes. What
# holds for each way in, one after the other, is in doors.sh.
#
# shellcheck disable=SC2154  # variables of login.sh
# shellcheck disable=SC2016  # expanded in the session
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

where='readlink /proc/self/ns/net'

pinned() { echo "net:[$(stat -L -c %i "/run/netns/carrel-$(id -u "$1")")]"; }

# --- systemd's own sessions

test_session_of_a_lingering_user_begins_at_boot_in_the_carrel() {
	eventually 5 test -s /home/linger1/boot
	expect_equal "$(cat /home/linger1/boot)" "$(pinned linger1)"
	expect_match "$(carrel show linger1 --json)" '"service": "systemd-user"'
}

# systemd starts user@.service while sshd's session is in pam_systemd: two first opens at once.
test_session_of_ssh_shares_the_carrel_with_the_user_manager() {
	expect_equal "$(as lab1 "$where; systemd-run --user --pipe --wait --quiet $where" | sort -u)" \
		"$(pinned lab1)"
	expect_equal "$(carrel show lab1 --json | jq -c '[.sessions[].service]')" '["systemd-user"]'
	expect_equal "$(netns-of lab1)" "$(pinned lab1)"
}

test_session_many_first_ones_at_once_all_work() {
	local user turn
	for _ in 1 2 3; do
		for user in load{01..10}; do
			for turn in 1 2; do
				as "$user" "$where; probe tcp 203.0.113.80 80; probe tcp 2001:db8:80::80 80
					systemd-run --user --pipe --wait --quiet $where" \
					>"/tmp/$user-$turn" &
			done
		done
		wait
		for user in load{01..10}; do
			for turn in 1 2; do
				expect_equal "$(cat "/tmp/$user-$turn")" "$(pinned "$user")
internet sees 198.51.100.1
internet sees 2001:db8:0:2::1
$(pinned "$user")"
			done
			expect_equal "$(netns-of "$user")" "$(pinned "$user")"
		done
		for user in load{01..10}; do
			systemctl stop "user@$(id -u "$user")"
			carrel remove "$user"
		done
	done
}

# Of a service with PAMName=, a process without root's rights is left to close the session.
test_session_closed_without_rights_is_no_complaint() {
	local cursor
	cursor=$(journalctl --quiet --lines=1 --show-cursor | sed -n 's/^-- cursor: //p')
	expect_equal "$(systemd-run --quiet --pipe --wait --property=PAMName=login \
		--property=User=lab2 sh -c "$where")" "$(pinned lab2)"
	eventually 5 no_login_session lab2
	expect_no_match "$(journalctl --quiet --after-cursor="$cursor" --output=cat)" 'pam_carrel.*cannot'
}

no_login_session() {
	expect_equal "$(carrel show "$1" --json | jq -c '[.sessions[].service | select(. == "login")]')" '[]'
}

# logind knows the session as it would without carrel, and finds its processes.
test_session_is_known_to_logind() {
	local id
	keep_open lab1
	id=$(loginctl --no-legend list-sessions | awk '$3 == "lab1" { print $1 }')
	expect_match "$(loginctl show-session "$id")" '^Service=sshd$'
	expect_match "$(cat "/proc/$(pgrep -u lab1 -x cat)/cgroup")" "/user-61101.slice/session-$id.scope"
	loginctl terminate-session "$id"
	wait "$session" || :
	eventually 5 no_sshd_session lab1
}

no_sshd_session() {
	[ "$(carrel show "$1" --json | jq -c '[.sessions[].service | select(. == "sshd")]')" = '[]' ]
}

# --- what is left of them

test_session_that_was_the_last_is_followed_by_the_timer() {
	expect_equal "$(systemctl is-active carrel-gc.timer)" active
	echo 'linger 1s' >/etc/carrel/carrel.conf.d/linger.conf
	trap 'rm /etc/carrel/carrel.conf.d/linger.conf' EXIT
	as lab2 true
	systemctl stop user@61102
	expect_match "$(ip netns list)" '^carrel-61102'
	# What the timer starts every minute, in its sandbox: it sees that the carrel is idle; and that
	# it still is.
	systemctl start carrel-gc.service
	sleep 1.1
	systemctl start carrel-gc.service
	expect_no_match "$(ip netns list)" '^carrel-61102'
	# The kernel takes the link down when it has time.
	eventually 10 link_is_gone cr-61102
}

link_is_gone() {
	! ip link show "$1" >/dev/null 2>&1
}

# The machine has a last line for whom carrel was put there by hand, which is not removed with it.
test_session_needs_no_carrel_after_it_was_removed() {
	cp -a /etc/pam.d /run/testhost/pam.d
	sed -i '/pam_carrel/d' /etc/pam.d/runuser
	trap 'rm -rf /etc/pam.d; mv /run/testhost/pam.d /etc/pam.d; systemctl enable --now carrel-gc.timer' EXIT
	conf/deactivate
	expect_failure systemctl is-active carrel-gc.timer
	expect_equal "$(netns_of_login lab1)" "$host_netns"
}

# --- who is refused

# sshd tells a user whose session was refused only once there is a channel to do it on, and until
# then keeps the connection. Nothing is to pass through it.
test_session_that_is_refused_forwards_nothing() {
	local port
	refused guest1
	expect_failure client ssh -W "${exam_site[0]}:443" guest1@server
	client ssh -N -L "7001:${exam_site[0]}:443" -L "7002:[${exam_site[1]}]:443" -D 7003 \
		-R 7004:127.0.0.1:80 guest1@server &
	session=$!
	trap end_session EXIT
	eventually 5 listens_on_client 7003
	for port in 7001 7002; do
		expect_failure client probe --wait 1 tcp 127.0.0.1 $port
	done
	expect_failure client probe --wait 1 --socks 7003 tcp "${exam_site[0]}" 443
	expect_failure probe --wait 1 tcp 127.0.0.1 7004
}

listens_on_client() {
	[ -n "$(client ss -Hltn "sport = :$1")" ]
}

# What the documentation says of ways in that open no session.
test_session_is_what_confines() {
	expect_equal "$(systemd-run --quiet --pipe --wait --property=User=lab1 sh -c "$where")" \
		"$host_netns"
	expect_equal "$(setpriv --reuid=lab1 --regid=lab --clear-groups sh -c "$where")" "$host_netns"
}

# --- services whose own sandbox PAM's session has to cope with

# service_with PROPERTY...: a system service that becomes lab1 by su, as a web console would
service_with() {
	systemd-run --quiet --pipe --wait --collect "${@/#/--property=}" su lab1 -c "$where"
}

test_session_in_a_private_mount_namespace_leaves_its_pin_on_the_host() {
	! carrel show lab1 >/dev/null || { systemctl stop user@61101; carrel remove lab1; }
	expect_equal "$(service_with PrivateTmp=yes ProtectSystem=strict ProtectHome=read-only \
		PrivateDevices=yes ProtectKernelTunables=yes ProtectControlGroups=yes)" "$(pinned lab1)"
	expect_match "$(ip netns list)" '^carrel-61101'
}

test_session_without_new_privileges_is_in_the_carrel() {
	expect_equal "$(service_with NoNewPrivileges=yes)" "$(pinned lab1)"
}

test_session_under_a_filter_of_system_calls_is_in_the_carrel_or_refused() {
	local cursor
	expect_equal "$(service_with SystemCallFilter='@system-service @mount seccomp')" "$(pinned lab1)"
	cursor=$(journalctl --quiet --lines=1 --show-cursor | sed -n 's/^-- cursor: //p')
	expect_equal "$(service_with SystemCallFilter='~setns' SystemCallErrorNumber=EPERM)" ""
	expect_match "$(journalctl --quiet --after-cursor="$cursor" --output=cat)" \
		"refused a session of 'lab1': .*not permitted"
}

test_session_without_a_capability_is_refused_and_the_log_names_it() {
	local cursor
	cursor=$(journalctl --quiet --lines=1 --show-cursor | sed -n 's/^-- cursor: //p')
	expect_equal "$(service_with CapabilityBoundingSet=~CAP_NET_ADMIN)" ""
	expect_match "$(journalctl --quiet --after-cursor="$cursor" --output=cat)" \
		"refused a session of 'lab1': .*CAP_NET_ADMIN"
}

test_session_in_a_network_of_the_service_is_in_the_carrel() {
	expect_equal "$(service_with PrivateNetwork=yes)" "$(pinned lab1)"
}

run_tests "$@"
