#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the language of policies does to real packets, beyond what ssh.sh and tutorial.sh show.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"


# policy [NAME]: the file NAME.policy (exam) is standard input
policy() {
	cat >"$policies/${1:-exam}.policy"
}

test_policy_icmp_types_tell_ping_from_the_rest() {
	local address
	policy <<-'END'
		default deny out
		allow   out icmp type echo-request
	END
	for address in "${exam_site[@]}"; do
		reaches exam1 icmp "$address"
		cannot_reach exam1 tcp "$address" 443
	done
	policy <<-'END'
		default deny out
		allow   out icmp type timestamp-request,packet-too-big,echo-reply
	END
	for address in "${exam_site[@]}"; do
		cannot_reach exam1 icmp "$address"
	done
}

test_policy_include_has_the_rules_of_the_other_file() {
	mkdir -p $policies/common
	policy common/web <<-'END'
		# what every exam may
		include site
	END
	policy site <<-'END'
		allow out tcp to 203.0.113.10,2001:db8:80::10 port 443
	END
	policy <<-'END'
		default deny out
		include common/web
		allow   out tcp to 203.0.113.80 port 443
	END
	reaches exam1 tcp "${exam_site[0]}" 443
	reaches exam1 tcp "${exam_site[1]}" 443
	reaches exam1 tcp "${other_site[0]}" 443
	cannot_reach exam1 tcp "${other_site[1]}" 443
	expect_match "$(ip netns exec "carrel-$(id -u exam1)" nft list ruleset)" \
		'"site.policy:1: allow out tcp to 203.0.113.10,2001:db8:80::10 port 443"'
	expect_match "$(carrel explain exam1 tcp 203.0.113.10:443)" "$policies/site.policy:1"
	expect_no_match "$(carrel check)" 'no assignment'

	# An edit of what is included is an edit of the policy.
	echo 'deny out' >$policies/site.policy
	cannot_reach exam1 tcp "${exam_site[0]}" 443
}

test_policy_include_in_a_ring_is_refused_and_shown() {
	local output mark
	policy ring <<<'include common/ring'
	policy common/ring <<<'include ring'
	output=$(carrel check 2>&1) && return 1
	expect_match "$output" "^$policies/common/ring.policy:1:9: error: 'ring' includes itself: $policies/ring.policy -> $policies/common/ring.policy -> $policies/ring.policy$"
	rm $policies/ring.policy

	# The last valid version of all its files stays in force.
	policy <<-'END'
		allow out tcp to 203.0.113.10 port 443
		include common/ring
		deny  out
	END
	echo '# nothing' >$policies/common/ring.policy
	reaches exam1 tcp "${exam_site[0]}" 443
	echo 'include exam' >$policies/common/ring.policy
	mark=$(log_mark)
	reaches exam1 tcp "${exam_site[0]}" 443
	cannot_reach exam1 tcp "${other_site[0]}" 443
	logged_since "$mark" "ring.policy:1:9: 'exam' includes itself: .*the last valid version stays"
	rm $policies/common/ring.policy
}

test_policy_check_reads_what_a_draft_includes_beside_it() {
	local draft output
	draft=$(mktemp -d)
	echo 'include part' >"$draft/exam.policy"
	echo 'allow out tpc' >"$draft/part.policy"
	output=$(carrel check "$draft/exam.policy" 2>&1) && return 1
	expect_match "$output" "^$draft/part.policy:1:11: error: 'tpc' is not a protocol"
	echo 'allow out tcp' >"$draft/part.policy"
	carrel check "$draft/exam.policy"
	# An error in a file that two policies include is said once.
	echo 'allow out tpc' >"$draft/part.policy"
	echo 'include part' >"$draft/lab.policy"
	output=$(carrel check "$draft"/{exam,lab}.policy 2>&1) && return 1
	expect_equal "$(grep -c "'tpc' is not" <<<"$output")" 1
	rm -r "$draft"
}

test_policy_sets_of_the_configuration_are_addresses() {
	local output
	cp /etc/carrel/carrel.conf /tmp/before
	cat >>/etc/carrel/carrel.conf <<-'END'
		set sites 203.0.113.10
		set sites 2001:db8:80::/64,192.0.2.99
	END
	policy <<-'END'
		default deny out
		allow   out tcp to set sites,198.51.100.77 port 443
	END
	reaches exam1 tcp "${exam_site[0]}" 443
	reaches exam1 tcp "${exam_site[1]}" 443
	reaches exam1 tcp "${other_site[1]}" 443
	cannot_reach exam1 tcp "${other_site[0]}" 443

	# A change of the set is one of the rules.
	echo 'set sites 203.0.113.80' >>/etc/carrel/carrel.conf
	reaches exam1 tcp "${other_site[0]}" 443

	# The policy is an error without it, and stays what it was.
	cp /tmp/before /etc/carrel/carrel.conf
	echo 'set site 203.0.113.10' >>/etc/carrel/carrel.conf
	output=$(carrel check 2>&1) && return 1
	expect_match "$output" "exam.policy:2:24: error: 'sites' is not a set; expected one that carrel.conf defines \(did you mean 'site'\?\)"
	reaches exam1 tcp "${exam_site[0]}" 443
	cp /tmp/before /etc/carrel/carrel.conf
}

test_policy_overrides_decide_first() {
	local output
	policy <<-'END'
		default deny out
		allow   out
	END
	policy overrides <<-'END'
		deny  out tcp to 203.0.113.80,2001:db8:80::80
	END
	reaches exam1 tcp "${exam_site[0]}" 443
	cannot_reach exam1 tcp "${other_site[0]}" 443
	cannot_reach exam1 tcp "${other_site[1]}" 443
	# Packaged policies, too, and that is no reason to warn.
	cannot_reach lab1 tcp "${other_site[0]}" 443
	sed -i '$a deny out' $policies/overrides.policy
	output=$(carrel check)
	expect_no_match "$output" '/usr/share/.*can never match'
	expect_match "$output" 'exam.policy:2:1: warning: this rule can never match: .*overrides.policy:2 decides'
	sed -i '$d' $policies/overrides.policy
	output=$(carrel show exam1)
	expect_match "$output" '^  overrides   deny out tcp to 203.0.113.80,2001:db8:80::80$'
	expect_match "$output" '^              allow out$'
	expect_match "$(carrel explain exam1 tcp 203.0.113.80:443 || :)" "$policies/overrides.policy:1"
	expect_match "$(carrel show --json exam1)" '"overrides": \["deny out tcp to 203[^]]*"\], "rules": \["allow out"\]'

	# They are rules and no policy.
	echo 'uplink none' >>$policies/overrides.policy
	output=$(carrel check 2>&1) && return 1
	expect_equal "$(grep -c "overrides.policy:2:1: error: 'uplink' is not a directive; expected include, allow, deny or reject" <<<"$output")" 1
	cannot_reach exam1 tcp "${other_site[0]}" 443
	rm $policies/overrides.policy
	reaches exam1 tcp "${other_site[0]}" 443
	carrel check
}

test_policy_limit_lets_so_many_through_and_no_more() {
	local i
	policy <<-'END'
		default deny out
		allow   out icmp type echo-request limit 1/day burst 4
	END
	# Both families share one limit.
	for i in 0 1 0 1; do
		reaches exam1 icmp "${exam_site[i]}"
	done
	cannot_reach exam1 icmp "${exam_site[0]}"
	cannot_reach exam1 icmp "${exam_site[1]}"
	# What is above goes on to the next rule.
	policy <<-'END'
		default deny out
		deny    out icmp type echo-request limit 1/day burst 2
		allow   out icmp
	END
	cannot_reach exam1 icmp "${exam_site[0]}"
	cannot_reach exam1 icmp "${exam_site[1]}"
	reaches exam1 icmp "${exam_site[0]}"
	reaches exam1 icmp "${exam_site[1]}"
}

test_policy_connections_bounds_how_many_are_open() {
	local output
	policy <<-'END'
		connections 3
	END
	# Five are tried, one after the other; those that come about stay open.
	output=$(as exam1 perl - "${exam_site[@]}" <<-'END'
		use IO::Socket::IP;
		my @open;
		for my $i (0 .. 4) {
			my $socket = IO::Socket::IP->new(PeerHost => $ARGV[$i % 2], PeerPort => 443,
				Timeout => 1);
			push @open, $socket if $socket;
			print $socket ? "open\n" : "no\n";
		}
		shutdown($open[0], 2);
		sleep 1;
		print IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => 443, Timeout => 2)
			? "again\n" : "no\n";
	END
	)
	expect_equal "$(tr '\n' ' ' <<<"$output")" 'open open open no no again '
	expect_match "$(ip netns exec "carrel-$(id -u exam1)" nft list chain inet carrel connections)" \
		'ct count over 3 counter packets [1-9].* drop comment "connections 3"'
}

test_policy_low_ports_lets_users_listen_on_them() {
	local listen='use IO::Socket::INET; print IO::Socket::INET->new(LocalPort => 80, Listen => 1) ? "yes" : "no"'
	echo 'low-ports yes' | policy
	carrel remove exam1
	expect_equal "$(as exam1 perl <<<"$listen")" yes
	# An open carrel gets what its policy says now.
	echo 'low-ports no' | policy
	expect_equal "$(as exam1 perl <<<"$listen")" no
	echo 'low-ports yes' | policy
	expect_equal "$(as exam1 perl <<<"$listen")" yes
	echo 'default allow out' | policy
	expect_equal "$(as exam1 perl <<<"$listen")" no
	carrel remove exam1
	expect_equal "$(as exam1 perl <<<"$listen")" no
}

run_tests "$@"
