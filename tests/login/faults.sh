#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is broken refuses the confined with a clear message, and keeps nobody else out. A
# configuration that was valid once stays in force.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck disable=SC2154  # host_netns comes from login.sh
: "$host_netns"

helper=/usr/libexec/carrel/carrel-helper
config=/etc/carrel/carrel.conf

# Root, and the exempt, get in whatever is broken; those whom nothing confines do as long as
# that can be known.
privileged_get_in() {
	expect_equal "$(netns_of_login root)" "$host_netns"
	expect_equal "$(netns_of_login admin1)" "$host_netns"
	expect_equal "$(su root -c 'readlink /proc/self/ns/net')" "$host_netns"
}

# refused_because REGEX: exam1 is, the user is told, the log says why
refused_because() {
	local mark output
	mark=$(log_mark)
	output=$(refused exam1)
	expect_match "$output" 'No network of your own could be made, so this login is refused'
	logged_since "$mark" "pam_carrel\\(sshd:session\\): .*$1"
	privileged_get_in
}

# saved PATH...: put back at the test's end. So is the state in /run, which starts empty.
saved() {
	mkdir -p /tmp/saved
	tar -C / -cpf /tmp/saved/files.tar "${@#/}"
	trap 'restore' EXIT
	forget
}

restore() {
	tar -C / -xpf /tmp/saved/files.tar --unlink-first
	forget
}

# As after a boot: no carrel, nothing remembered.
forget() {
	local pin
	for pin in /run/netns/carrel-*; do
		! mountpoint --quiet "$pin" || umount "$pin"
		rm -f "$pin"
	done
	find /run/carrel -mindepth 2 -delete
	rm -f /run/carrel/host
}

# --- the helper

test_fault_helper_missing() {
	saved $helper
	rm $helper
	refused_because "$helper.*No such file"
	expect_equal "$(netns_of_login free1)" "$host_netns"
}

test_fault_helper_not_executable() {
	saved $helper
	chmod 0644 $helper
	refused_because "$helper.*Permission denied"
}

test_fault_helper_a_directory() {
	saved $helper
	rm $helper
	mkdir $helper
	trap 'rmdir $helper; restore' EXIT
	refused_because "$helper"
}

test_fault_helper_no_program() {
	saved $helper
	echo "no program" >$helper
	refused_because "$helper.*Exec format error"
}

test_fault_helper_ends_without_a_reply() {
	saved $helper
	cp /bin/true $helper
	refused_because "ended without"
}

# cat reads the request, and waits for more.
test_fault_helper_hangs() {
	saved $helper /etc/pam.d/sshd
	sed -i 's/pam_carrel.so/& timeout=1/' /etc/pam.d/sshd
	cp /bin/cat $helper
	refused_because "within 1"
	eventually 2 expect_failure pgrep -x carrel-helper
}

test_fault_account_of_the_helper_missing() {
	saved /etc/passwd
	sed -i '/^carrel:/d' /etc/passwd
	refused_because "account 'carrel'"
}

# --- the configuration, with none remembered

test_fault_configuration_missing() {
	saved $config
	rm $config
	refused_because "$config.*No such file"
}

test_fault_configuration_invalid() {
	saved $config
	sed -i '3s/assign/asign/' $config
	refused_because "$config:3:1: .*asign.*did you mean 'assign'"
}

test_fault_configuration_world_writable() {
	saved $config
	chmod 0666 $config
	refused_because "$config.*chmod"
}

test_fault_configuration_not_of_root() {
	saved $config
	chown exam1 $config
	refused_because "$config.*chown"
}

test_fault_configuration_a_directory() {
	saved $config
	rm $config
	mkdir $config
	trap 'rmdir $config; restore' EXIT
	refused_because "$config"
}

# What a full disk makes of a file that is being saved.
test_fault_configuration_empty() {
	saved $config
	: >$config
	refused_because "$config is empty"
}

test_fault_dropin_invalid() {
	saved $config
	echo 'assign exam gruop exam' >/etc/carrel/carrel.conf.d/90-typo.conf
	trap 'rm /etc/carrel/carrel.conf.d/90-typo.conf; restore' EXIT
	refused_because "90-typo.conf:1:13: .*gruop.*group"
}

test_fault_policy_missing() {
	saved $config
	sed -i 's/^assign  *exam .*/assign nosuch group exam/' $config
	refused_because "nosuch"
	# only those whom it concerns
	reaches lab1 tcp 203.0.113.80 80
}

test_fault_policy_invalid() {
	saved /etc/carrel/policies/exam.policy
	echo 'allow out tpc to any' >>/etc/carrel/policies/exam.policy
	refused_because "exam.policy:6:11: .*tpc.*did you mean 'tcp'"
	reaches lab1 tcp 203.0.113.80 80
}

test_fault_policy_empty() {
	saved /etc/carrel/policies/exam.policy
	: >/etc/carrel/policies/exam.policy
	refused_because "exam.policy is empty"
}

test_fault_policy_world_writable() {
	saved /etc/carrel/policies/exam.policy
	chmod 0666 /etc/carrel/policies/exam.policy
	refused_because "exam.policy.*chmod"
}

# --- the configuration, after it was valid once

# in_force_with_warning REGEX: exam1 is still confined as before, and the log complains
in_force_with_warning() {
	local mark
	mark=$(log_mark)
	expect_equal "$(reaches exam1 tcp 203.0.113.10 443)" "internet sees 198.51.100.1"
	cannot_reach exam1 tcp 203.0.113.80 443
	expect_equal "$(as exam1 sh -c "'echo \$CARREL_POLICY'")" exam
	logged_since "$mark" "pam_carrel\\(sshd:session\\): .*$1"
	privileged_get_in
}

test_fault_last_valid_configuration_outlives_an_invalid_one() {
	saved $config
	netns_of_login exam1
	sed -i '3s/assign/asign/' $config
	in_force_with_warning "$config:3:1: "
}

# Module and helper both read it; an administrator reads about it once. (And again when a login starts gc,
# which none does here.)
test_fault_invalid_configuration_is_reported_once_a_login() {
	local mark
	saved $config
	touch /run/carrel/collected
	netns_of_login exam1
	sed -i '3s/assign/asign/' $config
	mark=$(log_mark)
	netns_of_login exam1
	expect_equal "$(tail -n "+$((mark + 1))" $auth_log | grep -c "$config:3:1: ")" 1
}

test_fault_last_valid_configuration_outlives_its_removal() {
	saved $config
	netns_of_login exam1
	rm $config
	in_force_with_warning "$config"
}

test_fault_last_valid_configuration_outlives_a_wrong_mode() {
	saved $config
	netns_of_login exam1
	# An attacker's edit of a file that should not have been writable is not what decides.
	sed -i 's/^assign *exam .*/assign unconfined group exam/' $config
	chmod 0666 $config
	in_force_with_warning "$config"
}

# The module, which is root, reads that free1 is confined now; the helper has the text from before.
test_fault_configuration_that_the_helper_cannot_read_lets_nobody_out() {
	local mark
	saved $config
	netns_of_login exam1
	sed -i '1i assign exam user free1' $config
	chmod 0600 $config
	mark=$(log_mark)
	refused free1
	logged_since "$mark" "$config: Permission denied; the last valid"
	logged_since "$mark" "refused a session of 'free1': the helper reads another configuration"
	in_force_with_warning "$config"
}

# The next version's helper finds the text that this one kept, and the host as this one left it.
test_fault_last_valid_configuration_outlives_an_upgrade() {
	saved $config $helper
	netns_of_login exam1
	sed -i '3s/assign/asign/' $config
	cp $helper $helper.new
	mv $helper.new $helper
	sed -i 's/^version .*/version 0.0.0/' /run/carrel/host
	in_force_with_warning "$config:3:1: "
	expect_no_match "$(cat /run/carrel/host)" '^version 0.0.0$'
}

test_fault_last_valid_configuration_serves_new_carrels_too() {
	saved $config
	netns_of_login exam2
	sed -i '3s/assign/asign/' $config
	in_force_with_warning "$config:3:1: "
}

test_fault_last_valid_policy_outlives_an_invalid_one() {
	saved /etc/carrel/policies/exam.policy
	netns_of_login exam1
	echo 'allow out tpc to any' >>/etc/carrel/policies/exam.policy
	in_force_with_warning "exam.policy:6:11: "
}

test_fault_corrected_configuration_takes_over_at_once() {
	saved $config
	netns_of_login exam1
	sed -i '3s/assign/asign/' $config
	netns_of_login exam1
	sed -i '3s/asign *exam/assign lab/' $config
	expect_equal "$(reaches exam2 tcp 203.0.113.80 443)" "internet sees 198.51.100.1"
}

# --- PAM's line

test_fault_unknown_option_refuses_and_says_which() {
	saved /etc/pam.d/sshd
	sed -i 's/pam_carrel.so/& timout=3/' /etc/pam.d/sshd
	refused_because "timout"
}

test_fault_other_configuration_is_read_where_the_line_says_so() {
	saved /etc/pam.d/sshd
	sed -i 's/pam_carrel.so/& config=\/etc\/carrel\/other.conf/' /etc/pam.d/sshd
	echo 'assign offline user exam1' >/etc/carrel/other.conf
	expect_equal "$(as exam1 sh -c "'echo \$CARREL_POLICY'")" offline
	expect_equal "$(netns_of_login exam2)" "$host_netns"
}

test_fault_without_exemption_root_still_gets_in() {
	saved /etc/pam.d/sshd $config
	sed -i 's/ exempt=sudo//' /etc/pam.d/sshd
	echo nonsense >$config
	expect_equal "$(netns_of_login root)" "$host_netns"
	refused admin1
}

# --- /run

test_fault_state_directory_missing_is_repaired() {
	saved $config
	rm -rf /run/carrel
	reaches exam1 tcp 203.0.113.10 443
	expect_equal "$(stat -c '%U %a' /run/carrel)" "carrel 755"
}

test_fault_state_directory_of_a_wrong_owner_is_repaired() {
	saved $config
	chown root /run/carrel
	reaches exam1 tcp 203.0.113.10 443
	expect_equal "$(stat -c %U /run/carrel)" carrel
}

test_fault_pin_directory_missing_is_repaired() {
	saved $config
	umount /run/netns 2>/dev/null || :
	rmdir /run/netns
	reaches exam1 tcp 203.0.113.10 443
	expect_equal "$(stat -c '%U:%G %a' /run/netns)" "root:carrel 1775"
}

test_fault_uplink_deleted_is_mended() {
	local mark
	saved $config
	netns_of_login exam1
	ip link delete cr-61001
	mark=$(log_mark)
	expect_equal "$(reaches exam1 tcp 203.0.113.10 443)" "internet sees 198.51.100.1"
	logged_since "$mark" 'pam_carrel.*mended in the host: link cr-61001: missing'
	# The next one finds a whole carrel.
	mark=$(log_mark)
	netns_of_login exam1
	expect_no_match "$(tail -n "+$((mark + 1))" $auth_log)" mended
}

test_fault_state_file_system_full_leaves_nothing_half_done() {
	saved $config
	netns_of_login free1
	mount -t tmpfs -o size=4k,nr_inodes=2,uid="$(id -u carrel)",mode=0755 full /run/carrel
	trap 'umount /run/carrel; restore' EXIT
	refused_because "No space left"
	expect_no_match "$(ip netns list)" carrel-61001
	expect_no_match "$(ip -brief link)" cr-61001
}

# A carrel that was complete before its session could be noted stays for the next login.
whole_or_absent() {
	if [ -e /run/netns/carrel-61001 ]; then
		grep -qx "netns $(stat -L -c %i /run/netns/carrel-61001)" /run/carrel/carrels/61001
	else
		[ ! -e /run/carrel/carrels/61001 ] && ! ip link show cr-61001
	fi
}

# full DIRECTORY OPTIONS...: a login with a small file system at DIRECTORY, mounted with each OPTIONS,
# works; or it is refused because that is full, and leaves nothing half done. Both happen.
full() {
	local directory=$1 options output mark refusals=0 logins=0
	shift
	for options; do
		forget
		mount -t tmpfs -o "$options" full "$directory"
		mark=$(log_mark)
		if output=$(su exam1 -c 'readlink /proc/self/ns/net' 2>&1); then
			expect_equal "$output" "net:[$(stat -L -c %i /run/netns/carrel-61001)]"
			logins=$((logins + 1))
		else
			expect_match "$output" 'this login is refused'
			eventually 5 logged_since "$mark" "refused a session of 'exam1': .*No space left"
			eventually 5 whole_or_absent
			refusals=$((refusals + 1))
		fi
		expect_equal "$(find /run/carrel -name '.tmp-*')" ""
		forget
		umount --lazy "$directory"
	done
	echo "refused $refusals times, let in $logins times"
	[ $refusals -gt 0 ] && [ $logins -gt 0 ]
}

test_fault_state_file_system_full_at_any_stage() {
	saved $config
	trap '! mountpoint --quiet /run/carrel || umount --lazy /run/carrel; restore' EXIT
	full /run/carrel nr_inodes={2..24},mode=0755
	full /run/carrel size={4,8,12,16,20,24,28,32,40}k,nr_inodes=0,mode=0755
}

test_fault_pin_file_system_full() {
	saved $config
	trap 'restore' EXIT
	full /run/netns nr_inodes={1..3},mode=0755
}

# As in some containers. Where the host forwards already, nothing of it has to be changed.
test_fault_sysctls_read_only() {
	saved $config
	# All but this is as it should be by then.
	netns_of_login exam2
	sysctl -qw net.ipv6.conf.all.forwarding=0
	mount --bind /proc/sys /proc/sys
	trap '! mountpoint --quiet /proc/sys || umount /proc/sys; restore' EXIT
	mount -o remount,bind,ro /proc/sys
	refused_because 'enabling IPv6 forwarding: .*sys/net/.*Read-only file system'
	whole_or_absent
	expect_no_match "$(ip netns list)" carrel-61001
	umount /proc/sys
	netns_of_login exam2
	mount --bind /proc/sys /proc/sys
	mount -o remount,bind,ro /proc/sys
	expect_equal "$(reaches exam1 tcp 203.0.113.10 443)" "internet sees 198.51.100.1"
}

# --- what others do to carrel's things

test_fault_host_table_flushed_is_repaired_and_reported() {
	local mark
	saved $config
	netns_of_login exam1
	nft flush ruleset
	mark=$(log_mark)
	reaches exam1 tcp 203.0.113.10 443
	cannot_reach exam1 tcp 192.0.2.1 22
	expect_match "$(nft list ruleset)" 'table inet carrel'
	logged_since "$mark" 'pam_carrel.*put back'
}

test_fault_policy_without_an_uplink_cuts_off_who_is_in_the_old_carrel() {
	local inside
	saved $config
	keep_open lab1
	trap 'end_session; restore' EXIT
	inside=$(pgrep -u lab1 -x cat)
	nsenter --net --target "$inside" probe tcp 203.0.113.80 443
	sed -i 's/^assign *lab .*/assign offline group lab/' $config
	expect_equal "$(as lab1 ip -brief link | sed 's/[@ ].*//' | xargs)" lo
	expect_failure nsenter --net --target "$inside" probe --wait 1 tcp 203.0.113.80 443
	expect_no_match "$(ip -brief link)" cr-61101
}

# What a helper leaves that is killed between making the file and mounting the namespace on it.
test_fault_pin_that_is_no_namespace_is_replaced() {
	saved $config
	install -o carrel -m 0444 /dev/null /run/netns/carrel-61001
	expect_equal "$(reaches exam1 tcp 203.0.113.10 443)" "internet sees 198.51.100.1"
}

# Somebody who may write there puts another namespace under the name: a session is not to get in.
test_fault_pin_of_another_namespace_is_not_joined() {
	saved $config
	netns_of_login exam1
	umount /run/netns/carrel-61001
	mount --bind /run/testhost/internet /run/netns/carrel-61001
	expect_differ "$(netns_of_login exam1 || :)" "$(inet readlink /proc/self/ns/net)"
}

run_tests "$@"
