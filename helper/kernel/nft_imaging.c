/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/nft_imaging.h"

#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>

int imaging_keep_bytes(struct arena *arena, const struct buffer *buffer, struct image_bytes *ret)
{
	uint8_t *copy = buffer->failed ? NULL : arena_alloc(arena, buffer->length + 1);

	if (!copy)
		return -ENOMEM;
	if (buffer->length)
		memcpy(copy, buffer->data, buffer->length);
	*ret = (struct image_bytes){ .bytes = copy, .length = buffer->length };
	return 0;
}

void imaging_append(struct buffer *buffer, const struct nlattr *attribute)
{
	buffer_append(buffer, attribute, attribute->nla_len);
}

void imaging_append_bytes(struct buffer *buffer, const struct image_bytes *bytes)
{
	buffer_append(buffer, &bytes->length, sizeof(bytes->length));
	buffer_append(buffer, bytes->bytes, bytes->length);
}

const char *imaging_text(const struct nlattr *attribute)
{
	return attribute && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 ?
	       mnl_attr_get_str(attribute) : "";
}

const struct nlattr *imaging_attribute(const struct nlmsghdr *message, uint16_t type)
{
	return rtnl_attribute(message, sizeof(struct nfgenmsg), type);
}
