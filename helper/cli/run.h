/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another program's run, in a network namespace. */
#ifndef CARREL_CLI_RUN_H
#define CARREL_CLI_RUN_H

struct passwd;

/* Where and how; descriptors are borrowed. */
struct run_options {
	int netns_fd;
	int inherited_fd;               /* stays open in the command; or -1 */
	const struct passwd *user;      /* whom it runs as; NULL: as the caller */
	/* Called when the command has ended, before this process may end too; or NULL. */
	void (*ended)(void *context);
	void *context;
};

/**
 * run_command() - run @argv in a network namespace, and wait for its end
 * @argv:	NULL-terminated; found along PATH
 *
 * When a signal ended it, the same signal ends this process too, so that a shell sees what
 * it would have seen of the command.
 *
 * Return: its exit status; or CLI_FAILURE, CLI_NOT_EXECUTABLE, CLI_COMMAND_NOT_FOUND after a
 *	   complaint
 * Context: CAP_SYS_ADMIN; a process of one thread
 */
int run_command(const struct run_options *options, char *const *argv);

#endif
