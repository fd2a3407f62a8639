/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper to whom one thing happens: runs the real one, watches its system calls, and at the one
 * that tests/faults/every_fault.c ordered kills it, holds it, lets the call fail, or has the kernel
 * refuse a netlink request. The launcher empties the environment and gives no arguments, hence the
 * file of every/order.h.
 *
 * A netlink request is refused truly: it is sent with a type that does not exist, so that nothing
 * comes of it nor, in a transaction, of those beside it; in the kernel's answer the error number
 * is then replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/netfilter/nfnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/every/order.h"
#include "tests/faults/every/tracee.h"
#include "tests/faults/every/ways.h"

#define FD_COUNT 1024

struct tracer {
	struct order *order;
	pid_t pid;
	long falsified;                 /* result of the call that is being skipped; 0: none is */
	int netlink_of[FD_COUNT];       /* 1 + protocol of a netlink socket; 0: none */
	/* FAULT_NETLINK: the one that is refused */
	int refused_fd;
	uint32_t refused_sequence;
	uint64_t refused_address;
	uint16_t refused_type;
};

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static struct order *map_order(void)
{
	int fd = open(ORDER_FILE, O_RDWR | O_CLOEXEC);
	struct order *order;

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		fail(ORDER_FILE);
	order = mmap(NULL, sizeof(*order), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (order == MAP_FAILED)
		fail("mmap");
	return order;
}

static void note(struct tracer *tracer, const char *what, int errnum)
{
	struct order *order = tracer->order;

	snprintf(order->what, sizeof(order->what), "%s: %s", what,
		 errnum == WAY_SHORT ? "less than asked for" : strerror(errnum));
	order->errnum = errnum == WAY_SHORT ? 0 : errnum;
	order->done = true;
}

/* Have the call do less than it is asked for. */
static void shorten(const struct tracer *tracer, const struct stop *stop)
{
	if (stop->number == SYS_brk)
		tracee_set_argument(tracer->pid, 0, 0);
	else
		tracee_set_argument(tracer->pid, 2, (stop->arguments[2] + 1) / 2);
}

static void falsify(struct tracer *tracer, const struct stop *stop)
{
	const char *name;
	int way = way_of_call(stop->number, tracer->order->way, &name);

	if (way == 0)
		return;
	note(tracer, name, way);
	if (way == WAY_SHORT) {
		shorten(tracer, stop);
		return;
	}
	tracer->falsified = -way;
	tracee_skip(tracer->pid);
}

static void kill_helper(struct tracer *tracer)
{
	tracer->order->done = true;
	kill(tracer->pid, SIGKILL);
}

static void hold(struct tracer *tracer)
{
	tracer->order->done = true;
	while (!tracer->order->go)
		usleep(500);
}

/* The memory that a netlink socket sends from, or has received into. */
static uint64_t find_buffer(const struct tracer *tracer, const struct stop *stop, size_t *ret_size)
{
	struct msghdr message;
	struct iovec part;

	if (stop->number == SYS_sendto || stop->number == SYS_recvfrom) {
		*ret_size = stop->arguments[2];
		return stop->arguments[1];
	}
	tracee_read(tracer->pid, stop->arguments[1], &message, sizeof(message));
	tracee_read(tracer->pid, (uint64_t)(uintptr_t)message.msg_iov, &part, sizeof(part));
	*ret_size = part.iov_len;
	return (uint64_t)(uintptr_t)part.iov_base;
}

/* 1 + protocol, when the call's first argument is a netlink socket; else 0 */
static int netlink_of(const struct tracer *tracer, const struct stop *stop)
{
	return stop->arguments[0] < FD_COUNT ? tracer->netlink_of[stop->arguments[0]] : 0;
}

/* Which begin and end a transaction are no requests. */
static bool is_request(int protocol, const struct nlmsghdr *header)
{
	return protocol != NETLINK_NETFILTER || header->nlmsg_type >> 8 != NFNL_SUBSYS_NONE;
}

/* Count the requests that are sent, and spoil the one that is to be refused. */
static void look_for_request(struct tracer *tracer, const struct stop *stop)
{
	struct order *order = tracer->order;
	int protocol = netlink_of(tracer, stop) - 1;
	struct nlmsghdr header;
	size_t size;
	uint64_t address = find_buffer(tracer, stop, &size);
	int errnum;

	for (size_t at = 0; at + sizeof(header) <= size; at += NLMSG_ALIGN(header.nlmsg_len)) {
		tracee_read(tracer->pid, address + at, &header, sizeof(header));
		if (header.nlmsg_len < sizeof(header))
			return;
		if (!is_request(protocol, &header) || ++order->requests != order->at ||
		    order->fault != FAULT_NETLINK)
			continue;
		errnum = way_of_request(order->way);
		tracer->refused_fd = (int)stop->arguments[0];
		tracer->refused_sequence = header.nlmsg_seq;
		tracer->refused_address = address + at;
		tracer->refused_type = header.nlmsg_type;
		/* Of the same subsystem: another one's could be searched for in modules. */
		header.nlmsg_type = protocol == NETLINK_NETFILTER ?
				    header.nlmsg_type | 0xff : 0x7fff;
		tracee_write(tracer->pid, address + at, &header, sizeof(header));
		note(tracer, protocol == NETLINK_NETFILTER ? "netfilter request" : "route request",
		     errnum);
		return;
	}
}

/* It may send the same memory again. */
static void restore(struct tracer *tracer)
{
	struct nlmsghdr header;

	if (!tracer->refused_address)
		return;
	tracee_read(tracer->pid, tracer->refused_address, &header, sizeof(header));
	header.nlmsg_type = tracer->refused_type;
	tracee_write(tracer->pid, tracer->refused_address, &header, sizeof(header));
	tracer->refused_address = 0;
}

/* In what was received, replace the number with which the kernel refused the request. */
static void renumber(struct tracer *tracer, const struct stop *stop)
{
	struct { struct nlmsghdr header; int error; } message;
	size_t size;
	uint64_t address = find_buffer(tracer, stop, &size);

	size = stop->result > 0 ? (size_t)stop->result : 0;
	for (size_t at = 0; at + sizeof(message) <= size;
	     at += NLMSG_ALIGN(message.header.nlmsg_len)) {
		tracee_read(tracer->pid, address + at, &message, sizeof(message));
		if (message.header.nlmsg_len < sizeof(message.header))
			return;
		if (message.header.nlmsg_type != NLMSG_ERROR || message.error == 0 ||
		    message.header.nlmsg_seq != tracer->refused_sequence)
			continue;
		message.error = -tracer->order->errnum;
		tracee_write(tracer->pid, address + at, &message, sizeof(message));
	}
}

static void enter_call(struct tracer *tracer, const struct stop *stop)
{
	struct order *order = tracer->order;
	bool now;

	if (order->calls < ORDER_CALLS_MAX)
		order->numbers[order->calls] = (int16_t)stop->number;
	now = ++order->calls == order->at;
	if ((stop->number == SYS_sendto || stop->number == SYS_sendmsg) && netlink_of(tracer, stop))
		look_for_request(tracer, stop);
	switch (order->fault) {
	case FAULT_NONE:
		break;
	case FAULT_KILL:
		if (now)
			kill_helper(tracer);
		break;
	case FAULT_HOLD:
		if (now)
			hold(tracer);
		break;
	case FAULT_CALL:
		if (now)
			falsify(tracer, stop);
		break;
	case FAULT_NETLINK:
		break;
	}
}

static void leave_call(struct tracer *tracer, const struct stop *stop)
{
	if (tracer->falsified) {
		tracee_set_result(tracer->pid, tracer->falsified);
		tracer->falsified = 0;
		return;
	}
	restore(tracer);
	if (stop->number == SYS_socket && stop->result >= 0 && stop->result < FD_COUNT)
		tracer->netlink_of[stop->result] = stop->arguments[0] == AF_NETLINK ?
						   1 + (int)stop->arguments[2] : 0;
	if ((stop->number == SYS_recvmsg || stop->number == SYS_recvfrom) && tracer->refused_fd &&
	    (int)stop->arguments[0] == tracer->refused_fd)
		renumber(tracer, stop);
}

int main(void)
{
	struct tracer tracer = { .order = map_order() };
	struct order *order = tracer.order;
	struct stop stop = { 0 };

	tracer.pid = order->pid = tracee_start(order->helper);
	while (tracee_next(tracer.pid, &stop)) {
		if (stop.entering)
			enter_call(&tracer, &stop);
		else
			leave_call(&tracer, &stop);
	}
	return 0;
}
