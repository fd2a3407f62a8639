/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "state/directory.h"

/* /proc/PID/status is 1.5 KB. */
#define STATUS_BYTES  4096
/* What people read of a command; the rest is left out. */
#define COMMAND_BYTES 512

/** read_beginning() - the first bytes of a file of the process @directory; -1: it has ended */
static ssize_t read_beginning(int proc_fd, const char *directory, const char *name, char *text,
			      size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	FD_CLEANUP int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t length = read(fd, text, size - 1);
	if (length >= 0)
		text[length] = '\0';
	return length;
}

/** field() - what stands behind "@name:" in a status; NULL when it is not there */
static const char *field(const char *status, const char *name)
{
	const char *found = strstr(status, name);

	return found ? found + strlen(name) + strspn(found + strlen(name), " \t") : NULL;
}

/** read_status() - fill @process from its status; false when it has ended */
static bool read_status(int proc_fd, const char *directory, struct arena *arena,
			struct process *process)
{
	char status[STATUS_BYTES];

	if (read_beginning(proc_fd, directory, "status", status, sizeof(status)) < 0)
		return false;
	const char *name = field(status, "Name:"), *state = field(status, "\nState:");
	const char *parent = field(status, "\nPPid:"), *uids = field(status, "\nUid:");
	if (!name || !state || !parent || !uids || *state == 'Z' || *state == 'X')
		return false;
	process->parent = (pid_t)strtol(parent, NULL, 10);
	/* Real, then effective. */
	const char *effective = strchr(uids, '\t');
	process->uid = effective ? (uid_t)strtoul(effective, NULL, 10) : (uid_t)-1;
	process->name = arena_strndup(arena, name, strcspn(name, "\n"));
	return effective && process->name;
}

/** read_command() - the command line, blanks between its arguments; "" of a kernel thread */
static const char *read_command(int proc_fd, const char *directory, struct arena *arena)
{
	char command[COMMAND_BYTES];
	ssize_t length = read_beginning(proc_fd, directory, "cmdline", command, sizeof(command));

	if (length <= 0)
		return "";
	while (length > 0 && command[length - 1] == '\0')
		length--;
	for (ssize_t i = 0; i < length; i++)
		if (command[i] == '\0')
			command[i] = ' ';
	return arena_strndup(arena, command, (size_t)length);
}

/** is_kernel_thread() - children of kthreadd, and that itself, have no memory of their own */
static bool is_kernel_thread(const struct process *process)
{
	return process->uid == 0 && (process->pid == 2 || process->parent == 2) &&
	       !*process->command;
}

/** visit_one() - the process @directory, unless it has ended */
static int visit_one(int proc_fd, const char *directory, pid_t pid, struct arena *arena,
		     process_visitor *visit, void *context)
{
	struct process process = { .pid = pid };

	if (!read_status(proc_fd, directory, arena, &process))
		return 0;
	process.command = read_command(proc_fd, directory, arena);
	if (process.command && is_kernel_thread(&process))
		return 0;
	if (process.command && !*process.command)
		process.command = arena_printf(arena, "[%s]", process.name);
	return process.command ? visit(&process, context) : -ENOMEM;
}

int process_each(struct arena *arena, process_visitor *visit, void *context,
		 struct carrel_error *err)
{
	DIRECTORY_CLEANUP DIR *processes = NULL;
	const char *name;
	int rc = directory_open(AT_FDCWD, "/proc", &processes);

	while (!rc && !(rc = directory_next(processes, &name)) && name) {
		uint64_t pid;

		if (number_parse(name, strlen(name), INT32_MAX, &pid) == 0)
			rc = visit_one(dirfd(processes), name, (pid_t)pid, arena, visit, context);
	}
	return rc < 0 ? error_set_errno(err, -rc, "looking at processes") : rc;
}
