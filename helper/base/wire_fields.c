/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/wire_fields.h"

#include "base/wire.h"

static const struct wire_member request_strings[] = {
	{ FIELD_USER,     "user",          offsetof(struct wire_request, subject.user) },
	{ FIELD_SERVICE,  "service",       offsetof(struct wire_request, subject.service) },
	{ FIELD_TTY,      "tty",           offsetof(struct wire_request, subject.tty) },
	{ FIELD_RHOST,    "remote host",   offsetof(struct wire_request, subject.rhost) },
	{ FIELD_CONFIG,   "configuration", offsetof(struct wire_request, config) },
	{ FIELD_WANTED,   "wanted policy", offsetof(struct wire_request, policy) },
};

static const struct wire_member request_numbers[] = {
	{ FIELD_SOUGHT,   "namespace",     offsetof(struct wire_request, sought) },
};

static const struct wire_member reply_strings[] = {
	{ FIELD_POLICY,   "policy",        offsetof(struct wire_reply, policy) },
	{ FIELD_NETNS,    "namespace",     offsetof(struct wire_reply, netns) },
	{ FIELD_ADDRESS4, "IPv4 address",  offsetof(struct wire_reply, address4) },
	{ FIELD_ADDRESS6, "IPv6 address",  offsetof(struct wire_reply, address6) },
	{ FIELD_MESSAGE,  "message",       offsetof(struct wire_reply, message) },
	{ FIELD_WARNINGS, "warnings",      offsetof(struct wire_reply, warnings) },
};

static const struct wire_member reply_numbers[] = {
	{ FIELD_NUMBER,   "number",        offsetof(struct wire_reply, number) },
	{ FIELD_CUT,      "connections",   offsetof(struct wire_reply, connections_cut) },
};

#define MEMBERS(array) { array, sizeof(array) / sizeof((array)[0]) }

const struct wire_members wire_request_strings = MEMBERS(request_strings);
const struct wire_members wire_request_numbers = MEMBERS(request_numbers);
const struct wire_members wire_reply_strings = MEMBERS(reply_strings);
const struct wire_members wire_reply_numbers = MEMBERS(reply_numbers);

bool wire_operation_exists(unsigned kind)
{
	switch ((enum wire_operation)kind) {
	case WIRE_OPEN:
	case WIRE_REMOVE:
	case WIRE_CLOSE:
	case WIRE_COLLECT:
	case WIRE_APPLY:
	case WIRE_RUN:
	case WIRE_REPAIR:
	case WIRE_REPAIR_HOST:
	case WIRE_NAMES:
	case WIRE_EDITIONS:
		return true;
	}
	return false;
}

bool wire_status_exists(unsigned kind)
{
	switch ((enum wire_status)kind) {
	case WIRE_OK:
	case WIRE_UNCHANGED:
	case WIRE_UNCONFINED:
	case WIRE_DENIED:
	case WIRE_STALE:
	case WIRE_NOT_FOUND:
	case WIRE_OTHER_UPLINK:
	case WIRE_FAILED:
	case WIRE_UNPINNED:
		return true;
	}
	return false;
}
