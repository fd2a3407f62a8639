#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# "pins private": carrels are pinned in a mount namespace of carrel's own. Logins, commands and gc
# work as with visible pins, the host has no mount for a carrel, and no carrel is lost to an edit of
# the word, to a kill, or to somebody who unmounts the namespace.
#
# shellcheck disable=SC2154  # variables of login.sh
# shellcheck disable=SC2016  # expanded in the session
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

directory=/run/carrel-pins
mounts=$directory/mounts
config=/etc/carrel/carrel.conf
users=(exam1 exam2)
where='readlink /proc/self/ns/net'

# Nothing lingers.
sed -i '1i linger 0\npins visible' $config

# in_place CMD: where private pins are
in_place() {
	nsenter --mount=$mounts -- "$@"
}

is_private() {
	[ "$(stat -f -c %T $mounts)" = nsfs ]
}

word() {
	sed -i "s/^pins .*/pins $1/" $config
}

nobody_is_left() {
	carrel gc
	[ "$(carrel list)" = "No carrels." ] && [ ! -e $mounts ]
}

# gc_says REGEX: the next run does
gc_says() {
	local said
	said=$(carrel gc)
	expect_match "$said" "$1"
}

# begin WORD: no carrel, no namespace, and this in the configuration
begin() {
	local user
	for user in "${users[@]}" lab1; do
		without_carrel "$user"
	done
	eventually 20 nobody_is_left
	# Only tests start gc: for a minute and a half no login does.
	touch /run/carrel/collected
	word "$1"
}

# unmounted: the directory; a helper that ends holds the lock for a moment
unmounted() {
	eventually 20 umount --recursive $directory
}

# without_directory: as after a boot
without_directory() {
	! mountpoint --quiet $directory || unmounted
	rm -rf $directory
}

# nothing_visible: neither the mounts of the host nor ip(8) know of a carrel
nothing_visible() {
	expect_no_match "$(findmnt --list --noheadings --output TARGET)" /carrel-[0-9@]
	expect_no_match "$(ip netns list)" carrel
	expect_equal "$(find /run/netns -name 'carrel-*')" ""
}

# stay USER: a session that stays, of which $inside is a process
stay() {
	su "$1" -c 'exec sleep 1007' &
	eventually 20 pgrep -x -u "$1" sleep >/dev/null
	inside=$(pgrep -n -x -u "$1" sleep)
	netns=$(readlink "/proc/$inside/ns/net")
	trap 'kill "$inside" || :; wait || :' EXIT
}

leave() {
	kill "$inside"
	wait || :
}

# --- before any test says "private"

test_pins_visible_leaves_no_trace_of_what_is_private() {
	begin visible
	su exam1 -c true
	expect_equal "$(ip netns list | cut -d' ' -f1)" carrel-61001
	[ ! -e $directory ]
}

# --- logins

test_pins_private_permits_and_forbids_as_ever() {
	local family netns
	begin private
	netns=$(netns_of_login exam1)
	for family in 0 1; do
		expect_equal "$(reaches exam1 tcp "${exam_site[$family]}" 443)" \
			"internet sees ${uplink[$family]}"
		cannot_reach exam1 tcp "${other_site[$family]}" 80
		cannot_reach exam1 tcp "${server[$family]}" 22
	done
	is_private
	nothing_visible
	expect_differ "$netns" "$host_netns"
	# The second login joins the first one's.
	expect_equal "$(netns_of_login exam1)" "$netns"
	expect_equal "$(in_place stat -L -c 'net:[%i]' /run/netns/carrel-61001)" "$netns"
	expect_equal "$(in_place ip netns list | cut -d' ' -f1)" carrel-61001
	expect_equal "$(in_place stat -c '%U:%G %a' /run/netns)" "root:carrel 1775"
}

test_pins_private_sends_nobody_else_anywhere() {
	begin private
	expect_equal "$(netns_of_login free1)" "$host_netns"
	expect_equal "$(netns_of_login root)" "$host_netns"
	[ ! -e $mounts ]
}

test_pins_private_at_two_first_logins_at_once() {
	local i user
	begin private
	for i in 1 2 3 4 5 6; do
		for user in "${users[@]}"; do
			su "$user" -c "$where" >"/tmp/pins-$user-$i" &
		done
	done
	wait
	is_private
	nothing_visible
	for user in "${users[@]}"; do
		expect_equal "$(sort -u /tmp/pins-"$user"-?)" \
			"$(in_place stat -L -c 'net:[%i]' "/run/netns/carrel-$(id -u "$user")")"
	done
	expect_equal "$(findmnt --noheadings --list --output TARGET | grep -c "^$mounts$")" 1
}

# Some applications have a mount namespace of their own, made before or after that of the pins.
test_pins_private_from_an_application_in_a_mount_namespace_of_its_own() {
	local netns
	begin private
	netns=$(unshare --mount su exam1 -c "$where")
	nothing_visible
	expect_equal "$(unshare --mount su exam1 -c "$where")" "$netns"
	expect_equal "$(su exam1 -c "$where")" "$netns"
	expect_equal "$(unshare --mount carrel list --json | jq -r '.[].pin')" present
	# The session is where its application was.
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/mnt')" "$(readlink /proc/self/ns/mnt)"
}

# The kernel may take a namespace that one processor made for older than one that another made before.
test_pins_private_made_on_whatever_processor() {
	local cpu
	for ((cpu = 0; cpu < $(nproc --all); cpu++)); do
		begin private
		expect_match "$(taskset --cpu-list $cpu su exam1 -c 'taskset --cpu-list --pid $$')" ": $cpu$"
		is_private
	done
}

test_pins_private_follow_the_mounts_of_the_host() {
	begin private
	mount --make-rshared /
	trap 'umount /run/later || :; ip netns del later || :; mount --make-rprivate /' EXIT
	su exam1 -c true
	mkdir -p /run/later
	mount -t tmpfs later /run/later
	: >/run/later/file
	in_place test -e /run/later/file
	ip netns add later
	umount /run/later
	expect_failure in_place test -e /run/later/file
	# What ip(8) does on the host neither hides pins nor gets among them.
	expect_equal "$(in_place ip netns list | cut -d' ' -f1)" carrel-61001
	nothing_visible
	expect_equal "$(carrel list --json | jq -r '.[].pin')" present
}

test_pins_private_under_the_last_valid_configuration() {
	local mark
	begin private
	su exam1 -c true
	eventually 20 nobody_is_left
	mark=$(log_mark)
	echo nonsense >>$config
	trap 'sed -i "/^nonsense/d" $config' EXIT
	su exam1 -c true
	eventually 20 logged_since "$mark" 'last valid version stays in force'
	is_private
	nothing_visible
}

# --- commands

test_pins_private_are_found_by_every_command() {
	begin private
	stay exam1
	expect_match "$(carrel list)" '^exam1 .* carrel-61001 '
	expect_match "$(carrel show exam1)" 'inode [0-9]+, pinned$'
	expect_match "$(carrel plan exam1)" 'joins the carrel that is there'
	expect_match "$(carrel apply --dry-run)" '^exam1 .*unchanged'
	expect_match "$(carrel apply)" '^exam1 .*unchanged'
	exits 0 carrel diff exam1
	exits 0 carrel repair --dry-run
	exits 0 carrel repair
	expect_match "$output" '^exam1: nothing to mend$'
	expect_equal "$(carrel exec exam1 -- readlink /proc/self/ns/net)" "$netns"
	expect_differ "$(carrel run exam -- readlink /proc/self/ns/net)" "$netns"
	exits 0 carrel log exam1
	expect_equal "$(carrel doctor --json | jq -r '.findings[] | select(.check == "carrels") | .what')" ""
	nothing_visible
	leave
	carrel remove exam1
	expect_equal "$(carrel list)" "No carrels."
	expect_equal "$(in_place ip netns list)" ""
}

test_pins_private_are_for_root_to_see() {
	begin private
	stay exam1
	expect_match "$(unprivileged carrel list)" '^exam1 .* carrel-61001 \(unknown\)'
	exits 0 su exam1 -c 'carrel status'
	expect_match "$output" '^Sessions: 2$'
	expect_match "$(unprivileged carrel plan exam1 2>&1)" 'pins are private here: only root sees them'
	expect_failure unprivileged nsenter --mount=$mounts true
	expect_failure unprivileged flock --nonblock $directory/lock true
}

# What a command was given by a relative path is where it was begun.
test_pins_private_leave_commands_in_their_directory() {
	begin private
	printf 'uplink nat\ndefault deny out\nlog denied\n' >/etc/carrel/policies/lab.policy
	trap 'rm /etc/carrel/policies/lab.policy' EXIT
	cannot_reach lab1 tcp "${other_site[0]}" 80
	cannot_reach lab1 tcp "${other_site[1]}" 80
	cd "$(mktemp -d)"
	expect_match "$(carrel log --state here)" "lab1 .* tcp ${other_site[0]}:80 denied"
	[ -s here ]
	expect_equal "$(carrel log --state here)" ""
	expect_equal "$(carrel run exam -- pwd)" "$PWD"
	expect_equal "$(carrel exec lab1 -- readlink /proc/self/ns/mnt)" "$(readlink /proc/self/ns/mnt)"
}

test_pins_private_are_mended_by_repair_and_by_logins() {
	begin private
	stay exam1
	in_place umount /run/netns/carrel-61001
	expect_equal "$(carrel list --json | jq -r '.[].pin')" missing
	exits 5 carrel diff exam1
	exits 0 carrel repair exam1
	expect_match "$output" '^exam1: mended$'
	exits 0 carrel diff exam1
	in_place umount /run/netns/carrel-61001
	expect_equal "$(su exam1 -c "$where")" "$netns"
	nsenter --net="/proc/$inside/ns/net" ip route flush all
	exits 5 carrel repair --dry-run
	exits 0 carrel repair
	exits 0 carrel diff exam1
	nothing_visible
}

# --- the end of carrels

test_pins_private_go_when_their_carrels_are_idle() {
	begin private
	stay exam1
	su exam2 -c true
	eventually 20 gc_says '^exam2: idle from now on$'
	eventually 20 gc_says '^exam2: removed$'
	expect_equal "$(in_place ip netns list | cut -d' ' -f1)" carrel-61001
	# The kernel takes the link down when it has time.
	eventually 20 gc_says '^$'
	is_private
	leave
	eventually 20 nobody_is_left
	# Next time there is one again.
	su exam1 -c true
	is_private
	nothing_visible
}

test_pins_private_stay_while_somebody_may_be_about_to_pin() {
	begin private
	su exam1 -c true
	without_carrel exam1
	flock --shared $directory/lock carrel gc
	is_private
	carrel gc
	[ ! -e $mounts ]
}

# --- edits

test_pins_stay_private_as_long_as_a_carrel_is_open() {
	begin private
	stay exam1
	word visible
	expect_equal "$(su exam1 -c "$where")" "$netns"
	su exam2 -c true
	nothing_visible
	exits 0 carrel check
	expect_match "$output" "^$config:2:1: warning: pins are still private, .* no carrel is open, or at the next boot"
	exits 0 unprivileged carrel check
	expect_match "$output" "^$config:2:1: warning: pins are still private"
	expect_match "$(carrel doctor)" "^notice: config: $config:2:1: pins are still private"
	leave
	eventually 20 nobody_is_left
	su exam1 -c true
	[ -e /run/netns/carrel-61001 ]
	expect_no_match "$(carrel doctor; carrel check)" 'pins are still'
}

test_pins_stay_visible_as_long_as_a_carrel_is_open() {
	begin visible
	stay exam1
	word private
	expect_equal "$(su exam1 -c "$where")" "$netns"
	su exam2 -c true
	expect_equal "$(ip netns list | cut -d' ' -f1 | sort)" "$(printf 'carrel-%d\n' 61001 61002)"
	[ ! -e $mounts ]
	exits 0 unprivileged carrel check
	expect_match "$output" "^$config:2:1: warning: pins are still visible"
	expect_match "$(carrel doctor)" "^notice: config: $config:2:1: pins are still visible"
	leave
	eventually 20 nobody_is_left
	su exam1 -c true
	is_private
	nothing_visible
	expect_no_match "$(carrel doctor; carrel check)" 'pins are still'
}

# An empty file of a name like that is what a helper that was killed left there.
test_pins_private_in_spite_of_files_that_are_no_pins() {
	begin private
	: >/run/netns/carrel-61001
	: >/run/netns/carrel-61999
	su exam1 -c true
	is_private
	carrel gc
	nothing_visible
}

# Who read carrel.conf before an edit and pinned after it.
test_pins_that_were_left_on_the_host_are_released() {
	begin private
	stay exam1
	: >/run/netns/carrel-61001
	mount --bind "/proc/$inside/ns/net" /run/netns/carrel-61001
	ip netns add carrel-61002
	carrel gc
	nothing_visible
	expect_equal "$(su exam1 -c "$where")" "$netns"

	# What is the only one is kept, until its user has come by. (The lock: the other place is empty.)
	: >/run/netns/carrel-61001
	mount --bind "/proc/$inside/ns/net" /run/netns/carrel-61001
	in_place umount /run/netns/carrel-61001
	flock --shared $directory/lock carrel gc
	[ "$(stat -L -c 'net:[%i]' /run/netns/carrel-61001)" = "$netns" ]
	expect_equal "$(su exam1 -c "$where")" "$netns"
	carrel gc
	nothing_visible
}

# --- what goes wrong

# Sessions keep their network, the next login finds it by a process, and makes a namespace anew.
test_pins_private_survive_that_somebody_unmounts_them() {
	begin private
	stay exam1
	umount $mounts
	expect_equal "$(carrel list --json | jq -r '.[].pin')" missing
	nsenter --net="/proc/$inside/ns/net" -- "$(command -v probe)" tcp "${exam_site[0]}" 443
	expect_equal "$(su exam1 -c "$where")" "$netns"
	is_private
	umount $mounts
	exits 0 carrel repair exam1
	is_private
	nothing_visible
	exits 0 carrel diff exam1
}

# Wherever a first login is killed, the next one goes on.
test_pins_private_after_a_login_that_was_killed() {
	begin private
	without_directory

	mkdir -m 0700 $directory
	su exam1 -c true
	is_private
	begin private

	unmounted
	rm $directory/lock
	mount --bind $directory $directory
	mount --make-shared $directory
	su exam1 -c true
	is_private
	expect_equal "$(findmnt --noheadings --list --output TARGET | grep -c "^$directory$")" 1
	begin private

	: >$mounts
	su exam1 -c true
	is_private
	nothing_visible
}

# refused_because REGEX: a confined user, and nobody else
refused_because() {
	local mark
	mark=$(log_mark)
	refused exam1
	eventually 20 logged_since "$mark" "refused a session of 'exam1': .*$1"
	expect_equal "$(netns_of_login free1)" "$host_netns"
	expect_equal "$(netns_of_login admin1)" "$host_netns"
	expect_equal "$(netns_of_login root)" "$host_netns"
}

test_pins_private_that_cannot_be_made_refuse_the_confined_only() {
	begin private
	without_directory
	: >$directory
	trap without_directory EXIT
	refused_because "preparing $directory, for 'pins private': Not a directory"
	rm $directory

	mkdir -p $mounts
	refused_because "making $mounts, for 'pins private': Is a directory"
	without_directory
	su exam1 -c true
	is_private
	trap - EXIT
}

test_pins_private_with_the_file_system_full() {
	local mark inodes
	begin private
	without_directory
	mkdir $directory
	trap unmounted EXIT
	for inodes in 1 2; do
		mount -t tmpfs -o nr_inodes=$inodes,mode=0755 full $directory
		mark=$(log_mark)
		refused exam1
		eventually 20 logged_since "$mark" "making $directory/.*, for 'pins private': No space left on device"
		unmounted
	done
	mount -t tmpfs -o nr_inodes=3,mode=0755 full $directory
	su exam1 -c true
	is_private
	umount $mounts
	su exam1 -c true
	is_private
}

test_pins_private_in_a_service_that_may_not_enter_them() {
	local mark
	begin private
	su exam1 -c true
	mark=$(log_mark)
	expect_failure setpriv --bounding-set=-sys_chroot su exam1 -c true
	eventually 20 logged_since "$mark" "refused a session of 'exam1': .*entering the mount namespace $mounts: Operation not permitted"
	su exam1 -c true
}

run_tests "$@"
