#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carrel doctor: finds nothing on a machine in order; and for each of its checks, what is wrong,
# with a command that mends it, after which it is not found any more. Here: carrel's own files,
# configuration and helper. The ways into sessions are doctor_ways.sh's, networks doctor_network.sh's.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/doctor.sh"

module=$(dirname "$(find /usr/lib /lib -name pam_unix.so | head -n 1)")/pam_carrel.so

let_lab_ask_the_host
all_services_have_the_module

test_doctor_finds_nothing_where_nothing_is_wrong() {
	exits 0 carrel doctor
	expect_match "$output" '^[0-9]+ checks: nothing is wrong'
	expect_equal "$(carrel doctor --json | jq .well)" true
}

test_doctor_manual_tells_of_every_check() {
	local check
	for check in $(carrel doctor --json | jq -r '.checks[]'); do
		grep -q "^\\.It Cm $check\$" man/carrel-doctor.8
	done
}

test_doctor_says_what_it_cannot_look_at_without_root() {
	exits 0 unprivileged carrel doctor
	expect_match "$output" '^unchecked: sshd: '
	expect_match "$output" 'could not be looked at'
}

# What is seen in there is not the host's.
test_doctor_in_a_carrel_does_not_judge_the_hosts_network() {
	exits 0 as exam1 /usr/sbin/carrel doctor
	expect_match "$output" '^unchecked: forwarding: '
	expect_match "$output" '^unchecked: pools: '
	expect_match "$output" "this is a carrel, not the host's network"
	exits 0 unprivileged carrel doctor
	expect_no_match "$output" '^unchecked: (forwarding|pools): '
}

test_doctor_account_missing_is_found() {
	trap 'mv /etc/passwd.kept /etc/passwd' EXIT
	cp -p /etc/passwd /etc/passwd.kept
	sed -i '/^carrel:/d' /etc/passwd
	finds account wrong "there is no user 'carrel'"
	cp -p /etc/passwd.kept /etc/passwd
	is_well account
}

test_doctor_modes_wrong_ones_are_found_and_mended() {
	chmod g+w /usr/libexec/carrel/carrel-helper
	finds modes wrong '/usr/libexec/carrel/carrel-helper has mode 0775'
	mended_by_its_fix modes
	chown 61001 /etc/carrel
	finds modes wrong '/etc/carrel belongs to uid 61001'
	mended_by_its_fix modes
	chmod 0777 /run/netns
	finds modes wrong '/run/netns has mode 0777'
	mended_by_its_fix modes
	chmod g+w /run/carrel
	finds modes wrong '/run/carrel has mode 0775'
	mended_by_its_fix modes
	chmod o+w /usr/libexec/carrel/carrel-resolver
	finds modes wrong '/usr/libexec/carrel/carrel-resolver has mode 0757'
	mended_by_its_fix modes
	chmod o+w "$module"
	finds modes wrong 'pam_carrel.so has mode 0646'
	mended_by_its_fix modes
}

test_doctor_modes_missing_helper_is_found() {
	trap 'mv /usr/libexec/carrel/kept /usr/libexec/carrel/carrel-helper' EXIT
	mv /usr/libexec/carrel/carrel-helper /usr/libexec/carrel/kept
	finds modes wrong 'there is no /usr/libexec/carrel/carrel-helper'
}

test_doctor_versions_that_differ_are_found() {
	local version
	version=$(carrel --version | cut -d ' ' -f 2)
	cp -p "$module" "$module.kept"
	trap 'mv "$module.kept" "$module"' EXIT
	LC_ALL=C sed "s/carrel-version $version/carrel-version 9.9.9/" "$module.kept" >"$module"
	finds versions wrong "the module, .*, has version 9.9.9; this command has $version"
	cp -p "$module.kept" "$module"
	is_well versions
}

test_doctor_version_of_the_resolver_that_differs_is_found() {
	local version resolver=/usr/libexec/carrel/carrel-resolver
	version=$(carrel --version | cut -d ' ' -f 2)
	cp -p $resolver $resolver.kept
	# shellcheck disable=SC2064  # this path
	trap "mv $resolver.kept $resolver" EXIT
	LC_ALL=C sed "s/carrel-version $version/carrel-version 9.9.9/" $resolver.kept >$resolver
	finds versions wrong "the resolver, $resolver, has version 9.9.9; this command has $version"
	cp -p $resolver.kept $resolver
	is_well versions
}

test_doctor_config_edit_that_breaks_it_is_found() {
	trap 'mv /etc/carrel/kept /etc/carrel/carrel.conf' EXIT
	as exam1 true
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	echo 'asign lab group lab' >>/etc/carrel/carrel.conf
	finds config wrong "/etc/carrel/carrel.conf:[0-9]+:1: .*asign"
	finds config wrong 'an earlier version of the configuration is in force, since 20.*carrel.conf:'
	cp -p /etc/carrel/kept /etc/carrel/carrel.conf
	is_well config
}

test_doctor_config_policy_that_breaks_is_found() {
	trap 'mv /etc/carrel/policies/kept /etc/carrel/policies/exam.policy' EXIT
	as exam1 true
	cp -p /etc/carrel/policies/exam.policy /etc/carrel/policies/kept
	echo 'alow out tcp' >>/etc/carrel/policies/exam.policy
	finds config wrong "an earlier version of the policy 'exam' is in force, since .*exam.policy:6:1"
	rm -r /run/carrel/valid
	finds config wrong "no version of the policy 'exam' can be used"
	cp -p /etc/carrel/policies/kept /etc/carrel/policies/exam.policy
	is_well config
}

test_doctor_config_that_confines_nobody_is_told() {
	trap 'mv /etc/carrel/kept /etc/carrel/carrel.conf' EXIT
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	sed -i '/^\s*assign/s/.*/assign unconfined user exam1/' /etc/carrel/carrel.conf
	finds config notice 'no assignment confines anyone'
	expect_no_match "$(found_by config)" '^wrong'
	cp -p /etc/carrel/kept /etc/carrel/carrel.conf
	expect_no_match "$(findings config)" 'confines anyone'
}

test_doctor_config_policy_of_nobody_is_told() {
	cp -p /etc/carrel/policies/exam.policy /etc/carrel/policies/spare.policy
	trap 'rm -f /etc/carrel/policies/spare.policy' EXIT
	finds config notice '/etc/carrel/policies/spare.policy: no assignment gives this policy to anyone'
	rm /etc/carrel/policies/spare.policy
	expect_equal "$(findings config)" ""
}

test_doctor_helper_that_fails_is_found() {
	helper=/usr/libexec/carrel/carrel-helper
	cp -p $helper /usr/libexec/carrel/kept
	trap 'mv /usr/libexec/carrel/kept $helper' EXIT
	install -m 0755 /bin/false $helper
	finds helper wrong "no network can be made with the policy 'exam': "
	# Where the kernel's modules are known, those that are not there are named.
	mkdir -p "/lib/modules/$(uname -r)"
	printf 'kernel/%s.ko:\n' net/veth net/nf_tables net/nft_ct >"/lib/modules/$(uname -r)/modules.dep"
	finds helper wrong 'no network can be made'
	expect_match "$(fix_of helper)" 'install a kernel that has the modules .*nft_masq'
	expect_no_match "$(fix_of helper)" 'veth|nf_tables|nft_ct'
	rm "/lib/modules/$(uname -r)/modules.dep"
	cp -p /usr/libexec/carrel/kept $helper
	is_well helper
}

test_doctor_helper_without_room_for_its_state_is_found() {
	mount -t tmpfs -o size=1m,uid="$(id -u carrel)",gid="$(id -g carrel)",mode=0755 full /run/carrel
	trap 'umount /run/carrel' EXIT
	expect_failure dd if=/dev/zero of=/run/carrel/fill bs=1M count=2
	finds helper wrong 'the file system of /run/carrel is full'
	rm /run/carrel/fill
	is_well helper
}

run_tests "$@"
