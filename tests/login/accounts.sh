#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who comes back, and under which name: uids and names that are odd, renamed, shared or given to
# somebody else.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/lifetime.sh"

test_accounts_login_while_the_old_namespace_is_destroyed() {
	local _
	without_carrel exam1
	for _ in {1..15}; do
		su exam1 -c "$probe tcp ${exam_site[0]} 443 && $probe tcp ${exam_site[1]} 443"
		carrel gc
		carrel gc
	done
	for _ in {1..15}; do
		su exam1 -c "$probe tcp ${exam_site[0]} 443 && $probe tcp ${exam_site[1]} 443"
		carrel remove exam1
	done
}

# comes_and_goes NAME UID: a login as NAME is in a carrel of its own, is found, and is collected
comes_and_goes() {
	local output
	output=$(su "$1" -s /bin/sh -c "readlink /proc/self/ns/net; $probe tcp ${exam_site[0]} 443;
		$probe tcp ${exam_site[1]} 443")
	expect_match "$output" "net:\\[$(stat -L -c %i "/run/netns/carrel-$2")\\]"
	expect_equal "$(carrel show --json "$2" | jq -r .user)" "$1"
	expect_equal "$(grep -c 'internet sees' <<<"$output")" 2
	collected "$2"
}

test_accounts_largest_uid() {
	account largest 4294967294
	comes_and_goes largest 4294967294
}

test_accounts_names_of_directory_services() {
	account abcdefghijklmnopqrstuvwxyz123456 63001
	account 'DOM\user' 63002
	account 'user@realm.example' 63003
	comes_and_goes abcdefghijklmnopqrstuvwxyz123456 63001
	comes_and_goes 'DOM\user' 63002
	comes_and_goes user@realm.example 63003
}

test_accounts_uid_given_to_somebody_else() {
	account former 63004
	su former -s /bin/sh -c true
	sed -i '/^former:/d' /etc/passwd /etc/shadow
	expect_match "$(carrel list)" '^former +63004 '
	account later 63004
	su later -s /bin/sh -c true
	expect_match "$(carrel list)" '^later +63004 '
	expect_no_match "$(carrel list)" '^former'
	collected 63004
}

test_accounts_renamed_user() {
	local inode
	account maiden 63005
	su maiden -s /bin/sh -c true
	inode=$(stat -L -c %i /run/netns/carrel-63005)
	sed -i 's/^maiden:/married:/' /etc/passwd /etc/shadow
	su married -s /bin/sh -c true
	expect_equal "$(stat -L -c %i /run/netns/carrel-63005)" "$inode"
	expect_match "$(carrel list)" '^married +63005 '
	carrel show married
	collected 63005
}

test_accounts_two_names_for_one_uid_share_a_carrel() {
	account first 63006
	account second 63006
	su first -s /bin/sh -c 'sleep 1008' &
	eventually 5 pgrep -f -x 'sleep 1008'
	expect_equal "$(su second -s /bin/sh -c 'readlink /proc/self/ns/net')" \
		"net:[$(stat -L -c %i /run/netns/carrel-63006)]"
	gc_says_nothing
	kill "$(pgrep -f -x 'sleep 1008')"
	wait $! || :
	collected 63006
}

run_tests "$@"
