/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: carrel-resolver
 *
 * It reads names from descriptor 0, a line each, asks for their addresses, and writes what it
 * found to descriptor 1 (core/answers.h). It is the one program of carrel's that talks to
 * the network, so it can do nothing else: an account without rights, no capability, limits,
 * and a filter of system calls in which there is nothing that changes anything. What it
 * says is taken for hostile by who reads it.
 *
 *   1. confine()	what was handed over is checked, the limits are set
 *   2. sandbox		from here on only the calls of resolver-calls.h
 *   3. read names	nothing from outside was read before
 *   4. ask, print
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/hostname.h"
#include "base/version.h"
#include "kernel/sandbox.h"
#include "resolver/lookup.h"

VERSION_MARK_HERE;

/* More than thirty times what was seen, with room for C libraries that map more than they use. */
#define MEMORY_MAX_BYTES (256 * 1024 * 1024)
/* c-ares has one socket for each name server, and one more where TCP is needed. */
#define FILES_MAX        64
/* Of computing, not of waiting. */
#define CPU_MAX_S        5

struct names { const char *items[ANSWERS_NAMES_MAX]; size_t count; };

/* So that no answer, whatever is in it, costs the host much. */
static int set_limits(struct carrel_error *err)
{
	static const struct { int which; rlim_t most; } limits[] = {
		{ RLIMIT_AS, MEMORY_MAX_BYTES }, { RLIMIT_NOFILE, FILES_MAX },
		{ RLIMIT_CPU, CPU_MAX_S }, { RLIMIT_CORE, 0 }, { RLIMIT_NPROC, 0 },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit limit = { limits[i].most, limits[i].most };

		if (setrlimit((__rlimit_resource_t)limits[i].which, &limit) < 0)
			return error_set_errno(err, errno, "setting limits");
	}
	return 0;
}

/* Nobody, without a capability, who can get none. */
static int confine(struct carrel_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uid_t ruid, euid, suid;

	if (getresuid(&ruid, &euid, &suid) < 0 || syscall(SYS_capget, &header, data) < 0)
		return error_set_errno(err, errno, "asking which account this runs as");
	if (ruid == 0 || euid == 0 || suid == 0)
		return error_set(err, EPERM, "must not run as root: 'carrel refresh' "
				 "starts it as an account of its own");
	if (data[0].permitted | data[1].permitted)
		return error_set(err, EPERM, "carrel-resolver was given capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set_errno(err, errno, "giving up privileges");
	return set_limits(err);
}

/* From standard input, a line each. */
static int read_names(struct arena *arena, struct names *ret, struct carrel_error *err)
{
	const size_t most = ANSWERS_NAMES_MAX * (HOSTNAME_MAX_LENGTH + 1);
	char *text, *name;
	size_t length;
	int rc = fd_read_all(STDIN_FILENO, most, arena, &text, &length, err);

	if (rc < 0)
		return error_wrap(err, rc, "the names");
	while ((name = strsep(&text, "\n")) != NULL && text) {
		if (!hostname_valid(name))
			return error_set(err, EINVAL, "'%s' is not a host name", name);
		if (ret->count == ANSWERS_NAMES_MAX)
			return error_set(err, E2BIG, "more than %d names", ANSWERS_NAMES_MAX);
		ret->items[ret->count++] = name;
	}
	return 0;
}

/* One line, as core/answers.h has it. */
static void put_answer(struct buffer *text, const char *name, enum family family,
		       const struct answer *answer)
{
	char address[ADDRESS_TEXT_SIZE];

	buffer_printf(text, "%s %s ", name, answer_family_word(family));
	switch (answer->kind) {
	case ANSWER_NONE:
		buffer_puts(text, "none\n");
		return;
	case ANSWER_FAILED:
		buffer_printf(text, "failed %s\n", answer->reason);
		return;
	case ANSWER_ADDRESSES:
		break;
	}
	buffer_printf(text, "addresses %u ", answer->ttl_s);
	for (size_t i = 0; i < answer->count; i++) {
		address_format(&answer->addresses[i], address);
		buffer_printf(text, "%s%s", i ? "," : "", address);
	}
	buffer_puts(text, "\n");
}

/* Write them to standard output, whole or not at all. */
static int put_answers(const struct names *names, const struct answers *answers,
		       struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	for (size_t i = 0; i < names->count; i++)
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			put_answer(&text, names->items[i], family, &answers[i].of[family]);
	buffer_puts(&text, "end\n");
	int rc = text.failed ? -ENOMEM : fd_write_all(STDOUT_FILENO, text.data, text.length);
	return rc < 0 ? error_set_errno(err, -rc, "telling what was found") : 0;
}

int main(void)
{
	static struct answers answers[ANSWERS_NAMES_MAX];
	ARENA_CLEANUP struct arena arena = { 0 };
	struct carrel_error err = { 0 };
	struct names names = { .count = 0 };
	int rc = confine(&err);

	if (rc == 0)
		rc = sandbox_enter_resolver(&err);
	if (rc == 0)
		rc = read_names(&arena, &names, &err);
	if (rc == 0)
		rc = lookup_open(&err);
	if (rc == 0)
		rc = lookup_all(names.items, names.count, answers, &err);
	if (rc == 0)
		rc = put_answers(&names, answers, &err);
	if (rc < 0)
		fprintf(stderr, "carrel-resolver: %s\n", err.text);
	return rc < 0;
}
