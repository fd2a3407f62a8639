/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/difference.h"

#include <errno.h>

const char *difference_kind_name(enum difference_kind kind)
{
	switch (kind) {
	case DIFFERENCE_MISSING: return "missing";
	case DIFFERENCE_ALTERED: return "altered";
	case DIFFERENCE_EXTRA:   return "extra";
	case DIFFERENCE_FORMER:  return "former";
	case DIFFERENCE_UNCLEAR: return "unclear";
	}
	return "?";
}

const char *remedy_name(enum remedy remedy)
{
	switch (remedy) {
	case REMEDY_REPAIR: return "repair";
	case REMEDY_APPLY:  return "apply";
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

/* What is to be said of the thing before what was found, or is intended. */
static const char *kind_words(enum difference_kind kind)
{
	switch (kind) {
	case DIFFERENCE_MISSING: return ": missing";
	case DIFFERENCE_ALTERED: return "";
	case DIFFERENCE_EXTRA:   return ": not carrel's: someone made it";
	case DIFFERENCE_FORMER:  return ": of an earlier text of the policy";
	case DIFFERENCE_UNCLEAR: return ": of an earlier text of the policy, or someone made it";
	}
	return "";
}

void difference_describe(const struct difference *difference, struct buffer *buffer)
{
	buffer_printf(buffer, "%s%s", difference->object, kind_words(difference->kind));
	if (difference->found)
		buffer_printf(buffer, ": %s", difference->found);
	if (!difference->intended)
		return;
	if (difference->kind == DIFFERENCE_MISSING)
		buffer_printf(buffer, ": %s", difference->intended);
	else
		buffer_printf(buffer, " (should be: %s)", difference->intended);
}
