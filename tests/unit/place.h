/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in a directory of their own below /tmp. Trust means root, so tests of what is
 * trusted run as root and are skipped otherwise.
 */
#ifndef CARREL_TESTS_UNIT_PLACE_H
#define CARREL_TESTS_UNIT_PLACE_H

#include "text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"

/* Of one test: a configuration's directory, and a state directory. */
struct place {
	char root[64];
	char config[96];        /* ROOT/etc/carrel.conf */
	const char *sets;       /* of the configuration in force; as a text */
	int state_fd;
	struct arena arena;
};

/* Make a file with @text; @path is below the test's directory. */
static inline void write_file(const struct place *place, const char *path, const char *text, mode_t mode)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s/%s", place->root, path);
	FD_CLEANUP int fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static inline void make_directory(const struct place *place, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s/%s", place->root, path);
	assert_int_equal(mkdir(whole, 0755), 0);
}

static inline void remove_file(const struct place *place, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s/%s", place->root, path);
	assert_int_equal(unlink(whole), 0);
}

static inline int place_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	umask(022);
	assert_non_null(place);
	strcpy(place->root, "/tmp/carrel-test-source-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	snprintf(place->config, sizeof(place->config), "%s/etc/carrel.conf", place->root);
	place->sets = "";
	make_directory(place, "etc");
	make_directory(place, "state");
	make_directory(place, "state/valid");

	char path[128];
	snprintf(path, sizeof(path), "%s/state", place->root);
	place->state_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(place->state_fd >= 0);
	*state = place;
	return 0;
}

static inline int place_teardown(void **state)
{
	struct place *place = *state;
	char command[128];

	close(place->state_fd);
	arena_free(&place->arena);
	snprintf(command, sizeof(command), "rm -rf '%s'", place->root);
	int rc = system(command);
	free(place);
	return rc;
}

/* Skip what needs files of root's. */
#define NEEDS_ROOT() do { if (geteuid() != 0) skip(); } while (0)

/* A message with the test's directory as "ROOT". */
static inline const char *neutral(struct place *place, const char *text)
{
	const char *result = "", *found;

	while ((found = strstr(text, place->root)) != NULL) {
		result = arena_printf(&place->arena, "%s%.*sROOT", result, (int)(found - text),
				      text);
		text = found + strlen(place->root);
	}
	return arena_printf(&place->arena, "%s%s", result, text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

#endif
