/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fresh network namespace for each test, with a socket to nftables; and what nft(8) says of it. */
#ifndef CARREL_TESTS_KERNEL_FRESH_H
#define CARREL_TESTS_KERNEL_FRESH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdio.h>
#include <libmnl/libmnl.h>
#include <cmocka.h>

#include "kernel/nft.h"
#include "kernel/nft_load.h"
#include "tests/golden/golden.h"

/* The tests' state is the socket. */
static inline int fresh_setup(void **state)
{
	struct mnl_socket *socket;

	if (unshare(CLONE_NEWNET) < 0 || nft_open(&socket, NULL) < 0)
		return -1;
	*state = socket;
	return 0;
}

static inline int fresh_teardown(void **state)
{
	return mnl_socket_close(*state);
}

/* What @command prints; it must succeed. */
static inline char *run(const char *command, struct arena *arena)
{
	FILE *pipe = popen(command, "re");

	assert_non_null(pipe);
	char *text = golden_read_stream(pipe, arena);
	assert_int_equal(pclose(pipe), 0);
	return text;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_setup, fresh_teardown)

#endif
