#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 200 logins at once of 50 users, some killed, while gc removes what is idle and the policy changes
# under all of them; several times over. See tests/faults/crowd.c for what holds in each session.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

users=50 logins=200 rounds=${ROUNDS-3} first=63200
policy=/etc/carrel/policies/exam.policy

for ((i = 0; i < users; i++)); do
	echo "crowd$i:x:$((first + i)):61001::/tmp:/bin/sh" >>/etc/passwd
	echo "crowd$i:*:19000:0:99999:7:::" >>/etc/shadow
done
printf 'linger 0\nassign exam uid %d-%d\n' $first $((first + users - 1)) >/etc/carrel/carrel.conf
# All at once on a small machine, each waiting for others of the same user.
echo "session required pam_carrel.so timeout=120" >/etc/pam.d/carrel-crowd
su crowd0 -c true
touch -d '1 day' /run/carrel/collected
install -d /tmp/faults

# Every file is whole at any time, as an editor leaves it.
write_policy() {
	cat >$policy.new <<-END
		uplink nat
		default reject out
		default deny in
		allow out tcp to 203.0.113.10,2001:db8:80::10 port 443$1
	END
	mv $policy.new $policy
}

# What goes on beside the logins, until there is a file "enough"; what has begun comes to its end
change_policies() {
	set +x
	while [ ! -e /tmp/faults/enough ]; do
		write_policy ',8443'
		carrel apply
		write_policy ''
		carrel apply
	done
}

collect_idle() {
	set +x
	while [ ! -e /tmp/faults/enough ]; do
		carrel gc
	done
}

# Of each user: what is pinned is recorded under its inode, and the other way round; one claim each.
expect_consistent() {
	local uid pins records
	for ((uid = first; uid < first + users; uid++)); do
		[ -e /run/netns/carrel-$uid ] || [ -e /run/carrel/carrels/$uid ] || continue
		expect_match "$(cat /run/carrel/carrels/$uid)" \
			"^netns $(stat -L -c %i /run/netns/carrel-$uid)$"
		expect_equal "$(find /run/carrel/addresses -lname $uid | wc -l)" 1
	done
	pins=$(find /run/netns -name 'carrel-*' | wc -l)
	records=$(find /run/carrel/carrels -name '[0-9]*' | wc -l)
	expect_equal "$pins" "$records"
	[ -z "$(sed -n 's/^address4 //p' /run/carrel/carrels/* | sort | uniq -d)" ]
}

nothing_left() {
	carrel gc
	[ -z "$(find /run/netns -name 'carrel-*')" ] &&
		[ -z "$(find /run/carrel/carrels /run/carrel/addresses /run/carrel/sessions -mindepth 1)" ] &&
		[ -z "$(find /sys/class/net -name 'cr-*')" ]
}

test_crowd_everybody_is_where_they_belong() {
	local rc=0 i
	change_policies >/tmp/faults/apply 2>&1 &
	collect_idle >/tmp/faults/gc 2>&1 &
	trap 'touch /tmp/faults/enough; wait' EXIT
	for ((i = 0; i < rounds; i++)); do
		"$HOST_BUILD/tests/faults/crowd" carrel-crowd $first $users $logins >/tmp/faults/output || rc=$?
		cat /tmp/faults/output
		sed -n '$s/^/# /p' /tmp/faults/output >&3
		[ $rc -eq 0 ] || { grep -a 'refused a session' $auth_log | tail -n 5; return $rc; }
	done
	touch /tmp/faults/enough
	wait
	# gc did something, and so did apply; neither said that anything failed.
	grep -q ': removed$' /tmp/faults/gc
	grep -q ' updated$' /tmp/faults/apply
	expect_no_match "$(cat /tmp/faults/gc)" '^carrel: '
	expect_consistent
	eventually 60 nothing_left
	expect_equal "$(find /run/carrel -name '.tmp-*')" ""
}

exec 3>&1
run_tests "$@"
