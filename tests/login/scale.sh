#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# That logins, and the commands that look at all carrels, do not cost the more the more carrels there
# are. `make bench-scale` does the same with 5,000.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

test_login_costs_the_same_beside_many_carrels() {
	"$here/../bench/scale.sh" -n 500 -r 24
}

# Where pins are private, they cost nobody else on the host either.
test_mount_namespaces_cost_the_same_beside_many_private_pins() {
	"$here/../bench/scale.sh" -p -n 500 -r 24
}

run_tests "$@"
