#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is logged of real packets, how it is read, and that it changes nothing else.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"

when='[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}'
by_exam1="$when user exam1 \(policy exam\)"

# policy [NAME]: the file NAME.policy (exam) is standard input; no carrel is left, nor its log
policy() {
	without_carrel exam1
	without_carrel lab1
	cat >"$policies/${1:-exam}.policy"
}

# in_carrel USER CMD: in the user's network, as root
in_carrel() {
	ip netns exec "carrel-$(id -u "$1")" "${@:2}"
}

# escaped ADDRESS: for a regular expression, as the log writes it before a port
escaped() {
	local address=${1//./\\.}
	[[ $address != *:* ]] || address="\\[$address\\]"
	echo "$address"
}

# send_from USER PORT COUNT: a datagram to each of so many addresses of 198.18.0.0/15, from a login
send_from() {
	as "$1" perl -MSocket - "$2" "$3" <<-'END'
		socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
		send($s, "?", 0, pack_sockaddr_in($ARGV[0], pack("N", 0xc6120000 + $_))) for 1 .. $ARGV[1];
	END
}

# seen REGEX FILE: a condition for eventually
seen() {
	grep -qE -e "$1" "$2"
}

test_log_tells_what_went_out_by_whom_where_and_why() {
	local address output
	policy <<-'END'
		default deny out
		log denied
		allow   out tcp port 443 log
		allow   out udp port 443
		reject  out tcp port 25
		deny    out tcp port 80
	END
	for address in "${exam_site[@]}"; do
		reaches exam1 tcp "$address" 443
		reaches exam1 udp "$address" 443
		cannot_reach exam1 tcp "$address" 25
		cannot_reach exam1 tcp "$address" 80
		cannot_reach exam1 udp "$address" 53
		cannot_reach exam1 icmp "$address"
	done
	cannot_reach exam1 tcp "${server[0]}" 22
	cannot_reach exam1 tcp 10.213.255.254 22
	output=$(carrel log)
	for address in "${exam_site[@]}"; do
		expect_match "$output" "^$by_exam1 tcp $(escaped "$address"):443 allowed, exam.policy:3$"
		expect_match "$output" "^$by_exam1 tcp $(escaped "$address"):25 rejected, exam.policy:5$"
		expect_match "$output" "^$by_exam1 tcp $(escaped "$address"):80 denied, exam.policy:6( \(. packets\))?$"
		expect_match "$output" "^$by_exam1 udp $(escaped "$address"):53 denied, default deny out$"
		expect_match "$output" "^$by_exam1 icmp $address type (8|128) code 0 denied, default deny out$"
	done
	expect_match "$output" "tcp $(escaped "${server[0]}"):22 denied, default deny out to host"
	expect_match "$output" 'tcp 10\.213\.255\.254:22 denied, default deny out to peers'
	expect_no_match "$output" 'udp.*:443|exam.policy:4'
	# Not what the kernel says by itself.
	expect_no_match "$output" 'ff02'
}

test_log_tells_what_came_in() {
	local address number=0
	policy <<-'END'
		log denied
		allow in tcp from host port 8080 log
	END
	for address in "$(address4 exam1)" "$(address6 exam1)"; do
		number=$((number + 1))
		expect_equal "$(probe --wait 1 tcp "$address" 8080)" refused
		expect_equal "$(probe --wait 1 tcp "$address" 22)" timeout
		expect_failure probe --wait 1 icmp "$address"
	done
	expect_equal "$number" 2
	expect_equal "$(carrel log exam1 | grep -cE "^$by_exam1 tcp from [0-9.]+ to port 8080 allowed, exam.policy:2")" 1
	expect_equal "$(carrel log exam1 | grep -cE "^$by_exam1 tcp from [0-9a-f:]+ to port 8080 allowed, exam.policy:2")" 1
	expect_equal "$(carrel log exam1 | grep -cE "^$by_exam1 tcp from .* to port 22 denied, default deny in")" 2
	expect_equal "$(carrel log exam1 | grep -cE "^$by_exam1 icmp from .* type (8|128) code 0 denied, default deny in")" 2
	# Whom it came from, not whom it was for.
	expect_no_match "$(carrel log exam1)" 'from (10\.213\.|fd42:)'
}

test_log_of_a_rule_is_what_that_rule_decides() {
	policy <<-'END'
		default deny out
		allow   out tcp port 443
		reject  out tcp port 25 log
	END
	reaches exam1 tcp "${exam_site[0]}" 443
	cannot_reach exam1 tcp "${exam_site[0]}" 80
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	expect_match "$(carrel log)" "^$by_exam1 tcp 203.0.113.10:25 rejected, exam.policy:3$"
	expect_equal "$(carrel log | wc -l)" 1
}

test_log_of_overrides_and_limits_names_their_place() {
	trap 'rm -f $policies/overrides.policy' EXIT
	policy overrides <<<'deny out tcp port 80'
	policy <<-'END'
		log denied
		connections 1
	END
	cannot_reach exam1 tcp "${exam_site[0]}" 80
	as exam1 'exec 3<>/dev/tcp/203.0.113.10/443; probe --wait 1 tcp 203.0.113.10 443' || expect_equal $? 1
	expect_match "$(carrel log)" "^$by_exam1 tcp 203.0.113.10:80 denied, overrides.policy:1"
	expect_match "$(carrel log)" "^$by_exam1 tcp 203.0.113.10:443 denied, connections 1"
}

test_log_without_the_word_is_empty() {
	policy <<-'END'
		default deny out
		log none
	END
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	exits 0 carrel log
	expect_equal "$output" ""
	expect_equal "$(carrel log --json)" '[]'
}

test_log_place_is_the_one_that_was_loaded() {
	policy <<-'END'
		deny out tcp port 25 log
	END
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	sed -i '1i # one more line' $policies/exam.policy
	expect_match "$(carrel log)" 'denied, exam.policy:1( |$)'
}

# What was noted under the old rules stays, with its counts, its time and its place; those that are
# the same go on counting.
test_log_outlives_a_change_of_the_rules() {
	local before
	policy <<-'END'
		deny out tcp port 25 log
		deny out udp port 53 log
		deny out icmp log
	END
	as exam1 'for i in 1 2 3; do echo "?" >/dev/udp/203.0.113.10/53; done; true'
	cannot_reach exam1 icmp "${exam_site[1]}"
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	before=$(carrel log)
	expect_equal "$(wc -l <<<"$before")" 3
	printf '%s\n' 'deny out tcp port 80 log' '' '' 'deny out udp port 53 log' 'log denied' >$policies/exam.policy
	carrel apply
	expect_equal "$(carrel log)" "$before"
	as exam1 'for i in 1 2; do echo "?" >/dev/udp/203.0.113.10/53; done; true'
	expect_match "$(carrel log)" 'udp 203.0.113.10:53 denied, exam.policy:2 \(3 packets\)$'
	expect_match "$(carrel log)" 'udp 203.0.113.10:53 denied, exam.policy:4 \(2 packets\)$'
	sed -i 1d $policies/exam.policy
	sed -i 1i# $policies/exam.policy
	carrel apply
	as exam1 'echo "?" >/dev/udp/203.0.113.10/53; true'
	expect_match "$(carrel log)" 'udp 203.0.113.10:53 denied, exam.policy:2 \(3 packets\)$'
	expect_match "$(carrel log)" 'udp 203.0.113.10:53 denied, exam.policy:4 \(3 packets\)$'
	expect_equal "$(carrel log | wc -l)" 4
	exits 0 carrel diff exam1
	# One that does not log has no room for it.
	echo 'deny out' >$policies/exam.policy
	carrel apply
	exits 0 carrel log
	expect_equal "$output" ""
}

test_log_counts_what_is_the_same_and_keeps_the_rest_apart() {
	policy <<-'END'
		default deny out
		log denied
	END
	as exam1 'for i in 1 2 3 4 5; do echo "?" >/dev/udp/203.0.113.10/53; done; true'
	as exam1 'echo "?" >/dev/udp/203.0.113.10/54; true'
	expect_match "$(carrel log)" 'udp 203.0.113.10:53 denied, default deny out \(5 packets\)$'
	expect_match "$(carrel log)" 'udp 203.0.113.10:54 denied, default deny out$'
	expect_equal "$(carrel log | wc -l)" 2
	# What was noted is no difference from the policy.
	exits 0 carrel diff exam1
}

# beyond: packets that were denied to addresses that there was no room for
beyond() {
	carrel log | sed -nE 's/.* other packets out denied, default deny out \(([0-9]+) packets\)$/\1/p'
}

# A user sends to more addresses than there is room for: all are counted, the kernel keeps no more than
# a thousand, and what the rules say of packets is as before.
test_log_that_is_full_neither_opens_nor_closes_anything() {
	local output listed rest more
	policy <<-'END'
		default deny out
		log denied
		allow   out tcp port 443 log
	END
	send_from exam1 7 3000
	output=$(carrel log)
	listed=$(grep -c 'udp 198\.1[89].*:7 denied' <<<"$output")
	rest=$(beyond)
	expect_equal "$listed" 1024
	expect_equal $((listed + rest)) 3000
	reaches exam1 tcp "${exam_site[0]}" 443
	cannot_reach exam1 tcp "${exam_site[0]}" 80
	cannot_reach exam1 udp "${exam_site[0]}" 53
	expect_match "$(carrel log)" 'other packets out allowed, exam.policy:3$'
	# Another family, and ICMP, have room of their own.
	reaches exam1 tcp "${exam_site[1]}" 443
	cannot_reach exam1 icmp "${exam_site[0]}"
	expect_match "$(carrel log)" 'tcp \[2001:db8:80::10\]:443 allowed, exam.policy:3$'
	expect_match "$(carrel log)" 'icmp 203.0.113.10 type 8 code 0 denied'
	# Rules that are loaded now find it full from the beginning.
	rest=$(beyond)
	echo 'allow out tcp port 80' >>$policies/exam.policy
	carrel apply
	reaches exam1 tcp "${exam_site[0]}" 80
	cannot_reach exam1 udp "${exam_site[0]}" 53
	expect_equal "$(carrel log | grep -c 'udp 198\.1[89].*:7 denied')" 1024
	more=$(beyond)
	[ "$more" -gt "$rest" ]
}

test_log_follow_shows_what_comes_once() {
	local out reader
	policy <<-'END'
		deny out tcp port 25,80 log
	END
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	out=$(mktemp)
	carrel log -f >"$out" &
	reader=$!
	eventually 20 seen '203.0.113.10:25 denied' "$out"
	cannot_reach exam1 tcp "${exam_site[0]}" 80
	eventually 20 seen '203.0.113.10:80 denied' "$out"
	kill $reader
	wait $reader || :
	expect_equal "$(grep -c ':25 denied' "$out")" 1
	carrel log --follow --json >"$out" &
	reader=$!
	eventually 20 seen '^\{.*"port": 25, .*"verdict": "denied", "place": "exam.policy:1"' "$out"
	kill $reader
	wait $reader || :
}

# With its own memory, a reader that was not there has missed nothing, and says nothing twice.
test_log_state_lets_a_reader_go_on_where_it_was_killed() {
	local state out reader
	state=$(mktemp -d)/state
	out=$(mktemp)
	policy <<-'END'
		deny out tcp port 25,80 log
	END
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	carrel log --follow --state "$state" >"$out" &
	reader=$!
	eventually 20 test -s "$state"
	kill -KILL $reader
	wait $reader || :
	expect_match "$(cat "$out")" ':25 denied'
	cannot_reach exam1 tcp "${exam_site[1]}" 80
	expect_match "$(carrel log --state "$state")" '^.*\]:80 denied, exam.policy:1( \(. packets\))?$'
	expect_equal "$(carrel log --state "$state")" ""
	expect_equal "$(carrel log | wc -l)" 2
	expect_equal "$(stat -c %a "$state")" 600
	echo nonsense >"$state"
	exits 1 carrel log --state "$state"
	expect_match "$output" "$state: not what 'carrel log --state' writes"
}

# Of as many as hosts have, some of whose users scan whole networks.
test_log_state_of_hundreds_of_full_carrels_is_read_again() {
	local state
	state=$(mktemp -d)/state
	seq -f "%.0f log4 $(printf '0%.0s' {1..56}) 1" 1000000 >"$state"
	exits 0 carrel log --state "$state"
	rm "$state"
}

test_log_of_one_user_is_that_users() {
	policy <<<'deny out tcp port 25 log'
	policy lab <<<'deny out tcp port 25 log'
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	cannot_reach lab1 tcp "${exam_site[0]}" 25
	expect_match "$(carrel log exam1)" '^.* user exam1 '
	expect_no_match "$(carrel log exam1)" lab1
	expect_match "$(carrel log "$(id -u lab1)")" '^.* user lab1 \(policy lab\) .*lab.policy:1'
	expect_equal "$(carrel log | wc -l)" 2
	without_carrel lab1
	exits 3 carrel log lab1
	expect_match "$output" 'lab1 has no carrel'
	exits 3 carrel log nobody-at-all
	exits 1 unprivileged carrel log
	expect_match "$output" 'log needs root'
	expect_match "$(carrel log --json | tr -d '\n')" '^\[\{"time": "[^"]*Z", "user": "exam1", "uid": 61001, "policy": "exam", "direction": "out", "protocol": "tcp", "remote": "203.0.113.10", "port": 25, "icmp_type": null, "icmp_code": null, "verdict": "denied", "place": "exam.policy:1", "packets": [1-9]\}\]$'
	rm $policies/lab.policy
}

test_log_goes_to_syslog_where_there_is_no_journal() {
	local mark
	policy <<<'deny out tcp port 25 log'
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	mark=$(log_mark)
	expect_equal "$(carrel log --syslog)" ""
	eventually 10 logged_since "$mark" '^carrel: user exam1 \(policy exam\) tcp 203.0.113.10:25 denied, exam.policy:1'
}

test_log_goes_to_the_journal_with_fields() {
	local fields
	policy <<<'deny out tcp port 25 log'
	cannot_reach exam1 tcp "${exam_site[0]}" 25
	mkdir -p /run/systemd/journal
	fields=$(mktemp)
	perl -MSocket - "$fields" <<-'END' &
		socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
		bind($s, pack_sockaddr_un("/run/systemd/journal/socket")) or die;
		recv($s, my $text, 65536, 0);
		open(my $f, ">", $ARGV[0]);
		print $f $text;
	END
	eventually 10 test -S /run/systemd/journal/socket
	carrel log --syslog
	wait
	rm -r /run/systemd/journal
	expect_match "$(cat "$fields")" '^MESSAGE=user exam1 \(policy exam\) tcp 203.0.113.10:25 denied, exam.policy:1'
	expect_match "$(cat "$fields")" '^CARREL_USER=exam1$'
	expect_match "$(cat "$fields")" '^CARREL_REMOTE=203.0.113.10$'
	expect_match "$(cat "$fields")" '^CARREL_PORT=25$'
	expect_match "$(cat "$fields")" '^CARREL_PLACE=exam.policy:1$'
}

# Reading does not go over every carrel by a process, nor keep one alive.
test_log_of_a_hundred_carrels_is_read_in_one_go() {
	local number uid
	policy <<<'deny out log'
	cp /etc/carrel/carrel.conf /etc/carrel/carrel.conf.before
	sed -i '1i assign exam uid 62001-62100' /etc/carrel/carrel.conf
	for number in {1..100}; do
		uid=$((62000 + number))
		echo "many$number:x:$uid:$uid::/:/bin/sh" >>/etc/passwd
		carrel exec "many$number" -- bash -c "echo ? >/dev/udp/203.0.113.10/$number" || :
	done
	expect_equal "$(carrel log | grep -c 'udp 203.0.113.10:[0-9]* denied, exam.policy:1')" 100
	expect_match "$(carrel log)" 'user many77 \(policy exam\) udp 203.0.113.10:77 denied'
	for number in {1..100}; do
		carrel remove "many$number"
	done
	exits 0 carrel log
	expect_equal "$output" ""
	sed -i '/^many/d' /etc/passwd
	mv /etc/carrel/carrel.conf.before /etc/carrel/carrel.conf
}

run_tests "$@"
