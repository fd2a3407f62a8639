/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

/*
 * A typical login's configuration, policy and plan fit in two blocks. Under the address
 * sanitizer each allocation is a block of its own, so that a write past one is seen.
 */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define BLOCK_BYTES 1
#else
#define BLOCK_BYTES 16384
#endif

#define FIRST_CAPACITY 4

struct arena_block {
	struct arena_block *next;
	size_t used_bytes, size_bytes;
	_Alignas(max_align_t) unsigned char bytes[];
};

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
}

/** add_block() - a zeroed block of at least @size_bytes; NULL on ENOMEM */
static struct arena_block *add_block(struct arena *arena, size_t size_bytes)
{
	size_t room = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES, total;

	if (__builtin_add_overflow(room, sizeof(struct arena_block), &total))
		return NULL;
	struct arena_block *block = calloc(1, total);
	if (!block)
		return NULL;
	block->size_bytes = room;

	/* A block made for one large item is full: the one before it goes on being used. */
	struct arena_block **place = &arena->blocks;
	if (room > BLOCK_BYTES && arena->blocks)
		place = &arena->blocks->next;
	block->next = *place;
	*place = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *block = arena->blocks;
	size_t rounded;

	if (__builtin_add_overflow(size_bytes, align - 1, &rounded))
		return NULL;
	/* No allocation is empty: two of them never share an address. */
	rounded = rounded < align ? align : rounded / align * align;

	if (!block || block->size_bytes - block->used_bytes < rounded) {
		block = add_block(arena, rounded);
		if (!block)
			return NULL;
	}
	void *memory = block->bytes + block->used_bytes;
	block->used_bytes += rounded;
	return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	size_t size_bytes;

	if (__builtin_add_overflow(length, 1U, &size_bytes))
		return NULL;
	char *copy = arena_alloc(arena, size_bytes);
	if (copy && length)
		memcpy(copy, text, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return NULL;

	char *text = arena_alloc(arena, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, arguments);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}

int arena_grow(struct arena *arena, void **items, size_t count, size_t *capacity,
	       size_t item_size)
{
	unsigned char *array;

	/* Copied as bytes: the caller's pointer is one to its own type, not to void. */
	memcpy(&array, items, sizeof(array));
	if (count == *capacity) {
		size_t larger = FIRST_CAPACITY, size_bytes;

		if (*capacity && __builtin_mul_overflow(*capacity, 2U, &larger))
			return -ENOMEM;
		if (__builtin_mul_overflow(larger, item_size, &size_bytes))
			return -ENOMEM;
		unsigned char *moved = arena_alloc(arena, size_bytes);
		if (!moved)
			return -ENOMEM;
		if (count)
			memcpy(moved, array, count * item_size);
		array = moved;
		memcpy(items, &array, sizeof(array));
		*capacity = larger;
	}
	/* The place may have been used before by a list that was made shorter. */
	memset(array + count * item_size, 0, item_size);
	return 0;
}
