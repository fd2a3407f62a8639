/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another program's run, in a network namespace. */
#ifndef CARREL_CLI_RUN_H
#define CARREL_CLI_RUN_H

/**
 * run_command() - run @argv in the network namespace @netns_fd, and wait for its end
 * @netns_fd:	borrowed
 * @argv:	NULL-terminated; found along PATH
 *
 * When a signal ended it, the same signal ends this process too, so that a shell sees what
 * it would have seen of the command.
 *
 * Return: its exit status; or CLI_FAILURE, CLI_NOT_EXECUTABLE, CLI_COMMAND_NOT_FOUND after a
 *	   complaint
 * Context: CAP_SYS_ADMIN; a process of one thread
 */
int run_command(int netns_fd, char *const *argv);

#endif
