/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/schedule.h"

#include <errno.h>
#include <string.h>

static uint32_t clamp(uint32_t value, uint32_t min, uint32_t max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}

/* How long to wait after @failures in a row. */
static uint32_t retry_s(unsigned failures)
{
	uint32_t wait_s = SCHEDULE_RETRY_FIRST_S;

	while (--failures > 0 && wait_s < SCHEDULE_RETRY_MAX_S)
		wait_s *= 2;
	return clamp(wait_s, SCHEDULE_RETRY_FIRST_S, SCHEDULE_RETRY_MAX_S);
}

static bool in_answer(const struct answer *answer, const struct address *address)
{
	for (size_t i = 0; i < answer->count; i++)
		if (address_equal(&answer->addresses[i], address))
			return true;
	return false;
}

static struct known_address *find(struct known_name *name, const struct address *address)
{
	for (size_t i = 0; i < name->addresses.count; i++)
		if (address_equal(&name->addresses.items[i].address, address))
			return &name->addresses.items[i];
	return NULL;
}

static void drop(struct known_name *name, size_t index)
{
	size_t behind = name->addresses.count - index - 1;

	memmove(&name->addresses.items[index], &name->addresses.items[index + 1],
		behind * sizeof(*name->addresses.items));
	name->addresses.count--;
}

/* Drop the one that has been gone the longest; what is in the last answers always has room. */
static void drop_oldest(struct known_name *name)
{
	size_t oldest = 0;

	for (size_t i = 1; i < name->addresses.count; i++) {
		const struct known_address *one = &name->addresses.items[i];
		const struct known_address *kept = &name->addresses.items[oldest];

		if (one->gone_s && (!kept->gone_s || one->gone_s < kept->gone_s))
			oldest = i;
	}
	drop(name, oldest);
}

/* Note which addresses of @family came, and which are gone; 1 when one is new, 0, -ENOMEM. */
static int take_family(struct known_name *name, enum family family, const struct answer *answer,
		       uint64_t now_s, struct arena *arena)
{
	int changed = 0;

	if (answer->kind == ANSWER_FAILED)
		return 0;
	for (size_t i = 0; i < name->addresses.count; i++) {
		struct known_address *known = &name->addresses.items[i];

		if (known->address.family != family)
			continue;
		if (in_answer(answer, &known->address))
			known->gone_s = 0;
		else if (!known->gone_s)
			known->gone_s = now_s;
	}
	for (size_t i = 0; i < answer->count; i++) {
		if (find(name, &answer->addresses[i]))
			continue;
		struct known_address *added = ARENA_APPEND(arena, &name->addresses);
		if (!added)
			return -ENOMEM;
		*added = (struct known_address){ .address = answer->addresses[i] };
		changed = 1;
	}
	return changed;
}

/* When to ask again about what was answered now. */
static uint32_t wait_s(const struct known_name *name, const struct answers *answers)
{
	uint32_t wait_s = SCHEDULE_TTL_MAX_S;

	if (name->failures)
		return retry_s(name->failures);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct answer *answer = &answers->of[family];
		uint32_t ttl_s = answer->kind == ANSWER_ADDRESSES ? answer->ttl_s : SCHEDULE_NONE_S;

		/* Most names have one family: that the other has none says nothing about these. */
		if (answer->kind == ANSWER_NONE &&
		    answers->of[1 - family].kind == ANSWER_ADDRESSES)
			continue;
		if (ttl_s < wait_s)
			wait_s = ttl_s;
	}
	return clamp(wait_s, SCHEDULE_TTL_MIN_S, SCHEDULE_TTL_MAX_S);
}

int schedule_take(struct known_name *name, const struct answers *answers, uint64_t now_s,
		  struct arena *arena)
{
	bool failed = false;
	int changed = 0;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		int rc = take_family(name, family, &answers->of[family], now_s, arena);

		if (rc < 0)
			return rc;
		changed |= rc;
		failed |= answers->of[family].kind == ANSWER_FAILED;
	}
	while (name->addresses.count > NAMES_ADDRESSES_MAX)
		drop_oldest(name);
	name->failures = failed ? name->failures + 1 : 0;
	name->due_s = now_s + wait_s(name, answers);
	return changed;
}

bool schedule_expire(struct known_name *name, uint64_t now_s)
{
	size_t before = name->addresses.count;

	for (size_t i = name->addresses.count; i-- > 0;) {
		uint64_t gone_s = name->addresses.items[i].gone_s;

		if (gone_s && now_s >= gone_s + SCHEDULE_GRACE_S)
			drop(name, i);
	}
	return name->addresses.count != before;
}

bool schedule_is_due(const struct known_name *name, uint64_t now_s)
{
	return now_s >= name->due_s;
}

uint64_t schedule_next_s(const struct known_names *known)
{
	uint64_t next_s = UINT64_MAX;

	for (size_t i = 0; i < known->list.count; i++) {
		const struct known_name *name = &known->list.items[i];

		if (name->due_s < next_s)
			next_s = name->due_s;
		for (size_t j = 0; j < name->addresses.count; j++) {
			uint64_t gone_s = name->addresses.items[j].gone_s;

			if (gone_s && gone_s + SCHEDULE_GRACE_S < next_s)
				next_s = gone_s + SCHEDULE_GRACE_S;
		}
	}
	return next_s;
}

int schedule_reconcile(const struct known_names *known, const char *const *wanted, size_t count,
		       struct arena *arena, struct known_names *ret)
{
	struct known_names names = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct known_name *before = names_find(known, wanted[i]);
		struct known_name *name = ARENA_APPEND(arena, &names.list);

		if (!name)
			return -ENOMEM;
		*name = before ? *before : (struct known_name){ .name = wanted[i] };
	}
	*ret = names;
	return 0;
}
