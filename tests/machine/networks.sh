#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What looks after network links on a Debian machine leaves the host's ends of carrels' uplinks
# alone: NetworkManager, systemd-networkd, udev.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

nm_file=/usr/lib/NetworkManager/conf.d/carrel.conf

# is_as_made USER: the host's end is as the helper makes it, and carries what the policy allows
is_as_made() {
	local link
	link=cr-$(id -u "$1")
	expect_equal "$(ip -oneline address show dev "$link")" ""
	expect_match "$(ip -oneline link show dev "$link")" '<[A-Z,_]*NOARP,.* link/ether 02:ca:44:00:00:01 '
	expect_match "$(ip -4 route show dev "$link")" '^10\.213\.[0-9.]+ '
	expect_match "$(ip -6 route show dev "$link")" '^fd42:ca44:e1::[0-9a-f]+ '
	expect_equal "$(reaches "$1" tcp "${other_site[0]}" 80)" "internet sees ${uplink[0]}"
	expect_equal "$(reaches "$1" tcp "${other_site[1]}" 80)" "internet sees ${uplink[1]}"
}

anew() {
	as "$1" true
	systemctl stop "user@$(id -u "$1")"
	eventually 5 carrel remove "$1"
	as "$1" true
}

nm_says() { [ "$(nmcli --get-values GENERAL.STATE device show cr-61101)" = "$1" ]; }

networkd_says() {
	[ "$(networkctl --no-legend --no-pager list "$1" | awk '{ print $5 }')" = "$2" ]
}

test_network_manager_leaves_the_links_alone() {
	systemctl is-active NetworkManager
	anew lab1
	eventually 5 nm_says '10 (unmanaged)'
	is_as_made lab1
}

test_network_manager_started_anew_leaves_open_carrels_alone() {
	as lab1 true
	systemctl restart NetworkManager
	eventually 5 nm_says '10 (unmanaged)'
	is_as_made lab1
}

# As "make install" does it: NetworkManager is running, and is told. Where udev runs, NetworkManager's
# own rules for it keep it from every link of the kind, but for this one.
test_network_manager_is_told_by_an_installation() {
	mv $nm_file /run/testhost/nm
	trap '[ -e $nm_file ] || mv /run/testhost/nm $nm_file; systemctl reload NetworkManager
	      rm /run/udev/rules.d/99-carrel-test.rules; udevadm control --reload || :' EXIT
	install -d /run/udev/rules.d
	echo 'SUBSYSTEM=="net", KERNEL=="cr-61101", ENV{NM_UNMANAGED}=""' \
		>/run/udev/rules.d/99-carrel-test.rules
	udevadm control --reload || :
	systemctl reload NetworkManager
	anew lab1
	eventually 5 nm_is_at_it
	mv /run/testhost/nm $nm_file
	conf/activate
	anew lab1
	eventually 5 nm_says '10 (unmanaged)'
	is_as_made lab1
}

nm_is_at_it() { ! nm_says '10 (unmanaged)'; }

# Its other file is one that administrators write, for every link that there may be.
test_networkd_leaves_the_links_alone() {
	mkdir -p /etc/systemd/network
	trap 'rm -f /etc/systemd/network/10-every.network; systemctl stop systemd-networkd
	      systemctl start NetworkManager; ip link del other0' EXIT
	printf '%s\n' '[Match]' 'Driver=veth' 'Name=!*an0' '[Network]' 'Address=192.0.2.200/32' \
		'LinkLocalAddressing=yes' 'IPForward=no' >/etc/systemd/network/10-every.network
	# A link of the same kind that no file of ours is about is taken up.
	ip link add other0 type veth peer name other1
	systemctl stop NetworkManager
	as lab1 true
	systemctl start systemd-networkd
	eventually 5 networkd_takes_up other0
	anew lab2
	networkd_says cr-61101 unmanaged
	networkd_says cr-61102 unmanaged
	is_as_made lab1
	is_as_made lab2
	systemctl restart systemd-networkd
	is_as_made lab1
}

networkd_takes_up() { networkd_says "$1" configuring || networkd_says "$1" configured; }

# Here udev does not run, for want of a /sys of its own; what it would do it can tell.
test_udev_renames_nothing_and_gives_no_address() {
	local says
	as lab1 true
	says=$(udevadm test --action=add /sys/class/net/cr-61101 2>&1)
	expect_match "$says" '^ID_NET_LINK_FILE=/usr/lib/systemd/network/00-carrel.link$'
	expect_match "$says" '^ID_NET_NAME=cr-61101$'
	is_as_made lab1
}

run_tests "$@"
