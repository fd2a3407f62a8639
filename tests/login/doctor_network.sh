#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carrel doctor about networks: the host's table and firewalls, forwarding, pools, name servers, and
# carrels that were changed.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/doctor.sh"

let_lab_ask_the_host

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

# What comes in by it meets the host's table as a carrel's would.
test_doctor_link_that_is_called_as_those_of_carrels_is_found() {
	without_carrel lab1
	su lab1 -c true
	is_well forwarding
	ip link add cr-lan type veth peer name cr-lan0
	trap 'ip link del cr-lan' EXIT
	finds forwarding wrong 'the link cr-lan has a name that begins as those of carrels. links'
	ip link set cr-lan name lan1
	ip link set cr-lan0 name lan2
	trap 'ip link del lan1' EXIT
	is_well forwarding
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

# hangs PROGRAM: from now on, and is in the way of the real one, which $real is
hangs() {
	real=$(command -v "$1")
	printf '#!/bin/sh\nexec sleep 1000\n' >"/usr/local/sbin/$1"
	chmod +x "/usr/local/sbin/$1"
	hash -r
}

# A program that hangs is not one that is absent, and is waited for once.
test_doctor_firewall_program_that_hangs_is_told() {
	nft -f - <<-'END'
		table inet other {
			chain filter_forward {
				type filter hook forward priority 10; policy accept;
				iifname "cr-*" counter drop
			}
		}
	END
	hangs nft
	trap 'rm /usr/local/sbin/nft; "$real" delete table inet other' EXIT
	finds firewall wrong 'is dropped by nft, in the chain filter_forward of table inet other: the rule with handle [0-9]+$'
	expect_equal "$(found_by firewall | grep -c ^wrong)" 2
	expect_equal "$(found_by firewall | grep ^unchecked)" \
		'unchecked: cannot ask nft: nft had not ended after 10 s, and was killed'
	# It is as absent as can be: that is no news.
	printf '#!/bin/sh\nexit 127\n' >/usr/local/sbin/nft
	finds firewall wrong ': the rule with handle [0-9]+$'
	expect_no_match "$(found_by firewall)" ^unchecked
	rm /usr/local/sbin/nft
	hash -r
	finds firewall wrong ': the rule .iifname "cr-\*" counter packets [0-9]+ bytes [0-9]+ drop. \(handle'
	expect_no_match "$(found_by firewall)" ^unchecked
	nft delete table inet other
	trap - EXIT
	expect_equal "$(findings firewall)" ""
}

test_doctor_firewall_program_of_legacy_that_hangs_is_told() {
	hangs iptables-legacy
	"$real" -P FORWARD DROP
	trap 'rm -f /usr/local/sbin/iptables-legacy; "$real" -P FORWARD ACCEPT' EXIT
	finds firewall wrong 'IPv4 from carrels to the internet is lost in the host'
	expect_equal "$(found_by firewall | grep ^unchecked)" \
		'unchecked: cannot ask iptables-legacy: iptables-legacy had not ended after 10 s, and was killed'
	rm /usr/local/sbin/iptables-legacy
	finds firewall wrong 'IPv4 from carrels to the internet is dropped, it seems by iptables-legacy'
	expect_no_match "$(found_by firewall)" ^unchecked
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

test_doctor_carrels_are_compared_however_many_there_are() {
	local number uid
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	cp -p /etc/passwd /run/testhost/passwd
	trap 'mv /etc/carrel/kept /etc/carrel/carrel.conf; cp -p /run/testhost/passwd /etc/passwd' EXIT
	sed -i '1i assign exam uid 62001-62120' /etc/carrel/carrel.conf
	for number in {1..120}; do
		uid=$((62000 + number))
		echo "many$number:x:$uid:$uid::/:/bin/sh" >>/etc/passwd
		carrel exec "many$number" -- true
	done
	ip -n carrel-62120 route flush dev uplink0
	finds carrels wrong 'the carrel of many120: carrel: route: missing: route 0.0.0.0/0'
	expect_no_match "$(found_by carrels)" 'unchecked|many1:'
	for number in {1..120}; do
		carrel remove "many$number"
	done
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

run_tests "$@"
