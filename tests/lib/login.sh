# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For login tests, which run as root on the server of the test host (tests/host).

# Where things are in the test host, see tests/host/network and tests/host/server.
# shellcheck disable=SC2034  # for the tests that source this
{
	exam_site=(203.0.113.10 2001:db8:80::10)
	other_site=(203.0.113.80 2001:db8:80::80)
	server=(192.0.2.1 2001:db8:0:1::1)
	uplink=(198.51.100.1 2001:db8:0:2::1)
	host_netns=$(readlink /proc/self/ns/net)
	exam1=61001
	policies=/etc/carrel/policies
	probe=$(command -v probe)
}
auth_log=/var/log/auth.log

# as USER CMD: a new login by ssh from the client
as() {
	local user=$1
	shift
	client ssh "$user@server" "$@"
}

# reaches USER PROTOCOL HOST [PORT]: from a new login; prints the other side's answer
reaches() {
	local user=$1
	shift
	as "$user" probe "$@"
}

# cannot_reach USER PROTOCOL HOST [PORT]: and it is the network that says so, not the login
cannot_reach() {
	local user=$1 rc=0
	shift
	as "$user" probe --wait 1 "$@" || rc=$?
	expect_equal $rc 1
}

netns_of_login() {
	as "$1" readlink /proc/self/ns/net
}

# address4 USER, address6 USER: of the user's carrel
address4() {
	# shellcheck disable=SC2016  # expanded over there
	as "$1" 'echo $CARREL_ADDRESS4'
}

address6() {
	# shellcheck disable=SC2016
	as "$1" 'echo $CARREL_ADDRESS6'
}

# logged_since MARK REGEX: the log has a matching line after $(log_mark)
log_mark() {
	wc -l <$auth_log
}

logged_since() {
	expect_match "$(tail -n "+$(($1 + 1))" $auth_log)" "$2"
}

# refused USER: sshd lets the user in, PAM does not: no command is run
refused() {
	local output rc=0
	output=$(as "$1" echo came in 2>&1) || rc=$?
	printf '%s\n' "$output"
	expect_differ $rc 0
	expect_no_match "$output" 'came in'
}

# keep_open USER: a session that stays; its client's pid is in $session, end_session closes it
keep_open() {
	local user=$1 ready
	ready=$(mktemp -u)
	mkfifo "$ready"
	client ssh "$user@server" 'echo ready; exec cat' < <(exec sleep 1000) >"$ready" &
	session=$!
	read -r _ <"$ready"
	rm -f "$ready"
}

end_session() {
	kill "$session"
	wait "$session" || :
}

# exits STATUS CMD [ARG...]: CMD ends with STATUS; what it says is in $output
exits() {
	local expected=$1 rc=0
	shift
	# Without the trace of what is run, which goes to standard error.
	output=$(set +x; "$@" 2>&1) || rc=$?
	printf '%s\n' "$output"
	expect_equal $rc "$expected"
}

# unprivileged CMD: as a user who is nobody in particular
unprivileged() {
	setpriv --reuid=61201 --regid=61201 --clear-groups "$@"
}

# without_carrel USER: no carrel of a test before is left
without_carrel() {
	carrel remove "$1" || expect_equal $? 3
}

# link_is_gone UID: the host's end of the carrel's uplink
link_is_gone() {
	[ ! -e "/sys/class/net/cr-$1" ] || ! ip link show "cr-$1"
}
