/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor/probe.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_load.h"

/* The kernel has dealt with a packet by the time that it is sent; this is for its news. */
#define NEWS_TIMEOUT_MS 500

/* Sockets that stay in a carrel's network. */
struct inside {
	int sockets[PROBES_MAX];        /* -1: none */
};

#define INSIDE_CLEANUP __attribute__((cleanup(close_inside)))

/** close_inside() - cleanup attribute: what was opened in the carrel */
static void close_inside(struct inside *inside)
{
	for (size_t i = 0; i < PROBES_MAX; i++)
		fd_close(&inside->sockets[i]);
}

/** open_socket() - of the kind that @probe wants, in the network that the caller is in */
static int open_socket(const struct probe *probe)
{
	return socket(probe->to.family == FAMILY_IPV4 ? AF_INET : AF_INET6,
		      (probe->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/** open_sockets() - in the network that the caller is in, without its rules */
static int open_sockets(const struct probe *probes, size_t count, struct inside *inside,
			struct carrel_error *err)
{
	struct mnl_socket *nft;
	int rc = nft_open(&nft, err);

	if (rc < 0)
		return rc;
	rc = nft_delete_table(nft, CARREL_TABLE, err);
	mnl_socket_close(nft);
	for (size_t i = 0; rc == 0 && i < count; i++)
		inside->sockets[i] = open_socket(&probes[i]);
	return rc;
}

/** go_inside() - open_sockets() in @netns_fd, and come back */
static int go_inside(int netns_fd, const struct probe *probes, size_t count,
		     struct inside *inside, struct carrel_error *err)
{
	FD_CLEANUP int own_fd = -1;
	struct carrel_error ignored = { 0 };

	int rc = netns_current(&own_fd, err);
	if (rc == 0)
		rc = netns_enter(netns_fd, err);
	if (rc < 0)
		return rc;
	rc = open_sockets(probes, count, inside, err);
	int back = netns_enter(own_fd, rc < 0 ? &ignored : err);
	return rc < 0 ? rc : back;
}

/** begin_connection() - to where @probe goes; 0 or -errno */
static int begin_connection(int fd, const struct probe *probe)
{
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(probe->port) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(probe->port) };
	bool ipv4 = probe->to.family == FAMILY_IPV4;

	memcpy(&to4.sin_addr, probe->to.bytes, sizeof(to4.sin_addr));
	memcpy(&to6.sin6_addr, probe->to.bytes, sizeof(to6.sin6_addr));
	if (connect(fd, ipv4 ? (const struct sockaddr *)&to4 : (const struct sockaddr *)&to6,
		    ipv4 ? sizeof(to4) : sizeof(to6)) == 0 || errno == EINPROGRESS)
		return 0;
	return -errno;
}

/** has_route() - does the host itself know a way there? */
static bool has_route(const struct probe *probe)
{
	struct probe question = *probe;

	/* Of a datagram socket, this asks for the route and sends nothing. */
	question.udp = true;
	FD_CLEANUP int fd = open_socket(&question);
	return fd >= 0 && begin_connection(fd, &question) == 0;
}

/** send_one() - put the packet on its way; false when there is no way */
static bool send_one(int fd, const struct probe *probe)
{
	if (fd < 0 || !has_route(probe) || begin_connection(fd, probe) < 0)
		return false;
	/* TCP has sent its first packet by itself. */
	return !probe->udp || send(fd, "", 0, MSG_NOSIGNAL) == 0;
}

int probe_send(const struct throwaway *trial, struct probe *probes, size_t count,
	       struct carrel_error *err)
{
	INSIDE_CLEANUP struct inside inside = { .sockets = { -1, -1, -1, -1 } };
	NFT_TRACE_CLEANUP struct nft_trace trace = { 0 };
	char link[LINK_NAME_SIZE];

	static_assert(PROBES_MAX == 4, "every socket begins as none");
	assert(count <= PROBES_MAX);
	name_of_host_link(trial->number, link);
	int rc = go_inside(trial->netns_fd, probes, count, &inside, err);
	if (rc == 0)
		rc = nft_trace_begin(link, &trace, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct probe *probe = &probes[i];

		probe->sent = send_one(inside.sockets[i], probe);
		if (probe->sent)
			rc = nft_trace_follow(&trace, probe->to.family, NEWS_TIMEOUT_MS,
					      &probe->fate, &probe->obstacle, err);
		/* So that nothing is sent again while the next is followed. */
		fd_close(&inside.sockets[i]);
	}
	return rc;
}
