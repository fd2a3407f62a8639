#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Others that change the host's firewall, as Debian ships them: ufw, firewalld, Docker; and
# NetworkManager and systemd-networkd. Each: what policies allow works, or `carrel doctor` names what
# is in the way, and its commands help; what policies forbid stays forbidden; and the same after
# a reload, for carrels that were open and for the next login.
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

# Nobody else's firewall, and the carrel of lab1, open.
begin() {
	trap end EXIT
	passes 0
	passes 1
	is_well firewall
}

end() {
	ufw --force disable
	systemctl stop firewalld docker.socket docker containerd
	nft flush ruleset
	sysctl -w net/ipv4/ip_forward=0
	! ip link show docker0 || ip link del docker0
}

# It tells systemd that it is there before its rules are.
start_firewalld() {
	systemctl start firewalld
	eventually 30 firewall-cmd --state
}

# open_carrel_passes: packets of a session that is there, without a login that might mend things
open_carrel_passes() {
	local family
	for family in 0 1; do
		expect_equal "$(ip netns exec carrel-61101 probe --wait 1 tcp "${other_site[$family]}" 80)" \
			"internet sees ${uplink[$family]}"
	done
}

# goes_on: for carrels that are open, and for the next login
goes_on() {
	open_carrel_passes
	passes 0
	passes 1
	asks_host 0
	asks_host 1
	forbidden_stays
	expect_equal "$(findings firewall)" ""
}

test_coexistence_ufw_is_named_and_told() {
	begin
	ufw allow 22/tcp
	ufw --force enable
	cannot_reach lab1 udp "${server[0]}" 53
	cannot_reach lab1 udp "${server[1]}" 53
	in_the_way 'is dropped by ufw, in the chain .* of table ip6? filter' 0 1
	ufw reload
	goes_on
	systemctl restart ufw
	goes_on
}

test_coexistence_firewalld_is_named_and_told() {
	begin
	start_firewalld
	cannot_reach lab1 udp "${server[0]}" 53
	cannot_reach lab1 udp "${server[1]}" 53
	in_the_way "is dropped by firewalld, in the chain filter_FWD_.* of table inet firewalld: the rule 'reject" 0 1
	firewall-cmd --reload
	goes_on
	firewall-cmd --complete-reload
	goes_on
	systemctl restart firewalld
	eventually 30 firewall-cmd --state
	goes_on
}

# Docker sets the policy when it is the one that switches forwarding on.
test_coexistence_docker_is_named_and_told() {
	begin
	systemctl start docker
	in_the_way 'IPv4 from carrels to the internet is dropped by Docker, .* table ip filter: its policy, drop' 0
	systemctl restart docker
	goes_on
}

test_coexistence_docker_and_firewalld_together_are_told() {
	begin
	rm -f /etc/firewalld/zones/carrel.xml /etc/firewalld/policies/carrel-out.xml
	start_firewalld
	systemctl start docker
	finds firewall wrong 'is dropped by'
	bash -ec "$(fix_of firewall)"
	# What stood first may have hidden another.
	[ -z "$(findings firewall)" ] || bash -ec "$(fix_of firewall)"
	goes_on
}

test_coexistence_flushed_ruleset_is_noticed_and_put_back() {
	begin
	nft flush ruleset
	finds host wrong 'on the host: table inet carrel: missing'
	nft flush ruleset
	passes 0
	passes 1
	forbidden_stays
	is_well host
	nft flush ruleset
	ufw --force enable
	finds host wrong 'on the host: table inet carrel: missing'
	nft delete table inet carrel
	mended_by_its_fix host
}

# all_unmanaged: standard input, what one of them says of each link, a line "LINK STATE" each
all_unmanaged() {
	expect_equal "$(sed -n 's/^cr-[^ ]* //p' | sort -u)" unmanaged
}

nm_leaves_links() {
	nmcli --terse --fields DEVICE,STATE device | tr : ' ' | all_unmanaged
}

networkd_leaves_links() {
	networkctl --no-legend --no-pager list | awk '{ print $2, $5 }' | all_unmanaged
}

test_coexistence_network_managers_leave_all_well() {
	begin
	systemctl restart NetworkManager
	eventually 10 nm_leaves_links
	goes_on
	trap 'systemctl stop systemd-networkd; end' EXIT
	systemctl start systemd-networkd
	networkctl reload
	eventually 10 networkd_leaves_links
	goes_on
	systemctl stop systemd-networkd
	is_well forwarding
}

restore_names() {
	cp -p /run/testhost/resolv.conf /etc/resolv.conf
	rm -f /etc/NetworkManager/conf.d/names.conf
	nmcli connection delete names || :
	ip link del nm0
	systemctl stop NetworkManager
	end
}

# Where the host asks a program on its loopback, carrels ask whom NetworkManager would have it ask.
test_coexistence_servers_that_network_manager_writes_down_are_found() {
	cp -p /etc/resolv.conf /run/testhost/
	trap restore_names EXIT
	printf '[main]\nrc-manager=unmanaged\n' >/etc/NetworkManager/conf.d/names.conf
	ip link add nm0 type veth peer name nm1
	ip link set nm1 up
	systemctl restart NetworkManager
	nmcli connection add type ethernet ifname nm0 con-name names \
		ipv4.method manual ipv4.addresses 203.0.113.177/32 ipv4.dns 192.0.2.53 \
		ipv6.method manual ipv6.addresses 2001:db8:77::1/128 ipv6.dns 2001:db8:77::53
	echo 'nameserver 127.0.0.1' >/etc/resolv.conf
	expect_match "$(carrel check)" 'not known whom they ask'
	nmcli connection up names
	expect_no_match "$(carrel check)" 'not known whom they ask'
	output=$(carrel plan --nft web1)
	expect_match "$output" 'dnat ip to 192.0.2.53 '
	expect_match "$output" 'dnat ip6 to 2001:db8:77::53 '
}

# A container of the user's, made by root's daemon: in the host's network, or in one of its own.
test_coexistence_containers_of_confined_users_are_listed() {
	begin
	systemctl start docker
	# An image of one program and its libraries.
	mkdir /run/sleeper
	ldd /usr/bin/sleep | grep -o '/[^ ]*' | xargs cp --parents -L -t /run/sleeper /usr/bin/sleep
	tar -c -C /run/sleeper . | docker import - sleeper
	docker run --detach --user 61001 --network host sleeper /usr/bin/sleep 1000
	eventually 10 uncovered 1
	expect_equal "$(coverage '.origin + " " + .network')" 'container host'
	finds processes wrong 'of exam1 is outside its carrel \(host\), from: container'
	docker kill "$(docker ps --quiet)"
	docker run --detach --user 61001 sleeper /usr/bin/sleep 1000
	eventually 10 uncovered 1
	expect_equal "$(coverage '.origin + " " + .network')" 'container elsewhere'
	docker kill "$(docker ps --quiet)"
	# Who may start them is found as well.
	is_well groups
	usermod --append --groups docker exam1
	finds groups wrong 'by the group docker, exam1 can start containers'
	gpasswd --delete exam1 docker
	is_well groups
}

run_tests "$@"
