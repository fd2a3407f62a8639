/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small files of /run/carrel: they appear whole, or not at all.
 *
 * A file is written under a temporary name and renamed. It is not synced: /run is a tmpfs,
 * so what a rename must be atomic against is other processes, not a loss of power.
 */
#ifndef CARREL_STATE_TEXTFILE_H
#define CARREL_STATE_TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct carrel_error;

/* "sessions/4294967294/" + ".tmp-" + pid, start time and counter: 76 at most. */
#define TEXTFILE_PATH_SIZE 96

/* How a name begins that was not yet given its place; a crash can leave such a file. */
#define TEXTFILE_TEMPORARY ".tmp-"

/** textfile_path() - a path below /run/carrel; the caller knows that it fits */
void textfile_path(char path[TEXTFILE_PATH_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** textfile_parse_uid() - @name is a uid in decimal, written as carrel writes it */
bool textfile_parse_uid(const char *name, uid_t *ret_uid);

/**
 * textfile_read() - the whole of a small file
 * @dir_fd:	what @path is relative to
 * @text:	room for @size bytes; not terminated
 *
 * Return: 0; -E2BIG when it is longer; -ENOENT, -ELOOP (a symbolic link), or another -errno
 */
int textfile_read(int dir_fd, const char *path, char *text, size_t size, size_t *ret_length);

/**
 * textfile_open() - open for reading, as textfile_read() does
 *
 * Return: a descriptor, owned by the caller; -ENOENT, -ELOOP (a symbolic link), or another -errno
 */
int textfile_open(int dir_fd, const char *path);

/** textfile_read_open() - textfile_read() of @fd (borrowed), from where it stands */
int textfile_read_open(int fd, char *text, size_t size, size_t *ret_length);

/**
 * textfile_create() - a new file with @text, which only its owner may open
 * @path:	temporary name; a file that a crash left under it is replaced
 * @ret_fd:	open for writing; owned by the caller
 *
 * Nothing is left under @path on failure.
 *
 * Return: 0 or -errno
 * Context: nobody else writes to @path: the caller holds the lock of the carrel
 */
int textfile_create(int dir_fd, const char *path, const char *text, size_t length, int *ret_fd);

/**
 * textfile_show() - let everyone read what textfile_create() made, as @fd (borrowed)
 *
 * Who reads it must not depend on the umask that the login program happened to have.
 *
 * Return: 0 or -errno
 */
int textfile_show(int fd);

/**
 * textfile_replace() - put @text in place of what @path holds, if anything; readable by everyone
 * @temporary:	path in the same directory
 *
 * Return: 0 or -errno; then @path is as it was
 * Context: as textfile_create()
 */
int textfile_replace(int dir_fd, const char *temporary, const char *path, const char *text,
		     size_t length);

/* A text that is read line by line; each of them must end. */
struct textfile_lines {
	const char *line;               /* the one that was read, not terminated */
	size_t length;                  /* without its newline */
	unsigned number;                /* from 1 */
	const char *rest;               /* behind it */
	size_t rest_length;
	struct carrel_error *err;       /* for every refusal */
};

/**
 * textfile_begin() - read the first line of @text, which must be @header
 * @lines:	filled; points into @text
 *
 * Return: 0 or -EBADMSG
 */
int textfile_begin(struct textfile_lines *lines, const char *text, size_t length,
		   const char *header, struct carrel_error *err);

/** textfile_next() - read the next line; Return: 1; 0 behind the last; -EBADMSG: it does not end */
int textfile_next(struct textfile_lines *lines);

/** textfile_refuse() - that the line that was read @what: "has no address"; Return: -EBADMSG */
int textfile_refuse(const struct textfile_lines *lines, const char *what);

#endif
