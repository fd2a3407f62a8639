#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carrel doctor about the ways into sessions: PAM, sshd, daemons and groups that lead around it, and
# processes that are outside their user's carrel.
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

all_services_have_the_module

test_doctor_pam_service_without_the_module_is_found_and_mended() {
	cp -p /etc/pam.d/cron /etc/kept
	trap 'mv /etc/kept /etc/pam.d/cron' EXIT
	sed -i '/pam_carrel/d' /etc/pam.d/cron
	finds pam wrong 'sessions are opened without pam_carrel.so by: cron$'
	expect_match "$(fix_of pam)" 'pam_carrel.so exempt=sudo'
	mended_by_its_fix pam
	# Whom no assignment confines there, needs no module there.
	sed -i '/pam_carrel/d' /etc/pam.d/cron
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	trap 'mv /etc/kept /etc/pam.d/cron; mv /etc/carrel/kept /etc/carrel/carrel.conf' EXIT
	sed -i '1i assign unconfined service cron' /etc/carrel/carrel.conf
	is_well pam
}

test_doctor_pam_service_of_a_package_is_found_and_mended() {
	mv /etc/pam.d/systemd-user /etc/kept
	trap 'mv /etc/kept /etc/pam.d/systemd-user' EXIT
	finds pam wrong 'sessions are opened without pam_carrel.so by: systemd-user$'
	mended_by_its_fix pam
}

# edit_su EXPRESSION: /etc/pam.d/su as sed makes it, until restore_su or the end of the test
edit_su() {
	cp -p /etc/pam.d/su /etc/kept
	trap 'mv /etc/kept /etc/pam.d/su' EXIT
	sed -i "$1" /etc/pam.d/su
}

restore_su() {
	cp -p /etc/kept /etc/pam.d/su
}

test_doctor_pam_module_that_binds_nobody_is_found() {
	edit_su 's/required pam_carrel/optional pam_carrel/'
	finds pam wrong "/etc/pam.d/su:[0-9]+: the line of pam_carrel.so is not binding"
	restore_su
	is_well pam
}

test_doctor_pam_module_that_is_not_reached_is_found() {
	edit_su '1i session sufficient pam_permit.so'
	finds pam wrong 'the line of pam_carrel.so is not reached after the line /etc/pam.d/su:1'
	# It is so: who comes that way is not confined.
	expect_equal "$(su exam1 -c 'readlink /proc/self/ns/net')" "$host_netns"
	restore_su
	is_well pam
	expect_differ "$(su exam1 -c 'readlink /proc/self/ns/net')" "$host_netns"
}

test_doctor_pam_module_before_pam_systemd_is_found() {
	edit_su "\$a session optional pam_systemd.so"
	finds pam notice 'stands before pam_systemd, at /etc/pam.d/su:[0-9]+'
	restore_su
	expect_equal "$(findings pam)" ""
}

test_doctor_pam_module_among_passwords_is_found() {
	edit_su "\$a auth required pam_carrel.so"
	finds pam wrong "/etc/pam.d/su:[0-9]+: pam_carrel.so is not in a session line"
	restore_su
	is_well pam
}

test_doctor_pam_module_without_its_file_is_found() {
	mv "$module" "$module.kept"
	trap 'mv "$module.kept" "$module"' EXIT
	finds pam wrong "names pam_carrel.so, and there is no $module"
}

test_doctor_pam_option_that_the_module_refuses_is_found() {
	cp -p /etc/pam.d/su /etc/kept
	trap 'mv /etc/kept /etc/pam.d/su' EXIT
	sed -i 's/exempt=sudo/exmpt=sudo/' /etc/pam.d/su
	finds pam wrong "/etc/pam.d/su:[0-9]+: unknown option 'exmpt=sudo'; did you mean 'exempt='"
	expect_failure su exam1 -c true
	cp -p /etc/kept /etc/pam.d/su
	is_well pam
	sed -i 's/exempt=sudo/& timeout=0/' /etc/pam.d/su
	finds pam wrong "/etc/pam.d/su:[0-9]+: option 'timeout=0': expected seconds"
}

test_doctor_exempt_group_that_there_is_not_is_told() {
	cp -p /etc/pam.d/su /etc/kept
	trap 'mv /etc/kept /etc/pam.d/su' EXIT
	sed -i 's/exempt=sudo/exempt=sudo,whee1/' /etc/pam.d/su
	finds exempt notice "/etc/pam.d/su:[0-9]+: exempt= names the group 'whee1', which does not exist"
	expect_equal "$(findings exempt | wc -l)" 1
	cp -p /etc/kept /etc/pam.d/su
	expect_equal "$(findings exempt)" ""
}

test_doctor_exempt_names_whom_it_lets_through() {
	cp -p /etc/group /etc/kept
	trap 'mv /etc/kept /etc/group' EXIT
	sed -i 's/^\(sudo:.*\)$/\1exam1/' /etc/group
	sed -i '1d' /etc/carrel/carrel.conf
	trap 'mv /etc/kept /etc/group; sed -i "1i assign unconfined group sudo" /etc/carrel/carrel.conf' EXIT
	finds exempt notice 'exempt= lets exam1 through'
	sed -i 's/exam1$//' /etc/group
	expect_equal "$(findings exempt)" ""
}

test_doctor_sshd_without_pam_is_found() {
	echo 'UsePAM no' >/etc/ssh/sshd_config.d/00-first.conf
	trap 'rm -f /etc/ssh/sshd_config.d/00-first.conf; end_other_sshd' EXIT
	finds sshd wrong 'sshd: UsePAM no'
	rm /etc/ssh/sshd_config.d/00-first.conf
	is_well sshd
	# Another one, with a configuration of its own.
	sed 's/^UsePAM.*/UsePAM no/' /etc/ssh/sshd_config >/run/other_config
	/usr/sbin/sshd -p 2222 -f /run/other_config -o PidFile=/run/other.pid
	eventually 5 test -s /run/other.pid
	finds sshd wrong 'sshd with -f /run/other_config -o PidFile=/run/other.pid: UsePAM no'
	end_other_sshd
	eventually 5 is_well sshd
}

end_other_sshd() {
	[ ! -s /run/other.pid ] || kill "$(cat /run/other.pid)"
	rm -f /run/other.pid
}

test_doctor_coverage_finds_nobody_outside() {
	keep_open exam1
	exits 0 carrel doctor --coverage
	expect_equal "$output" 'Every process of a confined user is in its carrel.'
	expect_equal "$(carrel doctor --coverage --json)" '[]'
	end_session
}

test_doctor_coverage_needs_root() {
	exits 1 unprivileged carrel doctor --coverage
	expect_match "$output" 'needs root'
}

test_doctor_coverage_finds_a_session_without_the_module() {
	cp -p /etc/pam.d/sshd /etc/kept
	trap 'mv /etc/kept /etc/pam.d/sshd; end_session' EXIT
	sed -i '/pam_carrel/d' /etc/pam.d/sshd
	keep_open exam1
	exits 5 carrel doctor --coverage
	expect_match "$output" '^PID +USER +NETWORK +ORIGIN +COMMAND$'
	expect_match "$output" '^[0-9]+ +exam1 +host +session of sshd.* cat$'
	expect_equal "$(coverage '.origin + " " + .service + " " + .network' | sort -u)" \
		'login sshd host'
	finds processes wrong 'process [0-9]+ of exam1 is outside its carrel \(host\), from: session of sshd'
	end_session
	eventually 5 is_well processes
	# A service that no assignment confines anybody in.
	keep_open exam1
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	trap 'mv /etc/kept /etc/pam.d/sshd; mv /etc/carrel/kept /etc/carrel/carrel.conf; end_session' EXIT
	sed -i '1i assign unconfined service sshd' /etc/carrel/carrel.conf
	is_well processes
}

test_doctor_coverage_finds_a_process_that_root_started_and_ends_it() {
	local stray
	setpriv --reuid=61001 --regid=61001 --clear-groups sleep 1000 &
	stray=$!
	eventually 5 uncovered 1
	expect_equal "$(coverage '.pid')" $stray
	expect_equal "$(coverage '.command')" 'sleep 1000'
	finds processes wrong "process $stray of exam1 is outside its carrel \(host\), from: .*: sleep 1000"
	mended_by_its_fix processes
}

# Nobody hides behind a program that they called as one that confines nobody.
test_doctor_coverage_believes_no_name_that_the_user_gave() {
	cp -p /etc/carrel/carrel.conf /etc/carrel/kept
	sed -i '1i assign unconfined service cron' /etc/carrel/carrel.conf
	install -D -m 0755 /bin/bash /run/named/cron
	setpriv --reuid=61001 --regid=61001 --clear-groups /run/named/cron -c 'sleep 1000; :' &
	stray=$!
	# shellcheck disable=SC2046  # two processes
	trap 'mv /etc/carrel/kept /etc/carrel/carrel.conf; kill $(pgrep -P "$stray") "$stray"' EXIT
	eventually 5 uncovered 2
	expect_equal "$(coverage '.origin' | sort -u)" unknown
}

test_doctor_coverage_finds_a_process_in_the_carrel_of_another() {
	local stray
	as exam1 true
	as lab1 true
	ip netns exec carrel-61101 setpriv --reuid=61001 --regid=61001 --clear-groups sleep 1000 &
	stray=$!
	eventually 5 uncovered 1
	expect_equal "$(coverage '.network')" carrel-61101
	exits 5 carrel doctor --coverage
	kill $stray
}

test_doctor_coverage_tells_of_networks_that_root_made() {
	local stray
	unshare --net setpriv --reuid=61001 --regid=61001 --clear-groups sleep 1000 &
	stray=$!
	eventually 5 uncovered 1
	expect_equal "$(coverage '.network')" elsewhere
	exits 0 carrel doctor --coverage
	expect_match "$(findings processes)" '^notice: process'
	kill $stray
}

test_doctor_coverage_tells_of_carrels_that_are_no_more() {
	without_carrel exam1
	keep_open exam1
	rm /run/carrel/carrels/61001
	umount /run/netns/carrel-61001
	rm /run/netns/carrel-61001
	finds processes wrong 'process [0-9]+ of exam1 is outside its carrel \(former\), from: session of sshd'
	mended_by_its_fix processes
	expect_equal "$(found_by processes)" ""
	# Where there is another in its place, it is for an administrator to end what is left.
	carrel remove exam1
	as exam1 true
	finds processes notice 'process [0-9]+ of exam1 is outside its carrel \(former\)'
	exits 0 carrel doctor --coverage
	expect_match "$output" '^[0-9]+ +exam1 +former +session of sshd.* cat$'
	end_session
	eventually 5 uncovered 0
}

test_doctor_coverage_leaves_networks_of_the_users_own_alone() {
	client ssh exam1@server 'unshare --user --net sh -c "echo made; exec sleep 1000"' >/run/made &
	eventually 20 grep -q made /run/made
	exits 0 carrel doctor --coverage
	expect_equal "$output" 'Every process of a confined user is in its carrel.'
	expect_equal "$(findings processes)" ""
	kill $!
}

test_doctor_daemons_without_pam_are_found() {
	local daemon
	install -m 0755 /bin/sleep /run/testhost/cron
	/run/testhost/cron 1000 &
	daemon=$!
	eventually 5 grep -q '^cron$' /proc/$daemon/comm
	finds daemons wrong "cron \(process $daemon\) works without PAM"
	kill $daemon
	wait $daemon || :
	cron -f &
	daemon=$!
	eventually 5 grep -q '^cron$' /proc/$daemon/comm
	eventually 5 is_well daemons
	kill $daemon
}

# listen SOCKET: a socket file, as a daemon leaves it
listen() {
	rm -f "$1"
	python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"
}

test_doctor_groups_that_lead_around_are_found() {
	cp -p /etc/group /etc/kept
	trap 'mv /etc/kept /etc/group; rm -f /run/docker.sock' EXIT
	echo 'docker:x:998:free1' >>/etc/group
	is_well groups
	sed -i 's/^docker:.*/docker:x:998:free1,exam1/' /etc/group
	finds groups wrong 'by the group docker, exam1 can start containers'
	sed -i '/^docker:/d' /etc/group
	is_well groups
	listen /run/docker.sock
	chmod 0660 /run/docker.sock
	chgrp exam /run/docker.sock
	finds groups wrong 'by the group docker,exam, exam1, exam2 and [a-z0-9]+ can start containers'
	chgrp root /run/docker.sock
	is_well groups
	chmod 0666 /run/docker.sock
	finds groups wrong 'by /run/docker.sock, exam1, exam2 and [0-9]+ more can start'
	mended_by_its_fix groups
}

run_tests "$@"
