# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For login tests of what becomes of a carrel after its user's last logout. Nothing lingers here
# unless a test says so, and only tests start gc.
# shellcheck disable=SC2154  # variables of login.sh

sed -i '1i linger 0' /etc/carrel/carrel.conf
touch -d '1 day' /run/carrel/collected

# gc_says REGEX: the next run does that; or one soon after it, while processes of a login still end
gc_says() {
	eventually 5 next_gc_says "$1"
}

next_gc_says() {
	local output
	output=$(carrel gc)
	expect_match "$output" "$1"
}

gc_says_nothing() {
	expect_equal "$(carrel gc)" ""
}

# nothing_left UID: but the lock, which stays
nothing_left() {
	[ ! -e "/run/netns/carrel-$1" ] && [ ! -e "/run/carrel/carrels/$1" ] &&
		[ ! -e "/run/carrel/sessions/$1" ] && [ ! -e "/run/carrel/addresses/uid-$1" ] &&
		expect_equal "$(find /run/carrel/addresses -lname "$1")" "" &&
		eventually 5 link_is_gone "$1"
}

# collected UID: idle, and removed by the second run
collected() {
	gc_says 'idle from now on'
	gc_says ': removed'
	nothing_left "$1"
}

# account NAME UID: as no tool would make it
account() {
	printf '%s:x:%s:61001::/tmp:/bin/sh\n' "$1" "$2" >>/etc/passwd
	printf '%s:*:19000:0:99999:7:::\n' "$1" >>/etc/shadow
}

# gone PID: and reaped
gone() {
	! kill -0 "$1" 2>/dev/null
}

# pid_of NAME UID: of the youngest process of that name that the user has, or soon will have
pid_of() {
	eventually 5 pgrep -x -u "$2" "$1" >/dev/null
	pgrep -n -x -u "$2" "$1"
}

# leave_behind: a process that stays after its session
leave_behind() {
	su exam1 -c 'setsid sleep 1006 >/dev/null 2>&1 &'
	eventually 5 pid_of sleep "$exam1"
}

# behind: does what stayed behind have a network?
behind() {
	nsenter --net="/run/netns/carrel-$exam1" -- "$probe" --wait 1 tcp "${exam_site[0]}" 443 &&
		nsenter --net="/run/netns/carrel-$exam1" -- "$probe" --wait 1 tcp "${exam_site[1]}" 443
}
