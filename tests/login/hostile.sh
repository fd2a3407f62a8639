#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Users who get in the way of their own logins, with what every user may do: nobody else is kept
# out by that, and nothing of root's comes to harm.
#
# shellcheck disable=SC2154,SC2016  # variables of login.sh; some are expanded in sessions
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

# What users start themselves, with a password that they have.
sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su

# The user's own processes, as they are after a login.
by_exam1=(setpriv --reuid="$exam1" --regid="$(id -g exam1)" --init-groups)

children() {
	ps -o pid= --ppid "$1" | xargs
}

# has_child PID: and its only child is $child
has_child() {
	child=$(children "$1")
	[ -n "$child" ]
}

# begin_login: exam1 runs su, whose second child, not yet the helper, waits for somebody to open what
# should be a file; $application, $between and $future are their process ids
begin_login() {
	local child
	without_carrel exam1
	# No login starts gc, which would wait, too.
	touch /run/carrel/collected
	mkdir -p /run/carrel-pins
	rm -f /run/carrel-pins/lock
	mkfifo -m 0600 /run/carrel-pins/lock
	"${by_exam1[@]}" su exam1 -c 'echo came in' >/run/testhost/su 2>&1 &
	application=$!
	trap 'let_go; wait "$application" || :' EXIT
	eventually 5 has_child "$application"
	between=$child
	eventually 5 has_child "$between"
	future=$child
}

# is_over PID: also where init has not heard of it yet
is_over() {
	[[ $(ps -o stat= -p "$1") = @(|Z*) ]]
}

let_go() {
	exec 8<>/run/carrel-pins/lock
	rm /run/carrel-pins/lock
}

# They run with root's rights in the application's memory.
test_hostile_user_cannot_signal_what_becomes_the_helper() {
	begin_login
	local process
	for process in "$between" "$future"; do
		expect_equal "$(awk '/^Uid:/ { print $2, $3, $4 }' "/proc/$process/status")" '0 0 0'
		expect_failure "${by_exam1[@]}" kill -STOP "$process"
		expect_failure "${by_exam1[@]}" kill -KILL "$process"
	done
	let_go
	wait "$application"
	trap - EXIT
	expect_equal "$(cat /run/testhost/su)" 'came in'
}

# As who may write to a control group can do to one process in it: its memory is not taken away from
# the process that it made.
test_hostile_kill_of_the_process_between_ends_the_login() {
	local mark
	begin_login
	mark=$(log_mark)
	kill -KILL "$between"
	expect_failure wait "$application"
	eventually 5 is_over "$future"
	eventually 5 logged_since "$mark" 'refused a session of .exam1.: .*somebody killed'
	let_go
	trap - EXIT
	expect_equal "$("${by_exam1[@]}" su exam1 -c "$probe tcp ${exam_site[0]} 443 | wc -l")" 1
}

# Whoever holds a namespace keeps its link, and the host's route to its address, when its carrel is removed
# and the address is given to another user.
test_hostile_holder_of_a_namespace_keeps_nobody_out() {
	local address
	without_carrel exam1
	without_carrel exam2
	without_carrel lab1
	su exam2 -c true
	address=$(su exam2 -c 'echo $CARREL_ADDRESS4')
	"${by_exam1[@]}" sh -c 'exec sleep 1000 </run/netns/carrel-61002' &
	holder=$!
	trap 'kill "$holder"' EXIT
	eventually 5 holds "$holder"
	sed -i '1i linger 0s' /etc/carrel/carrel.conf
	carrel gc
	carrel gc
	sed -i /^linger/d /etc/carrel/carrel.conf
	[ ! -e /run/netns/carrel-61002 ]
	ip link show cr-61002

	# As it comes by chance, in a small pool.
	ln -s 61101 "/run/carrel/addresses/$address"
	ln -s "$address" /run/carrel/addresses/uid-61101
	expect_equal "$(su lab1 -c 'echo $CARREL_ADDRESS4')" "$address"
	expect_equal "$(su lab1 -c "$probe tcp ${exam_site[0]} 443 | wc -l")" 1
	expect_equal "$(su lab1 -c "$probe tcp ${exam_site[1]} 443 | wc -l")" 1
	# What is still in there cannot pretend to be the one who has the address now.
	expect_failure nsenter --net="/proc/$holder/fd/0" "$probe" --wait 1 tcp "${exam_site[0]}" 443
	su exam2 -c "$probe tcp ${exam_site[0]} 443"
}

# The kernel lets nobody else change it, root neither: that much is said.
test_hostile_owner_of_the_host_table_is_told_of() {
	local mark
	nft delete table inet carrel || :
	mkfifo /run/testhost/commands
	nft -i </run/testhost/commands &
	owner=$!
	exec 7>/run/testhost/commands
	trap 'exec 7>&-; wait "$owner" || :; nft list tables; rm /run/testhost/commands' EXIT
	echo 'add table inet carrel { flags owner; }' >&7
	eventually 5 nft list table inet carrel
	nft list table inet carrel | grep owner || skip 'tables have no owners in this kernel'
	mark=$(log_mark)
	expect_failure su exam1 -c true
	eventually 5 logged_since "$mark" 'another program owns it, end that program.: Operation not permitted'
	exec 7>&-
	wait "$owner"
	trap 'rm /run/testhost/commands' EXIT
	su exam1 -c "$probe tcp ${exam_site[0]} 443"
}

# forge UID DESTINATION SOURCE: root in the carrel tells DESTINATION that the datagram which SOURCE is said to
# have sent from port 5555 to the other site did not arrive
forge() {
	ip netns exec "carrel-$1" perl -MSocket=:all -e '
		my ($to, $from, @sites) = @ARGV;
		my $six = $to =~ /:/;
		my $family = $six ? AF_INET6 : AF_INET;
		my @ends = map { inet_pton($family, $_) } $from, $sites[$six];
		my $udp = pack "n4", 5555, 9, 9, 0;
		my $datagram = $six ? pack("NnCC a16 a16", 0x60000000, 9, 17, 64, @ends) . "${udp}x" :
			pack("CCnnnCCn a4 a4", 0x45, 0, 29, 1, 0, 64, 17, 0, @ends) . "${udp}x\0";
		my $error = pack("CCnN", $six ? 1 : 3, $six ? 4 : 3, 0, 0) . $datagram;
		my $sum = 0;
		$sum += $_ for $six ? 0 : unpack "n*", $error;
		$sum = ($sum & 0xffff) + ($sum >> 16) for 1, 2;
		substr($error, 2, 2) = pack "n", ~$sum & 0xffff unless $six;
		socket my $socket, $family, SOCK_RAW, $six ? 58 : 1 or die $!;
		my $address = inet_pton $family, $to;
		send $socket, $error, 0, $six ? pack_sockaddr_in6(0, $address) :
			pack_sockaddr_in(0, $address) or die $!;
	' "$2" "$3" "${other_site[@]}"
}

# errors UID: that the carrel was told of
errors() {
	ip netns exec "carrel-$1" nstat -asz IcmpInDestUnreachs Icmp6InDestUnreachs |
		awk 'NF == 3 && $2 ~ /^[0-9]+$/ { sum += $2 } END { print sum + 0 }'
}

told_of() {
	[ "$(errors "$1")" -eq "$2" ]
}

# Where everything is allowed, and with root's rights in the carrel beside it.
test_hostile_errors_about_connections_of_others_are_dropped() {
	local i address before
	cp $policies/exam.policy /run/testhost/
	trap 'mv /run/testhost/exam.policy $policies/' EXIT
	printf '%s\n' 'uplink nat' 'default allow out' >$policies/exam.policy
	without_carrel exam1
	without_carrel exam2
	su exam1 -c true
	address=("$(su exam2 -c 'echo $CARREL_ADDRESS4')" "$(su exam2 -c 'echo $CARREL_ADDRESS6')")
	# Nobody listens there, and the answer that says so arrives.
	for i in 0 1; do
		ip netns exec carrel-61002 perl -MIO::Socket::IP -e '
			my $socket = IO::Socket::IP->new(Proto => "udp", LocalPort => 5555,
				PeerHost => $ARGV[0], PeerPort => 9) or die $@;
			$socket->send("x") or die $!' "${other_site[i]}"
	done
	eventually 5 told_of 61002 2
	before=$(nft list chain inet carrel from-carrel | sed -n 's/.*snat counter packets \([0-9]*\).*/\1/p')
	# The rules in there are no obstacle to who has root's rights.
	ip netns exec carrel-61001 nft flush ruleset
	for i in 0 1; do
		forge $exam1 "${address[i]}" "${address[i]}"
		forge $exam1 "${uplink[i]}" "${uplink[i]}"
	done
	eventually 5 dropped_more_than "$before"
	told_of 61002 2
	su exam1 -c "$probe tcp ${other_site[0]} 80"
	su exam1 -c "$probe tcp ${other_site[1]} 80"
}

dropped_more_than() {
	nft list chain inet carrel from-carrel |
		awk -v before="$1" '/snat counter/ { for (i = 1; i < NF; i++) if ($i == "packets") found = $(i + 1) }
				    END { exit !(found > before + 1) }'
}

holds() {
	[[ $(readlink "/proc/$1/fd/0") = /run/netns/carrel-61002 ]]
}

run_tests "$@"
