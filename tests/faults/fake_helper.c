/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper that misbehaves in the way that its file's name says. (The launcher gives it no
 * argument of the test's and no environment.)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/wire.h"

#define NETNS "/proc/self/ns/net"
#define MNTNS "/proc/self/ns/mnt"
#define USERNS "/proc/self/ns/user"
#define FILE_PATH "/proc/self/exe"

/* Send @length bytes with @count descriptors of @paths ("|" is a pipe). */
static int send_with(const void *bytes, size_t length, const char *const *paths, size_t count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = { 0 };
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int fds[64], pair[2];

	for (size_t i = 0; i < count; i++) {
		if (strcmp(paths[i], "|") == 0)
			fds[i] = pipe(pair) == 0 ? pair[0] : -1;
		else
			fds[i] = open(paths[i], O_RDONLY);
		if (fds[i] < 0)
			return 1;
	}
	if (count)
		fd_attach(&message, control, fds, count);
	return sendmsg(0, &message, MSG_NOSIGNAL) < 0;
}

/* A reply that is right but for its descriptors. */
static int reply_with(const char *const *paths, size_t count)
{
	static uint8_t bytes[WIRE_MAX_BYTES];
	const struct wire_reply reply = { .status = WIRE_OK, .policy = "lab", .netns = "carrel-1" };
	int length = wire_encode_reply(&reply, bytes, sizeof(bytes), NULL);

	return length < 0 || send_with(bytes, (size_t)length, paths, count);
}
#define REPLY_WITH(...) \
	reply_with((const char *const[]){ __VA_ARGS__ }, \
		   sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* How this process was started, for the test to compare. */
static int report(void)
{
	static uint8_t bytes[WIRE_MAX_BYTES];
	char text[8192] = "", line[256], path[64];
	size_t length = 0;
	FILE *status = fopen("/proc/self/status", "re");
	struct rlimit core = { 1, 1 };

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "Cap", 3) == 0 || strncmp(line, "Uid", 3) == 0 ||
		    strncmp(line, "Gid", 3) == 0 || strncmp(line, "Groups", 6) == 0 ||
		    strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", line);
	if (status)
		fclose(status);
	for (int fd = 0; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "fd %d\n", fd);
	getrlimit(RLIMIT_CORE, &core);
	mode_t mask = umask(0);
	snprintf(text + length, sizeof(text) - length,
		 "umask %o\ncwd %s\ncore %lu\nsession leader %d\nenvironment %s\n",
		 (unsigned)mask, getcwd(path, sizeof(path)), (unsigned long)core.rlim_cur,
		 getsid(0) == getpid(), environ && *environ ? *environ : "empty");
	const struct wire_reply reply = { .status = WIRE_FAILED, .message = text };
	int size = wire_encode_reply(&reply, bytes, sizeof(bytes), NULL);
	return size < 0 || send_with(bytes, (size_t)size, NULL, 0);
}

int main(void)
{
	static char path[4096], buffer[WIRE_MAX_BYTES * 2];
	const uint8_t cut[] = { WIRE_VERSION, 0, 0, 0, 9 };
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *how = length > 0 ? strrchr(path, '/') + 1 : "";

	if (strcmp(how, "dies-at-once") == 0)
		return 3;
	if (recv(0, buffer, sizeof(buffer), 0) < 0)
		return 4;
	if (strcmp(how, "dies") == 0)
		return 3;
	if (strcmp(how, "hangs") == 0)
		for (;;)
			pause();
	if (strcmp(how, "signal") == 0)
		return raise(SIGKILL);
	if (strcmp(how, "rubbish") == 0)
		return send_with("rubbish, and more of it", 23, NULL, 0);
	if (strcmp(how, "cut") == 0)
		return send_with(cut, sizeof(cut), NULL, 0);
	if (strcmp(how, "too-long") == 0)
		return send_with(buffer, WIRE_MAX_BYTES + 1, NULL, 0);
	if (strcmp(how, "none") == 0)
		return reply_with(NULL, 0);
	if (strcmp(how, "one") == 0)
		return REPLY_WITH(NETNS);
	if (strcmp(how, "three") == 0)
		return REPLY_WITH(NETNS, FILE_PATH, FILE_PATH);
	if (strcmp(how, "many") == 0)
		return REPLY_WITH(NETNS, NETNS, NETNS, NETNS, NETNS, NETNS, NETNS, NETNS, NETNS,
				  NETNS, NETNS, NETNS, NETNS, NETNS, NETNS, NETNS, NETNS, NETNS);
	if (strcmp(how, "pipe") == 0)
		return REPLY_WITH("|", FILE_PATH);
	if (strcmp(how, "file") == 0)
		return REPLY_WITH(FILE_PATH, FILE_PATH);
	if (strcmp(how, "mount-namespace") == 0)
		return REPLY_WITH(MNTNS, FILE_PATH);
	if (strcmp(how, "user-namespace") == 0)
		return REPLY_WITH(USERNS, FILE_PATH);
	if (strcmp(how, "swapped") == 0)
		return REPLY_WITH(FILE_PATH, NETNS);
	if (strcmp(how, "second-pipe") == 0)
		return REPLY_WITH(NETNS, "|");
	if (strcmp(how, "right") == 0)
		return REPLY_WITH(NETNS, FILE_PATH);
	return report();
}
