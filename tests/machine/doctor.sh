#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carrel doctor on a machine that Debian's systemd booted: it finds nothing where carrel was put in
# as an administrator does it; how processes outside their carrels got there; the timer.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/doctor.sh"

common=(/etc/pam.d/common-session /etc/pam.d/common-session-noninteractive)

test_doctor_finds_nothing_on_a_machine_in_order() {
	as lab1 true
	exits 0 carrel doctor
	expect_match "$output" ': nothing is wrong$'
	exits 0 carrel doctor --coverage
}

# without_module COMMAND...: run it while sessions open without the module, which doctor finds
without_module() {
	sed -i.kept '/pam_carrel/d' "${common[@]}"
	finds pam wrong 'sessions are opened without pam_carrel.so by: .*systemd-user'
	"$@"
	put_back
	is_well pam
}

put_back() {
	local file
	for file in "${common[@]}"; do
		[ ! -e "$file.kept" ] || mv "$file.kept" "$file"
	done
}

test_doctor_pam_profile_that_is_off_is_found_and_mended() {
	trap 'pam-auth-update --enable carrel' EXIT
	DEBIAN_FRONTEND=noninteractive pam-auth-update --disable carrel
	finds pam wrong 'sessions are opened without pam_carrel.so by: .*cron'
	expect_equal "$(fix_of pam)" 'pam-auth-update --enable carrel'
	DEBIAN_FRONTEND=noninteractive mended_by_its_fix pam
}

test_doctor_coverage_finds_a_user_manager_that_is_older_than_the_module() {
	trap put_back EXIT
	eventually 5 uncovered_of linger1 0
	without_module systemctl restart user@61305
	expect_equal "$(coverage_of linger1 '.origin + " " + .unit + " " + .network' | sort -u)" \
		'user-manager user@61305.service host'
	finds processes wrong 'of linger1 is outside its carrel \(host\), from: systemd --user \(user@61305.service\)'
	expect_equal "$(fix_of processes)" 'systemctl restart user@61305.service'
	mended_by_its_fix processes
	eventually 5 uncovered_of linger1 0
}

test_doctor_coverage_finds_a_session_that_is_older_than_the_module() {
	trap put_back EXIT
	systemctl stop user@61001
	without_module keep_open exam1
	trap 'put_back; end_session || :; systemctl stop user@61001' EXIT
	expect_match "$(coverage '.origin + " " + .service + " " + .unit')" \
		'^login sshd session-[0-9a-z]+\.scope$'
	finds processes wrong 'of exam1 is outside its carrel \(host\), from: session of sshd \(session-'
	# The manager was started with the session.
	expect_match "$(fix_of processes)" '^loginctl terminate-session [0-9a-z]+$'
	bash -ec "$(fix_of processes)"
	eventually 10 uncovered 0
}

test_doctor_coverage_finds_a_service_that_runs_as_a_user() {
	systemd-run --quiet --unit=web --property=User=exam1 sleep 1000
	eventually 5 uncovered 1
	expect_equal "$(coverage '.origin + " " + .unit + " " + .fix')" \
		'system-service web.service systemctl edit web.service, and add below [Service]: PAMName=login; then: systemctl restart web.service'
	systemctl stop web
	systemd-run --quiet --unit=web2 --property=User=exam1 --property=PAMName=login sleep 1000
	eventually 5 systemctl is-active web2
	eventually 5 uncovered 0
	systemctl stop web2
}

test_doctor_timer_that_is_off_is_found_and_mended() {
	is_well timer
	systemctl stop carrel-gc.timer
	finds timer wrong 'carrel-gc.timer is enabled and inactive'
	mended_by_its_fix timer
	systemctl disable carrel-gc.timer
	finds timer wrong 'carrel-gc.timer is disabled and active'
	mended_by_its_fix timer
}

# Where no policy names a host, it does not matter.
test_doctor_refresh_service_that_is_off_is_found_and_mended() {
	trap 'systemctl enable --now carrel-refresh.service; mv /etc/carrel/kept /etc/carrel/policies/exam.policy' EXIT
	cp -p /etc/carrel/policies/exam.policy /etc/carrel/kept
	systemctl disable --now carrel-refresh.service
	is_well timer
	echo 'allow out tcp to named.example port 443' >>/etc/carrel/policies/exam.policy
	finds timer wrong 'carrel-refresh.service is disabled and inactive'
	mended_by_its_fix timer
}

run_tests "$@"
