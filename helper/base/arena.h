/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is freed all at once.
 *
 * Configuration, policies, rulesets and plans live and die together, so they are
 * allocated from an arena and never freed piece by piece.
 */
#ifndef CARREL_BASE_ARENA_H
#define CARREL_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;     /* newest first */
};

/* An arena is ready when it is all zero. */
#define ARENA_CLEANUP __attribute__((cleanup(arena_free)))

/** arena_free() - free everything that was allocated from @arena; it may be used again */
void arena_free(struct arena *arena);

/**
 * arena_alloc() - zeroed memory, aligned for any type
 * Return: the memory, or NULL (ENOMEM)
 */
void *arena_alloc(struct arena *arena, size_t size_bytes);

/** arena_strndup() - copy of the first @length bytes of @text, terminated; NULL on ENOMEM */
char *arena_strndup(struct arena *arena, const char *text, size_t length);

/** arena_strdup() - copy of @text; NULL on ENOMEM */
char *arena_strdup(struct arena *arena, const char *text);

/** arena_printf() - formatted string; NULL on ENOMEM */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** arena_vprintf() - the same, with the arguments as a va_list, which is used up */
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/**
 * arena_grow() - make room for one more item at the end of an array
 * @items:	address of the array pointer; replaced when it moves
 * @count:	items in use
 * @capacity:	items there is room for; updated
 * @item_size:	bytes of one item
 *
 * The new item's bytes are zero. Doubling, so n appends cost O(n).
 *
 * Return: 0, or -ENOMEM
 */
int arena_grow(struct arena *arena, void **items, size_t count, size_t *capacity,
	       size_t item_size);

/*
 * ARENA_APPEND - pointer to a new zeroed last item of a list, or NULL (ENOMEM).
 * @list is a struct with the members items, count, capacity (see ARENA_LIST).
 */
#define ARENA_LIST(type) struct { type *items; size_t count, capacity; }
#define ARENA_APPEND(arena, list)                                                   \
	(arena_grow((arena), (void **)&(list)->items, (list)->count, &(list)->capacity, \
		    sizeof(*(list)->items)) ? NULL : &(list)->items[(list)->count++])

#endif
