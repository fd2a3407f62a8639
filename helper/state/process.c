/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/number.h"
#include "state/textfile.h"

/* 52 numbers of at most 20 digits, and a name. */
#define STAT_SIZE 2048

#define FIELD_STATE 3
#define FIELD_START 22

/** find_field() - field @number, from FIELD_STATE on; NULL when there are not as many */
static const char *find_field(const char *text, size_t length, unsigned number,
			      size_t *ret_length)
{
	/* Field 2 is the program's name in parentheses; it may hold blanks and parentheses. */
	const char *next = memrchr(text, ')', length);
	const char *end = text + length;

	for (unsigned i = FIELD_STATE; next && next < end; i++) {
		next = memchr(next, ' ', (size_t)(end - next));
		if (!next)
			return NULL;
		next++;
		if (i == number) {
			const char *blank = memchr(next, ' ', (size_t)(end - next));

			*ret_length = (size_t)((blank ? blank : end) - next);
			return next;
		}
	}
	return NULL;
}

int process_start_ticks(pid_t pid, uint64_t *ret_ticks)
{
	char path[TEXTFILE_PATH_SIZE], text[STAT_SIZE];
	size_t text_length, length;

	textfile_path(path, "/proc/%d/stat", pid);
	int rc = textfile_read(AT_FDCWD, path, text, sizeof(text), &text_length);
	if (rc == -ENOENT)
		return -ESRCH;
	if (rc)
		return rc;
	const char *state = find_field(text, text_length, FIELD_STATE, &length);
	if (!state || length != 1)
		return -EBADMSG;
	if (*state == 'Z' || *state == 'X')
		return -ESRCH;
	const char *start = find_field(text, text_length, FIELD_START, &length);
	if (!start || number_parse(start, length, UINT64_MAX, ret_ticks))
		return -EBADMSG;
	return 0;
}
