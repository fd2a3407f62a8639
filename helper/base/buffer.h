/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that grows: what the renderers (nft text, JSON, records) write into.
 * A failed allocation is remembered, so that callers check once, at the end.
 */
#ifndef CARREL_BASE_BUFFER_H
#define CARREL_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data;             /* terminated; NULL while empty */
	size_t length, capacity;
	bool failed;            /* an allocation failed: the text is not whole */
};

#define BUFFER_CLEANUP __attribute__((cleanup(buffer_free)))

void buffer_free(struct buffer *buffer);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** buffer_put_printable() - append @text with '?' for each control character and what is no UTF-8 */
void buffer_put_printable(struct buffer *buffer, const char *text, size_t length);

#endif
