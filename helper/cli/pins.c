/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/pins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "cli/hostns.h"
#include "kernel/netns.h"
#include "pam/pinspace.h"
#include "state/directory.h"
#include "state/record.h"
#include "state/textfile.h"

/** where() - what pins are as long as a carrel is open, if that is not what @wanted says; or NULL */
static const char *where(enum pins wanted)
{
	FD_CLEANUP int fd = -1;
	bool private = pinspace_open(&fd) == 0;

	if (wanted == PINS_VISIBLE)
		return private ? "private" : NULL;
	return !private && pinspace_has_visible() > 0 ? "visible" : NULL;
}

void pins_check(const struct config *config, const char *path, struct diagnostics *diagnostics)
{
	const struct position whole = { .file = path };
	const char *found = where(config->pins);

	if (found)
		diagnostic_add(diagnostics, SEVERITY_WARNING,
			       config->pins_position.line ? &config->pins_position : &whole,
			       "pins are still %s, as all carrels have them in one place: that changes "
			       "when 'carrel gc' finds that no carrel is open, or at the next boot",
			       found);
}

int pins_each(pin_visitor *visit, void *context, struct carrel_error *err)
{
	static const char prefix[] = "carrel-";
	DIRECTORY_CLEANUP DIR *directory = NULL;
	const char *name;
	uid_t uid;

	int rc = directory_open(AT_FDCWD, PATH_PINS, &directory);
	if (rc == -ENOENT)
		return 0;
	while (rc == 0 && !(rc = directory_next(directory, &name)) && name) {
		if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 ||
		    !textfile_parse_uid(name + sizeof(prefix) - 1, &uid))
			continue;
		rc = visit(uid, context, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? error_set_errno(err, -rc, "listing %s", PATH_PINS) : 0;
}

/** pinned_inode() - of the namespace that is pinned as @pin in this mount namespace; 0: none */
static uint64_t pinned_inode(const char *pin)
{
	FD_CLEANUP int fd = -1;
	uint64_t inode;

	if (netns_open_pin(pin, &fd, NULL) < 0 || netns_inode(fd, &inode, NULL) < 0)
		return 0;
	return inode;
}

/** private_inode() - the same, where pins are private; 0 also where that cannot be seen */
static uint64_t private_inode(const char *pin)
{
	HOSTNS_VISIT_CLEANUP struct hostns_visit visit;

	return hostns_visit_pins(&visit, NULL) < 0 ? 0 : pinned_inode(pin);
}

/** release_stray() - pin_visitor: the host's, unless it is all that keeps that user's carrel */
static int release_stray(uid_t uid, void *context, struct carrel_error *err)
{
	const int *state_fd = context;
	char pin[NETNS_NAME_SIZE];
	struct record record;

	name_of_netns(uid, pin);
	uint64_t inode = pinned_inode(pin);
	bool recorded = *state_fd >= 0 && record_read(*state_fd, uid, &record, NULL) == 0 &&
			record.netns_inode == inode;

	if (recorded && private_inode(pin) != inode)
		return 0;
	return netns_unpin(pin, err);
}

int pins_settle(int state_fd, struct carrel_error *err)
{
	FD_CLEANUP int fd = -1;
	int rc = hostns_enter(err);

	if (rc < 0)
		return rc;
	rc = pinspace_drop();
	if (rc < 0)
		return error_set_errno(err, -rc, "taking %s away", PINSPACE_FILE);
	rc = pinspace_open(&fd);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return error_set_errno(err, -rc, "looking at %s", PINSPACE_FILE);
	/* Those on the host, while pins are private. */
	return pins_each(release_stray, &state_fd, err);
}
