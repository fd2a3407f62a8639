/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * A box is covered when a cover holds it whole. When covers only overlap with it, it is cut in
 * two, at the edge of such a cover's numbers or in the middle of its prefix, and both halves are
 * asked about, of the covers that overlapped. The first half that nothing overlaps ends the
 * search, which is what makes it fast for what is not covered.
 */
#include "core/cover.h"

#include <errno.h>
#include <string.h>

enum overlap { OVERLAP_NONE, OVERLAP_PART, OVERLAP_WHOLE };

/* Does @prefix begin behind the end of @other, in the order of families and addresses? */
static bool starts_after(const struct prefix *prefix, const struct prefix *other)
{
	struct address last;

	if (prefix->address.family != other->address.family)
		return prefix->address.family > other->address.family;
	prefix_last(other, &last);
	return memcmp(prefix->address.bytes, last.bytes, sizeof(last.bytes)) > 0;
}

/* How much of @prefix the list of @cover holds. */
static enum overlap overlap_list(const struct cover *cover, const struct prefix *prefix)
{
	size_t low = 0, high = cover->count;

	/* The last one that does not start behind it: what overlaps is this, or before it inside. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (starts_after(&cover->prefixes[middle], prefix))
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return OVERLAP_NONE;
	if (prefix_covers(&cover->prefixes[low - 1], prefix))
		return OVERLAP_WHOLE;
	return prefix_covers(prefix, &cover->prefixes[low - 1]) ? OVERLAP_PART : OVERLAP_NONE;
}

/* How much of @prefix is covered? */
static enum overlap overlap_prefix(const struct cover *cover, const struct prefix *prefix)
{
	enum overlap overlap = overlap_list(cover, prefix);

	if (!cover->inverted || overlap == OVERLAP_PART)
		return overlap;
	return overlap == OVERLAP_NONE ? OVERLAP_WHOLE : OVERLAP_NONE;
}

/*
 * How much of @numbers the cover holds.
 * @ret_edge:	of OVERLAP_PART: where to cut, the first number of the upper part
 */
static enum overlap overlap_numbers(const struct cover *cover, const struct port_range *numbers,
				  uint16_t *ret_edge)
{
	if (!cover->number_count)
		return OVERLAP_WHOLE;
	for (size_t i = 0; i < cover->number_count; i++) {
		const struct port_range *range = &cover->numbers[i];

		if (range->last < numbers->first)
			continue;
		if (range->first > numbers->last)
			return OVERLAP_NONE;
		if (range->first <= numbers->first && range->last >= numbers->last)
			return OVERLAP_WHOLE;
		*ret_edge = range->first > numbers->first ? range->first
							: (uint16_t)(range->last + 1);
		return OVERLAP_PART;
	}
	return OVERLAP_NONE;
}

/* Cut @box in two at number @edge, or (@edge 0) in the middle of its prefix; 1, 0, -errno. */
static int are_halves_covered(struct cover_question *question, const struct box *box, uint16_t edge,
			      const struct cover *covers, size_t count)
{
	struct box low = *box, high = *box;

	if (edge) {
		low.numbers.last = (uint16_t)(edge - 1);
		high.numbers.first = edge;
	} else {
		low.prefix.length++;
		high.prefix.length++;
		high.prefix.address.bytes[box->prefix.length / 8] |=
			(uint8_t)(0x80 >> box->prefix.length % 8);
	}
	int rc = cover_holds(question, &low, covers, count);
	return rc > 0 ? cover_holds(question, &high, covers, count) : rc;
}

int cover_holds(struct cover_question *question, const struct box *box, const struct cover *covers,
		size_t count)
{
	struct covers partial = { 0 };
	uint16_t edge = 0;

	question->steps += count;
	if (question->steps > question->steps_max)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		uint16_t number_edge = 0;

		if (covers[i].name != COVER_NO_NAME && covers[i].name != question->name)
			continue;
		enum overlap numbers = overlap_numbers(&covers[i], &box->numbers, &number_edge);
		enum overlap prefix = numbers == OVERLAP_NONE ? OVERLAP_NONE :
				      overlap_prefix(&covers[i], &box->prefix);

		if (prefix == OVERLAP_NONE)
			continue;
		if (prefix == OVERLAP_WHOLE && numbers == OVERLAP_WHOLE) {
			question->note(question->context, &covers[i]);
			return 1;
		}
		struct cover *kept = ARENA_APPEND(question->scratch, &partial.list);
		if (!kept)
			return -ENOMEM;
		*kept = covers[i];
		if (!edge)
			edge = number_edge;
	}
	if (!partial.list.count)
		return 0;
	return are_halves_covered(question, box, edge, partial.list.items, partial.list.count);
}
