#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hosts by name: `carrel refresh` finds their addresses out, logins and open carrels get them.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"
# shellcheck source=tests/lib/doctor.sh
. "$here/../lib/doctor.sh"

zone=/run/testhost/zone
questions=/run/testhost/questions
resolver=/usr/libexec/carrel/carrel-resolver
state=/run/carrel/names
name_server=203.0.113.53

# A name server in the internet, and a host that asks it.
set_up() {
	: >$zone
	ip netns list >/dev/null
	inet ip addr add $name_server/32 dev lo
	inet dns $name_server $zone >>$questions &
	name_server_pid=$!
	echo "nameserver $name_server" >/etc/resolv.conf
	sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
	eventually 5 grep -qs ready $questions
	cp -a /etc/carrel /etc/carrel.before
	cp $resolver /run/testhost/carrel-resolver
}

tear_down() {
	kill "$name_server_pid"
}

# fresh [LINE...]: no carrels, nothing known of any name, and this as the exam's policy
fresh() {
	local carrel
	for carrel in /run/netns/carrel-*; do
		[ ! -e "$carrel" ] || carrel remove "${carrel##*-}"
	done
	rm -rf /etc/carrel
	cp -a /etc/carrel.before /etc/carrel
	cp /run/testhost/carrel-resolver $resolver
	rm -f $state
	printf '%s\n' 'default reject out' "$@" >$policies/exam.policy
}

# zone LINE...: what the name server answers from now on
zone() {
	printf '%s\n' "$@" >$zone
}

# due: every name is to be asked about again
due() {
	sed -i -E 's/^(name [^ ]+) [0-9]+/\1 0/' $state
}

# later SECONDS CMD [ARG...]: on a clock that is so much ahead
later() {
	local seconds=$1
	shift
	unshare --time --boottime "$seconds" --fork -- "$@"
}

# in_set NAME [UID]: the addresses in a set of a carrel's, sorted
in_set() {
	ip netns exec "carrel-${2-$exam1}" nft --json list set inet carrel "$1" |
		jq -r '.nftables[1].set.elem // [] | sort | join(" ")'
}

test_names_mean_the_addresses_that_are_found_out() {
	local site
	fresh 'allow out tcp to www.site.example,exam.site.example port 443'
	zone 'www.site.example 300 CNAME web.cdn.example' \
		'web.cdn.example 300 A 203.0.113.80' 'web.cdn.example 300 AAAA 2001:db8:80::80' \
		'exam.site.example 300 A 203.0.113.10' 'exam.site.example 300 A 203.0.113.11'
	exits 0 carrel refresh
	expect_match "$output" '^www\.site\.example: 203\.0\.113\.80, 2001:db8:80::80; asked again in 5m$'
	expect_match "$output" '^exam\.site\.example: 203\.0\.113\.10, 203\.0\.113\.11; asked again in 5m$'
	for site in "${other_site[@]}" "${exam_site[0]}"; do
		reaches exam1 tcp "$site" 443
		cannot_reach exam1 tcp "$site" 80
	done
	cannot_reach exam1 tcp "${exam_site[1]}" 443
	# Nothing is due, so nobody is asked.
	: >$questions
	exits 0 carrel refresh
	expect_equal "$output" ''
	expect_equal "$(cat $questions)" ''
	exits 0 carrel refresh WWW.site.example.
	expect_match "$output" '^www\.site\.example: 203'
	expect_equal "$(sort -u $questions | xargs)" 'udp www.site.example A udp www.site.example AAAA'
	exits 3 carrel refresh other.example
	expect_equal "$output" "carrel: no policy that somebody could have names 'other.example'"
}

test_names_are_explained_as_logins_find_them() {
	local site
	fresh 'allow out tcp to www.site.example port 443' \
		'expect allow tcp www.site.example:443' 'expect deny tcp www.site.example:80'
	exits 1 carrel explain exam1 tcp www.site.example:443
	expect_match "$output" '^carrel: no address is known of www\.site\.example: rules about it match nothing'
	zone 'www.site.example 300 A 203.0.113.80' 'www.site.example 300 AAAA 2001:db8:80::80'
	carrel refresh
	exits 0 carrel explain exam1 tcp WWW.site.example:443
	expect_match "$output" '^allowed: out tcp to 203\.0\.113\.80 port 443$'
	expect_match "$output" '^allowed: out tcp to 2001:db8:80::80 port 443$'
	expect_match "$output" 'port 443 \(an address of www\.site\.example\)$'
	exits 5 carrel explain exam1 tcp www.site.example:80
	for site in "${other_site[@]}"; do
		reaches exam1 tcp "$site" 443
		cannot_reach exam1 tcp "$site" 80
	done
	# Another policy does not name it, but what is known is known.
	exits 0 carrel explain --policy open tcp www.site.example:443
	exits 5 carrel explain --policy open in tcp www.site.example:443
	exits 1 carrel explain --policy open tcp other.example:443
	expect_equal "$output" "carrel: no address is known of other.example, which policy 'open' does not name: ask about an address"
}

test_names_reach_carrels_that_are_open_and_leave_connections_alone() {
	local server stream rules
	fresh 'allow out tcp to site.example port 443,7000'
	zone 'site.example 30 A 203.0.113.10' 'site.example 30 AAAA 2001:db8:80::10'
	carrel refresh
	inet stream serve 203.0.113.10 7000 >/dev/null &
	server=$!
	# shellcheck disable=SC2064  # this one
	trap "kill $server" EXIT
	keep_open exam1
	eventually 5 reaches exam1 tcp 203.0.113.10 7000
	as exam1 stream tcp 203.0.113.10 7000 6 >/tmp/stream &
	stream=$!
	eventually 10 grep -qs begun /tmp/stream
	rules=$(ip netns exec carrel-$exam1 nft --handle list chain inet carrel output | sed 's/packets.*bytes [0-9]*//')

	zone 'site.example 30 A 203.0.113.80' 'site.example 30 AAAA 2001:db8:80::80'
	due
	exits 0 carrel refresh
	expect_match "$output" '^site\.example: 203\.0\.113\.80, 2001:db8:80::80; until now 203\.0\.113\.10, 2001:db8:80::10;'
	ip netns exec carrel-$exam1 probe tcp 203.0.113.80 443
	ip netns exec carrel-$exam1 probe tcp 2001:db8:80::80 443
	# For a while what was answered before is meant, too.
	ip netns exec carrel-$exam1 probe tcp 203.0.113.10 443

	exits 0 later 3500 carrel refresh
	expect_equal "$(in_set name4-site.example)" '203.0.113.10 203.0.113.80'
	exits 0 later 3601 carrel refresh
	expect_equal "$(in_set name4-site.example)" 203.0.113.80
	expect_failure ip netns exec carrel-$exam1 probe --wait 1 tcp 203.0.113.10 443
	expect_failure ip netns exec carrel-$exam1 probe --wait 1 tcp 2001:db8:80::10 443
	ip netns exec carrel-$exam1 probe tcp 2001:db8:80::80 443
	# The rules are the same ones, and so is the connection.
	expect_equal "$(ip netns exec carrel-$exam1 nft --handle list chain inet carrel output | sed 's/packets.*bytes [0-9]*//')" "$rules"
	wait $stream
	expect_match "$(cat /tmp/stream)" ', open$'
	end_session
}

test_names_of_a_first_login_match_nothing_until_they_are_known() {
	local mark
	fresh 'allow out tcp to site.example port 443'
	zone 'site.example 300 A 203.0.113.10' 'site.example 300 AAAA 2001:db8:80::10'
	mark=$(log_mark)
	keep_open exam1
	logged_since "$mark" "no address is known of site.example: rules of policy 'exam' about it match nothing until 'carrel refresh' finds one"
	expect_failure ip netns exec carrel-$exam1 probe --wait 1 tcp 203.0.113.10 443
	expect_match "$(carrel show exam1)" '^  names +site.example: no address is known$'
	expect_match "$(carrel explain exam1 tcp 203.0.113.10:443 || :)" 'no address is known of site\.example'

	carrel refresh
	for site in "${exam_site[@]}"; do
		ip netns exec carrel-$exam1 probe tcp "$site" 443
	done
	expect_failure ip netns exec carrel-$exam1 probe --wait 1 tcp 203.0.113.80 443
	end_session
	mark=$(log_mark)
	reaches exam1 tcp 203.0.113.10 443
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" 'no address is known'
}

test_names_keep_their_addresses_while_nobody_answers() {
	local failure
	fresh 'allow out tcp to site.example port 443'
	zone 'site.example 300 A 203.0.113.10' 'site.example 300 AAAA 2001:db8:80::10'
	carrel refresh
	for failure in DROP SERVFAIL; do
		zone "site.example 0 $failure -"
		exits 0 carrel refresh site.example
		expect_match "$output" '^site\.example: 203\.0\.113\.10, 2001:db8:80::10; not answered \((timeout|no-server)\), asked again in (5|10)s$'
		reaches exam1 tcp 203.0.113.10 443
		reaches exam1 tcp 2001:db8:80::10 443
	done
	expect_equal "$(carrel refresh --json site.example | jq -c '.[0] | [.addresses, .failures, .reason != null]')" \
		'[["203.0.113.10","2001:db8:80::10"],3,true]'
	# One family comes back.
	zone 'site.example 300 A 203.0.113.80'
	carrel refresh site.example
	reaches exam1 tcp 203.0.113.80 443
}

test_names_mean_no_private_address_unless_the_policy_says_so() {
	local addresses=(203.0.113.10 10.9.9.9 127.0.0.1 169.254.169.254 192.168.1.1 224.0.0.1 0.0.0.0)
	fresh 'allow out to site.example'
	inet ip addr replace 10.9.9.9/32 dev lo
	inet ip addr replace fd09::9/128 dev lo
	inet stream serve 10.9.9.9 7000 >/dev/null &
	servers=($!)
	inet stream serve fd09::9 7000 >/dev/null &
	servers+=($!)
	# shellcheck disable=SC2064  # these
	trap "kill ${servers[*]}" EXIT
	zone "${addresses[@]/#/site.example 300 A }" 'site.example 300 AAAA ::1' \
		'site.example 300 AAAA fd09::9' 'site.example 300 AAAA ::ffff:10.9.9.9' \
		'site.example 300 AAAA 2001:db8:80::10' 'site.example 300 AAAA fe80::1'
	carrel refresh
	reaches exam1 tcp 203.0.113.10 443
	reaches exam1 tcp 2001:db8:80::10 443
	cannot_reach exam1 tcp 10.9.9.9 7000
	cannot_reach exam1 tcp fd09::9 7000
	expect_equal "$(in_set name4-site.example)" 203.0.113.10
	expect_equal "$(in_set name6-site.example)" 2001:db8:80::10

	echo 'rebind ok' >>$policies/exam.policy
	reaches exam1 tcp 203.0.113.10 443
	reaches exam1 tcp 10.9.9.9 7000
	reaches exam1 tcp fd09::9 7000
	expect_equal "$(in_set rebind4-site.example)" \
		'10.9.9.9 127.0.0.1 169.254.169.254 192.168.1.1 203.0.113.10'
	# What no host has is believed of nobody.
	expect_equal "$(in_set rebind6-site.example)" '2001:db8:80::10 ::1 fd09::9 fe80::1'
	# The policy has no say about the rules above it.
	echo 'allow out to site.example' >$policies/overrides.policy
	as exam1 true
	expect_equal "$(in_set name4-site.example)" 203.0.113.10
	expect_differ "$(in_set rebind4-site.example)" 203.0.113.10
}

test_names_never_mean_the_host_or_another_carrel() {
	fresh 'rebind ok' 'allow out to site.example'
	as exam2 true
	zone "site.example 300 A 192.0.2.1" "site.example 300 A $(address4 exam2)" \
		"site.example 300 AAAA $(address6 exam2)" 'site.example 300 AAAA 2001:db8:0:1::1'
	carrel refresh
	cannot_reach exam1 tcp 192.0.2.1 443
	cannot_reach exam1 tcp 2001:db8:0:1::1 443
	cannot_reach exam1 icmp "$(address4 exam2)"
	cannot_reach exam1 icmp "$(address6 exam2)"
}

# The resolver talks to the network: what it says is believed as it must be, or not at all.
test_names_believe_no_resolver_that_says_what_it_must_not() {
	local answer
	fresh 'allow out to site.example'
	zone 'site.example 300 A 203.0.113.10'
	carrel refresh
	cp $state /tmp/names.before
	while read -r answer; do
		printf '#!/bin/sh\ncat >/dev/null\n%s\n' "$answer" >$resolver
		due
		exits 1 carrel refresh
		expect_match "$output" '^carrel: .*carrel-resolver'
		expect_equal "$(in_set name4-site.example 2>/dev/null || echo none)" none
		expect_equal "$(grep -v ^name $state)" "$(grep -v ^name /tmp/names.before)"
	done <<-'END'
		echo 'other.example 4 addresses 30 203.0.113.80'; echo end
		echo 'site.example 4 addresses 30 203.0.113.80'
		echo 'site.example 4 addresses 30 2001:db8::1'; echo end
		echo 'site.example 4 addresses 30 203.0.113.80'; echo 'site.example 4 none'; echo end
		for i in $(seq 40); do echo "203.0.113.$i"; done | paste -sd, | sed 's/^/site.example 4 addresses 30 /'; echo end
		head -c 600000 /dev/zero | tr '\0' x
		head -c 3000 /dev/urandom
		kill -SEGV $$
		exit 3
	END
	# A resolver that hangs is ended, and so is one that runs amok; nothing is left of it.
	printf '#!/bin/sh\nexec yes\n' >$resolver
	exits 1 carrel refresh site.example
	expect_match "$output" 'carrel-resolver says more than it could know'
	rm $resolver
	exits 1 carrel refresh site.example
	expect_match "$output" "cannot execute $resolver: No such file"
	cp /run/testhost/carrel-resolver $resolver
	reaches exam1 tcp 203.0.113.10 443
}

test_names_resolver_has_no_privilege_at_all() {
	fresh 'allow out to site.example'
	cat >$resolver <<-'END'
		#!/bin/sh
		cat >/dev/null
		grep -E '^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status >&2
		echo fds: $(ls /proc/self/fd) >&2
		env | sed 's/^/env: /' >&2
		exit 3
	END
	exits 1 carrel refresh
	expect_match "$output" "^Uid:(\s$(id -u carrel)){4}$"
	expect_match "$output" "^Gid:(\s$(id -g carrel)){4}$"
	expect_match "$output" '^Groups:\s*$'
	expect_equal "$(grep -cE '^Cap.*:\s0{16}$' <<<"$output")" 4
	expect_match "$output" '^NoNewPrivs:\s1$'
	expect_match "$output" '^fds: 0 1 2 3$'
	expect_equal "$(grep -vcE '^env: (PWD|SHLVL|_)=' <<<"$(grep ^env: <<<"$output")")" 0
	# It gives up where somebody else starts it with more than that.
	cp /run/testhost/carrel-resolver $resolver
	exits 1 $resolver </dev/null
	expect_match "$output" 'must not run as root'
}

test_names_of_a_hundred_carrels_are_asked_about_once() {
	local number
	fresh
	printf '%s\n' 'default reject out' 'allow out to site.example,www.site.example' >$policies/lab.policy
	for number in {1..100}; do
		echo "many$number:x:$((63000 + number)):$(getent group lab | cut -d: -f3)::/home:/bin/sh" >>/etc/passwd
	done
	zone 'site.example 300 A 203.0.113.10' 'www.site.example 300 A 203.0.113.11'
	carrel refresh
	for number in {1..100}; do
		carrel exec "many$number" -- true
	done
	: >$questions
	zone 'site.example 300 A 203.0.113.80' 'www.site.example 300 A 203.0.113.11'
	due
	carrel refresh
	expect_equal "$(sort $questions | uniq -c | awk '{ print $1 }' | sort -u)" 1
	for number in {1..100}; do
		expect_equal "$(in_set name4-site.example $((63000 + number)))" '203.0.113.10 203.0.113.80'
		expect_equal "$(in_set name4-www.site.example $((63000 + number)))" 203.0.113.11
		carrel remove "many$number"
	done
	sed -i '/^many/d' /etc/passwd
}

# Logins that read the names before refresh writes them, and pin their carrels after it looked.
test_names_reach_logins_that_happen_meanwhile() {
	local round number jobs
	fresh
	printf '%s\n' 'allow out to site.example' >$policies/lab.policy
	zone 'site.example 300 A 203.0.113.1'
	carrel refresh
	for round in {2..6}; do
		jobs=()
		for number in {01..10}; do
			{ without_carrel "load$number"; carrel exec "load$number" -- true; } &
			jobs+=($!)
		done
		zone "site.example 300 A 203.0.113.$round"
		carrel refresh site.example
		wait "${jobs[@]}" || :
		for number in {01..10}; do
			expect_match "$(in_set name4-site.example "616$number")" "203\.0\.113\.$round"
		done
	done
}

test_names_are_followed() {
	local follower
	fresh 'allow out tcp to site.example port 443'
	zone 'site.example 30 A 203.0.113.10'
	carrel refresh --follow >/tmp/followed &
	follower=$!
	# shellcheck disable=SC2064  # this one
	trap "kill $follower" EXIT
	eventually 5 grep -qx 'site.example: 203.0.113.10; asked again in 30s' /tmp/followed
	keep_open exam1
	zone 'site.example 30 A 203.0.113.80' 'new.example 30 A 203.0.113.10'
	# Half a minute later; or sooner, where the file says so.
	due
	eventually 15 ip netns exec carrel-$exam1 probe tcp 203.0.113.80 443
	# A changed configuration is seen.
	echo 'allow out tcp to new.example port 80' >>$policies/exam.policy
	eventually 15 grep -q '^new.example: 203.0.113.10' /tmp/followed
	carrel apply exam1
	ip netns exec carrel-$exam1 probe tcp 203.0.113.10 80
	# What was missed while nobody followed is made up for.
	kill $follower
	wait $follower || :
	ip netns exec carrel-$exam1 nft flush set inet carrel name4-site.example
	carrel refresh --follow >/tmp/followed &
	follower=$!
	# shellcheck disable=SC2064  # this one
	trap "kill $follower" EXIT
	eventually 5 ip netns exec carrel-$exam1 probe tcp 203.0.113.80 443
	end_session
}

test_names_are_shown_by_every_command() {
	fresh 'allow out tcp to site.example port 443'
	zone 'site.example 300 A 203.0.113.10' 'site.example 300 A 10.0.0.9'
	carrel refresh
	as exam1 true
	exits 0 carrel explain exam1 tcp 203.0.113.10:443
	expect_match "$output" 'exam\.policy:2: allow out tcp to site\.example port 443 \(an address of site\.example\)'
	exits 5 carrel explain exam1 tcp 10.0.0.9:443
	expect_equal "$(carrel explain --json exam1 tcp 203.0.113.10:443 | jq -r '.answers[0].name')" site.example
	expect_match "$(carrel show exam1)" '^  names +site\.example: 203\.0\.113\.10; refused: 10\.0\.0\.9$'
	expect_equal "$(carrel show --json exam1 | jq -c .names)" \
		'[{"name":"site.example","addresses":["203.0.113.10"],"refused":["10.0.0.9"]}]'
	carrel plan --nft exam1 | unshare --net nft -f -
	expect_equal "$(ip netns exec carrel-$exam1 nft --stateless list table inet carrel)" \
		"$(carrel plan --nft exam1)"
	exits 0 carrel apply exam1
	expect_match "$output" unchanged
	expect_match "$(carrel refresh --json | jq -c '.[] | [.name, .addresses, .asked]')" \
		'\["site.example",\["203.0.113.10","10.0.0.9"\],false\]'
	exits 2 carrel refresh --follow site.example
	exits 1 unprivileged carrel refresh
	expect_match "$output" 'refresh needs root'
}

# open_as_known: what the file says of site.example is reached from the open carrel, and nothing else
open_as_known() {
	ip netns exec carrel-$exam1 probe --wait 1 tcp "$1" 443
	expect_failure ip netns exec carrel-$exam1 probe --wait 1 tcp "$2" 443
}

# What is known, and what a carrel has for that: an edit of the one, or of the other.
test_names_that_are_not_as_known_are_told_and_mended() {
	local edit damage mark
	fresh 'allow out tcp to site.example port 443'
	zone 'site.example 300 A 203.0.113.10' 'site.example 300 AAAA 2001:db8:80::10'
	carrel refresh
	keep_open exam1
	exits 0 carrel diff exam1
	open_as_known 203.0.113.10 203.0.113.80
	edit='s/203\.0\.113\.10/203.0.113.80/; s/2001:db8:80::10/2001:db8:80::80/'
	sed -i "$edit" $state
	exits 5 carrel diff exam1
	expect_match "$output" '^  carrel  set name4-site\.example: without 203\.0\.113\.80; with 203\.0\.113\.10 \(should be: what is known of site\.example\)$'
	expect_match "$output" '^  carrel  set name6-site\.example: without 2001:db8:80::80; with 2001:db8:80::10 '
	expect_equal "$(wc -l <<<"$output")" 3
	finds carrels wrong 'the carrel of exam1: carrel: set name4-site\.example: without 203'
	expect_equal "$(fix_of carrels)" 'carrel repair exam1'
	exits 0 carrel repair exam1
	expect_match "$output" '^exam1: mended$'
	expect_match "$output" 'other addresses of names than are known'
	exits 0 carrel diff exam1
	open_as_known 203.0.113.80 203.0.113.10
	open_as_known 2001:db8:80::80 2001:db8:80::10
	exits 0 carrel repair exam1
	expect_match "$output" '^exam1: nothing to mend$'

	# The next login does the same, and looks at the sets once.
	sed -i 's/203\.0\.113\.80/203.0.113.10/; s/2001:db8:80::80/2001:db8:80::10/' $state
	exits 5 carrel diff exam1
	mark=$(log_mark)
	as exam1 true
	eventually 5 logged_since "$mark" 'other addresses of names than are known'
	exits 0 carrel diff exam1
	open_as_known 203.0.113.10 203.0.113.80
	open_as_known 2001:db8:80::10 2001:db8:80::80
	mark=$(log_mark)
	as exam1 true
	eventually 5 logged_since "$mark" 'opened a session'
	expect_no_match "$(tail -n "+$((mark + 1))" "$auth_log")" 'other addresses|mended'

	# Somebody's hands were at a set.
	for damage in 'flush set inet carrel name4-site.example' \
		'add element inet carrel name4-site.example { 203.0.113.80 }'; do
		# shellcheck disable=SC2086  # words
		ip netns exec carrel-$exam1 nft $damage
		exits 5 carrel diff exam1
		expect_match "$output" 'set name4-site\.example: with'
		exits 0 carrel repair exam1
		expect_match "$output" '^exam1: mended$'
		exits 0 carrel diff exam1
		open_as_known 203.0.113.10 203.0.113.80
		# shellcheck disable=SC2086
		ip netns exec carrel-$exam1 nft $damage
		as exam1 true
		exits 0 carrel diff exam1
		open_as_known 203.0.113.10 203.0.113.80
	done
	end_session
}

# A change that refresh brought is nobody's doing.
test_names_that_were_refreshed_are_no_news_to_a_login() {
	local mark
	fresh 'allow out tcp to site.example port 443'
	zone 'site.example 300 A 203.0.113.10'
	carrel refresh
	keep_open exam1
	zone 'site.example 300 A 203.0.113.80'
	carrel refresh site.example
	exits 0 carrel diff exam1
	mark=$(log_mark)
	as exam1 true
	eventually 5 logged_since "$mark" 'opened a session'
	expect_no_match "$(tail -n "+$((mark + 1))" "$auth_log")" 'other addresses|mended'
	end_session
}

test_names_without_an_address_are_for_the_doctor_to_say() {
	fresh 'allow out to site.example,in.example'
	zone 'in.example 300 A 10.1.1.1'
	findings names
	expect_equal "$(found_by names)" "wrong: $policies/exam.policy:2: no address is known of site.example
wrong: $policies/exam.policy:2: no address is known of in.example"
	carrel refresh
	finds names wrong 'only private addresses are known of in.example'
	zone 'in.example 300 A 203.0.113.10' 'site.example 300 A 203.0.113.80'
	carrel refresh in.example
	finds names wrong 'no address is known of site.example'
	mended_by_its_fix names
	expect_equal "$(found_by names)" ''
}

test_names_in_a_file_that_is_damaged_are_asked_about_anew() {
	local mark
	fresh 'allow out tcp to site.example port 443'
	zone 'site.example 300 A 203.0.113.10'
	carrel refresh
	echo garbage >$state
	mark=$(log_mark)
	cannot_reach exam1 tcp 203.0.113.10 443
	logged_since "$mark" 'the known names: line 1 is not .* nothing is known of any name'
	exits 0 carrel refresh
	expect_match "$output" 'all names are asked about anew'
	reaches exam1 tcp 203.0.113.10 443
}

set_up
run_tests "$@"
tear_down
