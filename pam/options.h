/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind pam_carrel.so in a PAM file. */
#ifndef CARREL_PAM_OPTIONS_H
#define CARREL_PAM_OPTIONS_H

#include <stdbool.h>

struct carrel_error;

#define OPTIONS_TIMEOUT_DEFAULT_S 10
#define OPTIONS_TIMEOUT_MAX_S     120   /* sshd's LoginGraceTime: nobody waits longer */

/* Strings point into the arguments, which PAM keeps for as long as its handle. */
struct options {
	bool debug;             /* say in the log what was decided */
	bool quiet;             /* no line to the user about the network */
	const char *helper;     /* absolute path */
	const char *config;     /* absolute path, or NULL: the built-in one */
	unsigned timeout_s;     /* for the whole exchange with the helper */
};

/**
 * options_exempt() - the groups of an exempt= argument
 *
 * Apart from options_parse(), because who is exempt must get in also when another argument
 * is wrong.
 *
 * Return: the comma-separated names, or NULL when @argument is another one
 */
const char *options_exempt(const char *argument);

/**
 * options_parse() - understand all arguments
 *
 * Return: 0; -EINVAL when one is unknown (with the nearest one that is known), lacks its
 *	   value, has one that is out of range, or stands twice
 */
int options_parse(int argc, const char *const *argv, struct options *ret_options,
		  struct carrel_error *err);

#endif
