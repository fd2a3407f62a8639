#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The recipe of pam_carrel(8) for Fedora and RHEL, as it stands there, on PAM files that are
# built like theirs: services that include system-auth or password-auth, which a profile makes.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck disable=SC2154  # host_netns comes from login.sh
: "$host_netns"

where='readlink /proc/self/ns/net'
profile=/usr/share/authselect/default/local

# What every profile has of sessions; a jump over the module behind it is among that.
write_profile() {
	local file
	install -d $profile
	for file in system-auth password-auth; do
		cat >$profile/$file <<-'END'
			auth        required                      pam_permit.so
			account     required                      pam_permit.so
			session     optional                      pam_keyinit.so revoke
			session     required                      pam_limits.so
			-session    optional                      pam_systemd.so
			session     [success=1 default=ignore]    pam_succeed_if.so service in crond quiet use_uid
			session     required                      pam_unix.so
		END
	done
	echo 'auth        required                      pam_permit.so' >$profile/smartcard-auth
}

# service NAME SESSION-LINE...
service() {
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' "${@:2}" >"$1"
}

write_services() {
	rm -f /etc/pam.d/*
	service /etc/pam.d/sshd 'session required pam_namespace.so' 'session include password-auth'
	service /etc/pam.d/su 'session include system-auth'
	service /etc/pam.d/sudo 'session include system-auth'
	service /etc/pam.d/crond 'session include password-auth'
	service /etc/pam.d/runuser 'session required pam_limits.so' 'session required pam_unix.so'
	install -d /usr/lib/pam.d
	service /usr/lib/pam.d/systemd-user 'account include system-auth' 'session required pam_loginuid.so'
}

# authselect, as far as the recipe goes
authselect() {
	local file
	case "$*" in
	"create-profile carrel --base-on=local")
		install -d /etc/authselect/custom
		cp -r $profile /etc/authselect/custom/carrel ;;
	"select custom/carrel with-mkhomedir")
		for file in /etc/authselect/custom/carrel/*; do
			cp "$file" /etc/authselect
			ln -sf "/etc/authselect/${file##*/}" /etc/pam.d
		done ;;
	*)	return 2 ;;
	esac
}

recipe() {
	sed -n '/^authselect create-profile/,/^\.Ed/p' man/pam_carrel.8 | sed '$d'
}

test_authselect_recipe_covers_the_services() {
	write_profile
	write_services
	authselect create-profile carrel --base-on=local
	authselect select custom/carrel with-mkhomedir
	rm -r /etc/authselect/custom/carrel
	expect_equal "$(netns_of_login exam1)" "$host_netns"

	eval "$(recipe)"
	cd "$HOST_SOURCE"
	netns_of_login exam1 >/dev/null
	pinned="net:[$(stat -L -c %i /run/netns/carrel-61001)]"
	expect_equal "$(netns_of_login exam1)" "$pinned"
	expect_equal "$(su exam1 -c "$where")" "$pinned"
	expect_equal "$(sudo -u exam1 sh -c "$where")" "$pinned"
	expect_equal "$(runuser -u exam1 -- sh -c "$where")" "$pinned"
	expect_equal "$(netns_of_login root)" "$host_netns"
	for service in crond systemd-user; do
		expect_equal "$("$HOST_BUILD/tests/faults/application" $service exam1 | sed -n 's/^inside //p')" \
			"$pinned"
	done
	# Where nothing of sessions was, nothing is now.
	expect_equal "$(cat /etc/authselect/smartcard-auth)" "$(cat $profile/smartcard-auth)"
}

test_authselect_recipe_may_be_followed_twice() {
	rm -r /etc/authselect/custom/carrel
	eval "$(recipe)"
	cd "$HOST_SOURCE"
	expect_equal "$(grep -c pam_carrel /etc/pam.d/* | grep -v ':0$')" "/etc/pam.d/password-auth:1
/etc/pam.d/runuser:1
/etc/pam.d/system-auth:1
/etc/pam.d/systemd-user:1"
}

run_tests "$@"
