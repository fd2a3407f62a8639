/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/difference.h"

#include <errno.h>

const char *difference_kind_name(enum difference_kind kind)
{
	switch (kind) {
	case DIFFERENCE_MISSING: return "missing";
	case DIFFERENCE_ALTERED: return "altered";
	case DIFFERENCE_EXTRA:   return "extra";
	}
	return "?";
}

const char *remedy_name(enum remedy remedy)
{
	switch (remedy) {
	case REMEDY_REPAIR: return "repair";
	case REMEDY_REMOVE: return "remove";
	case REMEDY_OTHERS: return "others";
	}
	return "?";
}

int differences_add(struct differences *differences, struct arena *arena,
		    struct difference difference)
{
	struct difference *place;

	if (!difference.object || (difference.kind == DIFFERENCE_ALTERED && !difference.found))
		return -ENOMEM;
	place = ARENA_APPEND(arena, &differences->list);
	if (!place)
		return -ENOMEM;
	*place = difference;
	return 0;
}

void difference_describe(const struct difference *difference, struct buffer *buffer)
{
	buffer_puts(buffer, difference->object);
	switch (difference->kind) {
	case DIFFERENCE_MISSING:
		buffer_puts(buffer, ": missing");
		if (difference->intended)
			buffer_printf(buffer, ": %s", difference->intended);
		return;
	case DIFFERENCE_ALTERED:
		buffer_printf(buffer, ": %s", difference->found);
		if (difference->intended)
			buffer_printf(buffer, " (should be: %s)", difference->intended);
		return;
	case DIFFERENCE_EXTRA:
		buffer_puts(buffer, ": not carrel's: someone made it");
		if (difference->found)
			buffer_printf(buffer, ": %s", difference->found);
		return;
	}
}
