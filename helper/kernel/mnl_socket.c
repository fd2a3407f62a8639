/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of libmnl, see mnl.c; apart from it, because a test that plays the kernel has others. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

struct mnl_socket {
	int fd;
	struct sockaddr_nl address;     /* nl_pid 0 until it is bound */
};

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *socket_of = malloc(sizeof(*socket_of));

	if (!socket_of)
		return NULL;
	*socket_of = (struct mnl_socket){ .fd = socket(AF_NETLINK, SOCK_RAW | flags, bus) };
	if (socket_of->fd < 0) {
		int errnum = errno;

		free(socket_of);
		errno = errnum;
		return NULL;
	}
	return socket_of;
}

struct mnl_socket *mnl_socket_open(int bus)
{
	return mnl_socket_open2(bus, 0);
}

int mnl_socket_bind(struct mnl_socket *socket_of, unsigned groups, pid_t port)
{
	socklen_t length = sizeof(socket_of->address);

	socket_of->address = (struct sockaddr_nl){
		.nl_family = AF_NETLINK, .nl_groups = groups, .nl_pid = (uint32_t)port,
	};
	if (bind(socket_of->fd, (struct sockaddr *)&socket_of->address, length) < 0)
		return -1;
	return getsockname(socket_of->fd, (struct sockaddr *)&socket_of->address, &length);
}

int mnl_socket_close(struct mnl_socket *socket_of)
{
	int rc = close(socket_of->fd);

	free(socket_of);
	return rc;
}

int mnl_socket_get_fd(const struct mnl_socket *socket_of)
{
	return socket_of->fd;
}

unsigned mnl_socket_get_portid(const struct mnl_socket *socket_of)
{
	return socket_of->address.nl_pid;
}

int mnl_socket_setsockopt(const struct mnl_socket *socket_of, int option, void *value, socklen_t size)
{
	return setsockopt(socket_of->fd, SOL_NETLINK, option, value, size);
}

ssize_t mnl_socket_sendto(const struct mnl_socket *socket_of, const void *bytes, size_t length)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(socket_of->fd, bytes, length, 0, (const struct sockaddr *)&kernel,
		      sizeof(kernel));
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket_of, void *bytes, size_t size)
{
	struct iovec part = { .iov_base = bytes, .iov_len = size };
	struct sockaddr_nl sender;
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender),
		.msg_iov = &part, .msg_iovlen = 1,
	};
	ssize_t length = recvmsg(socket_of->fd, &message, 0);

	if (length < 0)
		return -1;
	if (message.msg_flags & MSG_TRUNC) {
		errno = ENOSPC;
		return -1;
	}
	return length;
}
