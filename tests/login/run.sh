#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `carrel run`: a network for one command, which leaves nothing behind.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"

first=4294901760        # number of the first command that runs; see helper/run.c

# nothing_left: neither links nor claims nor pins, nor anything that is listed
nothing_left() {
	expect_no_match "$(ip -brief link)" '^cr-' && [ -z "$(ls /run/carrel/addresses)" ] &&
		[ -z "$(ls /run/netns)" ] && [ "$(carrel list)" = 'No carrels.' ]
}

# claimed: the one address that is claimed
claimed() {
	find /run/carrel/addresses -type l ! -name 'uid-*' -printf '%f\n'
}

# begin SHELL_COMMAND: run it in the background, wait until it says something; $runner is carrel
begin() {
	local ready
	ready=$(mktemp -u)
	mkfifo "$ready"
	carrel run exam -- sh -c "echo ready; $1" >"$ready" &
	runner=$!
	read -r _ <"$ready"
	rm -f "$ready"
}

test_run_has_the_policy_that_is_named() {
	for site in "${exam_site[@]}"; do
		carrel run exam -- probe tcp "$site" 443
	done
	for site in "${other_site[@]}"; do
		exits 1 carrel run exam -- probe --wait 1 tcp "$site" 443
		carrel run lab -- probe tcp "$site" 443
	done
	exits 1 carrel run offline -- probe --wait 1 tcp "${exam_site[0]}" 443
	expect_equal "$(carrel run offline -- ip -brief link | wc -l)" 1
	exits 1 carrel run exam -- probe --wait 1 tcp "${server[0]}" 22
	eventually 5 nothing_left
}

test_run_leaves_nothing_behind() {
	exits 7 carrel run exam -- sh -c 'exit 7'
	nothing_left
	exits 137 sh -c "carrel run exam -- sh -c 'kill -9 \$\$'"
	nothing_left
	exits 127 carrel run exam -- no-such-command
	nothing_left
	exits 126 carrel run exam -- /etc/passwd
	nothing_left
}

test_run_has_no_network_for_what_is_left_running() {
	local left
	left=$(carrel run lab -- sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!')
	kill -0 "$left"
	nothing_left
	expect_equal "$(nsenter --net=/proc/"$left"/ns/net ip -brief link | wc -l)" 1
	kill "$left"
}

# The command goes on and has its network to itself, until it ends.
test_run_that_was_killed_keeps_the_network_as_long_as_its_command() {
	local command address
	begin 'exec sleep 1000'
	command=$(pgrep -P "$runner")
	address=$(claimed)
	kill -9 "$runner"
	wait "$runner" || :
	nsenter --net=/proc/"$command"/ns/net probe tcp "${exam_site[0]}" 443
	expect_differ "$(carrel run exam -- ip -brief -4 address show uplink0 | awk '{ print $3 }')" \
		"$address/32"
	ip link show cr-$first
	kill -9 "$command"
	eventually 5 expect_failure ip link show cr-$first
	# What is left of its claim is the next one's.
	carrel run exam -- true
	nothing_left
}

test_run_gives_each_command_a_network_of_its_own() {
	local address here
	begin 'exec nc -l -s 0.0.0.0 -p 7000'
	address=$(claimed)
	here=$(carrel run exam -- readlink /proc/self/ns/net)
	expect_differ "$here" "$(readlink /proc/"$(pgrep -P "$runner")"/ns/net)"
	exits 1 carrel run lab -- probe --wait 1 tcp "$address" 7000
	kill "$runner"
	wait "$runner" || :
	nothing_left
}

test_run_as_a_user() {
	expect_equal "$(carrel run --user exam1 lab -- id -un)" exam1
	# shellcheck disable=SC2016  # expanded over there
	expect_equal "$(carrel run --user exam1 lab -- sh -c 'echo $HOME $USER')" '/home/exam1 exam1'
	exits 2 carrel run --user exam1 lab -- ip link set lo down
	expect_equal "$(carrel run lab -- id -un)" root
	exits 3 carrel run --user no-such-user lab -- true
	nothing_left
}

test_run_says_which_policies_there_are_not() {
	exits 3 carrel run exma -- true
	expect_equal "$output" "carrel: there is no policy 'exma'; did you mean 'exam'?"
	exits 3 carrel run Exam -- true
	expect_equal "$output" "carrel: there is no policy 'Exam'; did you mean 'exam'?"
	exits 3 carrel run ../exam -- true
	echo 'alow out' >/etc/carrel/policies/broken.policy
	exits 4 carrel run broken -- true
	expect_match "$output" 'broken\.policy:1:1'
	rm /etc/carrel/policies/broken.policy
	exits 2 carrel run exam
	exits 1 unprivileged carrel run exam -- true
	expect_match "$output" '^carrel: run needs root'
}

run_tests "$@"
