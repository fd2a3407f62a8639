/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects as JSON has them (RFC 8259), member by member into a buffer. Who begins and ends an
 * object or a list writes its brackets; keys bring the comma that parts them from what is before.
 */
#ifndef CARREL_BASE_JSON_H
#define CARREL_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;

/** json_quote() - append @text as a string with its quotes; what is not UTF-8 as U+FFFD */
void json_quote(struct buffer *buffer, const char *text);

/**
 * json_key() - append the key of the next member; its value is the caller's to append
 *
 * With a comma first, but not at an object's beginning or behind white space: who breaks a
 * line writes the comma before it.
 */
void json_key(struct buffer *buffer, const char *name);

/** json_list() - append the key of a member that is a list, and the bracket that opens it */
void json_list(struct buffer *buffer, const char *name);

/** json_string() - append a member: @value as a string, null for NULL or "" */
void json_string(struct buffer *buffer, const char *name, const char *value);

/** json_number() - append a member that is a number */
void json_number(struct buffer *buffer, const char *name, uint64_t value);

/** json_bool() - append a member that is true or false */
void json_bool(struct buffer *buffer, const char *name, bool value);

/** json_null() - append a member that has no value */
void json_null(struct buffer *buffer, const char *name);

#endif
