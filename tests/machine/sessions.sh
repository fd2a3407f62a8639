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

# What systemd makes at every boot, of the files that "make install" put there.
test_session_finds_what_systemd_made_at_boot() {
	chown root: /run/carrel
	chmod 0700 /run/netns
	systemd-tmpfiles --create
	expect_equal "$(stat -c '%U:%G %a' /run/carrel)" "carrel:carrel 755"
	expect_equal "$(stat -c '%U:%G %a' /run/netns)" "root:carrel 1775"
	expect_match "$(getent passwd carrel)" ':/run/carrel:/usr/sbin/nologin$'
	expect_match "$(systemd-analyze cat-config sysusers.d)" '^u carrel '
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
			# What is still there of the user: the manager ends some seconds after the last session.
			expect_equal "$(netns-of "$user" | grep -vxF -e "$(pinned "$user")" || :)" ""
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

# Of another user inside one's own session: each is in their own carrel, there and back.
test_session_from_user_to_user_and_back_is_in_each_ones_carrel() {
	echo 'lab1,lab2 ALL=(ALL) NOPASSWD: /usr/bin/su' >/etc/sudoers.d/sessions
	trap 'rm /etc/sudoers.d/sessions' EXIT
	expect_equal "$(as lab1 "$where; sudo su lab2 -c '$where; sudo su lab1 -c \"$where\"; $where'; $where")" \
		"$(pinned lab1)
$(pinned lab2)
$(pinned lab1)
$(pinned lab2)
$(pinned lab1)"
}

# An application that opens sessions without starting anything in them.
test_session_of_pamtester_is_opened_and_closed() {
	local output
	pamtester su lab1 open_session close_session
	expect_equal "$(carrel show lab1 --json | jq -c '[.sessions[].service | select(. == "su")]')" '[]'
	output=$(pamtester su guest1 open_session 2>&1) && return 1
	expect_match "$output" '[Pp]ermission denied'
}

# --- other modules of the same stack

# with_pam_files: what is done to PAM's files ends with the test
with_pam_files() {
	cp -a /etc/pam.d /etc/security /run/testhost
	session=
	trap '[ -z "$session" ] || end_session
	      rm -rf /etc/pam.d /etc/security /tmp-inst; mv /run/testhost/pam.d /run/testhost/security /etc
	      umount --quiet /srv || :' EXIT
}

# Limits, a /tmp of one's own in a private mount namespace, a volume that is mounted at login.
write_other_modules() {
	local modules=$1
	echo 'lab1 hard nofile 777' >/etc/security/limits.d/sessions.conf
	echo '/tmp /tmp-inst/ user root' >/etc/security/namespace.conf
	install -d -m 0000 /tmp-inst
	printf '#!/bin/sh\n[ "$PAM_TYPE" != open_session ] || mount -t tmpfs volume /srv\n' >/etc/security/volume
	chmod 0755 /etc/security/volume
	printf 'session required %s\n' pam_limits.so pam_namespace.so "pam_exec.so /etc/security/volume" >"$modules"
}

# is_whole USER: a new session is what all of them make it, is known to logind, and obeys the policy
is_whole() {
	local id number
	keep_open "$1"
	process=$(pgrep -u "$1" -x cat)
	expect_equal "$(readlink "/proc/$process/ns/net")" "$(pinned "$1")"
	expect_match "$(cat "/proc/$process/limits")" '^Max open files +777 +777 '
	expect_match "$(cat "/proc/$process/mountinfo")" ' /tmp-inst/lab1 /tmp '
	expect_match "$(cat "/proc/$process/mountinfo")" ' /srv .* tmpfs volume '
	id=$(loginctl --no-legend list-sessions | awk -v user="$1" '$3 == user { print $1 }')
	expect_match "$(cat "/proc/$process/cgroup")" "/user-$(id -u "$1").slice/session-$id.scope"
	expect_match "$(ip netns list)" "^carrel-$(id -u "$1")"
	for number in 0 1; do
		expect_equal "$(reaches "$1" tcp "${other_site[number]}" 80)" "internet sees ${uplink[number]}"
		cannot_reach "$1" tcp "${other_site[number]}" 25
	done
}

test_session_with_other_modules_in_front_is_whole() {
	with_pam_files
	write_other_modules /etc/security/modules
	sed -i '/^@include common-session/d' /etc/pam.d/sshd
	{ cat /etc/security/modules; echo '@include common-session'; } >>/etc/pam.d/sshd
	is_whole lab1
}

test_session_with_other_modules_behind_is_whole() {
	with_pam_files
	write_other_modules /etc/security/modules
	cat /etc/security/modules >>/etc/pam.d/sshd
	is_whole lab1
}

test_session_with_pam_systemd_behind_is_whole() {
	with_pam_files
	write_other_modules /etc/security/modules
	sed -i '/pam_systemd/d' /etc/pam.d/common-session
	{ cat /etc/security/modules; echo 'session required pam_systemd.so'; } >>/etc/pam.d/common-session
	expect_match "$(tail -n 1 /etc/pam.d/common-session)" pam_systemd
	is_whole lab1
}

# --- what is left of them

# What the timer starts every minute, in its sandbox: it sees that a carrel is idle; and, a second
# later, that it still is.
is_collected() {
	systemctl start carrel-gc.service
	sleep 1.1
	! ip netns list | grep "^$1 "
}

test_session_that_was_the_last_is_followed_by_the_timer() {
	expect_equal "$(systemctl is-active carrel-gc.timer)" active
	echo 'linger 1s' >/etc/carrel/carrel.conf.d/linger.conf
	trap 'rm /etc/carrel/carrel.conf.d/linger.conf' EXIT
	as lab2 true
	systemctl stop user@61102
	expect_match "$(ip netns list)" '^carrel-61102'
	eventually 20 is_collected carrel-61102
	# The kernel takes the link down when it has time.
	eventually 10 link_is_gone cr-61102
}

# The service that is there for those who want it: in its sandbox, and after it was started again.
test_session_that_runs_into_a_rule_that_logs_is_in_the_journal() {
	expect_equal "$(systemctl is-enabled carrel-log.service)" disabled
	echo 'reject out tcp port 25,80 log' >/etc/carrel/policies/lab.policy
	trap 'systemctl stop carrel-log.service; rm /etc/carrel/policies/lab.policy' EXIT
	systemctl start carrel-log.service
	cannot_reach lab1 tcp "${exam_site[0]}" 25
	eventually 20 journal_has 203.0.113.10 25
	systemctl stop carrel-log.service
	cannot_reach lab1 tcp "${exam_site[1]}" 80
	systemctl start carrel-log.service
	eventually 20 journal_has 2001:db8:80::10 80
	expect_equal "$(journal_of CARREL_PORT=25 | wc -l)" 1
	expect_match "$(journal_of CARREL_PORT=25)" '^user lab1 \(policy lab\) tcp 203.0.113.10:25 rejected, lab.policy:1$'
	expect_equal "$(systemctl is-active carrel-log.service)" active
}

# Likewise with pins in a mount namespace: both services find them from their sandboxes.
test_session_with_a_private_pin_is_logged_and_removed() {
	printf 'linger 1s\npins private\n' >/etc/carrel/carrel.conf.d/pins.conf
	echo 'reject out tcp port 25 log' >/etc/carrel/policies/lab.policy
	trap 'systemctl stop carrel-log.service; systemctl restart "user@$(id -u linger1)"
		rm -f /etc/carrel/policies/lab.policy /etc/carrel/carrel.conf.d/pins.conf' EXIT
	remove_all_carrels
	systemctl start carrel-log.service
	cannot_reach lab1 tcp "${exam_site[0]}" 25
	expect_no_match "$(ip netns list)" carrel-
	eventually 20 journal_has 203.0.113.10 25
	expect_equal "$(systemctl is-active carrel-log.service)" active
	systemctl stop user@61101
	eventually 30 collected_by_the_service
	# Before the next one the pins are where the configuration says then.
	rm /etc/carrel/carrel.conf.d/pins.conf
	as lab1 true
	expect_match "$(ip netns list)" '^carrel-61101'
}

remove_all_carrels() {
	local user
	for user in $(carrel list --json | jq -r '.[].user'); do
		carrel remove "$user"
	done
	systemctl start carrel-gc.service
}

collected_by_the_service() {
	systemctl start carrel-gc.service
	[ ! -e /run/carrel-pins/mounts ]
}

journal_of() {
	journalctl --quiet --identifier=carrel --output=cat CARREL_USER=lab1 "$@"
}

# journal_has REMOTE PORT
journal_has() {
	[ -n "$(journal_of "CARREL_REMOTE=$1" "CARREL_PORT=$2")" ]
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

# sshd makes the device as the user, who may not; nor may the user take one that somebody left for them
# on the host.
test_session_gets_no_tunnel_out_of_its_carrel() {
	local option
	echo 'PermitTunnel yes' >/etc/ssh/sshd_config.d/03-sessions.conf
	trap 'rm /etc/ssh/sshd_config.d/03-sessions.conf; systemctl reload ssh
	      [ ! -c /dev/net/tun ] || { ip link del tun9; ip link del tap9; }' EXIT
	systemctl reload ssh
	if [ -c /dev/net/tun ]; then
		ip tuntap add dev tun9 mode tun user lab1
		ip tuntap add dev tap9 mode tap user lab1
	fi
	for option in point-to-point ethernet; do
		# Where there is a tunnel, ssh stays.
		exits 255 client timeout 20 ssh -o ExitOnForwardFailure=yes -o "Tunnel=$option" -w 9:9 \
			lab1@server true
	done
	[ ! -c /dev/net/tun ] || expect_equal "$(ip -brief link show up type tun)" ""
}

# Sockets that have a path are not of the network: who may open them may forward to them.
test_session_forwards_to_sockets_that_the_user_may_open() {
	keep_open lab1
	trap end_session EXIT
	as lab1 "systemd-run --user --quiet --collect --unit=echo --property=StandardOutput=null \
		perl -MIO::Socket::UNIX -e 'my \$s = IO::Socket::UNIX->new(Local => \"socket\", Listen => 1);
			while (my \$c = \$s->accept) { print \$c readlink(\"/proc/self/ns/net\"), qq(\\n) }'"
	eventually 5 test -S /home/lab1/socket
	rm -f /run/testhost/forwarded
	client ssh -N -L "/run/testhost/forwarded:/home/lab1/socket" lab1@server &
	forwarding=$!
	trap 'kill $forwarding; end_session; rm -f /home/lab1/socket' EXIT
	eventually 5 test -S /run/testhost/forwarded
	expect_equal "$(perl -MIO::Socket::UNIX -e 'print IO::Socket::UNIX->new(Peer => shift)->getline' \
		/run/testhost/forwarded)" "$(pinned lab1)"
}

# What the documentation says of ways in that open no session.
test_session_is_what_confines() {
	key=/run/testhost/dropbear
	expect_equal "$(systemd-run --quiet --pipe --wait --property=User=lab1 sh -c "$where")" \
		"$host_netns"
	expect_equal "$(setpriv --reuid=lab1 --regid=lab --clear-groups sh -c "$where")" "$host_netns"
	# Debian's dropbear knows nothing of PAM.
	dropbearkey -t ed25519 -f $key
	dropbear -r $key -p 2022 -P $key.pid
	trap 'kill "$(cat $key.pid)"' EXIT
	expect_equal "$(client ssh -p 2022 lab1@server "$where")" "$host_netns"
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
