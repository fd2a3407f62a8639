/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/editionsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "state/textfile.h"

#define EDITIONS_NAME      "editions"
#define EDITIONS_TEMPORARY TEXTFILE_TEMPORARY EDITIONS_NAME
#define EDITIONS_LOCK      "editions-lock"
#define EDITIONS_HEADER    "carrel-editions 1"

#define EDITION_WORD "edition "
#define ADDRESS_WORD "address "
#define EDITIONS_MAX_BYTES \
	(EDITIONS_MAX * (EDITION_ADDRESSES_MAX + 1) * (sizeof(ADDRESS_WORD) + ADDRESS_TEXT_SIZE) + 64)

struct line_reader {
	struct arena *arena;
	struct textfile_lines lines;
	struct editions editions;
	/* Of the last edition. */
	ARENA_LIST(struct prefix) addresses;
};

void editionsfile_format(const struct editions *editions, struct buffer *text)
{
	char address[ADDRESS_TEXT_SIZE];

	buffer_puts(text, EDITIONS_HEADER "\n");
	for (size_t i = 0; i < editions->list.count; i++) {
		const struct edition *edition = &editions->list.items[i];

		buffer_printf(text, EDITION_WORD "%" PRIu32 "\n", edition->number);
		for (size_t j = 0; j < edition->addresses.count; j++) {
			address_format(&edition->addresses.items[j].address, address);
			buffer_printf(text, ADDRESS_WORD "%s\n", address);
		}
	}
}

/* The addresses that were read are those of the last edition. */
static void end_edition(struct line_reader *reader)
{
	struct editions *editions = &reader->editions;

	if (!editions->list.count)
		return;
	editions->list.items[editions->list.count - 1].addresses =
		(struct prefix_list){ reader->addresses.items, reader->addresses.count };
	memset(&reader->addresses, 0, sizeof(reader->addresses));
}

static int parse_edition(struct line_reader *reader, const char *text, size_t length)
{
	struct editions *editions = &reader->editions;
	struct edition *edition;
	uint64_t number;

	if (number_parse(text, length, EDITION_LAST, &number) || number == EDITION_NONE)
		return textfile_refuse(&reader->lines, "has no number of an edition");
	for (size_t i = 0; i < editions->list.count; i++)
		if (editions->list.items[i].number == number)
			return textfile_refuse(&reader->lines, "repeats an edition");
	if (editions->list.count == EDITIONS_MAX)
		return textfile_refuse(&reader->lines, "has one edition too many");
	end_edition(reader);
	edition = ARENA_APPEND(reader->arena, &editions->list);
	if (!edition)
		return error_set_errno(reader->lines.err, ENOMEM, "reading the editions");
	edition->number = (uint32_t)number;
	return 0;
}

static int parse_address(struct line_reader *reader, const char *text, size_t length)
{
	struct prefix prefix = { .length = 0 }, *added;

	if (!reader->editions.list.count)
		return textfile_refuse(&reader->lines, "is of no edition");
	if (address_parse(text, length, &prefix.address))
		return textfile_refuse(&reader->lines, "has no address");
	prefix.length = (uint8_t)address_bits(prefix.address.family);
	for (size_t i = 0; i < reader->addresses.count; i++)
		if (address_equal(&reader->addresses.items[i].address, &prefix.address))
			return textfile_refuse(&reader->lines, "repeats an address");
	if (reader->addresses.count == EDITION_ADDRESSES_MAX)
		return textfile_refuse(&reader->lines, "has one address too many");
	added = ARENA_APPEND(reader->arena, &reader->addresses);
	if (!added)
		return error_set_errno(reader->lines.err, ENOMEM, "reading the editions");
	*added = prefix;
	return 0;
}

/* Does the line begin with @word? */
static bool begins(const char *line, size_t length, const char *word)
{
	return length > strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

static int parse_line(struct line_reader *reader)
{
	const char *line = reader->lines.line;
	size_t length = reader->lines.length;

	if (begins(line, length, EDITION_WORD))
		return parse_edition(reader, line + strlen(EDITION_WORD),
				     length - strlen(EDITION_WORD));
	if (begins(line, length, ADDRESS_WORD))
		return parse_address(reader, line + strlen(ADDRESS_WORD),
				     length - strlen(ADDRESS_WORD));
	return textfile_refuse(&reader->lines, "is neither an edition nor an address");
}

int editionsfile_parse(const char *text, size_t length, struct arena *arena,
		       struct editions *ret, struct carrel_error *err)
{
	struct line_reader reader = { .arena = arena };
	int rc = textfile_begin(&reader.lines, text, length, EDITIONS_HEADER, err);

	while (!rc && (rc = textfile_next(&reader.lines)) > 0)
		rc = parse_line(&reader);
	if (rc)
		return rc;
	end_edition(&reader);
	*ret = reader.editions;
	return 0;
}

int editionsfile_read(int state_fd, struct arena *arena, struct editions *ret,
		      struct carrel_error *err)
{
	FD_CLEANUP int fd = state_fd < 0 ? -ENOENT : textfile_open(state_fd, EDITIONS_NAME);
	size_t length;
	char *text;

	*ret = (struct editions){ 0 };
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return error_set_errno(err, -fd, "cannot open %s", EDITIONS_NAME);
	int rc = fd_read_all(fd, EDITIONS_MAX_BYTES, arena, &text, &length, err);
	if (!rc)
		rc = editionsfile_parse(text, length, arena, ret, err);
	return rc ? error_wrap(err, rc, "the editions of the host's addresses") : 0;
}

int editionsfile_write(int state_fd, const struct editions *editions, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	editionsfile_format(editions, &text);
	int rc = text.failed ? -ENOMEM :
		 textfile_replace(state_fd, EDITIONS_TEMPORARY, EDITIONS_NAME, text.data,
				  text.length);
	return rc ? error_set_errno(err, -rc, "cannot write the editions of the host's addresses")
		  : 0;
}

int editionsfile_lock(int state_fd, int *ret_fd, struct carrel_error *err)
{
	/* 0600: who may open it may lock it, and keep users from logging in. */
	FD_CLEANUP int fd = openat(state_fd, EDITIONS_LOCK,
				   O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : 0;

	while (!rc && flock(fd, LOCK_EX))
		rc = errno == EINTR ? 0 : -errno;
	if (rc)
		return error_set_errno(err, -rc, "cannot lock the editions of the host's addresses");
	*ret_fd = fd_steal(&fd);
	return 0;
}
