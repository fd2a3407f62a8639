#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who answers a carrel's questions about names. Beside the servers of the test host three answer
# on the internet that say which of them was asked: campus (both families), second and third.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"
# shellcheck source=tests/host/network
. "$here/../host/network"

campus=(203.0.113.53 2001:db8:80::53)
second=203.0.113.54
third=203.0.113.55
outside='(198\.51\.100\.1|2001:db8:0:2::1)$'

for address in "${campus[0]}/32" $second/32 $third/32 "${campus[1]}/128"; do
	within internet ip addr add "$address" dev lo
done
start_answer campus "${campus[*]}" within internet
start_answer second $second within internet
start_answer third $third within internet

# policy: exam.policy is standard input
policy() {
	cat >$policies/exam.policy
}

# resolv_conf ADDRESS...: the host's file is replaced by one that names these, as DHCP clients do it
resolv_conf() {
	printf 'nameserver %s\n' "$@" >/etc/resolv.conf.new
	mv /etc/resolv.conf.new /etc/resolv.conf
}

# asks USER PROTOCOL ADDRESS WHO: what is sent to ADDRESS, port 53, is answered by WHO
asks() {
	expect_match "$(reaches "$1" "$2" "$3" 53)" "^$4 sees $outside"
}

test_dns_of_the_policy_answers_for_the_loopback() {
	local protocol
	resolv_conf 127.0.0.53
	policy <<-END
		default deny out
		dns     ${campus[0]},${campus[1]}
	END
	for protocol in udp tcp; do
		asks exam1 $protocol 127.0.0.53 campus
		asks exam1 $protocol 127.0.0.1 campus
		asks exam1 $protocol ::1 campus
		asks exam1 $protocol "${campus[0]}" campus
		asks exam1 $protocol "${campus[1]}" campus
		cannot_reach exam1 $protocol $second 53
		cannot_reach exam1 $protocol "${other_site[1]}" 53
	done
	# The kernel has what it should, and `carrel diff` knows it again.
	carrel diff exam1
	# Nothing but queries, and to nobody but the resolvers.
	cannot_reach exam1 tcp "${campus[0]}" 443
	cannot_reach exam1 tcp "${campus[1]}" 80
	cannot_reach exam1 tcp 127.0.0.53 80
}

# answers_let_in: what was sent to ::1 is answered, without a login, which would mend what is in the way
answers_let_in() {
	ip netns exec carrel-$exam1 probe --wait 1 udp ::1 53
}

# IPv6 lets answers in by a route, which is mended like others.
test_dns_way_of_answers_is_mended_when_somebody_took_it() {
	local damage mark
	resolv_conf 127.0.0.53
	policy <<-END
		default deny out
		dns     ${campus[0]},${campus[1]}
	END
	without_carrel exam1
	keep_open exam1
	answers_let_in
	for damage in 'route del local ::1 dev uplink0 table local' 'route flush table local dev uplink0'; do
		# shellcheck disable=SC2086  # words
		ip -6 -n carrel-$exam1 $damage
		expect_failure answers_let_in
		exits 5 carrel diff exam1
		expect_match "$output" '^  carrel  route of answers: missing: uplink0: let answers to queries from ::1 in$'
		mark=$(log_mark)
		as exam1 true
		eventually 5 logged_since "$mark" 'mended in the carrel: route of answers: missing'
		answers_let_in
		exits 0 carrel diff exam1
		mark=$(log_mark)
		as exam1 true
		eventually 5 logged_since "$mark" 'opened a session'
		expect_no_match "$(tail -n "+$((mark + 1))" "$auth_log")" mended
		# shellcheck disable=SC2086
		ip -6 -n carrel-$exam1 $damage
		expect_failure answers_let_in
		exits 0 carrel repair exam1
		expect_match "$output" '^exam1: mended$'
		answers_let_in
		exits 0 carrel repair exam1
		expect_match "$output" '^exam1: nothing to mend$'
	done
	# It goes with the link, and comes back with it.
	ip -n carrel-$exam1 link set uplink0 down
	exits 5 carrel diff exam1
	expect_no_match "$output" 'route of answers'
	as exam1 true
	answers_let_in
	exits 0 carrel diff exam1
	cannot_reach exam1 udp "${other_site[1]}" 53
	end_session
}

test_dns_of_the_policy_answers_for_whom_resolv_conf_names() {
	local protocol
	resolv_conf "${other_site[@]}"
	policy <<-END
		default deny out
		dns     ${campus[0]},${campus[1]}
	END
	for protocol in udp tcp; do
		asks exam1 $protocol "${other_site[0]}" campus
		asks exam1 $protocol "${other_site[1]}" campus
		cannot_reach exam1 $protocol "${exam_site[0]}" 53
		cannot_reach exam1 $protocol "${exam_site[1]}" 53
	done
	# Others than these are asked where the rules allow it.
	policy <<-END
		dns     ${campus[0]},${campus[1]}
	END
	asks exam1 udp "${other_site[0]}" campus
	asks exam1 udp "${exam_site[0]}" internet
}

test_dns_enforced_answers_for_everybody() {
	local protocol address
	resolv_conf 127.0.0.53
	policy <<-END
		dns     ${campus[0]},${campus[1]} enforced
	END
	for protocol in udp tcp; do
		for address in 127.0.0.53 ::1 "${exam_site[@]}" "${other_site[@]}" "${server[@]}" $second; do
			asks exam1 $protocol "$address" campus
		done
	done
	expect_match "$(reaches exam1 tcp "${exam_site[0]}" 443)" 'internet sees'
	expect_match "$(carrel explain exam1 udp 203.0.113.80:53)" \
		"^allowed: out udp to 203.0.113.80 port 53, redirected to ${campus[0]}$"
	expect_match "$(carrel explain exam1 udp 203.0.113.80:53)" 'exam.policy:1: dns .* enforced$'
}

test_dns_is_refused_at_once_in_a_family_without_resolver() {
	local mark
	mark=$(log_mark)
	resolv_conf "${other_site[1]}"
	policy <<-END
		dns     ${campus[0]} enforced
	END
	asks exam1 udp "${exam_site[0]}" campus
	exits 1 reaches exam1 tcp "${exam_site[1]}" 53
	expect_equal "$output" refused
	# An ICMP error, which is "no permission" to a program.
	exits 1 reaches exam1 udp "${exam_site[1]}" 53
	expect_differ "$output" timeout
	exits 1 reaches exam1 udp ::1 53
	expect_equal "$output" refused
	logged_since "$mark" "'dns' has no resolver of the family of those whom /etc/resolv.conf names"
	expect_match "$(carrel check)" "exam.policy:1:1: warning: 'dns' has no resolver of the family"
	policy <<-END
		log     denied
		dns     ${campus[0]} enforced
	END
	exits 1 reaches exam1 tcp "${exam_site[1]}" 53
	expect_match "$(carrel log exam1)" 'tcp .*2001:db8:80::10.*53.* exam.policy:2'
	# Without "enforced" only to whom resolv.conf names.
	policy <<-END
		dns     ${campus[0]}
	END
	exits 1 reaches exam1 tcp "${other_site[1]}" 53
	expect_equal "$output" refused
	asks exam1 tcp "${exam_site[1]}" internet
}

test_dns_redirection_survives_a_replaced_resolv_conf() {
	local protocol answer=/tmp/answers
	resolv_conf 127.0.0.53
	policy <<-END
		default deny out
		dns     ${campus[0]},${campus[1]}
	END
	without_carrel exam1
	mkfifo /tmp/go
	chmod 0666 /tmp/go
	# shellcheck disable=SC2016  # expanded over there
	client ssh exam1@server 'for i in 1 2; do
			read -r _ </tmp/go
			for to in 127.0.0.53 ::1; do
				probe udp $to 53; probe tcp $to 53
			done
			echo round $i
		done' >$answer &
	echo >/tmp/go
	eventually 20 grep -q 'round 1' $answer
	expect_equal "$(grep -c 'campus sees' $answer)" 4
	# What a bind mount over it would not survive.
	resolv_conf 127.0.0.1
	echo >/tmp/go
	wait $!
	expect_equal "$(grep -c 'campus sees' $answer)" 8
	rm /tmp/go
}

test_dns_several_resolvers_are_dealt_out_to_names() {
	resolv_conf "${other_site[0]}" "${exam_site[0]}"
	policy <<-END
		default deny out
		dns     ${campus[0]},$second
	END
	asks exam1 udp "${other_site[0]}" campus
	asks exam1 tcp "${other_site[0]}" campus
	asks exam1 udp "${exam_site[0]}" second
	asks exam1 tcp "${exam_site[0]}" second
	asks exam1 udp $second second
}

test_dns_several_resolvers_take_turns_for_one_name() {
	local answers
	resolv_conf 127.0.0.53
	policy <<-END
		default deny out
		dns     ${campus[0]},$second,$third
	END
	without_carrel exam1
	# shellcheck disable=SC2016  # expanded over there
	answers=$(as exam1 'for i in 1 2 3 4 5 6; do probe udp 127.0.0.53 53; done')
	for name in campus second third; do
		expect_equal "$(grep -c "^$name" <<<"$answers")" 2
	done
	expect_match "$(carrel explain exam1 udp 127.0.0.53:53)" \
		"redirected to ${campus[0]} or $second or $third$"
	carrel diff exam1
}

# What the host uses, where that is a stub: systemd-resolved's servers, others', none known.
test_dns_without_the_directive_asks_the_servers_behind_the_stub() {
	local protocol address mark
	mkdir -p /run/systemd/resolve
	printf 'nameserver %s\n' "${campus[@]}" >/run/systemd/resolve/resolv.conf
	resolv_conf 127.0.0.53
	policy <<-'END'
		default deny out
		allow   out tcp,udp to resolver port 53
	END
	for protocol in udp tcp; do
		for address in 127.0.0.53 127.0.0.1 ::1 "${campus[@]}"; do
			asks exam1 $protocol "$address" campus
		done
		cannot_reach exam1 $protocol $second 53
		cannot_reach exam1 $protocol "${other_site[1]}" 53
	done
	cannot_reach exam1 tcp "${campus[0]}" 443
	# The rules decide.
	policy <<<'default deny out'
	cannot_reach exam1 udp 127.0.0.53 53
	cannot_reach exam1 tcp ::1 53
	policy <<<'default allow out'
	asks exam1 udp 127.0.0.53 campus
	asks exam1 udp $second second

	# Another network, another resolver: the next login has it, and `carrel apply` at once.
	printf 'nameserver %s\n' $second >/run/systemd/resolve/resolv.conf
	expect_match "$(carrel apply --dry-run)" exam1
	carrel apply
	expect_match "$(ip netns exec "carrel-$(id -u exam1)" nft list chain inet carrel dns)" "dnat ip to $second"
	asks exam1 udp 127.0.0.53 second
	printf 'nameserver %s\n' $third >/run/systemd/resolve/resolv.conf
	asks exam1 udp 127.0.0.53 third

	rm /run/systemd/resolve/resolv.conf
	resolv_conf 127.0.0.53 $second
	asks exam1 udp 127.0.0.53 second
	resolv_conf 127.0.0.53
	mark=$(log_mark)
	cannot_reach exam1 udp 127.0.0.53 53
	logged_since "$mark" "/etc/resolv.conf names programs on the host's loopback alone, .*'exam'; write 'dns ADDRESS' into it"
	expect_match "$(carrel check)" "^$policies/exam.policy: warning: /etc/resolv.conf names programs on the host's loopback alone"
}

# As they come, on a host with a stub, and where the host itself answers.
test_dns_packaged_policies_let_the_resolver_be_asked() {
	local name
	mv $policies/exam.policy /tmp/exam.policy
	trap 'mv /tmp/exam.policy $policies; rm -f /run/systemd/resolve/resolv.conf' EXIT
	mkdir -p /run/systemd/resolve
	printf 'nameserver %s\n' "${campus[@]}" >/run/systemd/resolve/resolv.conf
	resolv_conf 127.0.0.53
	for name in open web lab exam; do
		expect_match "$(carrel run $name -- probe udp 127.0.0.53 53)" '^campus'
		expect_match "$(carrel run $name -- probe tcp ::1 53)" '^campus'
	done
	expect_failure carrel run exam -- probe --wait 1 udp $second 53
	expect_failure carrel run offline -- probe --wait 1 udp 127.0.0.53 53
	resolv_conf "${server[@]}"
	for name in open web lab exam; do
		expect_match "$(carrel run $name -- probe udp "${server[0]}" 53)" '^server'
		expect_match "$(carrel run $name -- probe tcp "${server[1]}" 53)" '^server'
		expect_failure carrel run $name -- probe --wait 1 tcp "${server[0]}" 443
	done
}

test_dns_without_a_stub_redirects_nothing() {
	resolv_conf $second
	policy <<-'END'
		default deny out
		allow   out tcp,udp to resolver port 53
	END
	asks exam1 udp $second second
	cannot_reach exam1 udp "${campus[0]}" 53
	cannot_reach exam1 udp 127.0.0.1 53
	expect_no_match "$(ip netns exec "carrel-$(id -u exam1)" nft list ruleset)" dnat
}

# A resolver on the host's own address, as libvirt's and Docker's dnsmasq is: only for queries.
test_dns_on_the_host_itself_is_reached_and_nothing_else_of_it() {
	local protocol
	resolv_conf 127.0.0.53
	policy <<-END
		dns     ${server[0]},${server[1]}
	END
	for protocol in udp tcp; do
		expect_match "$(reaches exam1 $protocol 127.0.0.53 53)" '^server sees 10\.213\.'
		expect_match "$(reaches exam1 $protocol ::1 53)" '^server sees fd42:'
		expect_match "$(reaches exam1 $protocol "${server[0]}" 53)" '^server sees 10\.213\.'
		cannot_reach exam1 $protocol "${uplink[0]}" 53
		cannot_reach exam1 $protocol "${server[1]}" 443
	done
	cannot_reach exam1 tcp "${server[0]}" 22
	resolv_conf "${server[0]}"
	policy <<-'END'
		default deny out
		allow   out to resolver port 53
	END
	expect_match "$(reaches exam1 udp "${server[0]}" 53)" '^server sees 10\.213\.'
	cannot_reach exam1 tcp "${server[0]}" 443
}

test_dns_overrides_decide_before_the_directive() {
	resolv_conf 127.0.0.53
	policy <<-END
		deny    out to ${campus[0]}
		dns     ${campus[0]},$second
	END
	asks exam1 udp "${campus[0]}" campus
	echo "deny out udp to ${campus[0]}" >$policies/overrides.policy
	cannot_reach exam1 udp "${campus[0]}" 53
	asks exam1 tcp "${campus[0]}" campus
	asks exam1 udp $second second
	rm $policies/overrides.policy
}

# What goes on to a resolver that is none any more ends when the rules are replaced.
test_dns_apply_ends_what_goes_to_another_resolver_now() {
	local flow=/tmp/flow rc=0 streaming=203.0.113.56 server client
	within internet ip addr add $streaming/32 dev lo
	inet stream serve $streaming 53 >$flow-server &
	server=$!
	# shellcheck disable=SC2064  # as it is now
	trap "kill $server" EXIT
	eventually 5 grep -q ready $flow-server
	resolv_conf 127.0.0.53
	policy <<<"dns $streaming enforced"
	as exam1 stream tcp 127.0.0.53 53 4 >$flow &
	client=$!
	eventually 10 grep -q begun $flow
	policy <<<"dns $second enforced"
	carrel apply exam1
	asks exam1 tcp 127.0.0.53 second
	wait $client || rc=$?
	expect_equal $rc 1
	expect_match "$(cat $flow)" '(reset|silent)$'
}

run_tests "$@"
