/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of prefixes and of port ranges in the order and form that rules promise. */
#ifndef CARREL_CORE_PREFIXES_H
#define CARREL_CORE_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

struct prefix_list { const struct prefix *items; size_t count; };

struct port_range { uint16_t first, last; };

/** prefixes_hold() - is @address in one of the @count @prefixes? */
bool prefixes_hold(const struct prefix *prefixes, size_t count, const struct address *address);

/** prefix_list_holds() - likewise in one of those of @list? */
bool prefix_list_holds(const struct prefix_list *list, const struct address *address);

/**
 * prefixes_normalise() - sort by family and address, drop what another prefix covers
 * @items:	sorted in place
 * Return: how many of @items are left, at its beginning
 */
size_t prefixes_normalise(struct prefix *items, size_t count);

/**
 * ports_normalise() - sort, and join ranges that overlap or touch
 * @items:	sorted in place
 * Return: how many of @items are left, at its beginning
 */
size_t ports_normalise(struct port_range *items, size_t count);

#endif
