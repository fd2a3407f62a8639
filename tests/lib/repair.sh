# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For login tests which damage the carrel of exam1 while a session of it is open. Only they mend:
# logins start no gc here.
# shellcheck disable=SC2154  # variables of login.sh

touch -d '1 day' /run/carrel/collected

# in_session CMD: in the network of the session that is open, whatever has become of the pin
in_session() {
	nsenter --net="/proc/$inside/ns/net" -- "$@"
}

# whole: what is permitted passes, what is not does not; nothing is different
whole() {
	local site
	for site in "${exam_site[@]}"; do
		in_session "$probe" tcp "$site" 443
	done
	for site in "${other_site[@]}"; do
		expect_failure in_session "$probe" --wait 1 tcp "$site" 80
	done
	for site in "${server[@]}"; do
		expect_failure in_session "$probe" --wait 1 tcp "$site" 22
	done
	carrel diff exam1
}

# begin: a carrel with a session that stays; $inside is a process of it, $netns its network
begin() {
	without_carrel exam1
	su exam1 -c 'exec sleep 1000' &
	session=$!
	eventually 5 pgrep -x -u "$exam1" sleep >/dev/null
	inside=$(pgrep -n -x -u "$exam1" sleep)
	netns=$(readlink "/proc/$inside/ns/net")
	trap 'kill "$inside"; wait "$session" || :' EXIT
	mark=$(log_mark)
	whole
}

next_login() {
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" "$netns"
}

# mended DAMAGE...: each is there, is mended in both ways, and is said to have been
mended() {
	local damage
	begin
	for damage in "$@"; do
		mark=$(log_mark)
		"$damage"
		exits 5 carrel diff exam1
		next_login
		eventually 5 logged_since "$mark" 'pam_carrel.*(mended|put back|anew)'
		whole
		# Once is enough.
		mark=$(log_mark)
		next_login
		eventually 5 logged_since "$mark" 'pam_carrel.*opened a session'
		expect_no_match "$(tail -n "+$((mark + 1))" "$auth_log")" 'mended|put back|anew'

		"$damage"
		exits 5 carrel repair --dry-run exam1
		exits 0 carrel repair exam1
		expect_match "$output" '^(exam1|host): mended$'
		whole
		exits 0 carrel repair exam1
		expect_match "$output" '^exam1: nothing to mend$'
		expect_match "$output" '^host: nothing to mend$'
	done
}
