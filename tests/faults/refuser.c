/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper to whom the kernel refuses one system call: installs a filter that answers it with an
 * error, then becomes the real one.
 *
 *   helper=.../refuser   with /tmp/refuser/order holding "HELPER CALL ERRNO [FIRST-ARGUMENT]"
 *
 * The launcher empties the environment and gives no arguments, hence the file.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ORDER_FILE "/tmp/refuser/order"

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

int main(void)
{
	char helper[4096], call[64], *arguments[] = { helper, NULL }, *environment[] = { NULL };
	unsigned long long argument;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	FILE *file = fopen(ORDER_FILE, "re");
	uint16_t number;
	int found = file ? fscanf(file, "%4095s %63s %hu %llu", helper, call, &number, &argument) : 0;
	int rc;

	if (found < 3 || !filter)
		fail(ORDER_FILE);
	fclose(file);
	/* The capability CAP_SYS_ADMIN does instead; the helper sets the flag itself. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (found == 4)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(number), seccomp_syscall_resolve_name(call),
				      1, SCMP_A0_64(SCMP_CMP_EQ, argument, 0));
	else
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(number), seccomp_syscall_resolve_name(call),
				      0);
	if (rc < 0 || seccomp_load(filter) < 0)
		fail(call);
	execve(helper, arguments, environment);
	fail(helper);
}
