/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/every/tracee.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the kernel's register set of each machine has what a system call is made of. */
#if defined(__x86_64__)
typedef struct user_regs_struct registers;
static const size_t argument_offsets[] = {
	offsetof(registers, rdi), offsetof(registers, rsi), offsetof(registers, rdx),
	offsetof(registers, r10), offsetof(registers, r8), offsetof(registers, r9),
};
#define RESULT_OFFSET offsetof(registers, rax)
#elif defined(__aarch64__)
typedef struct user_regs_struct registers;
static const size_t argument_offsets[] = { 0, 8, 16, 24, 32, 40 };
#define RESULT_OFFSET 0
#else
#error "tell here where this machine's registers are"
#endif

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static void set_register(pid_t pid, size_t offset, uint64_t value)
{
	registers all;
	struct iovec part = { .iov_base = &all, .iov_len = sizeof(all) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)(uintptr_t)NT_PRSTATUS, &part) < 0)
		fail("PTRACE_GETREGSET");
	memcpy((char *)&all + offset, &value, sizeof(value));
	if (ptrace(PTRACE_SETREGSET, pid, (void *)(uintptr_t)NT_PRSTATUS, &part) < 0)
		fail("PTRACE_SETREGSET");
}

/* Before a call: have another one made instead of it. */
static void set_number(pid_t pid, long number)
{
#if defined(__x86_64__)
	set_register(pid, offsetof(registers, orig_rax), (uint64_t)number);
#else
	int value = (int)number;
	struct iovec part = { .iov_base = &value, .iov_len = sizeof(value) };

	if (ptrace(PTRACE_SETREGSET, pid, (void *)(uintptr_t)NT_ARM_SYSTEM_CALL, &part) < 0)
		fail("PTRACE_SETREGSET");
#endif
}

pid_t tracee_start(const char *program)
{
	char *arguments[] = { (char *)(uintptr_t)program, NULL };
	char *environment[] = { NULL };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(125);
		execve(program, arguments, environment);
		_exit(126);
	}
	/* Else the other end would not see the helper hang up. */
	close(0);
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		fail("the helper did not start");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0)
		fail("PTRACE_SETOPTIONS");
	return pid;
}

static void describe(pid_t pid, struct stop *ret)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) < 0)
		fail("PTRACE_GET_SYSCALL_INFO");
	ret->entering = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	if (ret->entering) {
		ret->number = (long)info.entry.nr;
		memcpy(ret->arguments, info.entry.args, sizeof(ret->arguments));
	} else {
		/* Number and arguments stay those of the entry. */
		ret->result = (long)info.exit.rval;
	}
}

bool tracee_next(pid_t pid, struct stop *ret)
{
	int status, signal = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(uintptr_t)signal) < 0 && errno != ESRCH)
			fail("PTRACE_SYSCALL");
		while (waitpid(pid, &status, 0) < 0)
			if (errno != EINTR)
				fail("waitpid");
		if (!WIFSTOPPED(status))
			return false;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			break;
		signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
	}
	describe(pid, ret);
	/* The helper hides its memory, where the tracer is to look for netlink messages. */
	if (ret->entering && ret->number == SYS_prctl && ret->arguments[0] == PR_SET_DUMPABLE)
		tracee_set_argument(pid, 1, 1);
	return true;
}

void tracee_skip(pid_t pid)
{
	set_number(pid, SYS_getpid);
}

void tracee_set_argument(pid_t pid, unsigned index, uint64_t value)
{
	set_register(pid, argument_offsets[index], value);
}

void tracee_set_result(pid_t pid, long result)
{
	set_register(pid, RESULT_OFFSET, (uint64_t)result);
}

void tracee_read(pid_t pid, uint64_t address, void *bytes, size_t size)
{
	for (size_t done = 0; done < size; done += sizeof(long)) {
		size_t piece = size - done < sizeof(long) ? size - done : sizeof(long);

		errno = 0;
		long word = ptrace(PTRACE_PEEKDATA, pid, (void *)(uintptr_t)(address + done), NULL);
		if (errno)
			fail("PTRACE_PEEKDATA");
		memcpy((char *)bytes + done, &word, piece);
	}
}

void tracee_write(pid_t pid, uint64_t address, const void *bytes, size_t size)
{
	for (size_t done = 0; done < size; done += sizeof(long)) {
		size_t piece = size - done < sizeof(long) ? size - done : sizeof(long);
		long word;

		/* The rest of the last word is the tracee's. */
		tracee_read(pid, address + done, &word, sizeof(word));
		memcpy(&word, (const char *)bytes + done, piece);
		if (ptrace(PTRACE_POKEDATA, pid, (void *)(uintptr_t)(address + done), word) < 0)
			fail("PTRACE_POKEDATA");
	}
}
