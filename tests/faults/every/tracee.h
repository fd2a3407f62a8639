/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process whose system calls are watched and falsified: ptrace(2), and what depends on the machine. */
#ifndef FAULTS_EVERY_TRACEE_H
#define FAULTS_EVERY_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A stop of the tracee, before or after a system call. */
struct stop {
	bool entering;
	long number;            /* of the call */
	uint64_t arguments[6];
	long result;            /* only after it: -errno, or what it returned */
};

/** tracee_start() - run @program, which waits before its first call; ends the tracer on failure */
pid_t tracee_start(const char *program);

/**
 * tracee_next() - let @pid go on to its next stop
 * Return: false when it ended
 */
bool tracee_next(pid_t pid, struct stop *ret);

/** tracee_skip() - before a call: have getpid(2) made instead of it, which changes nothing */
void tracee_skip(pid_t pid);

/** tracee_set_argument() - before a call: the first is 0 */
void tracee_set_argument(pid_t pid, unsigned index, uint64_t value);

/** tracee_set_result() - after a call */
void tracee_set_result(pid_t pid, long result);

/** tracee_read(), tracee_write() - its memory */
void tracee_read(pid_t pid, uint64_t address, void *bytes, size_t size);
void tracee_write(pid_t pid, uint64_t address, const void *bytes, size_t size);

#endif
