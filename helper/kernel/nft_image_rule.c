/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of nft_image.h that reads rules. */
#include "kernel/nft_imaging.h"

#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>

/* libnftnl's text of one rule; a longer one is cut. */
#define TEXT_SIZE 2048

/* An anonymous set is known by what is in it. */
static void append_set(struct imaging *imaging, struct buffer *content, const struct nlattr *name)
{
	const char *text = imaging_text(name);

	for (size_t i = 0; i < imaging->sets.count; i++) {
		const struct listed_set *set = &imaging->sets.items[i];

		if ((set->flags & NFT_SET_ANONYMOUS) && strcmp(set->name, text) == 0) {
			imaging_append_bytes(content, &set->content);
			return;
		}
	}
	imaging_append(content, name);
}

/* A rule being written. */
struct rule_writer {
	struct imaging *imaging;
	struct buffer *content;
};

/* mnl_attr_parse_nested() callback: an attribute of a lookup into a set */
static int append_lookup_part(const struct nlattr *attribute, void *context)
{
	struct rule_writer *writer = context;

	if (mnl_attr_get_type(attribute) == NFTA_LOOKUP_SET)
		append_set(writer->imaging, writer->content, attribute);
	else if (mnl_attr_get_type(attribute) != NFTA_LOOKUP_SET_ID)
		imaging_append(writer->content, attribute);
	return MNL_CB_OK;
}

/* mnl_attr_parse_nested() callback */
static int append_expression(const struct nlattr *expression, void *context)
{
	const struct nlattr *name = rtnl_nested_attribute(expression, NFTA_EXPR_NAME);
	const struct nlattr *data = rtnl_nested_attribute(expression, NFTA_EXPR_DATA);
	struct rule_writer *writer = context;

	if (!name)
		return MNL_CB_OK;
	imaging_append(writer->content, name);
	/* What a counter has is what was counted. */
	if (!data || strcmp(imaging_text(name), "counter") == 0)
		return MNL_CB_OK;
	if (strcmp(imaging_text(name), "lookup") == 0)
		mnl_attr_parse_nested(data, append_lookup_part, writer);
	else
		imaging_append(writer->content, data);
	return MNL_CB_OK;
}

/* nftnl_udata_parse() callback: keep the comment */
static int find_comment(const struct nftnl_udata *part, void *context)
{
	const char **comment = context;
	const char *text = nftnl_udata_get(part);
	size_t size = nftnl_udata_len(part);

	if (nftnl_udata_type(part) == NFTNL_UDATA_RULE_COMMENT && size && !text[size - 1])
		*comment = text;
	return 0;
}

/* The comment of @rule, which is where it stands in the policy; points into @rule; NULL: none. */
static const char *comment_of(const struct nftnl_rule *rule)
{
	const char *comment = NULL;
	uint32_t size;
	const void *notes = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &size);

	if (notes)
		(void)nftnl_udata_parse(notes, size, find_comment, &comment);
	return comment;
}

/* @text, of several lines, in one; in place. */
static void join_lines(char *text)
{
	size_t length = 0;

	for (const char *at = text; *at; at++) {
		bool blank = *at == ' ' || *at == '\n';

		if (blank && (length == 0 || text[length - 1] == ' '))
			continue;
		text[length++] = blank ? ' ' : *at;
	}
	if (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
}

/* The comment of the rule, and what libnftnl makes of it, in a line; NULL when memory ran out. */
static const char *write_text(struct arena *arena, const struct nlmsghdr *message)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	const char *comment = NULL, *result;
	char text[TEXT_SIZE] = "";

	if (!rule)
		return NULL;
	if (nftnl_rule_nlmsg_parse(message, rule) == 0) {
		comment = comment_of(rule);
		(void)nftnl_rule_snprintf(text, sizeof(text), rule, NFTNL_OUTPUT_DEFAULT, 0);
	}
	/* Where it stands and its handles come first, the bytes of the comment last. */
	char *expressions = strchr(text, '['), *notes = strstr(text, "userdata = {");
	if (notes && expressions && notes > expressions)
		*notes = '\0';
	expressions = expressions ? expressions : text + strlen(text);
	join_lines(expressions);
	result = comment ? arena_printf(arena, "\"%s\": %s", comment, expressions)
			 : arena_strdup(arena, expressions);
	nftnl_rule_free(rule);
	return result;
}

int imaging_keep_rule(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *expressions = imaging_attribute(message, NFTA_RULE_EXPRESSIONS);
	const struct nlattr *notes = imaging_attribute(message, NFTA_RULE_USERDATA);
	const char *name = imaging_text(imaging_attribute(message, NFTA_RULE_CHAIN));
	BUFFER_CLEANUP struct buffer content = { 0 };
	struct imaging *imaging = context;
	struct rule_writer writer = { .imaging = imaging, .content = &content };
	struct image_chain *chain = NULL;
	struct image_rule *rule;

	if (strcmp(imaging_text(imaging_attribute(message, NFTA_RULE_TABLE)), imaging->table) != 0)
		return 0;
	for (size_t i = 0; i < imaging->image.chains.count && !chain; i++)
		if (strcmp(imaging->image.chains.items[i].name, name) == 0)
			chain = &imaging->image.chains.items[i];
	/* One that was made since the chains were listed: the generation tells. */
	if (!chain)
		return 0;
	rule = ARENA_APPEND(imaging->arena, &chain->rules);
	if (!rule)
		return -ENOMEM;
	if (expressions)
		mnl_attr_parse_nested(expressions, append_expression, &writer);
	if (notes)
		imaging_append(&content, notes);
	if (imaging->texts && !(rule->text = write_text(imaging->arena, message)))
		return -ENOMEM;
	return imaging_keep_bytes(imaging->arena, &content, &rule->content);
}
