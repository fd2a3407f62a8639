/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives every file of a corpus to a fuzz target, a TAP line each. What kills the target
 * (sanitizers are built in) ends the program before the planned number of tests.
 *
 *   fuzz_NAME DIRECTORY
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int is_file(const struct dirent *entry)
{
	return entry->d_type == DT_REG;
}

/* The bytes of @path, to be freed by the caller. */
static uint8_t *read_file(const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "re");
	uint8_t *bytes;
	long length;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(file);
	/* No byte more than the file has, so that reading past its end is seen. */
	bytes = malloc(length > 0 ? (size_t)length : 1);
	if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length) {
		perror(path);
		exit(1);
	}
	fclose(file);
	*ret_length = (size_t)length;
	return bytes;
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count = argc == 2 ? scandir(argv[1], &entries, is_file, alphasort) : -1;

	if (count <= 0) {
		fprintf(stderr, "usage: %s DIRECTORY, with files in it\n", argv[0]);
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		char path[4096];
		uint8_t *bytes;
		size_t length;
		int written = snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);

		if (written < 0 || (size_t)written >= sizeof(path)) {
			fprintf(stderr, "%s: path too long\n", entries[i]->d_name);
			return 1;
		}
		bytes = read_file(path, &length);
		LLVMFuzzerTestOneInput(bytes, length);
		free(bytes);
		printf("ok %d - %s\n", i + 1, entries[i]->d_name);
		fflush(stdout);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
