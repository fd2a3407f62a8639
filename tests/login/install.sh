#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make install and make uninstall on a running system: nobody is locked out by either, and
# what is below another PREFIX finds its own.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

# quiet_make ARGUMENT...: what it says is for failures
quiet_make() {
	make --no-print-directory -s "-j$(nproc)" "$@"
}

# uninstall [VARIABLE=VALUE...]: -o all, as nothing has to be built for that
uninstall() {
	quiet_make -o all uninstall "$@" 2>&1
}

# with_pam_of_its_own: what the test does to PAM's files ends with it
with_pam_of_its_own() {
	saved=$(mktemp -d)
	cp -a /etc/pam.d "$saved"
	trap 'rm -rf /etc/pam.d; mv "$saved/pam.d" /etc/pam.d; rmdir "$saved"; install_carrel' EXIT
}

install_carrel() {
	quiet_make -o all install "BUILD=$HOST_BUILD"
}

test_uninstall_is_refused_while_pam_names_the_module() {
	local output rc=0
	output=$(uninstall) || rc=$?
	expect_equal $rc 2
	expect_match "$output" '^/etc/pam.d/sshd:[0-9]+:session required pam_carrel.so'
	expect_differ "$(netns_of_login exam1)" "$host_netns"
}

test_uninstall_takes_the_lines_of_pam_auth_update_out() {
	with_pam_of_its_own
	sed -i '/pam_carrel/d' /etc/pam.d/*
	DEBIAN_FRONTEND=noninteractive pam-auth-update --enable carrel
	expect_differ "$(netns_of_login exam1)" "$host_netns"
	uninstall
	expect_equal "$(grep -l pam_carrel /etc/pam.d/*)" ""
	expect_equal "$(netns_of_login exam1)" "$host_netns"
	expect_equal "$(netns_of_login root)" "$host_netns"
}

test_uninstall_leaves_the_configuration_and_nothing_else() {
	with_pam_of_its_own
	sed -i '/pam_carrel/d' /etc/pam.d/*
	uninstall
	expect_equal "$(find /usr -xdev -name '*carrel*' -not -path "$HOST_SOURCE*" -not -path "$HOST_BUILD*")" ""
	expect_match "$(cat /etc/carrel/carrel.conf)" '^assign'
}

test_install_below_another_prefix_works() {
	local build
	with_pam_of_its_own
	build=$(mktemp -d)
	sed -i '/pam_carrel/d' /etc/pam.d/*
	uninstall
	quiet_make install BUILD="$build" PREFIX=/usr/local SYSCONFDIR=/usr/local/etc
	rm -rf "$build"
	echo 'assign offline group exam' >>/usr/local/etc/carrel/carrel.conf
	echo 'session required pam_carrel.so' >>/etc/pam.d/sshd
	# shellcheck disable=SC2016  # expanded over there
	expect_equal "$(as exam1 'echo $CARREL_POLICY')" offline
	expect_match "$(/usr/local/sbin/carrel show exam1)" \
		'file +/usr/local/share/carrel/policies/offline.policy'
	expect_match "$(/usr/local/sbin/carrel check)" '5 policies, 1 assignment: valid'
	expect_equal "$(grep -lE '(^|[^l])/(share|libexec|etc)/carrel' -r /usr/local/share/man)" ""
	sed -i '/pam_carrel/d' /etc/pam.d/sshd
	uninstall PREFIX=/usr/local SYSCONFDIR=/usr/local/etc
	expect_equal "$(find /usr/local -name '*carrel*' -type f)" /usr/local/etc/carrel/carrel.conf
}

# "make demo" builds for /usr; an installation elsewhere must not take that.
test_another_prefix_is_compiled_again() {
	local prefix
	build=$(mktemp -d)
	trap 'rm -rf "$build"' EXIT
	for prefix in /one /two; do
		quiet_make BUILD="$build" PREFIX=$prefix "$build/pam/options.o"
		grep -q $prefix/libexec/carrel "$build/pam/options.o"
	done
	expect_equal "$(make BUILD="$build" PREFIX=/two "$build/pam/options.o" | grep -c CC)" 0
}

run_tests "$@"
