/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/hoststate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "state/fields.h"
#include "state/textfile.h"

#define HOSTSTATE_NAME   "host"
#define HOSTSTATE_HEADER "carrel-host 1"
#define HOSTSTATE_SIZE   128    /* three numbers, a version, and their keys */
#define VERSION_SIZE     32

enum { KEY_VERSION, KEY_GENERATION, KEY_GUARD4, KEY_GUARD6, KEY_COUNT };

static const struct field keys[KEY_COUNT] = {
	[KEY_VERSION]    = { .key = "version" },
	[KEY_GENERATION] = { .key = "generation" },
	[KEY_GUARD4]     = { .key = "guard4" },
	[KEY_GUARD6]     = { .key = "guard6" },
};

int hoststate_read(int state_fd, struct host_state *ret, struct carrel_error *err)
{
	struct field fields[KEY_COUNT];
	uint64_t generation, guard4, guard6;
	char text[HOSTSTATE_SIZE], version[VERSION_SIZE];
	size_t length;

	*ret = (struct host_state){ 0 };
	for (size_t i = 0; i < KEY_COUNT; i++)
		fields[i] = keys[i];
	int rc = textfile_read(state_fd, HOSTSTATE_NAME, text, sizeof(text), &length);
	if (rc < 0 && rc != -ENOENT && rc != -E2BIG)
		return error_set_errno(err, -rc, "reading the host's state");
	if (rc < 0 ||
	    fields_parse(text, length, HOSTSTATE_HEADER, fields, KEY_COUNT, NULL) < 0 ||
	    fields_text(&fields[KEY_VERSION], version, sizeof(version), NULL) < 0 ||
	    fields_number(&fields[KEY_GENERATION], UINT32_MAX, &generation, NULL) < 0 ||
	    fields_number(&fields[KEY_GUARD4], 1, &guard4, NULL) < 0 ||
	    fields_number(&fields[KEY_GUARD6], 1, &guard6, NULL) < 0)
		return 0;
	/* The table that another version made is not ours; what it found is as true as before. */
	if (strcmp(version, CARREL_VERSION) != 0)
		generation = HOST_UNPREPARED;
	*ret = (struct host_state){ true, (uint32_t)generation, guard4 != 0, guard6 != 0 };
	return 0;
}

int hoststate_write(int state_fd, const struct host_state *state, struct carrel_error *err)
{
	char text[HOSTSTATE_SIZE], temporary[TEXTFILE_PATH_SIZE];
	int length = snprintf(text, sizeof(text),
			      HOSTSTATE_HEADER "\nversion " CARREL_VERSION "\ngeneration %u\nguard4 %d\nguard6 %d\n",
			      state->generation, state->guard4, state->guard6);
	int rc;

	/* Several logins may find out the same at once, under locks of their own users. */
	textfile_path(temporary, "%s%s-%d", TEXTFILE_TEMPORARY, HOSTSTATE_NAME, (int)getpid());
	rc = textfile_replace(state_fd, temporary, HOSTSTATE_NAME, text, (size_t)length);
	return rc < 0 ? error_set_errno(err, -rc, "writing the host's state") : 0;
}
