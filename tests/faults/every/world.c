/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/every/world.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/name.h"
#include "base/number.h"
#include "base/paths.h"
#include "kernel/nft.h"
#include "state/session.h"
#include "state/state.h"

#define OWN_NETNS "/proc/thread-self/ns/net"

/* Longer than any machine takes to answer; and to take a link down, when many namespaces go. */
#define PATIENCE_MS 60000

/* But for what is in its sets. */
#define LIST_HOST_TABLE "nft --stateless list table inet carrel | sed '/^\tset /,/^\t}/d'"

static struct {
	uid_t uid;
	unsigned *complaints;   /* of children, too */
	int state_fd;
	ino_t host_netns;
	struct mnl_socket *nft;
	uint32_t generation;    /* at which the host's table was looked at last */
} world = { .uid = USER_UID };

bool complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	(*world.complaints)++;
	return false;
}

unsigned complaints(void)
{
	return *world.complaints;
}

static ino_t own_netns(void)
{
	struct stat st;

	if (stat(OWN_NETNS, &st) < 0)
		abort();
	return st.st_ino;
}

void *world_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

void world_choose(uid_t uid)
{
	world.uid = uid;
}

void world_begin(void)
{
	struct carrel_error err = { 0 };

	setlinebuf(stdout);
	world.complaints = world_share(sizeof(*world.complaints));
	world.host_netns = own_netns();
	if (state_open(PATH_STATE, false, &world.state_fd, &err) < 0 ||
	    nft_open(&world.nft, &err) < 0 ||
	    nft_generation(world.nft, &world.generation, &err) < 0) {
		complain("%s", err.text);
		exit(1);
	}
	/* The counters are left out of the comparison. */
	if (system(LIST_HOST_TABLE " >/tmp/faults/table") != 0)
		exit(1);
}

int world_state(void)
{
	return world.state_fd;
}

struct sight world_sight(void)
{
	struct carrel_error err = { 0 };
	struct sight sight = { 0 };

	if (sight_take(world.state_fd, world.uid, &sight, &err) < 0)
		complain("%s", err.text);
	return sight;
}

bool world_on_host(void)
{
	return own_netns() == world.host_netns || complain("not on the host");
}

/* Connect to @host at port 443: 0, the errno, or ETIMEDOUT */
static int visit(int family, const char *host)
{
	struct sockaddr_in address4 = { .sin_family = AF_INET, .sin_port = htons(443) };
	struct sockaddr_in6 address6 = { .sin6_family = AF_INET6, .sin6_port = htons(443) };
	bool four = family == AF_INET;
	FD_CLEANUP int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int result = 0;

	if (fd < 0 || inet_pton(family, host, four ? (void *)&address4.sin_addr :
						     (void *)&address6.sin6_addr) != 1)
		abort();
	if (connect(fd, four ? (void *)&address4 : (void *)&address6,
		    four ? sizeof(address4) : sizeof(address6)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&poll_fd, 1, PATIENCE_MS) <= 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) < 0 ? errno : result;
}

/* The exam's site and no other: what is forbidden is rejected, so nothing here waits. */
static bool policy_holds(void)
{
	static const struct { int family; const char *host; bool permitted; } visits[] = {
		{ AF_INET,  "203.0.113.10",    true },
		{ AF_INET6, "2001:db8:80::10", true },
		{ AF_INET,  "203.0.113.80",    false },
		{ AF_INET6, "2001:db8:80::80", false },
		{ AF_INET,  "192.0.2.1",       false },
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(visits) / sizeof(visits[0]); i++) {
		int errnum = visit(visits[i].family, visits[i].host);

		if ((errnum == 0) != visits[i].permitted)
			good = complain("%s, which the policy %s: %s", visits[i].host,
					visits[i].permitted ? "permits" : "forbids", strerror(errnum));
	}
	return good;
}

bool world_session_right(void)
{
	struct sight sight = world_sight();

	if (!sight.whole)
		return complain("the session's carrel is not whole");
	if (own_netns() != sight.seen.pinned_inode)
		return complain("the session is not in its carrel");
	return policy_holds();
}

/* session_each()'s callback: one is enough. */
static int found_session(const struct session *session, void *context)
{
	(void)session;
	(void)context;
	return 1;
}

bool world_no_session(void)
{
	struct carrel_error err = { 0 };
	int rc;

	/* A helper that was killed holds its lock until the kernel has taken it down. */
	for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms++) {
		rc = session_each(world.state_fd, world.uid, false, found_session, NULL, &err);
		if (rc <= 0)
			return rc == 0 || complain("%s", err.text);
		usleep(1000);
	}
	return complain("a login that was refused counts as a session");
}

/* Is there a name in @directory that begins with @prefix? */
static bool has_name(const char *directory, const char *prefix)
{
	char path[128];
	const struct dirent *entry;
	bool found = false;

	snprintf(path, sizeof(path), PATH_STATE "/%s", directory);
	DIR *names = opendir(path);
	while (names && (entry = readdir(names)))
		found |= strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	if (names)
		closedir(names);
	return found;
}

bool world_has_temporary(void)
{
	char sessions[32];

	snprintf(sessions, sizeof(sessions), "sessions/%u", world.uid);
	return has_name(".", ".tmp-") || has_name("addresses", ".tmp-") || has_name("carrels", ".tmp-") ||
	       has_name("locks", ".tmp-") || has_name("valid", ".tmp-") || has_name(sessions, ".tmp-");
}

/* The kernel takes the link of a namespace that is no more down when it has time. */
static bool link_goes(void)
{
	char name[LINK_NAME_SIZE];

	name_of_host_link(world.uid, name);
	for (int waited_ms = 0; if_nametoindex(name); waited_ms++) {
		if (waited_ms == PATIENCE_MS)
			return complain("%s stays", name);
		usleep(1000);
	}
	return true;
}

bool world_whole_or_absent(bool strictly)
{
	struct sight sight = world_sight();

	if (sight.seen.pinned_inode && !sight.whole)
		return complain("a pin without its record");
	if (!strictly)
		return true;
	if (sight.recorded && !sight.whole)
		return complain("a record without its pin");
	if (world_has_temporary())
		return complain("a temporary file is left");
	return sight.whole || link_goes();
}

/* How many addresses are claimed for the user; notes are not counted. */
static unsigned count_claims(void)
{
	char target[32], text[32], path[300];
	const struct dirent *entry;
	unsigned count = 0;
	DIR *names = opendir(PATH_STATE "/addresses");

	snprintf(text, sizeof(text), "%u", world.uid);
	while (names && (entry = readdir(names))) {
		snprintf(path, sizeof(path), PATH_STATE "/addresses/%s", entry->d_name);
		ssize_t length = readlink(path, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		count += strcmp(target, text) == 0;
	}
	if (names)
		closedir(names);
	return count;
}

bool world_nothing_left(void)
{
	struct sight sight = world_sight();
	char uid[16], note[24];

	snprintf(uid, sizeof(uid), "%u", world.uid);
	snprintf(note, sizeof(note), "uid-%u", world.uid);
	if (sight.seen.pinned_inode)
		return complain("a pin is left");
	if (has_name("carrels", uid) || has_name("sessions", uid))
		return complain("a record, or a session, is left");
	if (count_claims() || has_name("addresses", note))
		return complain("the claim on an address is left");
	if (world_has_temporary())
		return complain("a temporary file is left");
	return link_goes();
}

bool world_host_table_intact(void)
{
	struct carrel_error err = { 0 };
	uint32_t generation;

	if (nft_generation(world.nft, &generation, &err) < 0)
		return complain("%s", err.text);
	if (generation == world.generation)
		return true;
	world.generation = generation;
	return system(LIST_HOST_TABLE " | cmp -s - /tmp/faults/table") == 0 ||
	       complain("the host's table is not what it was");
}

bool world_knows_host(void)
{
	return system("tests/faults/every/knows " USER) == 0 ||
	       complain("what the host lets in is not all known to the carrel's rules");
}

bool world_one_claim(void)
{
	unsigned count = count_claims();

	return count == 1 || complain("%u addresses are claimed", count);
}
