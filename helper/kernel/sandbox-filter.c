/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs when carrel is built: "sandbox-filter helper" compiles the table of sandbox-calls.h,
 * "sandbox-filter resolver" that of resolver-calls.h, and writes the filter to standard output,
 * as the items of an array of struct sock_filter. It is for the machine type that this program
 * was compiled for.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

/* seccomp(2) takes no longer program (BPF_MAXINSNS). */
#define FILTER_MAX 4096

/* The most conditions that a row of the table has. */
#define CONDITIONS_MAX 2

struct call {
	int number;
	const char *name, *reason;
	unsigned condition_count;
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];
};

#define ARG_IS(number, value) \
	{ .arg = (number), .op = SCMP_CMP_EQ, .datum_a = (value) }
#define ARG_LACKS(number, bit) \
	{ .arg = (number), .op = SCMP_CMP_MASKED_EQ, .datum_a = (bit), .datum_b = 0 }
#define ALLOW(call, why) { .number = SCMP_SYS(call), .name = #call, .reason = (why) },
#define ALLOW_IF(call, why, ...) {                                                         \
	.number = SCMP_SYS(call), .name = #call, .reason = (why),                          \
	.condition_count = sizeof((struct scmp_arg_cmp[]){ __VA_ARGS__ }) /                \
			   sizeof(struct scmp_arg_cmp),                                    \
	.conditions = { __VA_ARGS__ } },

static const struct call helper_calls[] = {
#include "kernel/sandbox-calls.h"
};

static const struct call resolver_calls[] = {
#include "resolver/resolver-calls.h"
};

static const struct table {
	const char *name;
	const struct call *calls;
	size_t count;
} tables[] = {
	{ "helper", helper_calls, sizeof(helper_calls) / sizeof(helper_calls[0]) },
	{ "resolver", resolver_calls, sizeof(resolver_calls) / sizeof(resolver_calls[0]) },
};

/** add_calls() - every row of the table; 0 or -errno */
static int add_calls(scmp_filter_ctx context, const struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct call *call = &table->calls[i];
		int rc = seccomp_rule_add_array(context, SCMP_ACT_ALLOW, call->number,
						call->condition_count, call->conditions);

		if (rc < 0) {
			fprintf(stderr, "%s (%s): %s\n", call->name, call->reason, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

/** compile() - the filter as the kernel takes it, in the file @fd; 0 or -errno */
static int compile(int fd, const struct table *table)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (!context)
		return -ENOMEM;
	rc = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A binary tree: a call costs six comparisons instead of up to seventy. */
	if (rc == 0)
		rc = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = add_calls(context, table);
	if (rc == 0)
		rc = seccomp_export_bpf(context, fd);
	seccomp_release(context);
	return rc;
}

/** print() - the filter in @fd as C; 0 or -errno */
static int print(int fd)
{
	static struct sock_filter filter[FILTER_MAX];
	ssize_t length = pread(fd, filter, sizeof(filter), 0);

	if (length < 0)
		return -errno;
	for (size_t i = 0; i < (size_t)length / sizeof(filter[0]); i++)
		printf("{ 0x%02x, %3u, %3u, 0x%08x },\n", filter[i].code, filter[i].jt,
		       filter[i].jf, filter[i].k);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
}

/** find_table() - the one called @name, or NULL */
static const struct table *find_table(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].name, name) == 0)
			return &tables[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct table *table = argc == 2 ? find_table(argv[1]) : NULL;
	int fd = memfd_create("filter", MFD_CLOEXEC), rc = -EINVAL;

	if (table)
		rc = fd < 0 ? -errno : compile(fd, table);

	if (rc == 0)
		rc = print(fd);
	if (rc < 0)
		fprintf(stderr, "compiling the seccomp filter: %s\n", strerror(-rc));
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
