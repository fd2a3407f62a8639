#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cni.sh ADD|DEL NETNS
#
# What container runtimes do, with Debian's containernetworking-plugins: a veth with NAT (ptp), then the
# host's firewall opened for it. IPv4 only, and no rule inside.
set -eu
command=$1 netns=$2
plugins=/usr/lib/cni
config='"cniVersion": "0.4.0", "name": "bench"'
ipam='"ipam": { "type": "host-local", "dataDir": "/run/bench/cni", "subnet": "10.216.0.0/16" }'

# plugin TYPE CONFIGURATION
plugin() {
	printf '{ %s, "type": "%s", %s }' "$config" "$1" "$2" |
		CNI_COMMAND=$command CNI_CONTAINERID=$netns CNI_NETNS=/run/netns/$netns \
			CNI_IFNAME=eth0 CNI_PATH=$plugins $plugins/"$1"
}

if [ "$command" = ADD ]; then
	ip netns add "$netns"
	result=$(plugin ptp "\"ipMasq\": true, $ipam")
	plugin firewall "\"prevResult\": $result" >/dev/null
else
	plugin firewall '"prevResult": { "cniVersion": "0.4.0" }' >/dev/null || :
	plugin ptp "\"ipMasq\": true, $ipam" >/dev/null
	ip netns delete "$netns"
fi
