/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrel-packets [-r ROUNDS] SERVER ADDRESS NAME=NETNS...
 *
 * Throughput and round trips of TCP from each network namespace (a file of nsfs) to ADDRESS, which the
 * namespace SERVER has. In each round every namespace has a turn, in an order of that round's own; what
 * counts is a namespace's ratio to the first one in the same round, so that what else the machine does
 * falls on both.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "clock.h"
#include "stats.h"

#define PORT            5201
#define ROUNDS_DEFAULT  40
#define ROUNDS_MAX      10000
#define PLACES_MAX      8
#define STREAM_US       50000           /* of one throughput sample */
#define PIECE_BYTES     65536
#define PINGS           100             /* of one round trip sample */
#define TIMEOUT_S       10

/* What a connection is for: its first byte. */
enum work { WORK_STREAM = 's', WORK_PING = 'p' };

struct place {
	const char *name;
	int netns_fd;
	double *bytes_per_us, *trip_us;
};

struct packets {
	struct sockaddr_storage address;
	socklen_t address_size;
	struct place places[PLACES_MAX];
	unsigned place_count;
	size_t rounds;
	double *scratch;
};

static int usage(void)
{
	fputs("usage: carrel-packets [-r ROUNDS] SERVER ADDRESS NAME=NETNS...\n", stderr);
	return 2;
}

/* A socket that neither waits for ever nor collects small pieces. */
static int prepare(int fd, struct carrel_error *err)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	const int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return error_set_errno(err, errno, "preparing a socket");
	return 0;
}

/* Serve one connection: take all that comes, or send every byte back. */
static void serve(int fd)
{
	static char piece[PIECE_BYTES];
	char work = 0;
	ssize_t length = read(fd, &work, 1);

	while (length > 0) {
		length = read(fd, piece, work == WORK_PING ? 1 : sizeof(piece));
		if (work == WORK_PING && length > 0 && write(fd, piece, (size_t)length) < 0)
			return;
	}
	/* The other end waits for this: everything was received. */
	if (work == WORK_STREAM)
		(void)!write(fd, &work, 1);
}

static void serve_all(int listener)
{
	for (;;) {
		FD_CLEANUP int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0 && prepare(fd, NULL) == 0)
			serve(fd);
	}
}

static int enter(int netns_fd, struct carrel_error *err)
{
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return error_set_errno(err, errno, "entering a namespace");
	return 0;
}

/* Start the server; it ends with this process. */
static int start_server(const struct packets *packets, const char *netns, struct carrel_error *err)
{
	FD_CLEANUP int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	FD_CLEANUP int there = open(netns, O_RDONLY | O_CLOEXEC);
	FD_CLEANUP int listener = -1;
	const int on = 1;
	pid_t pid;

	if (home < 0 || there < 0)
		return error_set_errno(err, errno, "opening %s", netns);
	if (enter(there, err) < 0)
		return -errno;
	listener = socket(packets->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(listener, (const void *)&packets->address, packets->address_size) < 0 ||
	    listen(listener, 16) < 0)
		return error_set_errno(err, errno, "listening");
	if (enter(home, err) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return error_set_errno(err, errno, "starting the server");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_all(listener);
	}
	return 0;
}

/* A connection from the namespace that this process is in. */
static int open_connection(const struct packets *packets, enum work work, int *ret_fd,
			   struct carrel_error *err)
{
	FD_CLEANUP int fd = socket(packets->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char first = (char)work;
	int rc;

	if (fd < 0)
		return error_set_errno(err, errno, "making a socket");
	rc = prepare(fd, err);
	if (rc < 0)
		return rc;
	if (connect(fd, (const void *)&packets->address, packets->address_size) < 0 ||
	    write(fd, &first, 1) != 1)
		return error_set_errno(err, errno, "connecting");
	*ret_fd = fd_steal(&fd);
	return 0;
}

static int stream(const struct packets *packets, double *ret_bytes_per_us, struct carrel_error *err)
{
	static char piece[PIECE_BYTES];
	FD_CLEANUP int fd = -1;
	double start_us, bytes = 0;
	int rc = open_connection(packets, WORK_STREAM, &fd, err);

	if (rc < 0)
		return rc;
	start_us = clock_us();
	while (clock_us() - start_us < STREAM_US) {
		ssize_t length = write(fd, piece, sizeof(piece));

		if (length < 0)
			return error_set_errno(err, errno, "sending");
		bytes += (double)length;
	}
	if (shutdown(fd, SHUT_WR) < 0 || read(fd, piece, 1) != 1)
		return error_set_errno(err, errno, "waiting for the other end");
	*ret_bytes_per_us = bytes / (clock_us() - start_us);
	return 0;
}

/* The median of some round trips. */
static int ping(const struct packets *packets, double *ret_us, struct carrel_error *err)
{
	double us[PINGS], scratch[PINGS];
	FD_CLEANUP int fd = -1;
	int rc = open_connection(packets, WORK_PING, &fd, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < PINGS; i++) {
		double start_us = clock_us();
		char byte = 0;

		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			return error_set_errno(err, errno, "a round trip");
		us[i] = clock_us() - start_us;
	}
	*ret_us = stats_quantile(us, PINGS, 0.5, scratch);
	return 0;
}

static int measure_place(const struct packets *packets, const struct place *place, size_t round,
			 struct carrel_error *err)
{
	int rc = enter(place->netns_fd, err);

	if (rc == 0)
		rc = stream(packets, &place->bytes_per_us[round], err);
	if (rc == 0)
		rc = ping(packets, &place->trip_us[round], err);
	return rc < 0 ? error_wrap(err, rc, "%s", place->name) : 0;
}

static int measure(const struct packets *packets, struct carrel_error *err)
{
	unsigned order[PLACES_MAX];
	unsigned long long seed = 1;

	for (unsigned i = 0; i < packets->place_count; i++)
		order[i] = i;
	for (size_t round = 0; round < packets->rounds; round++) {
		stats_shuffle(order, packets->place_count, &seed);
		for (unsigned i = 0; i < packets->place_count; i++) {
			int rc = measure_place(packets, &packets->places[order[i]], round, err);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static void report(const struct packets *packets)
{
	const struct place *first = &packets->places[0];

	printf("%-28s %12s %8s %14s %8s\n", "", "Gbit/s", "ratio", "round trip us", "ratio");
	for (unsigned i = 0; i < packets->place_count; i++) {
		const struct place *place = &packets->places[i];
		size_t n = packets->rounds;

		/* Bytes in a us are 8 kbit in a ms. Of both ratios, more is better. */
		printf("%-28s %12.2f %8.3f %14.1f %8.3f\n", place->name,
		       stats_quantile(place->bytes_per_us, n, 0.5, packets->scratch) * 8 / 1000,
		       stats_ratio(place->bytes_per_us, first->bytes_per_us, n, packets->scratch),
		       stats_quantile(place->trip_us, n, 0.5, packets->scratch),
		       stats_ratio(first->trip_us, place->trip_us, n, packets->scratch));
	}
}

/* Understand "NAME=NETNS". */
static int add_place(struct packets *packets, char *argument, struct carrel_error *err)
{
	struct place *place = &packets->places[packets->place_count];
	char *equals = strchr(argument, '=');

	if (!equals || packets->place_count == PLACES_MAX)
		return error_set(err, EINVAL, "'%s' is not NAME=NETNS, or one too many", argument);
	*equals = '\0';
	place->name = argument;
	place->netns_fd = open(equals + 1, O_RDONLY | O_CLOEXEC);
	if (place->netns_fd < 0)
		return error_set_errno(err, errno, "opening %s", equals + 1);
	place->bytes_per_us = calloc(packets->rounds, sizeof(double));
	place->trip_us = calloc(packets->rounds, sizeof(double));
	if (!place->bytes_per_us || !place->trip_us)
		return error_set_errno(err, ENOMEM, "making room for samples");
	packets->place_count++;
	return 0;
}

static int set_address(struct packets *packets, const char *text, struct carrel_error *err)
{
	struct sockaddr_in *v4 = (void *)&packets->address;
	struct sockaddr_in6 *v6 = (void *)&packets->address;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(PORT);
		packets->address_size = sizeof(*v4);
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(PORT);
		packets->address_size = sizeof(*v6);
	} else {
		return error_set(err, EINVAL, "'%s' is not an address", text);
	}
	return 0;
}

static int run(struct packets *packets, char **arguments, int count, struct carrel_error *err)
{
	int rc = set_address(packets, arguments[1], err);

	for (int i = 2; rc == 0 && i < count; i++)
		rc = add_place(packets, arguments[i], err);
	if (rc < 0)
		return rc;
	packets->scratch = calloc(packets->rounds, sizeof(double));
	if (!packets->scratch)
		return error_set_errno(err, ENOMEM, "making room for samples");
	rc = start_server(packets, arguments[0], err);
	return rc < 0 ? rc : measure(packets, err);
}

int main(int argc, char **argv)
{
	static struct packets packets;
	uint64_t rounds = ROUNDS_DEFAULT;
	struct carrel_error err = { 0 };
	int option, rc = 0;

	while (rc == 0 && (option = getopt(argc, argv, "r:")) != -1)
		rc = option == 'r' ? number_parse(optarg, strlen(optarg), ROUNDS_MAX, &rounds)
				   : -EINVAL;
	if (rc < 0 || rounds == 0 || argc - optind < 3)
		return usage();
	packets.rounds = rounds;
	if (run(&packets, argv + optind, argc - optind, &err) < 0) {
		fprintf(stderr, "carrel-packets: %s\n", err.text);
		return 1;
	}
	report(&packets);
	return 0;
}
