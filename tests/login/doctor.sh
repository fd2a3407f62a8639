#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carrel doctor: finds nothing on a machine in order; and for each of its checks, what is wrong,
# with a command that mends it, after which it is not found any more.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/doctor.sh"

module=$(dirname "$(find /usr/lib /lib -name pam_unix.so | head -n 1)")/pam_carrel.so

let_lab_ask_the_host

# Every service that opens sessions on this machine: the test host itself has only those that its
# other tests come through.
for service in other sudo-i systemd-user; do
	[ -e /etc/pam.d/$service ] || cp /usr/lib/pam.d/$service /etc/pam.d/
	echo 'session required pam_carrel.so exempt=sudo' >>/etc/pam.d/$service
done

test_doctor_finds_nothing_where_nothing_is_wrong() {
	exits 0 carrel doctor
	expect_match "$output" '^[0-9]+ checks: nothing is wrong'
	expect_equal "$(carrel doctor --json | jq .well)" true
}

test_doctor_manual_tells_of_every_check() {
	local check
	for check in $(carrel doctor --json | jq -r '.checks[]'); do
		grep -q "^\\.It Cm $check\$" man/carrel-doctor.8
	done
}

test_doctor_says_what_it_cannot_look_at_without_root() {
	exits 0 unprivileged carrel doctor
	expect_match "$output" '^unchecked: sshd: '
	expect_match "$output" 'could not be looked at'
}

test_doctor_account_missing_is_found() {
	trap 'mv /etc/passwd.kept /etc/passwd' EXIT
	cp -p /etc/passwd /etc/passwd.kept
	sed -i '/^carrel:/d' /etc/passwd
	finds account wrong "there is no user 'carrel'"
	cp -p /etc/passwd.kept /etc/passwd
	is_well account
}

test_doctor_modes_wrong_ones_are_found_and_mended() {
	chmod g+w /usr/libexec/carrel/carrel-helper
	finds modes wrong '/usr/libexec/carrel/carrel-helper has mode 0775'
	mended_by_its_fix modes
	chown 61001 /etc/carrel
	finds modes wrong '/etc/carrel belongs to uid 61001'
	mended_by_its_fix modes
	chmod 0777 /run/netns
	finds modes wrong '/run/netns has mode 0777'
	mended_by_its_fix modes
	chmod g+w /run/carrel
	finds modes wrong '/run/carrel has mode 0775'
	mended_by_its_fix modes
	chmod o+w "$module"
	finds modes wrong 'pam_carrel.so has mode 0646'
	mended_by_its_fix modes
}

test_doctor_modes_missing_helper_is_found() {
	trap 'mv /usr/libexec/carrel/kept /usr/libexec/carrel/carrel-helper' EXIT
	mv /usr/libexec/carrel/carrel-helper /usr/libexec/carrel/kept
	finds modes wrong 'there is no /usr/libexec/carrel/carrel-helper'
}

test_doctor_versions_that_differ_are_found() {
	local version
	version=$(carrel --version | cut -d ' ' -f 2)
	cp -p "$module" "$module.kept"
	trap 'mv "$module.kept" "$module"' EXIT
	LC_ALL=C sed "s/carrel-version $version/carrel-version 9.9.9/" "$module.kept" >"$module"
	finds versions wrong "the module, .*, has version 9.9.9; this command has $version"
	cp -p "$module.kept" "$module"
	is_well versions
}

test_doctor_config_edit_that_breaks_it_is_found() {
	trap 'mv /etc/carrel/kept /etc/carrel/carrel.conf' EXIT
	as exam1 true
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	echo 'asign lab group lab' >>/etc/carrel/carrel.conf
	finds config wrong "/etc/carrel/carrel.conf:[0-9]+:1: .*asign"
	finds config wrong 'an earlier version of the configuration is in force, since 20.*carrel.conf:'
	cp -p /etc/carrel/kept /etc/carrel/carrel.conf
	is_well config
}

test_doctor_config_policy_that_breaks_is_found() {
	trap 'mv /etc/carrel/policies/kept /etc/carrel/policies/exam.policy' EXIT
	as exam1 true
	cp -p /etc/carrel/policies/exam.policy /etc/carrel/policies/kept
	echo 'alow out tcp' >>/etc/carrel/policies/exam.policy
	finds config wrong "an earlier version of the policy 'exam' is in force, since .*exam.policy:6:1"
	rm -r /run/carrel/valid
	finds config wrong "no version of the policy 'exam' can be used"
	cp -p /etc/carrel/policies/kept /etc/carrel/policies/exam.policy
	is_well config
}

test_doctor_config_policy_of_nobody_is_told() {
	cp -p /etc/carrel/policies/exam.policy /etc/carrel/policies/spare.policy
	trap 'rm -f /etc/carrel/policies/spare.policy' EXIT
	finds config notice '/etc/carrel/policies/spare.policy: no assignment gives this policy to anyone'
	rm /etc/carrel/policies/spare.policy
	expect_equal "$(findings config)" ""
}

test_doctor_pam_service_without_the_module_is_found_and_mended() {
	cp -p /etc/pam.d/cron /etc/kept
	trap 'mv /etc/kept /etc/pam.d/cron' EXIT
	sed -i '/pam_carrel/d' /etc/pam.d/cron
	finds pam wrong 'sessions are opened without pam_carrel.so by: cron$'
	mended_by_its_fix pam
	# Whom no assignment confines there, needs no module there.
	sed -i '/pam_carrel/d' /etc/pam.d/cron
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	trap 'mv /etc/kept /etc/pam.d/cron; mv /etc/carrel/kept /etc/carrel/carrel.conf' EXIT
	sed -i '1i assign unconfined service cron' /etc/carrel/carrel.conf
	is_well pam
}

test_doctor_pam_service_of_a_package_is_found_and_mended() {
	mv /etc/pam.d/systemd-user /etc/kept
	trap 'mv /etc/kept /etc/pam.d/systemd-user' EXIT
	finds pam wrong 'sessions are opened without pam_carrel.so by: systemd-user$'
	mended_by_its_fix pam
}

test_doctor_pam_module_that_binds_nobody_is_found() {
	cp -p /etc/pam.d/su /etc/kept
	trap 'mv /etc/kept /etc/pam.d/su' EXIT
	sed -i 's/required pam_carrel/optional pam_carrel/' /etc/pam.d/su
	finds pam wrong "/etc/pam.d/su:[0-9]+: the line of pam_carrel.so is not binding"
	cp -p /etc/kept /etc/pam.d/su
	is_well pam
}

test_doctor_pam_module_that_is_not_reached_is_found() {
	cp -p /etc/pam.d/su /etc/kept
	trap 'mv /etc/kept /etc/pam.d/su' EXIT
	sed -i '1i session sufficient pam_permit.so' /etc/pam.d/su
	finds pam wrong 'the line of pam_carrel.so is not reached after the line /etc/pam.d/su:1'
	# It is so: who comes that way is not confined.
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" "$host_netns"
	cp -p /etc/kept /etc/pam.d/su
	is_well pam
	expect_differ "$(su exam1 -c 'readlink /proc/self/ns/net')" "$host_netns"
}

test_doctor_pam_module_before_pam_systemd_is_found() {
	cp -p /etc/pam.d/su /etc/kept
	trap 'mv /etc/kept /etc/pam.d/su' EXIT
	echo 'session optional pam_systemd.so' >>/etc/pam.d/su
	finds pam notice 'stands before pam_systemd, at /etc/pam.d/su:[0-9]+'
	cp -p /etc/kept /etc/pam.d/su
	expect_equal "$(findings pam)" ""
}

test_doctor_pam_module_among_passwords_is_found() {
	cp -p /etc/pam.d/su /etc/kept
	trap 'mv /etc/kept /etc/pam.d/su' EXIT
	echo 'auth required pam_carrel.so' >>/etc/pam.d/su
	finds pam wrong "/etc/pam.d/su:[0-9]+: pam_carrel.so is not in a session line"
	cp -p /etc/kept /etc/pam.d/su
	is_well pam
}

test_doctor_pam_module_without_its_file_is_found() {
	mv "$module" "$module.kept"
	trap 'mv "$module.kept" "$module"' EXIT
	finds pam wrong "names pam_carrel.so, and there is no $module"
}

test_doctor_exempt_names_whom_it_lets_through() {
	cp -p /etc/group /etc/kept
	trap 'mv /etc/kept /etc/group' EXIT
	sed -i 's/^\(sudo:.*\)$/\1exam1/' /etc/group
	sed -i '1d' /etc/carrel/carrel.conf
	trap 'mv /etc/kept /etc/group; sed -i "1i assign unconfined group sudo" /etc/carrel/carrel.conf' EXIT
	finds exempt notice 'exempt= lets exam1 through'
	sed -i 's/exam1$//' /etc/group
	expect_equal "$(findings exempt)" ""
}

test_doctor_sshd_without_pam_is_found() {
	echo 'UsePAM no' >/etc/ssh/sshd_config.d/00-first.conf
	trap 'rm -f /etc/ssh/sshd_config.d/00-first.conf; end_other_sshd' EXIT
	finds sshd wrong 'sshd: UsePAM no'
	rm /etc/ssh/sshd_config.d/00-first.conf
	is_well sshd
	# Another one, with a configuration of its own.
	sed 's/^UsePAM.*/UsePAM no/' /etc/ssh/sshd_config >/run/other_config
	/usr/sbin/sshd -p 2222 -f /run/other_config -o PidFile=/run/other.pid
	eventually 5 test -s /run/other.pid
	finds sshd wrong 'sshd with -f /run/other_config -o PidFile=/run/other.pid: UsePAM no'
	end_other_sshd
	eventually 5 is_well sshd
}

end_other_sshd() {
	[ ! -s /run/other.pid ] || kill "$(cat /run/other.pid)"
	rm -f /run/other.pid
}

test_doctor_coverage_finds_nobody_outside() {
	keep_open exam1
	exits 0 carrel doctor --coverage
	expect_equal "$output" 'Every process of a confined user is in its carrel.'
	expect_equal "$(carrel doctor --coverage --json)" '[]'
	end_session
}

test_doctor_coverage_needs_root() {
	exits 1 unprivileged carrel doctor --coverage
	expect_match "$output" 'needs root'
}

test_doctor_coverage_finds_a_session_without_the_module() {
	cp -p /etc/pam.d/sshd /etc/kept
	trap 'mv /etc/kept /etc/pam.d/sshd; end_session' EXIT
	sed -i '/pam_carrel/d' /etc/pam.d/sshd
	keep_open exam1
	exits 5 carrel doctor --coverage
	expect_match "$output" '^PID +USER +NETWORK +ORIGIN +COMMAND$'
	expect_match "$output" '^[0-9]+ +exam1 +host +session of sshd.* cat$'
	expect_equal "$(coverage '.origin + " " + .service + " " + .network' | sort -u)" \
		'login sshd host'
	finds processes wrong 'process [0-9]+ of exam1 is outside its carrel \(host\), from: session of sshd'
	end_session
	eventually 5 is_well processes
	# A service that no assignment confines anybody in.
	keep_open exam1
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	trap 'mv /etc/kept /etc/pam.d/sshd; mv /etc/carrel/kept /etc/carrel/carrel.conf; end_session' EXIT
	sed -i '1i assign unconfined service sshd' /etc/carrel/carrel.conf
	is_well processes
}

test_doctor_coverage_finds_a_process_that_root_started_and_ends_it() {
	local stray
	setpriv --reuid=61001 --regid=61001 --clear-groups sleep 1000 &
	stray=$!
	eventually 5 uncovered 1
	expect_equal "$(coverage '.pid')" $stray
	expect_equal "$(coverage '.command')" 'sleep 1000'
	finds processes wrong "process $stray of exam1 is outside its carrel \(host\), from: .*: sleep 1000"
	mended_by_its_fix processes
}

# Nobody hides behind a program that they called as one that confines nobody.
test_doctor_coverage_believes_no_name_that_the_user_gave() {
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	sed -i '1i assign unconfined service cron' /etc/carrel/carrel.conf
	install -D -m 0755 /bin/bash /run/named/cron
	setpriv --reuid=61001 --regid=61001 --clear-groups /run/named/cron -c 'sleep 1000; :' &
	stray=$!
	# shellcheck disable=SC2046  # two processes
	trap 'mv /etc/carrel/kept /etc/carrel/carrel.conf; kill $(pgrep -P "$stray") "$stray"' EXIT
	eventually 5 uncovered 2
	expect_equal "$(coverage '.origin' | sort -u)" unknown
}

test_doctor_coverage_finds_a_process_in_the_carrel_of_another() {
	local stray
	as exam1 true
	as lab1 true
	ip netns exec carrel-61101 setpriv --reuid=61001 --regid=61001 --clear-groups sleep 1000 &
	stray=$!
	eventually 5 uncovered 1
	expect_equal "$(coverage '.network')" carrel-61101
	exits 5 carrel doctor --coverage
	kill $stray
}

test_doctor_coverage_tells_of_networks_that_root_made() {
	local stray
	unshare --net setpriv --reuid=61001 --regid=61001 --clear-groups sleep 1000 &
	stray=$!
	eventually 5 uncovered 1
	expect_equal "$(coverage '.network')" elsewhere
	exits 0 carrel doctor --coverage
	expect_match "$(findings processes)" '^notice: process'
	kill $stray
}

test_doctor_coverage_leaves_networks_of_the_users_own_alone() {
	client ssh exam1@server 'unshare --user --net sh -c "echo made; exec sleep 1000"' >/run/made &
	eventually 5 grep -q made /run/made
	exits 0 carrel doctor --coverage
	kill $!
}

test_doctor_daemons_without_pam_are_found() {
	local daemon
	install -m 0755 /bin/sleep /run/testhost/cron
	/run/testhost/cron 1000 &
	daemon=$!
	eventually 5 grep -q '^cron$' /proc/$daemon/comm
	finds daemons wrong "cron \(process $daemon\) works without PAM"
	kill $daemon
	wait $daemon || :
	cron -f &
	daemon=$!
	eventually 5 grep -q '^cron$' /proc/$daemon/comm
	eventually 5 is_well daemons
	kill $daemon
}

# listen SOCKET: a socket file, as a daemon leaves it
listen() {
	rm -f "$1"
	python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"
}

test_doctor_groups_that_lead_around_are_found() {
	cp -p /etc/group /etc/kept
	trap 'mv /etc/kept /etc/group; rm -f /run/docker.sock' EXIT
	echo 'docker:x:998:free1' >>/etc/group
	is_well groups
	sed -i 's/^docker:.*/docker:x:998:free1,exam1/' /etc/group
	finds groups wrong 'by the group docker, exam1 can start containers'
	sed -i '/^docker:/d' /etc/group
	is_well groups
	listen /run/docker.sock
	chmod 0660 /run/docker.sock
	chgrp exam /run/docker.sock
	finds groups wrong 'by the group docker,exam, exam1, exam2 and [a-z0-9]+ can start containers'
	chgrp root /run/docker.sock
	is_well groups
	chmod 0666 /run/docker.sock
	finds groups wrong 'by /run/docker.sock, exam1, exam2 and [0-9]+ more can start'
	mended_by_its_fix groups
}

test_doctor_pools_that_overlap_are_found() {
	ip route add 10.213.99.0/24 via 198.51.100.2
	trap 'ip route del 10.213.99.0/24; ip -6 route del fd42:ca44:e1::/48' EXIT
	ip -6 route add fd42:ca44:e1::/48 dev wan0
	finds pools wrong 'the addresses of carrels, 10.213.0.0/16, overlap the network 10.213.99.0/24 on wan0'
	finds pools wrong 'the addresses of carrels, fd42:ca44:e1::/64, overlap the network fd42:ca44:e1::/48 on wan0'
	expect_match "$(fix_of pools)" 'pool4 10.214.0.0/16'
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	trap 'ip route del 10.213.99.0/24; ip -6 route del fd42:ca44:e1::/48
	      mv /etc/carrel/kept /etc/carrel/carrel.conf' EXIT
	# The edit that it proposes.
	fix_of pools | grep -o 'pool[46] [^ ]*' >>/etc/carrel/carrel.conf
	expect_equal "$(grep -c ^pool /etc/carrel/carrel.conf)" 2
	is_well pools
	ip route add 10.0.0.0/8 via 198.51.100.2
	finds pools notice 'overlap the network 10.0.0.0/8 on wan0'
	ip route del 10.0.0.0/8
}

# from_carrel HOST: what gets out of the carrel of lab1, without a login, which might mend things
from_carrel() {
	ip netns exec carrel-61101 probe --wait 1 tcp "$1" 80
}

test_doctor_forwarding_that_was_reset_is_found_and_mended() {
	keep_open lab1
	is_well forwarding
	sysctl -w net/ipv4/conf/wan0/forwarding=0
	expect_failure from_carrel "${other_site[0]}"
	finds forwarding wrong 'IPv4 that comes in by wan0 is not forwarded'
	mended_by_its_fix forwarding
	expect_equal "$(from_carrel "${other_site[0]}")" "internet sees ${uplink[0]}"
	sysctl -w net/ipv4/conf/cr-61101/forwarding=0
	expect_failure from_carrel "${other_site[0]}"
	finds forwarding wrong 'IPv4 from the carrel of lab1 is not forwarded'
	mended_by_its_fix forwarding
	expect_equal "$(from_carrel "${other_site[0]}")" "internet sees ${uplink[0]}"
	sysctl -w net/ipv6/conf/all/forwarding=0
	expect_failure from_carrel "${other_site[1]}"
	finds forwarding wrong 'IPv6 is not forwarded: net/ipv6/conf/all/forwarding should be 1'
	mended_by_its_fix forwarding
	expect_equal "$(from_carrel "${other_site[1]}")" "internet sees ${uplink[1]}"
	forbidden_stays
	end_session
}

# As when a container engine is there for a while: its switch is the master of all others.
test_doctor_forwarding_switched_on_and_off_by_others_is_mended_by_a_login() {
	keep_open lab1
	sysctl -w net/ipv4/ip_forward=1
	as exam1 true
	sysctl -w net/ipv4/ip_forward=0
	expect_failure from_carrel "${other_site[0]}"
	finds forwarding wrong 'IPv4 from the carrel of lab1 is not forwarded'
	as exam1 true
	expect_equal "$(from_carrel "${other_site[0]}")" "internet sees ${uplink[0]}"
	is_well forwarding
	end_session
}

test_doctor_forwarding_that_silences_routers_is_found_and_mended() {
	as lab1 true
	sysctl -w net/ipv6/conf/wan0/accept_ra=1
	ip -6 route add 2001:db8:ffff::/48 via fe80::1 dev wan0 proto ra
	trap 'ip -6 route del 2001:db8:ffff::/48; sysctl -w net/ipv6/conf/wan0/accept_ra=2' EXIT
	finds forwarding wrong 'router advertisements are not heard on wan0: net/ipv6/conf/wan0/accept_ra should be 2'
	mended_by_its_fix forwarding
}

test_doctor_resolvers_that_nobody_can_ask_are_found() {
	cp -p /etc/resolv.conf /etc/kept
	trap 'cat /etc/kept >/etc/resolv.conf; rm -f /etc/kept' EXIT
	echo 'nameserver 127.0.0.1' >/etc/resolv.conf
	finds resolvers wrong "the policy 'exam': "
	echo 'nameserver 203.0.113.53' >/etc/resolv.conf
	is_well resolvers
}

# The host answers for names, and the policy says 'resolver' for that.
test_doctor_firewall_before_the_hosts_resolver_is_found() {
	cp -p /etc/resolv.conf /etc/kept
	rm /etc/carrel/policies/lab.policy
	trap 'cat /etc/kept >/etc/resolv.conf; rm -f /etc/kept; let_lab_ask_the_host; nft delete table inet other' EXIT
	printf 'nameserver %s\n' "${server[@]}" >/etc/resolv.conf
	without_carrel lab1
	asks_host 0
	asks_host 1
	nft -f - <<-'END'
		table inet other {
			chain filter_input {
				type filter hook input priority 10; policy accept;
				iifname "cr-*" meta nfproto ipv6 udp dport 53 drop
			}
		}
	END
	finds firewall wrong 'IPv6 from carrels to the host itself \(allow out tcp,udp to resolver port 53.*\) is dropped by nft'
	expect_equal "$(found_by firewall | wc -l)" 1
	mended_by_its_fix firewall
	asks_host 1
}

test_doctor_host_table_that_is_gone_is_found_and_mended() {
	keep_open lab1
	nft flush ruleset
	finds host wrong 'on the host: table inet carrel: missing'
	nft flush ruleset
	mended_by_its_fix host
	end_session
}

test_doctor_carrels_that_were_changed_are_found_and_mended() {
	keep_open lab1
	is_well carrels
	ip -n carrel-61101 route flush dev uplink0
	expect_failure from_carrel "${other_site[0]}"
	finds carrels wrong 'the carrel of lab1: carrel: route: missing: route 0.0.0.0/0'
	mended_by_its_fix carrels
	expect_equal "$(from_carrel "${other_site[0]}")" "internet sees ${uplink[0]}"
	end_session
}

test_doctor_edit_that_nobody_applied_is_told_once() {
	keep_open exam1
	cp -p /etc/carrel/policies/exam.policy /run/testhost/
	trap 'cp -p /run/testhost/exam.policy /etc/carrel/policies/' EXIT
	sed -i 's/203\.0\.113\.10/203.0.113.80/' /etc/carrel/policies/exam.policy
	finds carrels notice 'the carrel of exam1: carrel: rules: of an earlier text of the policy'
	expect_equal "$(found_by carrels | wc -l)" 1
	expect_equal "$(fix_of carrels)" 'carrel apply exam1'
	mended_by_its_fix carrels
	expect_equal "$(found_by carrels)" ''
	end_session
}

test_doctor_helper_that_fails_is_found() {
	helper=/usr/libexec/carrel/carrel-helper
	cp -p $helper /usr/libexec/carrel/kept
	trap 'mv /usr/libexec/carrel/kept $helper' EXIT
	install -m 0755 /bin/false $helper
	finds helper wrong "no network can be made with the policy 'exam': "
	# Where the kernel's modules are known, those that are not there are named.
	mkdir -p "/lib/modules/$(uname -r)"
	printf 'kernel/%s.ko:\n' net/veth net/nf_tables net/nft_ct >"/lib/modules/$(uname -r)/modules.dep"
	finds helper wrong 'no network can be made'
	expect_match "$(fix_of helper)" 'install a kernel that has the modules .*nft_masq'
	expect_no_match "$(fix_of helper)" 'veth|nf_tables|nft_ct'
	rm "/lib/modules/$(uname -r)/modules.dep"
	cp -p /usr/libexec/carrel/kept $helper
	is_well helper
}

test_doctor_firewall_finds_nothing_in_the_way() {
	passes 0
	passes 1
	expect_equal "$(findings firewall)" ""
	# and what it looked with is gone
	expect_equal "$(nft list tables)" 'table inet carrel'
	expect_equal "$(ip -oneline link show | grep -c 'cr-429490')" 0
	# so that the next login finds the host as the last one left it
	local mark
	mark=$(nft list table inet carrel; cat /run/carrel/host)
	passes 0
	expect_equal "$(nft list table inet carrel; cat /run/carrel/host)" "$mark"
	forbidden_stays
}

test_doctor_firewall_rule_of_nft_is_found_and_mended() {
	nft -f - <<-'END'
		table inet other {
			chain filter_forward {
				type filter hook forward priority 10; policy accept;
				meta nfproto ipv6 jump strangers
			}
			chain strangers {
				ct state new counter drop comment "no strangers"
			}
		}
	END
	trap 'nft delete table inet other' EXIT
	in_the_way 'IPv6 from carrels to the internet is dropped by nft, in the chain strangers of table inet other: the rule .ct state new counter .*no strangers' 1
}

# What policies allow to the host itself goes another way.
test_doctor_firewall_rule_before_the_host_is_found_and_mended() {
	asks_host 0
	asks_host 1
	expect_equal "$(findings firewall)" ""
	nft -f - <<-'END'
		table inet other {
			chain filter_input {
				type filter hook input priority 10; policy accept;
				iifname "cr-*" udp dport 53 drop
			}
		}
	END
	trap 'nft delete table inet other' EXIT
	cannot_reach lab1 udp "${server[0]}" 53
	cannot_reach lab1 udp "${server[1]}" 53
	finds firewall wrong 'IPv4 from carrels to the host itself \(allow out tcp,udp to host port 53\) is dropped by nft, in the chain filter_input of table inet other: the rule .iifname "cr-\*" udp dport 53 drop'
	expect_equal "$(found_by firewall | wc -l)" 2
	mended_by_its_fix firewall
	asks_host 0
	asks_host 1
	forbidden_stays
}

test_doctor_firewall_policy_of_iptables_is_found_and_mended() {
	iptables-nft -P FORWARD DROP
	ip6tables-nft -A FORWARD -j REJECT
	trap 'nft delete table ip filter; nft delete table ip6 filter' EXIT
	in_the_way 'IPv4 from carrels to the internet is dropped by iptables, in the chain FORWARD of table ip filter: its policy, drop' 0 1
}

# Docker's chains, as dockerd makes them.
test_doctor_firewall_policy_of_docker_is_found_and_mended() {
	iptables-nft -N DOCKER-USER
	iptables-nft -A DOCKER-USER -j RETURN
	iptables-nft -P FORWARD DROP
	iptables-nft -A FORWARD -j DOCKER-USER
	trap 'nft delete table ip filter' EXIT
	in_the_way 'IPv4 from carrels to the internet is dropped by Docker, .*: its policy, drop' 0
}

test_doctor_firewall_policy_of_legacy_iptables_is_found_and_mended() {
	iptables-legacy -P FORWARD DROP
	trap 'iptables-legacy -F; iptables-legacy -P FORWARD ACCEPT' EXIT
	in_the_way 'IPv4 from carrels to the internet is dropped, it seems by iptables-legacy: -P FORWARD DROP' 0
}

run_tests "$@"
