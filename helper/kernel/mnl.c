/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What carrel and libnftnl use of libmnl, as <libmnl/libmnl.h> and libmnl's manual say it behaves.
 *
 * A login waits for the helper to start, and half of that was the dynamic linker: so the helper is
 * linked statically. Distributions have libnftnl and the C library for that, but no static libmnl.
 * Its sockets stand in mnl_socket.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

/* The header's own macros count with signed numbers. */
#define ALIGNED(size)    (((size_t)(size) + MNL_ALIGNTO - 1) & ~(size_t)(MNL_ALIGNTO - 1))
#define ATTRIBUTE_HEADER ALIGNED(sizeof(struct nlattr))
#define MESSAGE_HEADER   ALIGNED(sizeof(struct nlmsghdr))

/* --- attributes: a header, the payload, zeros up to the next multiple of four */

uint16_t mnl_attr_get_type(const struct nlattr *attr)
{
	return (uint16_t)(attr->nla_type & NLA_TYPE_MASK);
}

uint16_t mnl_attr_get_payload_len(const struct nlattr *attr)
{
	return (uint16_t)(attr->nla_len - ATTRIBUTE_HEADER);
}

void *mnl_attr_get_payload(const struct nlattr *attr)
{
	return (uint8_t *)(uintptr_t)attr + ATTRIBUTE_HEADER;
}

/* The payload may stand anywhere. */
#define GETTER(name, integer)                                              \
	integer name(const struct nlattr *attr)                            \
	{                                                                  \
		integer value;                                             \
									   \
		memcpy(&value, mnl_attr_get_payload(attr), sizeof(value)); \
		return value;                                              \
	}
GETTER(mnl_attr_get_u8, uint8_t)
GETTER(mnl_attr_get_u16, uint16_t)
GETTER(mnl_attr_get_u32, uint32_t)
GETTER(mnl_attr_get_u64, uint64_t)

const char *mnl_attr_get_str(const struct nlattr *attr)
{
	return mnl_attr_get_payload(attr);
}

/** end_of() - where the next thing is written in @message */
static uint8_t *end_of(const struct nlmsghdr *message)
{
	return (uint8_t *)(uintptr_t)message + ALIGNED(message->nlmsg_len);
}

/** begin_attribute() - the header of one of @size bytes, at the end of @message */
static struct nlattr *begin_attribute(struct nlmsghdr *message, uint16_t type, size_t size)
{
	struct nlattr *attr = (struct nlattr *)end_of(message);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(ATTRIBUTE_HEADER + size);
	message->nlmsg_len += (uint32_t)ALIGNED(attr->nla_len);
	return attr;
}

/** put() - @size bytes of @data and zeros to make it @whole */
static void put(struct nlmsghdr *message, uint16_t type, const void *data, size_t size, size_t whole)
{
	uint8_t *payload = mnl_attr_get_payload(begin_attribute(message, type, whole));

	if (size)
		memcpy(payload, data, size);
	memset(payload + size, 0, ALIGNED(whole) - size);
}

void mnl_attr_put(struct nlmsghdr *message, uint16_t type, size_t size, const void *data)
{
	put(message, type, data, size, size);
}

#define PUTTER(name, integer)                                                \
	void name(struct nlmsghdr *message, uint16_t type, integer value)    \
	{                                                                    \
		mnl_attr_put(message, type, sizeof(value), &value);          \
	}
PUTTER(mnl_attr_put_u8, uint8_t)
PUTTER(mnl_attr_put_u16, uint16_t)
PUTTER(mnl_attr_put_u32, uint32_t)
PUTTER(mnl_attr_put_u64, uint64_t)

void mnl_attr_put_str(struct nlmsghdr *message, uint16_t type, const char *text)
{
	mnl_attr_put(message, type, strlen(text), text);
}

void mnl_attr_put_strz(struct nlmsghdr *message, uint16_t type, const char *text)
{
	put(message, type, text, strlen(text), strlen(text) + 1);
}

struct nlattr *mnl_attr_nest_start(struct nlmsghdr *message, uint16_t type)
{
	return begin_attribute(message, NLA_F_NESTED | type, 0);
}

void mnl_attr_nest_end(struct nlmsghdr *message, struct nlattr *start)
{
	start->nla_len = (uint16_t)(end_of(message) - (uint8_t *)start);
}

bool mnl_attr_ok(const struct nlattr *attr, int left)
{
	return left >= (int)sizeof(*attr) && attr->nla_len >= sizeof(*attr) &&
	       attr->nla_len <= left;
}

struct nlattr *mnl_attr_next(const struct nlattr *attr)
{
	return (struct nlattr *)((uint8_t *)(uintptr_t)attr + ALIGNED(attr->nla_len));
}

int mnl_attr_type_valid(const struct nlattr *attr, uint16_t largest)
{
	if (mnl_attr_get_type(attr) <= largest)
		return 1;
	errno = EOPNOTSUPP;
	return -1;
}

/** fits() - may an attribute of @type have a payload of @length bytes? */
static bool fits(enum mnl_attr_data_type type, size_t length)
{
	switch (type) {
	case MNL_TYPE_U8:         return length == sizeof(uint8_t);
	case MNL_TYPE_U16:        return length == sizeof(uint16_t);
	case MNL_TYPE_U32:        return length == sizeof(uint32_t);
	case MNL_TYPE_U64:
	case MNL_TYPE_MSECS:      return length == sizeof(uint64_t);
	case MNL_TYPE_FLAG:       return length == 0;
	case MNL_TYPE_STRING:
	case MNL_TYPE_NUL_STRING: return length > 0;
	case MNL_TYPE_NESTED:     return length == 0 || length >= ATTRIBUTE_HEADER;
	case MNL_TYPE_UNSPEC:
	case MNL_TYPE_NESTED_COMPAT:
	case MNL_TYPE_BINARY:
	case MNL_TYPE_MAX:        return true;
	}
	return false;
}

int mnl_attr_validate(const struct nlattr *attr, enum mnl_attr_data_type type)
{
	size_t length = mnl_attr_get_payload_len(attr);

	if (!fits(type, length)) {
		errno = ERANGE;
		return -1;
	}
	if (type == MNL_TYPE_NUL_STRING && mnl_attr_get_str(attr)[length - 1]) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

/** parse() - call @visit with each attribute from @attr to @end; what it said last */
static int parse(const struct nlattr *attr, const uint8_t *end, mnl_attr_cb_t visit, void *data)
{
	int rc = MNL_CB_OK;

	for (; rc > MNL_CB_STOP && mnl_attr_ok(attr, (int)(end - (const uint8_t *)attr));
	     attr = mnl_attr_next(attr))
		rc = visit(attr, data);
	return rc;
}

int mnl_attr_parse(const struct nlmsghdr *message, unsigned offset, mnl_attr_cb_t visit, void *data)
{
	const uint8_t *start = (const uint8_t *)message;

	return parse((const void *)(start + MESSAGE_HEADER + ALIGNED(offset)),
		     start + message->nlmsg_len, visit, data);
}

int mnl_attr_parse_nested(const struct nlattr *nest, mnl_attr_cb_t visit, void *data)
{
	return parse(mnl_attr_get_payload(nest), (const uint8_t *)nest + nest->nla_len, visit, data);
}

/* --- messages */

struct nlmsghdr *mnl_nlmsg_put_header(void *buffer)
{
	struct nlmsghdr *message = buffer;

	memset(message, 0, MESSAGE_HEADER);
	message->nlmsg_len = MESSAGE_HEADER;
	return message;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *message, size_t size)
{
	uint8_t *header = (uint8_t *)message + message->nlmsg_len;

	memset(header, 0, ALIGNED(size));
	message->nlmsg_len += (uint32_t)ALIGNED(size);
	return header;
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *message)
{
	return (uint8_t *)(uintptr_t)message + MESSAGE_HEADER;
}

size_t mnl_nlmsg_get_payload_len(const struct nlmsghdr *message)
{
	return message->nlmsg_len - MESSAGE_HEADER;
}

bool mnl_nlmsg_ok(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       (int)message->nlmsg_len <= left;
}

struct nlmsghdr *mnl_nlmsg_next(const struct nlmsghdr *message, int *left)
{
	*left -= (int)ALIGNED(message->nlmsg_len);
	return (struct nlmsghdr *)end_of(message);
}

/** is_meant() - does @message belong to what was asked? Zeros belong to everything. */
static bool is_meant(uint32_t found, uint32_t expected, int errnum)
{
	if (!found || !expected || found == expected)
		return true;
	errno = errnum;
	return false;
}

/** handle_control() - a message of netlink itself: MNL_CB_*, and errno with MNL_CB_ERROR */
static int handle_control(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	switch (message->nlmsg_type) {
	case NLMSG_ERROR:
		errno = EBADMSG;
		if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
			return MNL_CB_ERROR;
		errno = abs(error->error);
		return error->error ? MNL_CB_ERROR : MNL_CB_STOP;
	case NLMSG_DONE:
		return MNL_CB_STOP;
	default:
		return MNL_CB_OK;
	}
}

int mnl_cb_run(const void *bytes, size_t length, unsigned sequence, unsigned port,
	       mnl_cb_t visit, void *data)
{
	const struct nlmsghdr *message = bytes;
	int left = (int)length, rc = MNL_CB_OK;

	for (; rc > MNL_CB_STOP && mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left)) {
		if (!is_meant(message->nlmsg_pid, port, ESRCH) ||
		    !is_meant(message->nlmsg_seq, sequence, EPROTO))
			return MNL_CB_ERROR;
		/* What was listed changed meanwhile: the list is none. */
		if (message->nlmsg_flags & NLM_F_DUMP_INTR) {
			errno = EINTR;
			return MNL_CB_ERROR;
		}
		if (message->nlmsg_type < NLMSG_MIN_TYPE)
			rc = handle_control(message);
		else if (visit)
			rc = visit(message, data);
	}
	return rc;
}

/* --- batches */

struct mnl_nlmsg_batch {
	uint8_t *bytes;
	size_t limit, used;
};

struct mnl_nlmsg_batch *mnl_nlmsg_batch_start(void *buffer, size_t limit)
{
	struct mnl_nlmsg_batch *batch = malloc(sizeof(*batch));

	if (batch)
		*batch = (struct mnl_nlmsg_batch){ .bytes = buffer, .limit = limit };
	return batch;
}

void mnl_nlmsg_batch_stop(struct mnl_nlmsg_batch *batch)
{
	free(batch);
}

void *mnl_nlmsg_batch_head(struct mnl_nlmsg_batch *batch)
{
	return batch->bytes;
}

void *mnl_nlmsg_batch_current(struct mnl_nlmsg_batch *batch)
{
	return batch->bytes + batch->used;
}

size_t mnl_nlmsg_batch_size(struct mnl_nlmsg_batch *batch)
{
	return batch->used;
}

/* False: what was written last lies beyond the limit, and is no part of the batch. */
bool mnl_nlmsg_batch_next(struct mnl_nlmsg_batch *batch)
{
	const struct nlmsghdr *message = mnl_nlmsg_batch_current(batch);

	if (message->nlmsg_len > batch->limit - batch->used)
		return false;
	batch->used += message->nlmsg_len;
	return true;
}
