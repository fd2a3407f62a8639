/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/hostns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"

int hostns_enter(struct carrel_error *err)
{
	static const struct { const char *own, *host; int type; } namespaces[] = {
		{ "/proc/self/ns/mnt", "/proc/1/ns/mnt", CLONE_NEWNS },
		{ "/proc/self/ns/net", "/proc/1/ns/net", CLONE_NEWNET },
	};

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		FD_CLEANUP int fd = open(namespaces[i].host, O_RDONLY | O_CLOEXEC);
		struct stat own, host;

		if (fd < 0 || fstat(fd, &host) < 0 || stat(namespaces[i].own, &own) < 0)
			return error_set_errno(err, errno, "looking at %s", namespaces[i].host);
		if (own.st_ino != host.st_ino && setns(fd, namespaces[i].type) < 0)
			return error_set_errno(err, errno, "entering %s", namespaces[i].host);
	}
	return 0;
}
