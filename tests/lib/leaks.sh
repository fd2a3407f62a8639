# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a host has of everything that logins could leave behind, before and after many of them.

# entries PATH...: how many of them there are, of what patterns have become
entries() {
	local path count=0
	for path; do
		[ ! -e "$path" ] && [ ! -L "$path" ] || count=$((count + 1))
	done
	echo $count
}

# leaks_take: a line for each kind, "KIND NUMBER"
leaks_take() {
	echo "mounts $(wc -l </proc/self/mountinfo)"
	echo "pins $(entries /run/netns/*)"
	echo "links $(entries /sys/class/net/*)"
	echo "files $(find /run/carrel | wc -l)"
	echo "processes $(entries /proc/[0-9]*)"
	echo "descriptors $(entries /proc/[0-9]*/fd/*)"
	echo "connections $(cat /proc/sys/net/netfilter/nf_conntrack_count)"
	# Of the whole machine, whoever else uses it.
	awk '$1 == "net_namespace" { print "namespaces", $2 }' /proc/slabinfo
	awk '/^(SUnreclaim|Percpu|KernelStack|PageTables):/ { kib += $2 } END { print "memory", kib }' /proc/meminfo
}

# leaks_allowed KIND LOGINS SSH_LOGINS: how many more there may be
leaks_allowed() {
	case $1 in
	# For two minutes the kernel remembers a connection that was closed: one of each login to
	# sshd, and those that the login made, on this side of the NAT.
	connections)	echo $((4 * $3)) ;;
	# A leak is one for each login. Other programs, and other tests, have a few.
	namespaces)	echo $(($2 / 2)) ;;
	# KiB: a namespace that leaks has 250. Of fewer logins one sees nothing beside the rest.
	memory)		echo $((65536 + 20 * $2)) ;;
	*)		echo 0 ;;
	esac
}

# leaks_compare BEFORE AFTER LOGINS SSH_LOGINS: print both of what leaks_take said; fails if one grew
leaks_compare() {
	local before=$1 after=$2 kind number old allowed word failed=0
	while read -r kind number; do
		old=$(sed -n "s/^$kind //p" <<<"$before")
		allowed=$(leaks_allowed "$kind" "$3" "$4")
		word=ok
		[ "$number" -le $((old + allowed)) ] || { word=LEAK; failed=1; }
		printf '%-5s %-12s %8d before, %8d after, %d more allowed\n' $word "$kind" "$old" \
			"$number" "$allowed"
	done <<<"$after"
	return $failed
}
