/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of hosts in the DNS, as policies may have them. */
#ifndef CARREL_BASE_HOSTNAME_H
#define CARREL_BASE_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * RFC 1123 has room for 253 characters; a set of nftables is called by the name and a word of
 * at most 8 characters before it, and takes 255.
 */
#define HOSTNAME_MAX_LENGTH 240
#define HOSTNAME_SIZE       (HOSTNAME_MAX_LENGTH + 1)

/**
 * hostname_is_meant() - does somebody who writes this mean a host name, if perhaps a wrong one?
 *
 * It has a dot, and neither it nor what stands behind its last dot is a number or part of
 * an address.
 */
bool hostname_is_meant(const char *text, size_t length);

/**
 * hostname_parse() - the name in the form in which names are compared
 * @ret_name:	in lower case, without a dot at the end
 *
 * Letters, digits and hyphens (RFC 1123, section 2.1), in two labels at least: a name without
 * a domain would mean another host in each network.
 *
 * Return: NULL; else what is wrong, as half a sentence about the name: "has an empty label"
 */
const char *hostname_parse(const char *text, size_t length, char ret_name[HOSTNAME_SIZE]);

/** hostname_valid() - is @name in that form? */
bool hostname_valid(const char *name);

#endif
