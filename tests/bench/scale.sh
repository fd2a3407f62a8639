#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scale.sh [-p] [OPTIONS]    run carrel-scale, with its options, in the test host (tests/host); -p first:
#                            with private pins
set -eu
build=${HOST_BUILD:-${BUILD:-build}}

cat >/etc/carrel/policies/scale.policy <<'END'
uplink nat
default deny out
allow out tcp,udp to 198.51.100.53,2001:db8:53::53 port 53
allow out tcp to 203.0.113.10,2001:db8:80::10 port 443
END
pins=visible
[ "${1-}" != -p ] || pins=private
echo "pins $pins" >/etc/carrel/carrel.conf.d/pins.conf
echo 'assign scale uid 300000-399999' >/etc/carrel/carrel.conf.d/scale.conf
echo 'session required pam_carrel.so quiet' >/etc/pam.d/scale
# As carrel-gc.timer does, every minute: where it does not run, a login starts `carrel gc`.
while touch /run/carrel/collected 2>/dev/null; do sleep 30; done &

"$build/tests/bench/carrel-scale" "$@"
