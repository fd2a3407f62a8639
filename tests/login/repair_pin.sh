#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The record or the pin of an open carrel is lost, rubbish, or somebody else's: the carrel is found
# all the same, and nothing else is taken for it.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/repair.sh"

pin=/run/netns/carrel-$exam1
record=/run/carrel/carrels/$exam1

record_lost() { rm $record; }
record_corrupt() { echo rubbish >$record; }
record_of_another() { sed -i 's/^uid .*/uid 61002/' $record; }
record_and_uplink_lost() {
	rm $record
	ip link del cr-$exam1
}
record_is_a_link() {
	rm $record
	ln -s /etc/shadow $record
}
state_lost() {
	rm -rf /run/carrel/carrels /run/carrel/addresses
}
both_lost() {
	rm $record
	pin_removed
}
both_lost_and_more() {
	both_lost
	rm -r /run/carrel/addresses
}
# Somebody may just be looking at it: gc, which logins start.
pin_unmounted() { eventually 5 umount $pin; }
pin_removed() {
	pin_unmounted
	rm $pin
}
pin_is_another() {
	pin_removed
	ip netns add carrel-$exam1
}
pin_is_under_another() { mount --bind /proc/self/ns/net $pin; }
pin_is_a_file() {
	pin_removed
	echo 'a plain file' >$pin
}
pin_is_a_broken_one() {
	pin_is_another
	ip link del cr-$exam1
}

test_repair_record_lost() {
	mended record_lost record_corrupt record_of_another record_is_a_link state_lost
}

# As after a copy from a backup, or a chown -R.
test_repair_of_what_the_account_of_the_helper_cannot_open() {
	begin
	chown root:root $record
	chmod 0600 $record
	next_login
	eventually 5 logged_since "$mark" 'record of the carrel was lost and has been written anew'
	whole
	chown -R root:root /run/carrel
	mark=$(log_mark)
	exits 1 su exam1 -c true
	eventually 5 logged_since "$mark" "cannot open the lock /run/carrel/locks/61001 .*'chown -R carrel: /run/carrel'"
	chown -R carrel: /run/carrel
	next_login
	whole
}

test_repair_record_and_uplink_lost() {
	begin
	record_and_uplink_lost
	next_login
	whole
}

test_repair_pin_lost() {
	mended pin_removed pin_unmounted
}

test_repair_pin_replaced() {
	mended pin_is_another pin_is_under_another pin_is_a_file pin_is_a_broken_one
}

# answered SITE...: who is in the session that is open gets there
answered() {
	local site
	for site; do
		in_session "$probe" --wait 1 tcp "$site" 443
	done
}

# As long as sessions are open, one of them tells which namespace it was.
test_repair_record_and_pin_lost() {
	local damage
	begin
	for damage in both_lost both_lost_and_more; do
		"$damage"
		answered "${exam_site[@]}"
		expect_match "$(carrel doctor --coverage --json | jq -r '.[] | .network + ": " + .fix')" \
			'^former: carrel repair exam1$'
		mark=$(log_mark)
		next_login
		eventually 5 logged_since "$mark" 'pam_carrel.*the record and the pin of the carrel were lost'
		whole
		expect_match "$(carrel list)" '^exam1 .* carrel-61001 '
		"$damage"
		exits 0 carrel repair exam1
		expect_match "$output" '^exam1: mended$'
		whole
		exits 0 carrel repair exam1
		expect_match "$output" '^exam1: nothing to mend$'
	done
	expect_equal "$(carrel doctor --coverage --json)" '[]'
}

# is_in_pinned PID: it is in the namespace that is pinned
is_in_pinned() {
	expect_equal "$(stat -L -c %i "/proc/$1/ns/net")" "$(stat -L -c %i $pin)"
}

# What is no more in use as a carrel is not found again, whoever is in there.
test_repair_finds_no_carrel_that_was_removed() {
	begin
	carrel remove exam1
	expect_failure answered "${exam_site[0]}"
	exits 0 carrel repair exam1
	expect_match "$output" '^exam1: there is no carrel; the next login makes one$'
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" "net:[$(stat -L -c %i $pin)]"
	expect_differ "net:[$(stat -L -c %i $pin)]" "$netns"
	carrel diff exam1
	expect_failure answered "${exam_site[@]}"
	expect_equal "$(carrel doctor --coverage --json | jq -r '.[0] | "\(.pid) \(.network) \(.fix)"')" \
		"$inside former kill $inside"
	exits 0 carrel doctor --coverage
	# Now the trace of the new one is lost, in which there is no session; but the uplink is its own,
	# and stays as long as somebody is in there.
	nsenter --net=$pin sleep 1000 &
	eventually 20 is_in_pinned $!
	both_lost
	su exam1 -c true
	kill $!
	expect_differ "net:[$(stat -L -c %i $pin)]" "$netns"
	expect_failure answered "${exam_site[0]}"
	expect_equal "$(su exam1 -c "$probe tcp ${exam_site[1]} 443 | wc -l")" 1
	carrel diff exam1
}

# Nobody is in the carrel, and what is pinned is not it: a new one is made.
test_repair_without_anybody_in_it_makes_a_new_one() {
	local damage
	for damage in pin_removed pin_is_another pin_is_under_another pin_is_a_file; do
		without_carrel exam1
		su exam1 -c true
		netns=$(stat -L -c %i $pin)
		"$damage"
		exits 0 carrel repair exam1
		expect_match "$output" '^exam1: there is no carrel; the next login makes one$'
		expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" "net:[$(stat -L -c %i $pin)]"
		expect_equal "$(su exam1 -c "$probe tcp ${exam_site[0]} 443 | wc -l")" 1
		expect_equal "$(su exam1 -c "$probe tcp ${exam_site[1]} 443 | wc -l")" 1
		exits 1 su exam1 -c "$probe --wait 1 tcp ${other_site[0]} 80"
		exits 1 su exam1 -c "$probe --wait 1 tcp ${other_site[1]} 80"
		carrel diff exam1
	done
}

# The kernel gives the number of a namespace that is gone to the next one, and where users are root
# they give its loopback any name: that is not a carrel all the same.
test_repair_takes_no_network_that_a_user_made() {
	local theirs
	without_carrel exam1
	su exam1 -c true
	setpriv --reuid=$exam1 --regid=$exam1 --clear-groups unshare --user --map-root-user --net \
		sh -c "ip link set lo alias carrel-$exam1; echo made; exec sleep 1000" >/run/theirs &
	maker=$!
	trap 'kill "$maker"' EXIT
	eventually 5 grep -q made /run/theirs
	theirs=$(stat -L -c %i "/proc/$maker/ns/net")
	pin_removed
	sed -i "s/^netns .*/netns $theirs/" $record
	expect_differ "$(su exam1 -c 'readlink /proc/self/ns/net')" "net:[$theirs]"
	expect_differ "$(stat -L -c %i $pin)" "$theirs"
	expect_equal "$(su exam1 -c "$probe tcp ${exam_site[0]} 443 | wc -l")" 1
	expect_failure su exam1 -c "$probe --wait 1 tcp ${other_site[0]} 80"
	carrel diff exam1
}

# A file of root's under the pin goes with the carrel.
test_repair_leaves_no_file_of_others_behind() {
	begin
	pin_is_a_file
	next_login
	kill "$inside"
	wait "$session" || :
	carrel remove exam1
	[ ! -e $pin ]
	su exam1 -c true
	pin_is_a_file
	eventually 5 gc_takes_it
	trap - EXIT
}

# The processes of a login that is over may need a moment to end.
gc_takes_it() {
	carrel gc
	[ ! -e $pin ]
}

# A namespace that only has the number of the lost one is not taken for it.
test_repair_takes_no_other_namespace_for_the_lost_one() {
	local inode
	without_carrel exam1
	without_carrel exam2
	su exam2 -c 'exec sleep 1000' &
	session=$!
	eventually 5 pgrep -x -u 61002 sleep >/dev/null
	inside=$(pgrep -n -x -u 61002 sleep)
	trap 'kill "$inside"; wait "$session" || :' EXIT
	inode=$(stat -L -c %i /run/netns/carrel-61002)
	su exam1 -c true
	pin_removed
	sed -i "s/^netns .*/netns $inode/" $record
	expect_differ "$(su exam1 -c 'readlink /proc/self/ns/net')" "net:[$inode]"
	carrel diff exam1
	exits 0 carrel diff exam2
}

# What root put in the way in a directory that is sticky, and that no mount can cover, is said.
test_repair_names_what_is_in_the_way_of_the_pin() {
	begin
	pin_removed
	mkdir $pin
	exits 1 carrel repair exam1
	expect_match "$output" 'what stands at /run/netns/carrel-61001 .*take it away'
	expect_failure su exam1 -c true
	rmdir $pin
	exits 0 carrel repair exam1
	next_login
	whole
}

run_tests "$@"
