/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the directories of /run/carrel. */
#ifndef CARREL_STATE_DIRECTORY_H
#define CARREL_STATE_DIRECTORY_H

#include <dirent.h>

#define DIRECTORY_CLEANUP __attribute__((cleanup(directory_close)))

/**
 * directory_open() - a directory below @state_fd
 * @ret:	owned by the caller
 * Return: 0 or -errno
 */
int directory_open(int state_fd, const char *path, DIR **ret);

/** directory_close() - close *@directory unless NULL, keep errno */
void directory_close(DIR **directory);

/**
 * directory_next() - the next name in @directory; "." and ".." are none
 * @ret_name:	valid until the next call; NULL at the end
 * Return: 0 or -errno
 */
int directory_next(DIR *directory, const char **ret_name);

#endif
