#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A login in a control group whose memory is used up, at limits from far too small to enough: each
# session is right, or refused with its reason in the log, or its application is killed by the
# kernel before the user is let in. Nothing is half done, and the next login works.
#
# The helper stays in the group of its application as long as that is root's, as here, and as
# system services' are; so the limit is the helper's, too, and the memory that the kernel needs
# for the namespace counts. A group that is the user's own is left first (pam/cgroup.c), and with
# it, where the hierarchy is unified, its limit: then the application's own memory is all that
# the limit is for. tests/machine/cgroups.sh tries that.
#
# Where there is no such controller to be had, the address space is limited instead, which the
# helper is freed of.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

pin=/run/netns/carrel-$exam1
record=/run/carrel/carrels/$exam1
groups=/run/testhost/groups
group=$groups/small
faults=/tmp/faults
tracer=/usr/local/libexec/tracer

# Less than a shell needs; and more than all that takes part in a login.
limit_least=$((256 * 1024))
limit_most=$((1024 * 1024 * 1024))
# So many that are right, one after the other, and the limit is no limit any more.
enough=5

# Only tests start gc.
sed -i '1i linger 0' /etc/carrel/carrel.conf
touch -d '1 day' /run/carrel/collected

install -D "$HOST_BUILD/tests/faults/tracer" $tracer
install -d -m 1777 $faults

# make_group: with a limit in $limit_file, or "" where no controller is to be had
make_group() {
	limit_file=
	mkdir $groups
	if mount -t cgroup -o memory memory $groups; then
		limit_file=$group/memory.limit_in_bytes
	elif mount -t cgroup2 cgroup $groups; then
		# Refused where this very group has processes and is not the root of all.
		! echo +memory >$groups/cgroup.subtree_control || limit_file=$group/memory.max
	fi
	[ -z "$limit_file" ] || mkdir $group
}

remove_group() {
	local pid
	[ -z "$limit_file" ] || while read -r pid; do
		kill -KILL "$pid" || :
	done <$group/cgroup.procs
	[ -z "$limit_file" ] || eventually 10 rmdir $group
	! mountpoint --quiet $groups || umount $groups
	rmdir $groups
	carrel remove exam1 || :
}

# limited BYTES CMD: what CMD is and does has no more memory than that
limited() {
	if [ -n "$limit_file" ]; then
		echo "$1" >"$limit_file"
		# shellcheck disable=SC2016  # expanded by the shell that enters the group
		sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' $group "${@:2}"
	else
		prlimit --as="$1" -- "${@:2}"
	fi
}

pinned_netns() {
	echo "net:[$(stat -L -c %i $pin)]"
}

no_helper() {
	[ -z "$(pgrep -x carrel-helper)" ]
}

# What is pinned is what is recorded; the rest is for the next login.
pinned_is_recorded() {
	[ ! -e $pin ] || ! mountpoint --quiet $pin ||
		grep -qx "netns $(stat -L -c %i $pin)" $record
}

# login_of_little BYTES: the application, and all that it starts, have no more; $output is what it said
login_of_little() {
	output=$(limited "$1" su exam1 -c 'readlink /proc/self/ns/net' 2>&1) || :
}

is_held() {
	helper=$(cat $faults/held)
	[ -n "$helper" ]
}

# limit_helper BYTES: from now on it has so much more
limit_helper() {
	local has
	if [ -n "$limit_file" ]; then
		echo "$1" >"$limit_file"
		echo "$helper" >$group/cgroup.procs
	else
		has=$(sed -n 's/^VmSize:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$helper/status")
		# Limits of somebody else's process need a capability that containers lack.
		setpriv --reuid=carrel --regid=carrel --clear-groups \
			prlimit --pid "$helper" --as=$((has * 1024 + $1))
	fi
}

# login_of_little_helper BYTES: by runuser, whose helper is traced; that is stopped as it begins, and
# has no more from there on
login_of_little_helper() {
	local holder session helper
	rm -f $faults/go $faults/held $faults/order
	mkfifo $faults/go
	"$HOST_BUILD/tests/faults/every_fault" hold 10 <$faults/go >$faults/held &
	holder=$!
	exec 8>$faults/go
	eventually 10 test -s $faults/order
	runuser exam1 -c 'readlink /proc/self/ns/net' >$faults/said 2>&1 8>&- &
	session=$!
	eventually 20 is_held
	limit_helper "$1"
	exec 8>&-
	wait $session || :
	wait $holder
	output=$(cat $faults/said)
}

# judge MARK: what $output and the log say became of the login, in $upshot
judge() {
	# Who was killed was not waited for by what they started.
	eventually 10 no_helper
	pinned_is_recorded
	if grep -q 'net:' <<<"$output"; then
		expect_equal "$(grep 'net:' <<<"$output")" "$(pinned_netns)"
		upshot=right
	elif grep -q 'this login is refused' <<<"$output"; then
		eventually 5 logged_since "$1" "pam_carrel.*refused a session of 'exam1': ....*"
		upshot=refused
	else
		upshot=killed
	fi
}

# The policy holds in both families, and its rules are those that every login under it has.
next_login_works() {
	local output site
	output=$(su exam1 -c 'readlink /proc/self/ns/net')
	expect_equal "$output" "$(pinned_netns)"
	pinned_is_recorded
	expect_equal "$(grep '^rules ' $record)" "$rules"
	for site in "${exam_site[@]}"; do
		nsenter --net=$pin probe tcp "$site" 443
	done
}

forbidden_is_forbidden() {
	local site
	for site in "${other_site[@]}"; do
		expect_failure nsenter --net=$pin probe --wait 1 tcp "$site" 443
	done
}

# Temporary files go when nobody can be writing them any more.
nothing_stays() {
	carrel remove exam1
	find /run/carrel -name '.tmp-*' -exec touch --no-dereference -d '1 hour ago' {} +
	carrel gc
	[ ! -e $pin ]
	[ ! -e $record ]
	[ ! -e /run/carrel/sessions/$exam1 ]
	expect_equal "$(find /run/carrel/addresses -lname $exam1)" ""
	expect_equal "$(find /run/carrel -name '.tmp-*')" ""
	eventually 10 link_is_gone $exam1
}

# count_up LOGIN LEAST PREPARE...: LOGIN at each limit from LEAST bytes on, PREPARE before each; how
# many went how is left in $right, $refused, $killed, and told on fd 3
count_up() {
	local login=$1 limit=$2 in_a_row=0 mark
	shift 2
	right=0 refused=0 killed=0
	while [ $in_a_row -lt $enough ]; do
		[ "$limit" -lt $limit_most ]
		"$@"
		mark=$(log_mark)
		$login "$limit"
		judge "$mark"
		next_login_works
		case $upshot in
		right)	right=$((right + 1)) in_a_row=$((in_a_row + 1)) ;;
		refused) refused=$((refused + 1)) in_a_row=0 ;;
		killed)	killed=$((killed + 1)) in_a_row=0 ;;
		esac
		limit=$((limit * 9 / 8 / 4096 * 4096 + 4096))
	done
	echo "# ${limit_file:-address space}: $right right, $refused refused, $killed killed;" \
		"enough are $((limit / 1024)) KiB" >&3
	forbidden_is_forbidden
	nothing_stays
}

begin() {
	trap remove_group EXIT
	make_group
	su exam1 -c true
	rules=$(grep '^rules ' $record)
}

test_memory_of_a_control_group_is_too_little_for_a_first_login() {
	begin
	count_up login_of_little $limit_least nothing_stays
	[ $((refused + killed)) -gt 0 ]
}

test_memory_of_a_control_group_is_too_little_for_a_second_login() {
	begin
	count_up login_of_little $limit_least su exam1 -c true
	[ $((refused + killed)) -gt 0 ]
}

# Nobody else runs short: each is let in, or refused and the log says why.
test_memory_of_a_control_group_is_too_little_for_the_helper() {
	begin
	sed -i "s|pam_carrel.so.*|pam_carrel.so helper=$tracer timeout=60|" /etc/pam.d/runuser
	count_up login_of_little_helper 4096 nothing_stays
	[ $refused -gt 0 ]
	[ $killed -eq 0 ]
}

exec 3>&1
run_tests "$@"
