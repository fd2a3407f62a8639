#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carrel-refresh.service in its sandbox, on the machine that Debian's systemd booted.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/login.sh
. "$here/../lib/login.sh"

test_names_service_runs_and_follows_the_configuration() {
	systemctl is-active carrel-refresh.service
	sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
	echo '203.0.113.80 named.example' >>/etc/hosts
	printf '%s\n' 'default reject out' 'allow out tcp to named.example port 443' \
		>/etc/carrel/policies/exam.policy
	eventually 30 grep -qx 'address 203.0.113.80' /run/carrel/names
	reaches exam1 tcp 203.0.113.80 443
	cannot_reach exam1 tcp 203.0.113.10 443
	expect_match "$(journalctl -u carrel-refresh.service)" 'named\.example: 203\.0\.113\.80'
	expect_equal "$(systemctl show -P NRestarts carrel-refresh.service)" 0
}

test_names_service_comes_back_when_it_is_killed() {
	local process
	process=$(systemctl show -P MainPID carrel-refresh.service)
	kill -KILL "$process"
	eventually 20 systemctl is-active carrel-refresh.service
	expect_differ "$(systemctl show -P MainPID carrel-refresh.service)" "$process"
	reaches exam1 tcp 203.0.113.80 443
}

run_tests "$@"
