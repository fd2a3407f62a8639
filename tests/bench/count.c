/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The child asks to be traced, and so is everything it starts (PTRACE_O_TRACEFORK and the
 * like). Each process stops at the entry and at the exit of every system call; the entry
 * is counted. A system call that no kernel has marks where counting begins and ends, and
 * costs nothing that is counted.
 *
 * What a send carries is read out of the sender's memory, once its descriptor, fetched
 * with pidfd_getfd(2), has turned out to be a netlink socket.
 */
#include "count.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/ptrace.h>

#include "base/error.h"
#include "base/fd.h"

/* Above every number in use; the kernel answers ENOSYS. */
#define MARK 0xca44

#define PARTS_MAX 64            /* of one sendmsg: libnftables has one for each page of a batch */

/* What the child could not do, for its parent. */
struct outcome {
	int rc;
	struct carrel_error err;
};

struct tracer {
	pid_t first;            /* the child: counted between the marks only */
	bool open;              /* between the marks */
	struct counts counts;
};

void count_begin(void)
{
	(void)syscall(MARK, 1L);
}

void count_end(void)
{
	(void)syscall(MARK, 0L);
}

/* Is descriptor @fd of @pid a netlink socket? */
static bool is_netlink(pid_t pid, int fd)
{
	FD_CLEANUP int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	FD_CLEANUP int copy = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	socklen_t size = sizeof(int);
	int domain = 0;

	return copy >= 0 && getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	       domain == AF_NETLINK;
}

/* Read @size bytes at @address of @pid; false when they are not there. */
static bool read_memory(pid_t pid, uint64_t address, void *bytes, size_t size)
{
	struct iovec here = { bytes, size }, there = { (void *)(uintptr_t)address, size };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Count the messages that start in @size bytes at @address. */
static unsigned count_messages(pid_t pid, uint64_t address, size_t size)
{
	unsigned count = 0;

	while (size >= NLMSG_HDRLEN) {
		struct nlmsghdr header;
		size_t length;

		if (!read_memory(pid, address, &header, sizeof(header)) ||
		    header.nlmsg_len < NLMSG_HDRLEN)
			break;
		count++;
		length = NLMSG_ALIGN(header.nlmsg_len);
		if (length >= size)
			break;
		address += length;
		size -= length;
	}
	return count;
}

/* Look at a send; @arguments are the system call's. */
static void count_send(struct tracer *tracer, pid_t pid, uint64_t number, const __u64 *arguments)
{
	struct iovec parts[PARTS_MAX];
	struct msghdr message;
	unsigned count = 0;

	if (!is_netlink(pid, (int)arguments[0]))
		return;
	tracer->counts.netlink_sends++;
	if (number == SYS_sendto) {
		tracer->counts.netlink_messages += count_messages(pid, arguments[1], arguments[2]);
		return;
	}
	if (!read_memory(pid, arguments[1], &message, sizeof(message)))
		return;
	if (message.msg_iovlen > PARTS_MAX)
		message.msg_iovlen = PARTS_MAX;
	if (!read_memory(pid, (uintptr_t)message.msg_iov, parts,
			 message.msg_iovlen * sizeof(parts[0])))
		return;
	for (size_t i = 0; i < message.msg_iovlen; i++)
		count += count_messages(pid, (uintptr_t)parts[i].iov_base, parts[i].iov_len);
	tracer->counts.netlink_messages += count;
}

/* @pid is about to enter a system call. */
static void count_entry(struct tracer *tracer, pid_t pid, const struct ptrace_syscall_info *info)
{
	if (info->entry.nr == MARK) {
		tracer->open = info->entry.args[0];
		return;
	}
	/* What the first one starts between the marks is counted to its end. */
	if (pid == tracer->first && !tracer->open)
		return;
	tracer->counts.system_calls++;
	if (info->entry.nr == SYS_sendto || info->entry.nr == SYS_sendmsg)
		count_send(tracer, pid, info->entry.nr, info->entry.args);
}

/* Deal with a stop of @pid. Return: the signal that it goes on with */
static int handle_stop(struct tracer *tracer, pid_t pid, int status)
{
	struct ptrace_syscall_info info;
	int signal = WSTOPSIG(status);

	switch (status >> 16) {
	case 0:
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		tracer->counts.processes++;
		return 0;
	default:
		return 0;
	}
	if (signal == (SIGTRAP | 0x80)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY)
			count_entry(tracer, pid, &info);
		return 0;
	}
	/* The stop with which a new tracee introduces itself is no signal of anybody's. */
	return signal == SIGSTOP ? 0 : signal;
}

/* Follow every process to its end. */
static void trace(struct tracer *tracer)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR)
		if (pid > 0 && WIFSTOPPED(status))
			/* Fails when it was killed meanwhile: then its end is reported next. */
			(void)ptrace(PTRACE_SYSCALL, pid, NULL, (uintptr_t)handle_stop(tracer, pid,
										       status));
}

/* The child's life. */
static void be_traced(int (*work)(void *context, struct carrel_error *err), void *context,
		      struct outcome *outcome)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	(void)raise(SIGSTOP);
	outcome->rc = work(context, &outcome->err);
}

int count_calls(int (*work)(void *context, struct carrel_error *err), void *context,
		struct counts *ret_counts, struct carrel_error *err)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	struct outcome *outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tracer tracer = { 0 };
	int status, rc;

	if (outcome == MAP_FAILED)
		return error_set_errno(err, errno, "mapping memory");
	outcome->rc = error_set(&outcome->err, ECHILD, "what was counted died");
	tracer.first = fork();
	if (tracer.first == 0) {
		be_traced(work, context, outcome);
		_exit(0);
	}
	if (tracer.first < 0 || waitpid(tracer.first, &status, 0) < 0 ||
	    ptrace(PTRACE_SETOPTIONS, tracer.first, NULL, options) < 0 ||
	    ptrace(PTRACE_SYSCALL, tracer.first, NULL, 0L) < 0) {
		rc = error_set_errno(err, errno, "tracing a child");
	} else {
		trace(&tracer);
		rc = outcome->rc;
		if (rc < 0 && err)
			*err = outcome->err;
	}
	if (rc == 0)
		*ret_counts = tracer.counts;
	(void)munmap(outcome, sizeof(*outcome));
	return rc;
}
