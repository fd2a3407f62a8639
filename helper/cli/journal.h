/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's log: the journal with its fields where systemd runs, else syslog. */
#ifndef CARREL_CLI_JOURNAL_H
#define CARREL_CLI_JOURNAL_H

#include "cli/logread.h"

struct carrel_error;

/**
 * journal_open() - find out which of the two there is
 * @ret_fd:	a socket to the journal, or -1: syslog; owned by the caller
 */
int journal_open(int *ret_fd, struct carrel_error *err);

/** journal_send() - one line; @fd as journal_open() gave it. 0 or -errno */
int journal_send(int fd, const struct logged *logged, struct carrel_error *err);

#endif
