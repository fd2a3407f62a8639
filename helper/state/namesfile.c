/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/namesfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "core/rebind.h"
#include "state/textfile.h"

#define NAMESFILE_NAME      "names"
#define NAMESFILE_TEMPORARY TEXTFILE_TEMPORARY "names"
#define NAMESFILE_HEADER    "carrel-names 1"

/* Of each name the longest line, and its addresses with the longest words and numbers. */
#define NAME_TEXT_BYTES    (HOSTNAME_MAX_LENGTH + 40)
#define ADDRESS_TEXT_BYTES (ADDRESS_TEXT_SIZE + 30)
#define NAMESFILE_MAX_BYTES \
	(NAMES_MAX * (NAME_TEXT_BYTES + NAMES_ADDRESSES_MAX * ADDRESS_TEXT_BYTES) + 64)

/* Most words of a line. */
#define WORDS_MAX 4

struct word { const char *text; size_t length; };

struct line_reader {
	struct arena *arena;
	struct textfile_lines lines;
	struct word words[WORDS_MAX];
	size_t count;
	struct known_names known;
};

void namesfile_format(const struct known_names *known, struct buffer *text)
{
	char address[ADDRESS_TEXT_SIZE];

	buffer_puts(text, NAMESFILE_HEADER "\n");
	for (size_t i = 0; i < known->list.count; i++) {
		const struct known_name *name = &known->list.items[i];

		buffer_printf(text, "name %s %" PRIu64 " %u\n", name->name, name->due_s,
			      name->failures);
		for (size_t j = 0; j < name->addresses.count; j++) {
			const struct known_address *one = &name->addresses.items[j];

			address_format(&one->address, address);
			if (one->gone_s)
				buffer_printf(text, "gone %s %" PRIu64 "\n", address, one->gone_s);
			else
				buffer_printf(text, "address %s\n", address);
		}
	}
}

/* Cut the line into words with one blank between them; false when there are too many. */
static bool cut(struct line_reader *reader)
{
	const char *line = reader->lines.line;
	size_t length = reader->lines.length;

	reader->count = 0;
	for (;;) {
		const char *blank = memchr(line, ' ', length);
		size_t word = blank ? (size_t)(blank - line) : length;

		if (reader->count == WORDS_MAX)
			return false;
		reader->words[reader->count++] = (struct word){ line, word };
		if (!blank)
			return true;
		line += word + 1;
		length -= word + 1;
	}
}

static bool is_word(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

/* "name NAME DUE FAILURES" */
static int parse_name(struct line_reader *reader)
{
	size_t count = reader->known.list.count;
	const char *text = arena_strndup(reader->arena, reader->words[1].text,
					 reader->words[1].length);
	uint64_t due_s, failures;

	if (!text)
		return error_set_errno(reader->lines.err, ENOMEM, "reading the names");
	if (!hostname_valid(text))
		return textfile_refuse(&reader->lines, "has no host name");
	if (count && strcmp(reader->known.list.items[count - 1].name, text) >= 0)
		return textfile_refuse(&reader->lines, "is out of order");
	if (count == NAMES_MAX)
		return textfile_refuse(&reader->lines, "has one name too many");
	if (number_parse(reader->words[2].text, reader->words[2].length, UINT64_MAX / 2, &due_s) ||
	    number_parse(reader->words[3].text, reader->words[3].length, UINT32_MAX / 2, &failures))
		return textfile_refuse(&reader->lines, "has no number where one must be");
	struct known_name *name = ARENA_APPEND(reader->arena, &reader->known.list);
	if (!name)
		return error_set_errno(reader->lines.err, ENOMEM, "reading the names");
	*name = (struct known_name){
		.name = text, .due_s = due_s, .failures = (unsigned)failures,
	};
	return 0;
}

/* "address ADDRESS", "gone ADDRESS SINCE" */
static int parse_address(struct line_reader *reader, bool gone)
{
	struct known_address one = { 0 };

	if (!reader->known.list.count)
		return textfile_refuse(&reader->lines, "is of no name");
	struct known_name *name = &reader->known.list.items[reader->known.list.count - 1];
	if (address_parse(reader->words[1].text, reader->words[1].length, &one.address) ||
	    rebind_impossible(&one.address))
		return textfile_refuse(&reader->lines, "has no address");
	if (gone && (number_parse(reader->words[2].text, reader->words[2].length, UINT64_MAX / 2,
				  &one.gone_s) || !one.gone_s))
		return textfile_refuse(&reader->lines, "has no time");
	for (size_t i = 0; i < name->addresses.count; i++)
		if (address_equal(&name->addresses.items[i].address, &one.address))
			return textfile_refuse(&reader->lines, "repeats an address");
	if (name->addresses.count == NAMES_ADDRESSES_MAX)
		return textfile_refuse(&reader->lines, "has one address too many");
	struct known_address *added = ARENA_APPEND(reader->arena, &name->addresses);
	if (!added)
		return error_set_errno(reader->lines.err, ENOMEM, "reading the names");
	*added = one;
	return 0;
}

static int parse_line(struct line_reader *reader)
{
	if (!cut(reader))
		return textfile_refuse(&reader->lines, "has too many words");
	if (is_word(&reader->words[0], "name") && reader->count == 4)
		return parse_name(reader);
	if (is_word(&reader->words[0], "address") && reader->count == 2)
		return parse_address(reader, false);
	if (is_word(&reader->words[0], "gone") && reader->count == 3)
		return parse_address(reader, true);
	return textfile_refuse(&reader->lines, "is neither a name nor an address");
}

int namesfile_parse(const char *text, size_t length, struct arena *arena, struct known_names *ret,
		    struct carrel_error *err)
{
	struct line_reader reader = { .arena = arena };
	int rc = textfile_begin(&reader.lines, text, length, NAMESFILE_HEADER, err);

	while (!rc && (rc = textfile_next(&reader.lines)) > 0)
		rc = parse_line(&reader);
	if (rc)
		return rc;
	*ret = reader.known;
	return 0;
}

/* What tells one file from the next that takes its place. */
static struct namesfile_version version_of(const struct stat *st)
{
	return (struct namesfile_version){
		st->st_ino, (uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec,
	};
}

int namesfile_read(int state_fd, struct arena *arena, struct known_names *ret,
		   struct namesfile_version *ret_version, struct carrel_error *err)
{
	FD_CLEANUP int fd = openat(state_fd, NAMESFILE_NAME,
				   O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct namesfile_version version = { 0 };
	struct known_names known = { 0 };
	size_t length;
	char *text;
	struct stat st;

	if (fd < 0 && errno != ENOENT)
		return error_set_errno(err, errno, "cannot open %s", NAMESFILE_NAME);
	if (fd >= 0) {
		int rc = fstat(fd, &st) ? error_set_errno(err, errno, "looking at it") :
			 fd_read_all(fd, NAMESFILE_MAX_BYTES, arena, &text, &length, err);
		if (!rc)
			rc = namesfile_parse(text, length, arena, &known, err);
		if (rc)
			return error_wrap(err, rc, "the known names");
		version = version_of(&st);
	}
	if (ret_version)
		*ret_version = version;
	*ret = known;
	return 0;
}

int namesfile_bind(int state_fd, struct policy *policy, struct arena *arena,
		   struct namesfile_version *ret_version, struct carrel_error *err)
{
	struct known_names known = { 0 };
	int rc = 0;

	if (!policy->names.count || state_fd < 0)
		return 0;
	rc = namesfile_read(state_fd, arena, &known, ret_version, err);
	if (rc == 0 && names_bind(policy, &known, arena) < 0)
		return error_set(err, ENOMEM, "out of memory");
	return rc;
}

bool namesfile_is(int state_fd, const struct namesfile_version *version)
{
	struct namesfile_version now = { 0 };
	struct stat st;

	if (fstatat(state_fd, NAMESFILE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
		now = version_of(&st);
	return now.inode == version->inode && now.changed_ns == version->changed_ns;
}

int namesfile_write(int state_fd, const struct known_names *known, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer text = { 0 };

	namesfile_format(known, &text);
	int rc = text.failed ? -ENOMEM :
		 textfile_replace(state_fd, NAMESFILE_TEMPORARY, NAMESFILE_NAME, text.data,
				  text.length);
	return rc ? error_set_errno(err, -rc, "cannot write the known names") : 0;
}
