/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pam/options.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/number.h"
#include "base/paths.h"

enum option { OPTION_DEBUG, OPTION_QUIET, OPTION_EXEMPT, OPTION_HELPER, OPTION_CONFIG, OPTION_TIMEOUT };
#define OPTION_COUNT (OPTION_TIMEOUT + 1)

/* The ones that end in '=' take a value. */
static const char *const names[] = {
	[OPTION_DEBUG]   = "debug",
	[OPTION_QUIET]   = "quiet",
	[OPTION_EXEMPT]  = "exempt=",
	[OPTION_HELPER]  = "helper=",
	[OPTION_CONFIG]  = "config=",
	[OPTION_TIMEOUT] = "timeout=",
	[OPTION_COUNT]   = NULL,
};
static_assert(sizeof(names) / sizeof(names[0]) == OPTION_COUNT + 1, "every option has a name");

/** value_of() - what stands behind @name in @argument ("" without '='), or NULL: another one */
static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	if (name[length - 1] != '=')
		return strcmp(argument, name) == 0 ? "" : NULL;
	return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

const char *options_exempt(const char *argument)
{
	return value_of(argument, names[OPTION_EXEMPT]);
}

/** refuse_unknown() - Return: -EINVAL */
static int refuse_unknown(const char *argument, struct carrel_error *err)
{
	const char *equals = strchr(argument, '=');
	size_t length = equals ? (size_t)(equals - argument) + 1 : strlen(argument);
	const char *nearest = name_nearest(argument, length, names);

	if (nearest)
		return error_set(err, EINVAL, "unknown option '%s'; did you mean '%s'?", argument,
				 nearest);
	return error_set(err, EINVAL, "unknown option '%s'; there are debug, quiet, exempt=, "
			 "helper=, config= and timeout=", argument);
}

/** take_path() - @value must be an absolute path */
static int take_path(const char *argument, const char *value, const char **ret,
		     struct carrel_error *err)
{
	if (value[0] != '/')
		return error_set(err, EINVAL, "option '%s': expected a path that begins with '/'",
				 argument);
	*ret = value;
	return 0;
}

/** take_timeout() - @value must be a number of seconds in range */
static int take_timeout(const char *argument, const char *value, unsigned *ret,
			struct carrel_error *err)
{
	uint64_t seconds;

	if (number_parse(value, strlen(value), OPTIONS_TIMEOUT_MAX_S, &seconds) < 0 || seconds == 0)
		return error_set(err, EINVAL, "option '%s': expected seconds, 1 to %d", argument,
				 OPTIONS_TIMEOUT_MAX_S);
	*ret = (unsigned)seconds;
	return 0;
}

/** take() - store one option and its @value */
static int take(enum option option, const char *argument, const char *value,
		struct options *options, struct carrel_error *err)
{
	switch (option) {
	case OPTION_DEBUG:
		options->debug = true;
		return 0;
	case OPTION_QUIET:
		options->quiet = true;
		return 0;
	case OPTION_EXEMPT:
		if (!*value)
			return error_set(err, EINVAL, "option '%s': expected groups", argument);
		return 0;
	case OPTION_HELPER:
		return take_path(argument, value, &options->helper, err);
	case OPTION_CONFIG:
		return take_path(argument, value, &options->config, err);
	case OPTION_TIMEOUT:
		return take_timeout(argument, value, &options->timeout_s, err);
	}
	return refuse_unknown(argument, err);
}

int options_parse(int argc, const char *const *argv, struct options *ret_options,
		  struct carrel_error *err)
{
	struct options options = {
		.helper = PATH_HELPER, .timeout_s = OPTIONS_TIMEOUT_DEFAULT_S,
	};
	bool seen[OPTION_COUNT] = { false };

	for (int i = 0; i < argc; i++) {
		const char *value = NULL;
		unsigned option;

		for (option = 0; option < OPTION_COUNT; option++) {
			value = value_of(argv[i], names[option]);
			if (value)
				break;
		}
		if (!value)
			return refuse_unknown(argv[i], err);
		if (seen[option])
			return error_set(err, EINVAL, "option '%s': '%s' stands twice", argv[i],
					 names[option]);
		seen[option] = true;
		int rc = take((enum option)option, argv[i], value, &options, err);
		if (rc < 0)
			return rc;
	}
	*ret_options = options;
	return 0;
}
