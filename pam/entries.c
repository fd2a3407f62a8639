/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pam/entries.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What getdents64 writes: getdents(2). */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

int entries_next(struct entries *entries, const char **ret_name)
{
	if (entries->offset == entries->length) {
		entries->offset = 0;
		entries->length = syscall(SYS_getdents64, entries->fd, entries->bytes,
					  sizeof(entries->bytes));
		if (entries->length <= 0) {
			int rc = entries->length < 0 ? -errno : 0;

			entries->length = 0;
			return rc;
		}
	}
	const struct directory_entry *entry = (void *)(entries->bytes + entries->offset);
	entries->offset += entry->length;
	*ret_name = entry->name;
	return 1;
}
