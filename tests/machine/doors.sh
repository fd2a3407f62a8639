#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every door into a session on a Debian machine, as a table: door, must, did. Runs in the test
# machine (tests/machine/machine run -- tests/machine/doors.sh [DOOR]...).
#
# For each door, one after the other, as the user's first login:
#   in      the user's process is in the user's carrel, as is every process of the user that
#           a watcher sees from the moment the door is opened
#   reach   over IPv4 and IPv6 it reaches what the policy allows and not what it forbids
#   close   when the door closes, carrel knows of no session of it any more
#   kill    likewise when the process that opened the session is killed; and what it leaves
#           running stays in the carrel
# and a user whom an assignment denies gets no process by it.
#
# shellcheck disable=SC2154  # variables of login.sh
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/login.sh"

work=/run/testhost/doors        # users can enter it, as they cannot always enter the tree
report=$work/report

# --- the doors: open_NAME USER COMMAND, with _ for what is not a letter, runs COMMAND as USER and
# may come back before that has ended; before_NAME, where there is one, makes it ready

declare -A service              # under which name PAM knows the door
doors=()

# door NAME SERVICE
door() {
	doors+=("$1")
	service[$1]=$2
}

door "sshd command" sshd
open_sshd_command() { client ssh "$1@server" "$2"; }

door "sshd password" sshd
open_sshd_password() {
	client env SSH_ASKPASS=$work/askpass SSH_ASKPASS_REQUIRE=force ssh -F none -o LogLevel=ERROR \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o PubkeyAuthentication=no "$1@server" "$2"
}

door "sshd certificate" sshd
open_sshd_certificate() {
	client ssh -o CertificateFile=$work/certificate-cert.pub -i $work/certificate "$1@server" "$2"
}

door "sshd pty" sshd
open_sshd_pty() { typed "$1" "$2" client ssh -tt "$1@server"; }

# As sftp is started: it is a subsystem, too.
door "sshd subsystem" sshd
open_sshd_subsystem() { client ssh -s "$1@server" door <<<"$2"; }

door "login" login
open_login() { typed "$1" "$2" script --quiet --command "login -f $1" /dev/null; }

door "agetty" login
open_agetty() { typed "$1" "$2" script --quiet --command "exec agetty --autologin $1 - linux" /dev/null; }

door "su" su
open_su() { su "$1" -c "$2"; }

door "su -l" su-l
open_su__l() { su -l "$1" -c "$2"; }

door "su --pty" su
open_su___pty() { script --quiet --command "su --pty $1 -c '$2'" /dev/null; }

door "sudo -u" sudo
open_sudo__u() { sudo -u "$1" -- sh -c "$2"; }

door "sudo -i" sudo-i
open_sudo__i() { sudo -i -u "$1" -- sh -c "$2"; }

door "runuser" runuser
open_runuser() { runuser -u "$1" -- sh -c "$2"; }

door "runuser -l" runuser-l
open_runuser__l() { runuser -l "$1" -c "$2"; }

# @reboot jobs run when the daemon starts and this file says that it is the first time.
door "cron" cron
before_cron() {
	echo "@reboot $2" | crontab -u "$1" -
	rm -f /run/crond.reboot
}
open_cron() { systemctl restart cron; }

door "at" atd
before_at() {
	systemctl stop atd
	without_pam "$1" sh -c "echo '$2' | at now"
}
open_at() { systemctl start atd; }

door "PAMName= service" login
open_PAMName__service() {
	systemd-run --quiet --wait --collect --property=PAMName=login --property=User="$1" \
		sh -c "$2"
}

door "machinectl shell" login
open_machinectl_shell() { machinectl shell "$1@.host" /bin/sh -c "$2"; }

# The user's manager, which opens a session of its own: its units are in it.
door "systemd-run --user" systemd-user
open_systemd_run___user() {
	systemd-run --quiet --user --machine="$1@.host" --wait --collect sh -c "$2"
}

door "user service" systemd-user
before_user_service() {
	user_file "$1" .config/systemd/user/door.service "[Service]" "ExecStart=/bin/sh -c '$2'"
}
open_user_service() { systemctl --user --machine="$1@.host" start door.service; }

door "user timer" systemd-user
open_user_timer() {
	systemd-run --quiet --user --machine="$1@.host" --on-active=1ms \
		--timer-property=AccuracySec=1ms sh -c "$2"
}

# The service takes no name on the bus: whoever calls it gets an error when it has ended.
door "user bus activation" systemd-user
before_user_bus_activation() {
	user_file "$1" .local/share/dbus-1/services/org.example.Door.service \
		"[D-BUS Service]" "Name=org.example.Door" "Exec=/bin/sh -c '$2'"
}
open_user_bus_activation() {
	busctl --user --machine="$1@.host" --timeout=5 call org.example.Door / \
		org.freedesktop.DBus.Introspectable Introspect
}

door "lingering user" systemd-user
before_lingering_user() {
	before_user_service "$@"
	without_pam "$1" mkdir "/home/$1/.config/systemd/user/default.target.wants"
	without_pam "$1" ln -s ../door.service "/home/$1/.config/systemd/user/default.target.wants"
}
open_lingering_user() { loginctl enable-linger "$1"; }

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/forwards"

# Out of another user's session, by password, and from one user to the next.
door "su in a session" su
open_su_in_a_session() { client ssh lab1@server "su $1 -c '$2'" <<<secret; }

door "su after su" su
open_su_after_su() { client ssh lab1@server "sudo su exam2 -c \"sudo su $1 -c '$2'\""; }

# The kiosk: a session without anybody at the keyboard.
door "lightdm autologin" lightdm-autologin
before_lightdm_autologin() {
	printf '#!/bin/sh\n%s\n' "$2" >$work/session
	chmod 0755 $work/session
	printf '%s\n' "[Desktop Entry]" "Type=Application" "Name=Door" "Exec=$work/session" \
		>/usr/share/xsessions/door.desktop
	# It stays without a keyboard and a screen, and cannot be told of terminals.
	cat >$work/xserver <<-'END'
		#!/bin/sh
		exec Xvfb "$1" -auth "$5"
	END
	chmod 0755 $work/xserver
	install -d /etc/lightdm/lightdm.conf.d
	printf '%s\n' "[Seat:*]" "autologin-user=$1" "autologin-session=door" "session-wrapper=/usr/bin/env" \
		"xserver-command=$work/xserver" >/etc/lightdm/lightdm.conf.d/door.conf
}
open_lightdm_autologin() { systemctl start lightdm; }

# --- what the doors need

# typed USER COMMAND CMD...: type it on CMD's terminal when USER is there (what is typed earlier
# agetty throws away), then exit; the terminal stays until then
typed() {
	# Not by the command's own redirection: it would be the parent of what types.
	exec {typing}< <(eventually 10 a_process "$1" >/dev/null
			 echo "$2; exit"
			 exec sleep 1000)
	"${@:3}" <&$typing
	kill $!
}

# For what is made ready, a user's process that no door is needed for: without_pam USER CMD...
without_pam() { setpriv --reuid="$1" --regid="$(id -g "$1")" --clear-groups -- "${@:2}"; }

# user_file USER PATH LINE...
user_file() {
	local path=/home/$1/$2
	without_pam "$1" mkdir -p "$(dirname "$path")"
	printf '%s\n' "${@:3}" >"$path"
}

prepare() {
	install -d -m 0755 $work
	install -m 0755 "$here/report" $report
	printf '#!/bin/sh\necho secret\n' >$work/askpass
	chmod 0755 $work/askpass
	printf '%s\n' exam1:secret guest1:secret | chpasswd
	ssh-keygen -q -t ed25519 -N '' -f $work/authority
	ssh-keygen -q -t ed25519 -N '' -f $work/certificate
	ssh-keygen -q -s $work/authority -I doors -n exam1,guest1 $work/certificate.pub
	printf '%s\n' "TrustedUserCAKeys $work/authority.pub" "Subsystem door /bin/sh" \
		>/etc/ssh/sshd_config.d/01-doors.conf
	printf '%s ALL=(ALL) NOPASSWD: /usr/bin/su\n' lab1 exam2 >/etc/sudoers.d/doors
	prepare_forwards
	systemctl reload ssh
}

# --- what is asked of each

# call PREFIX DOOR USER COMMAND: the door's function, if there is one
call() {
	local function=$1_${2//[^A-Za-z]/_}
	! declare -F "$function" >/dev/null || "$function" "$3" "$4"
}

# pass DOOR USER COMMAND: begin to; $door is the process that waits for the door to close
pass() {
	rm -f "/home/$2/door"
	call before "$@"
	"$here/watch" "$2" "$host_netns" >$work/outside &
	watcher=$!
	call open "$@" </dev/null >>$work/log 2>&1 &
	door=$!
}

stop_watching() {
	kill "$watcher"
	wait "$watcher" 2>/dev/null
}

reported() { [ -s /home/exam1/door ]; }

# sessions DOOR: the processes that opened those that carrel knows of
sessions() {
	carrel list --json | jq ".[] | select(.user == \"exam1\") | .sessions[] |
		select(.service == \"${service[$1]}\") | .pid"
}

no_session() { [ -z "$(sessions "$1")" ]; }
a_session() { [ -n "$(sessions "$1")" ]; }

a_process() { [ -n "$(pgrep -u "$1")" ]; }
no_process() { ! a_process "$1"; }

# clear USER: until it is as if the user was never here
clear() {
	loginctl disable-linger "$1"
	crontab -u "$1" -r
	systemctl stop lightdm
	# First the user's manager, which may not start what another one leaves.
	systemctl stop "user@$(id -u "$1").service"
	systemctl reset-failed "user@$(id -u "$1").service"
	no_process "$1" || kill -KILL $(pgrep -u "$1")
	eventually 10 no_process "$1"
	# Of users whose processes were killed logind finds out late; when it starts, at once.
	systemctl reset-failed systemd-logind
	systemctl restart systemd-logind
	eventually 10 unknown_to_logind "$1"
	! command -v carrel || carrel remove "$1"
	rm -rf "/home/$1/.config" "/home/$1/.local" "/home/$1/door"
} >>$work/log 2>&1

unknown_to_logind() { [ ! -e "/run/systemd/users/$(id -u "$1")" ]; }

# Each prints a word or two, which are to be those of $must.
must=(carrel "yy nn" gone gone refused)

# measure DOOR: into in, reach
measure() {
	local netns
	pass "$1" exam1 "$report /home/exam1/door"
	in=no-report reach=-
	if eventually 10 reported >/dev/null; then
		read -r netns reach </home/exam1/door
		in=elsewhere
		[ "$netns" != "$host_netns" ] || in=host
		[ "$netns" != "net:[$(stat -L -c %i /run/netns/carrel-61001 2>/dev/null)]" ] || in=carrel
	fi
}

# Where the door is the user's manager, that closes when the user's last session does.
close() {
	if [ "${service[$1]}" = systemd-user ]; then
		loginctl disable-linger exam1
		systemctl stop user@61001
	fi
	wait $door
	eventually 10 no_session "$1" >/dev/null && echo gone || echo open
}

# openers DOOR: the processes that opened its sessions, and what they forked that has become no other
# program: sshd serves a connection with such a copy
openers() {
	local pid copy
	for pid in $(sessions "$1"); do
		echo "$pid"
		for copy in $(pgrep -P "$pid"); do
			[ "/proc/$copy/exe" -ef "/proc/$pid/exe" ] && echo "$copy"
		done
	done
}

kill_openers() {
	local pid
	pass "$1" exam1 "$report /home/exam1/door hold"
	stop_watching
	if ! eventually 10 reported >/dev/null || ! a_session "$1"; then
		echo no-session
		return
	fi
	for pid in $(openers "$1"); do
		kill -KILL "$pid"
	done
	if ! eventually 10 no_session "$1" >/dev/null; then
		echo open
	elif grep -vqxF "net:[$(stat -L -c %i /run/netns/carrel-61001)]" <(netns-of exam1); then
		echo outside
	else
		echo gone
	fi
}

log_says() {
	[ -n "$(journalctl --quiet --after-cursor="$cursor" --output=cat --grep="$1")" ]
}

denied_or_reported() {
	[ -s /home/guest1/door ] || log_says "pam_carrel\(${service[$1]}:session\): denied a session of 'guest1'"
}

deny() {
	cursor=$(journalctl --quiet --lines=1 --show-cursor | sed -n 's/^-- cursor: //p')
	pass "$1" guest1 "$report /home/guest1/door"
	eventually 10 denied_or_reported "$1" >/dev/null || { echo silent; return; }
	stop_watching
	# sshd keeps a process for the connection, which may do nothing (sessions.sh).
	if [ -s /home/guest1/door ] || grep -qv '^/usr/sbin/sshd ' $work/outside; then
		echo came-in
	else
		echo refused
	fi
}

row() { printf '%-22s  %-10s  %-6s  %-10s  %-10s  %s\n' "$@"; }

try_door() {
	local in reach close=- kill=- deny=-
	: >$work/log
	measure "$1" 2>>$work/log
	if [ "$in" = carrel ]; then
		close=$(close "$1" 2>>$work/log)
		stop_watching
		[ ! -s $work/outside ] || in=outside
	else
		stop_watching
	fi
	clear exam1
	if [ "$in" = carrel ]; then
		kill=$(kill_openers "$1" 2>>$work/log)
		clear exam1
	fi
	deny=$(deny "$1" 2>>$work/log)
	clear guest1
	if [ "$in/$reach/$close/$kill/$deny" = "$(IFS=/; echo "${must[*]}")" ]; then
		printf 'ok %d - ' "$number"
	else
		printf 'not ok %d - ' "$number"
	fi
	row "$1" "$in" "$reach" "$close" "$kill" "$deny"
}

here=$(dirname "$(readlink -f "$0")")
[ $# -eq 0 ] || doors=("$@")
prepare
echo "1..${#doors[@]}"
echo "#         $(row door in reach close kill denied)"
echo "#    must $(row "" "${must[@]}")"
number=0
for name in "${doors[@]}"; do
	number=$((number + 1))
	result=$(try_door "$name")
	echo "$result"
	[ "${result%% *}" = ok ] || tail -n 40 $work/log $work/outside | sed 's/^/#   /'
done
