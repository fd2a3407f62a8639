/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrel-tally confined|free SERVICE USER
 *
 * Counts what one login of USER asks of the kernel, by itself and by all that it starts, and prints
 *
 *	SYSTEM_CALLS NETLINK_SENDS NETLINK_MESSAGES PROCESSES
 *
 * A login that is not as expected, in a network of its own or not, fails.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "count.h"
#include "login.h"

static int usage(void)
{
	fputs("usage: carrel-tally confined|free SERVICE USER\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct carrel_error err = { 0 };
	struct counts counts;

	if (argc != 4 || (strcmp(argv[1], "confined") != 0 && strcmp(argv[1], "free") != 0))
		return usage();
	struct login_request request = {
		.confdir = "/etc/pam.d", .service = argv[2], .user = argv[3],
		.confined = strcmp(argv[1], "confined") == 0,
	};
	if (count_calls(login_count, &request, &counts, &err) < 0) {
		fprintf(stderr, "carrel-tally: %s\n", err.text);
		return 1;
	}
	printf("%u %u %u %u\n", counts.system_calls, counts.netlink_sends, counts.netlink_messages,
	       counts.processes);
	return 0;
}
