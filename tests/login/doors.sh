#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The other doors into a session: su, sudo, runuser, cron, at. Each leads to the same carrel.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck disable=SC2154  # variables of login.sh
: "$host_netns" "${uplink[@]}"

# in_carrel UID NETNS: NETNS is what is pinned for UID
in_carrel() {
	expect_equal "$2" "net:[$(stat -L -c %i "/run/netns/carrel-$1")]"
}

where='readlink /proc/self/ns/net'

test_su_command_is_in_the_carrel() {
	in_carrel 61001 "$(su exam1 -c "$where")"
	expect_match "$(carrel list)" '^exam1 .* exam '
}

test_su_login_shell_is_in_the_carrel() {
	in_carrel 61001 "$(su - exam1 -c "$where")"
}

test_su_shell_from_standard_input_is_in_the_carrel() {
	in_carrel 61001 "$(su exam1 <<<"$where" 2>/dev/null)"
}

test_su_obeys_the_policy() {
	expect_equal "$(su exam1 -c "$HOST/bin/probe tcp 203.0.113.10 443")" "internet sees 198.51.100.1"
	expect_failure su exam1 -c "$HOST/bin/probe --wait 1 tcp 203.0.113.80 443"
}

test_su_to_an_unconfined_user_stays_on_the_host() {
	expect_equal "$(su free1 -c "$where")" "$host_netns"
	expect_equal "$(su root -c "$where")" "$host_netns"
}

test_su_leaves_its_caller_where_it_was() {
	su exam1 -c true
	expect_equal "$(readlink /proc/self/ns/net)" "$host_netns"
}

test_su_output_is_not_disturbed() {
	expect_equal "$(su exam1 -c 'echo data' 2>&1)" data
}

test_su_of_a_denied_user_is_refused() {
	expect_failure su guest1 -c true
}

test_su_from_within_a_carrel_leads_to_the_other_ones() {
	# lab1 becomes exam1, as root inside the session would
	su lab1 -c true
	in_carrel 61001 "$(ip netns exec carrel-61101 su exam1 -c "$where")"
	expect_equal "$(ip netns list | grep -c '^carrel-61001')" 1
}

# in_a_carrel USER CMD...: as root would be in a session of USER
in_a_carrel() {
	local user=$1
	shift
	su "$user" -c true
	nsenter --net="/run/netns/carrel-$(id -u "$user")" -- "$@"
}

# with_sudo USER: who may become anybody, and so could leave any carrel
with_sudo() {
	echo "$1 ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/doors
	trap 'rm -f /etc/sudoers.d/doors /etc/carrel/carrel.conf.d/doors.conf' EXIT
}

# assigned LINE
assigned() {
	echo "assign $1" >/etc/carrel/carrel.conf.d/doors.conf
	trap 'rm -f /etc/sudoers.d/doors /etc/carrel/carrel.conf.d/doors.conf' EXIT
}

test_sudo_to_root_in_a_carrel_stays_there() {
	local site
	with_sudo exam1
	in_carrel 61001 "$(as exam1 "sudo $where")"
	in_carrel 61001 "$(as exam1 "sudo -i $where")"
	in_carrel 61001 "$(in_a_carrel exam1 su root -c "$where")"
	for site in 0 1; do
		expect_equal "$(as exam1 sudo "$HOST/bin/probe" tcp "${exam_site[site]}" 443)" \
			"internet sees ${uplink[site]}"
		expect_failure as exam1 sudo "$HOST/bin/probe" --wait 1 tcp "${other_site[site]}" 80
	done
}

test_sudo_to_root_in_a_carrel_leaves_it_where_an_assignment_says_so() {
	local site mark
	with_sudo exam1
	assigned 'host user root service sudo'
	mark=$(log_mark)
	expect_equal "$(as exam1 "sudo $where")" "$host_netns"
	logged_since "$mark" "a session of 'root' in the host's network.*doors.conf:1"
	for site in 0 1; do
		expect_equal "$(as exam1 sudo "$HOST/bin/probe" tcp "${other_site[site]}" 80)" \
			"internet sees ${uplink[site]}"
	done
	# Whoever asked stays: before, meanwhile and afterwards.
	in_carrel 61001 "$(as exam1 "sudo true; $where")"
	in_carrel 61001 "$(in_a_carrel exam1 su root -c "$where")"
}

test_sudo_to_root_in_a_carrel_works_whatever_is_broken() {
	with_sudo exam1
	assigned 'host user root'
	as exam1 true
	echo 'assing' >/etc/carrel/carrel.conf.d/doors.conf
	mv /run/carrel/valid /run/carrel/away
	trap 'mv /run/carrel/away /run/carrel/valid; rm -f /etc/sudoers.d/doors /etc/carrel/carrel.conf.d/doors.conf' EXIT
	in_carrel 61001 "$(nsenter --net=/run/netns/carrel-61001 -- sudo sh -c "$where")"
	in_carrel 61001 "$(nsenter --net=/run/netns/carrel-61001 -- su admin1 -c "$where")"
	expect_failure nsenter --net=/run/netns/carrel-61001 -- su free1 -c true
}

test_su_to_an_unconfined_user_in_a_carrel_stays_there() {
	in_carrel 61001 "$(in_a_carrel exam1 su free1 -c "$where")"
	in_carrel 61001 "$(in_a_carrel exam1 su admin1 -c "$where")"
	assigned 'unconfined user free1'
	in_carrel 61001 "$(in_a_carrel exam1 su free1 -c "$where")"
}

test_su_to_an_unconfined_user_in_a_carrel_leaves_it_where_an_assignment_says_so() {
	assigned 'host group free,sudo'
	expect_equal "$(in_a_carrel exam1 su free1 -c "$where")" "$host_netns"
	expect_equal "$(su free1 -c "$where")" "$host_netns"
	expect_failure in_a_carrel exam1 su guest1 -c true
	# The first line that holds for admin1 is another one.
	in_carrel 61001 "$(in_a_carrel exam1 su admin1 -c "$where")"
	sed -i.bak '/group sudo/d' /etc/carrel/carrel.conf
	trap 'mv /etc/carrel/carrel.conf.bak /etc/carrel/carrel.conf; rm -f /etc/carrel/carrel.conf.d/doors.conf' EXIT
	expect_equal "$(in_a_carrel exam1 su admin1 -c "$where")" "$host_netns"
}

test_sudo_command_is_in_the_carrel_of_its_target() {
	in_carrel 61101 "$(sudo -u lab1 readlink /proc/self/ns/net)"
}

test_sudo_command_of_an_administrator_is_in_the_carrel_of_its_target() {
	in_carrel 61101 "$(as admin1 sudo -u lab1 readlink /proc/self/ns/net)"
}

test_sudo_to_root_stays_on_the_host() {
	expect_equal "$(as admin1 sudo readlink /proc/self/ns/net)" "$host_netns"
}

test_sudo_of_a_denied_user_runs_nothing() {
	local output
	output=$(sudo -u guest1 echo ran 2>&1) && return 1
	expect_no_match "$output" ran
}

test_sudo_runs_nothing_when_the_helper_is_missing() {
	local output
	mv /usr/libexec/carrel/carrel-helper /usr/libexec/carrel/away
	trap 'mv /usr/libexec/carrel/away /usr/libexec/carrel/carrel-helper' EXIT
	output=$(sudo -u lab1 echo ran 2>&1) && return 1
	expect_no_match "$output" '^ran'
}

test_runuser_is_in_the_carrel() {
	in_carrel 61001 "$(runuser -l exam1 -c "$where")"
	in_carrel 61001 "$(runuser exam1 -c "$where")"
}

test_cron_job_is_in_the_carrel() {
	local found=/home/lab1/cron-was-here
	# PATH is not in a crontab's environment; @reboot jobs run when the daemon starts
	printf '@reboot %s >%s; %s tcp 203.0.113.80 80 >>%s; %s tcp 203.0.113.80 25 >>%s; echo end >>%s\n' \
		"$where" $found "$HOST/bin/probe" $found "$HOST/bin/probe" $found $found |
		crontab -u lab1 -
	cron
	trap 'kill "$(cat /run/crond.pid)"' EXIT
	eventually 20 grep -qs end $found
	in_carrel 61101 "$(head -n 1 $found)"
	expect_equal "$(sed -n 2p $found)" "internet sees 198.51.100.1"
	expect_equal "$(sed -n 3p $found)" refused
	expect_equal "$(readlink "/proc/$(cat /run/crond.pid)/ns/net")" "$host_netns"
}

test_at_job_is_in_the_carrel() {
	local found=/home/lab1/at-was-here
	install -d -m 1770 -o daemon -g daemon /var/spool/cron/atjobs /var/spool/cron/atspool
	# At starts the job where it was asked for, and lab1 may not enter every tree.
	su lab1 -c "cd && echo '$where >$found; echo end >>$found' | at now" 2>/dev/null
	atd
	trap 'kill "$(cat /run/atd.pid)"' EXIT
	eventually 20 grep -qs end $found
	in_carrel 61101 "$(head -n 1 $found)"
}

# The way that Debian's own tool puts the module into PAM, instead of a line a service.
test_pam_auth_update_enables_the_module() {
	local service
	cp -a /etc/pam.d /tmp/pam.d
	trap 'rm -rf /etc/pam.d; mv /tmp/pam.d /etc/pam.d' EXIT
	sed -i '/pam_carrel/d' /etc/pam.d/*
	expect_equal "$(su exam1 -c "$where")" "$host_netns"
	DEBIAN_FRONTEND=noninteractive pam-auth-update --enable carrel
	for service in common-session common-session-noninteractive; do
		expect_match "$(cat /etc/pam.d/$service)" '^session.*pam_carrel\.so'
	done
	in_carrel 61001 "$(su exam1 -c "$where")"
	in_carrel 61001 "$(netns_of_login exam1)"
	in_carrel 61001 "$(sudo -u exam1 readlink /proc/self/ns/net)"
	expect_equal "$(netns_of_login root)" "$host_netns"
	DEBIAN_FRONTEND=noninteractive pam-auth-update --disable carrel
	expect_equal "$(netns_of_login exam1)" "$host_netns"
}

run_tests "$@"
