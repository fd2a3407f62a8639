/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations and policies are read from files that only root may have written. */
#include "place.h"

#include <errno.h>

#include "base/error.h"
#include "state/source.h"

static void test_source_read_gives_the_bytes_of_a_file(void **state)
{
	struct place *place = *state;
	struct source source;

	write_file(place, "etc/carrel.conf", "hello\n", 0666);
	assert_int_equal(source_read(place->config, false, &place->arena, &source, NULL), 0);
	assert_string_equal(source.path, place->config);
	assert_int_equal(source.length, 6);
	assert_memory_equal(source.text, "hello\n", 6);
}

static void test_source_read_says_what_cannot_be_opened(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	struct source source;

	assert_int_equal(source_read(place->config, true, &place->arena, &source, &err), -ENOENT);
	assert_string_equal(neutral(place, err.text),
			    "cannot open ROOT/etc/carrel.conf: No such file or directory");
}

static void test_source_read_refuses_what_is_no_regular_file(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	struct source source;

	/* A FIFO that nobody writes to would hang whoever opens it. */
	assert_int_equal(mkfifo(place->config, 0600), 0);
	assert_int_equal(source_read(place->config, true, &place->arena, &source, &err), -EINVAL);
	assert_string_equal(neutral(place, err.text),
			    "ROOT/etc/carrel.conf is not a regular file");
}

static void test_source_read_refuses_a_file_that_is_empty(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	struct source source;

	write_file(place, "etc/carrel.conf", "", 0644);
	assert_int_equal(source_read(place->config, false, &place->arena, &source, &err), -EINVAL);
	assert_string_equal(neutral(place, err.text), "ROOT/etc/carrel.conf is empty; a file that "
			    "is to say nothing says so in a comment");
}

static void test_source_read_refuses_a_file_that_is_too_large(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	struct source source;

	write_file(place, "etc/carrel.conf", "#\n", 0644);
	assert_int_equal(truncate(place->config, SOURCE_MAX_BYTES + 1), 0);
	assert_int_equal(source_read(place->config, false, &place->arena, &source, &err), -E2BIG);
	assert_string_equal(neutral(place, err.text),
			    "ROOT/etc/carrel.conf: longer than 8388608 bytes");
}

static void test_source_read_trusts_only_what_root_alone_may_write(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	struct source source;

	NEEDS_ROOT();
	write_file(place, "etc/carrel.conf", "#\n", 0644);
	assert_int_equal(source_read(place->config, true, &place->arena, &source, &err), 0);

	assert_int_equal(chmod(place->config, 0664), 0);
	assert_int_equal(source_read(place->config, true, &place->arena, &source, &err), -EPERM);
	assert_string_equal(neutral(place, err.text),
			    "ROOT/etc/carrel.conf may be written by others than root (mode 0664), "
			    "so it is not trusted; to trust it: chmod go-w ROOT/etc/carrel.conf");
	assert_int_equal(chmod(place->config, 0602), 0);
	assert_int_equal(source_read(place->config, true, &place->arena, &source, &err), -EPERM);

	assert_int_equal(chmod(place->config, 0644), 0);
	assert_int_equal(chown(place->config, 1234, 0), 0);
	assert_int_equal(source_read(place->config, true, &place->arena, &source, &err), -EPERM);
	assert_string_equal(neutral(place, err.text),
			    "ROOT/etc/carrel.conf is owned by uid 1234, not by root, so it is not "
			    "trusted; to trust it: chown root ROOT/etc/carrel.conf");
}

static void test_source_read_judges_what_a_link_points_to(void **state)
{
	struct place *place = *state;
	struct source source;
	char target[128];

	NEEDS_ROOT();
	write_file(place, "target", "#\n", 0644);
	snprintf(target, sizeof(target), "%s/target", place->root);
	assert_int_equal(symlink(target, place->config), 0);
	assert_int_equal(source_read(place->config, true, &place->arena, &source, NULL), 0);
	assert_int_equal(chmod(target, 0666), 0);
	assert_int_equal(source_read(place->config, true, &place->arena, &source, NULL), -EPERM);
}

static void test_source_read_config_reads_dropins_in_order(void **state)
{
	struct place *place = *state;
	struct sources sources;

	write_file(place, "etc/carrel.conf", "a", 0644);
	make_directory(place, "etc/carrel.conf.d");
	write_file(place, "etc/carrel.conf.d/20-b.conf", "c", 0644);
	write_file(place, "etc/carrel.conf.d/10-a.conf", "b", 0644);
	write_file(place, "etc/carrel.conf.d/.hidden.conf", "x", 0644);
	write_file(place, "etc/carrel.conf.d/10-a.conf.dpkg-old", "x", 0644);
	write_file(place, "etc/carrel.conf.d/.conf", "x", 0644);
	assert_int_equal(source_read_config(place->config, false, &place->arena, &sources, NULL),
			 0);
	assert_int_equal(sources.list.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(sources.list.items[i].text[0], 'a' + (char)i);
	assert_string_equal(neutral(place, sources.list.items[1].path),
			    "ROOT/etc/carrel.conf.d/10-a.conf");
}

static void test_source_read_config_needs_no_dropin_directory(void **state)
{
	struct place *place = *state;
	struct sources sources;

	write_file(place, "etc/carrel.conf", "#\n", 0644);
	assert_int_equal(source_read_config(place->config, false, &place->arena, &sources, NULL),
			 0);
	assert_int_equal(sources.list.count, 1);
}

static void test_source_read_config_distrusts_a_directory_that_others_write(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	struct sources sources;
	char directory[128];

	NEEDS_ROOT();
	write_file(place, "etc/carrel.conf", "#\n", 0644);
	make_directory(place, "etc/carrel.conf.d");
	snprintf(directory, sizeof(directory), "%s.d", place->config);
	assert_int_equal(chmod(directory, 0777), 0);
	assert_int_equal(source_read_config(place->config, true, &place->arena, &sources, &err),
			 -EPERM);
	assert_string_equal(neutral(place, err.text),
			    "ROOT/etc/carrel.conf.d may be written by others than root (mode 0777), "
			    "so it is not trusted; to trust it: chmod go-w ROOT/etc/carrel.conf.d");
}

static void test_source_read_config_bounds_the_number_of_files(void **state)
{
	struct place *place = *state;
	struct carrel_error err;
	struct sources sources;
	char name[64];

	write_file(place, "etc/carrel.conf", "#\n", 0644);
	make_directory(place, "etc/carrel.conf.d");
	for (int i = 1; i < SOURCE_MAX_FILES; i++) {
		snprintf(name, sizeof(name), "etc/carrel.conf.d/%d.conf", i);
		write_file(place, name, "#\n", 0644);
	}
	assert_int_equal(source_read_config(place->config, false, &place->arena, &sources, NULL),
			 0);
	write_file(place, "etc/carrel.conf.d/z.conf", "#\n", 0644);
	assert_int_equal(source_read_config(place->config, false, &place->arena, &sources, &err),
			 -E2BIG);
	assert_string_equal(neutral(place, err.text), "ROOT/etc/carrel.conf.d/z.conf: more than "
			    "256 files, or 8388608 bytes in all");
}

static void test_source_read_config_bounds_the_size_of_all_files(void **state)
{
	struct place *place = *state;
	struct sources sources;
	char dropin[128];

	write_file(place, "etc/carrel.conf", "#\n", 0644);
	make_directory(place, "etc/carrel.conf.d");
	write_file(place, "etc/carrel.conf.d/a.conf", "x", 0644);
	snprintf(dropin, sizeof(dropin), "%s.d/a.conf", place->config);
	assert_int_equal(truncate(place->config, SOURCE_MAX_BYTES - 1), 0);
	assert_int_equal(source_read_config(place->config, false, &place->arena, &sources, NULL),
			 0);
	assert_int_equal(truncate(dropin, 2), 0);
	assert_int_equal(source_read_config(place->config, false, &place->arena, &sources, NULL),
			 -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_source_read_gives_the_bytes_of_a_file),
		TEST(test_source_read_says_what_cannot_be_opened),
		TEST(test_source_read_refuses_what_is_no_regular_file),
		TEST(test_source_read_refuses_a_file_that_is_empty),
		TEST(test_source_read_refuses_a_file_that_is_too_large),
		TEST(test_source_read_trusts_only_what_root_alone_may_write),
		TEST(test_source_read_judges_what_a_link_points_to),
		TEST(test_source_read_config_reads_dropins_in_order),
		TEST(test_source_read_config_needs_no_dropin_directory),
		TEST(test_source_read_config_distrusts_a_directory_that_others_write),
		TEST(test_source_read_config_bounds_the_number_of_files),
		TEST(test_source_read_config_bounds_the_size_of_all_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
