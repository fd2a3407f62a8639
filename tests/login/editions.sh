#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The host gets other addresses while carrels are open whose policies name it, and allow what they
# do not deny: what a carrel does not know for the host's is closed, until it does.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"
# shellcheck source=tests/lib/doctor.sh
. "$here/../lib/doctor.sh"

lab1=61101
lab2=61102
gained=(192.0.2.77 2001:db8:0:1::77)
other=(192.0.2.78 2001:db8:0:1::78)
state=/run/carrel

# Something listens on each port of the new addresses before the host has them.
set_up() {
	sysctl -q net.ipv4.ip_nonlocal_bind=1 net.ipv6.ip_nonlocal_bind=1
	"$here/../host/answer" gained "${gained[@]}" "${other[@]}" >/var/log/answer-gained 2>&1 &
	answering=$!
	eventually 10 grep -qs ready /var/log/answer-gained
	ip link add gain type veth peer name gain-peer
	ip link set gain-peer up
	ip link set gain up
	cat >/etc/carrel/policies/lab.policy <<-'END'
		default   allow out
		deny      out tcp to host port 25
		allow     out tcp,udp to host port 25,443
		allow     in  tcp from host port 80
	END
}

tear_down() {
	ip link del gain
	kill "$answering"
}

# gain ADDRESS..., lose ADDRESS...: the host's
gain() {
	local address
	for address in "$@"; do
		case $address in
		*:*)	ip address add "$address" dev gain nodad ;;
		*)	ip address add "$address" dev gain ;;
		esac
	done
}

lose() {
	local address
	for address in "$@"; do
		ip address del "$address" dev gain
	done
}

# fresh: nobody is logged in, the host is as it was, and gc has just run: no login starts it
fresh() {
	local carrel
	for carrel in /run/netns/carrel-*; do
		[ ! -e "$carrel" ] || carrel remove "${carrel##*-}"
	done
	ip address flush dev gain
	touch $state/collected
}

# inside UID CMD: without a login, which would change what is looked at
inside() {
	local uid=$1
	shift
	ip netns exec "carrel-$uid" "$@"
}

# nothing_reaches UID: none of the probes on standard input gets an answer; all at the same time
nothing_reaches() {
	local uid=$1 probe
	local -a probes=()
	: >/tmp/reached
	while read -ra probe; do
		if inside "$uid" probe --wait 1 "${probe[@]}"; then
			echo "${probe[@]}" >>/tmp/reached
		fi &
		probes+=($!)
	done
	wait "${probes[@]}"
	expect_equal "$(cat /tmp/reached)" ''
}

# open_to UID ADDRESS...: just as the policy says of the host
open_to() {
	local uid=$1 address
	shift
	for address in "$@"; do
		inside "$uid" probe tcp "$address" 443
		inside "$uid" probe udp "$address" 443
	done
	for address in "$@"; do
		printf "%s $address %s\n" tcp 25 tcp 80 udp 53 icmp ''
	done | nothing_reaches "$uid"
}

# closed_to UID ADDRESS...: at every port
closed_to() {
	local uid=$1 address
	shift
	for address in "$@"; do
		printf "%s $address %s\n" tcp 25 tcp 80 tcp 443 udp 53 udp 443 icmp ''
	done | nothing_reaches "$uid"
}

# edition UID: the number that its link says
edition() {
	local group
	group=$(ip -json -details link show "cr-$1" | jq -r '.[0].group')
	echo $(((group >> 4) & 0xfff))
}

# rules UID: with their handles, but without what they counted
rules() {
	inside "$1" nft --handle list chain inet carrel output | sed 's/packets [0-9]* bytes [0-9]*//'
}

test_editions_close_a_new_address_until_the_carrel_knows_it() {
	local before mark
	fresh
	keep_open lab1
	before=$(rules $lab1)
	open_to $lab1 "${server[@]}" "${uplink[@]}"
	inside $lab1 probe tcp "${other_site[0]}" 80
	gain "${gained[@]}"
	closed_to $lab1 "${gained[@]}"
	exits 5 carrel diff lab1
	expect_match "$output" 'carrel +addresses of the host that it knows'
	expect_equal "$(wc -l <<<"$output")" 2
	exits 0 carrel gc
	expect_equal "$output" ''
	open_to $lab1 "${gained[@]}" "${server[@]}"
	expect_equal "$(rules $lab1)" "$before"
	exits 0 carrel diff lab1
	# Nobody was wrong about anything.
	mark=$(log_mark)
	as lab1 true
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" 'mended|put back'
	expect_equal "$(rules $lab1)" "$before"
	end_session
}

test_editions_let_the_host_visit_from_a_new_address() {
	local carrel4 carrel6 visited
	fresh
	keep_open lab1
	carrel4=$(address4 lab1)
	carrel6=$(address6 lab1)
	inside $lab1 "$here/../host/answer" lab1 "$carrel4" "$carrel6" >/tmp/lab1 &
	visited=$!
	# shellcheck disable=SC2064  # this one
	trap "kill $visited" EXIT
	eventually 10 grep -qs ready /tmp/lab1
	probe tcp "$carrel4" 80
	gain "${gained[@]}"
	ip route replace "$carrel4" dev cr-$lab1 src "${gained[0]}"
	ip route replace "$carrel6" dev cr-$lab1 src "${gained[1]}"
	expect_failure probe --wait 1 tcp "$carrel4" 80
	expect_failure probe --wait 1 tcp "$carrel6" 80
	carrel gc
	expect_equal "$(probe tcp "$carrel4" 80)" "lab1 sees ${gained[0]}"
	expect_equal "$(probe tcp "$carrel6" 80)" "lab1 sees ${gained[1]}"
	expect_failure probe --wait 1 tcp "$carrel4" 443
	end_session
}

test_editions_close_an_address_that_went_and_came_back() {
	fresh
	gain "${gained[@]}" "${other[@]}"
	keep_open lab1
	open_to $lab1 "${gained[@]}"
	# As long as nobody notices, the carrel knows it.
	lose "${gained[@]}"
	gain "${gained[@]}"
	open_to $lab1 "${gained[@]}"
	# Somebody else does, and has it on the host's side, too; this carrel's rules still know it.
	lose "${gained[@]}"
	as lab2 true
	gain "${gained[@]}"
	closed_to $lab1 "${gained[@]}"
	open_to $lab1 "${other[@]}" "${server[@]}"
	carrel gc
	open_to $lab1 "${gained[@]}" "${other[@]}"
	# And here they forget it.
	lose "${gained[@]}"
	carrel gc
	gain "${gained[@]}"
	closed_to $lab1 "${gained[@]}"
	carrel gc
	open_to $lab1 "${gained[@]}"
	end_session
}

test_editions_give_a_login_the_addresses_of_its_moment() {
	fresh
	keep_open lab1
	gain "${gained[@]}"
	# Whether others know them or not: those do not wait for each other.
	reaches lab2 tcp "${gained[0]}" 443
	open_to $lab2 "${gained[@]}"
	closed_to $lab1 "${gained[@]}"
	open_to $lab1 "${server[@]}"
	# Nor does the second login of the same user wait for gc.
	reaches lab1 tcp "${gained[1]}" 443
	open_to $lab1 "${gained[@]}"
	expect_equal "$(edition $lab1)" "$(edition $lab2)"
	end_session
}

test_editions_stay_closed_to_a_carrel_that_cannot_learn() {
	fresh
	keep_open lab1
	as lab2 true
	gain "${gained[@]}"
	# Somebody has its lock.
	exec 8<$state/locks/$lab1
	flock 8
	carrel gc 8<&-
	open_to $lab2 "${gained[@]}"
	closed_to $lab1 "${gained[@]}"
	open_to $lab1 "${server[@]}"
	exec 8<&-
	carrel gc
	open_to $lab1 "${gained[@]}"
	# Its rules have no sets: as those that an older version made.
	inside $lab1 nft flush ruleset
	ip link set cr-$lab1 group $((0x0ca40005))
	exits 0 carrel gc
	expect_equal "$(edition $lab1)" 0
	closed_to $lab1 "${gained[@]}" "${server[@]}"
	inside $lab1 probe tcp "${other_site[0]}" 80
	exits 0 carrel repair lab1
	open_to $lab1 "${gained[@]}" "${server[@]}"
	end_session
}

test_editions_come_with_apply_and_repair() {
	fresh
	keep_open lab1
	gain "${gained[@]}"
	exits 0 carrel apply
	expect_equal "$output" 'lab1  lab  unchanged'
	open_to $lab1 "${gained[@]}"
	gain "${other[@]}"
	closed_to $lab1 "${other[@]}"
	exits 0 carrel repair lab1
	expect_match "$output" "mended in the carrel: what it knew of the host's addresses"
	open_to $lab1 "${gained[@]}" "${other[@]}"
	exits 0 carrel repair lab1
	expect_match "$output" '^lab1: nothing to mend'
	# What somebody took out of a set is put back.
	exits 0 carrel diff lab1
	inside $lab1 nft flush set inet carrel host4
	exits 5 carrel diff lab1
	expect_match "$output" "^  carrel  set host4: without .*${server[0]}.* \\(should be: the host's addresses\\)$"
	exits 0 carrel repair lab1
	expect_match "$output" '^lab1: mended'
	open_to $lab1 "${server[@]}"
	end_session
}

test_editions_outlive_a_reload_of_the_hosts_firewall() {
	local mark
	fresh
	keep_open lab1
	gain "${gained[@]}"
	as lab2 true
	expect_differ "$(edition $lab1)" "$(edition $lab2)"
	nft delete table inet carrel
	mark=$(log_mark)
	as lab2 true
	logged_since "$mark" 'has been put back'
	open_to $lab2 "${gained[@]}"
	closed_to $lab1 "${gained[@]}"
	open_to $lab1 "${server[@]}"
	# What somebody did to the sets of the host's table is mended, too.
	nft flush set inet carrel known4
	closed_to $lab1 "${server[0]}"
	exits 5 carrel diff lab1
	expect_match "$output" 'host +set known4'
	as lab2 true
	open_to $lab1 "${server[@]}"
	# Nor is a file that is lost, or cannot be read, the end of it.
	rm $state/editions
	as lab2 true
	open_to $lab2 "${gained[@]}"
	echo nonsense >$state/editions
	mark=$(log_mark)
	as lab2 true
	logged_since "$mark" "the editions of the host's addresses"
	open_to $lab2 "${gained[@]}"
	carrel gc
	open_to $lab1 "${gained[@]}"
	end_session
}

# many_addresses WORD: of the host, that come before those that it has always had
many_addresses() {
	local number
	for number in {1..1030}; do
		echo "address $1 2001:db8::$number/128 dev gain"
	done | ip -force -batch -
}

# So many that some are known to nobody: these are closed, and doctor says which.
test_editions_have_no_more_addresses_than_doctor_tells_of() {
	fresh
	keep_open lab1
	open_to $lab1 "${server[@]}"
	expect_equal "$(findings addresses)" ''
	many_addresses add
	as lab1 true
	open_to $lab1 "${server[0]}"
	closed_to $lab1 "${server[1]}"
	finds addresses notice 'the host has 10[0-9]{2} addresses, and carrels know only the first 1024, up to 2001:db8::10[0-9]{2}$'
	expect_match "$(fix_of addresses)" 'listen on an address up to 2001:db8::10'
	many_addresses del
	as lab1 true
	open_to $lab1 "${server[@]}"
	expect_equal "$(findings addresses)" ''
	end_session
}

# Links stand for the carrels that learn of nothing meanwhile.
test_editions_that_are_too_old_are_found_and_mended() {
	local number
	fresh
	keep_open lab1
	open_to $lab1 "${server[@]}"
	for number in {1..17}; do
		gain "192.0.2.$((100 + number))"
		touch $state/collected
		as lab2 true
		ip link add "old$number" type veth peer name "older$number"
		ip link set "old$number" group $((0x0ca40001 | $(edition $lab2) << 4))
	done
	closed_to $lab1 "${server[@]}"
	inside $lab1 probe tcp "${other_site[0]}" 80
	open_to $lab2 "${server[@]}"
	exits 5 carrel diff lab1
	expect_match "$output" 'addresses of the host that it knows: none that the host still counts'
	finds addresses wrong 'carrels that reach no address of the host, whatever their policies allow: 2 \(lab1, old1\)$'
	for number in {1..17}; do
		ip link del "old$number"
	done
	finds addresses wrong ': 1 \(lab1\)$'
	mended_by_its_fix addresses
	open_to $lab1 "${server[@]}"
	exits 0 carrel diff lab1
	end_session
}

test_editions_are_for_policies_that_name_the_host_only() {
	fresh
	echo 'default allow out' >/etc/carrel/policies/exam.policy
	as exam1 true
	expect_equal "$(edition 61001)" 0
	closed_to 61001 "${server[@]}"
	gain "${gained[@]}"
	carrel gc
	expect_equal "$(edition 61001)" 0
	closed_to 61001 "${gained[@]}"
	exits 0 carrel diff exam1
}

set_up
run_tests "$@"
tear_down
