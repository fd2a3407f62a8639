/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/nft_load.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/logcarry.h"
#include "kernel/nft_batch.h"
#include "kernel/nft_encode.h"
#include "kernel/nft_log.h"
#include "kernel/nft_set.h"

/* The table, empty and new. */
static int encode_new_table(struct nft_batch *batch, const char *table, bool replace)
{
	int rc = 0;

	/* Deleting one that is not there would fail, so it is made first if need be. */
	if (replace)
		rc = nft_encode_table(batch, table, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (rc == 0 && replace)
		rc = nft_encode_table(batch, table, NFT_MSG_DELTABLE, 0);
	if (rc == 0)
		rc = nft_encode_table(batch, table, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	return rc;
}

/* Every limit, named set and chain before the first rule: a rule may refer to any of them. */
static int encode_ruleset(struct nft_batch *batch, const struct ruleset *ruleset, bool replace)
{
	uint32_t set_id = 0;
	int rc = encode_new_table(batch, ruleset->table, replace);

	for (size_t i = 0; i < ruleset->limits.count && rc == 0; i++)
		rc = nft_encode_limit(batch, ruleset->table, &ruleset->limits.items[i]);
	for (size_t i = 0; i < ruleset->sets.count && rc == 0; i++)
		rc = nft_encode_named_set(batch, ruleset->table, &ruleset->sets.items[i], ++set_id);
	for (size_t i = 0; i < ruleset->chains.count && rc == 0; i++) {
		batch->origin = (struct nft_origin){ .chain = &ruleset->chains.items[i] };
		rc = nft_encode_chain(batch, ruleset->table, batch->origin.chain);
	}
	for (size_t i = 0; i < ruleset->chains.count; i++) {
		const struct chain *chain = &ruleset->chains.items[i];

		for (size_t j = 0; j < chain->rules.count && rc == 0; j++) {
			batch->origin = (struct nft_origin){ .chain = chain, .rule = j + 1 };
			rc = nft_encode_rule(batch, ruleset->table, chain,
					     &chain->rules.items[j], &set_id);
		}
	}
	batch->origin = (struct nft_origin){ 0 };
	return rc;
}

/* What the rules that are to be replaced have logged, for those of @ruleset; 0 or -errno */
static int read_log(struct mnl_socket *socket, const struct ruleset *ruleset, struct arena *arena,
		    struct log_carry *ret)
{
	struct log_state before;
	int rc = nft_log_read(socket, ruleset->table, arena, &before, NULL);

	return rc < 0 ? rc : log_carry_over(&before, ruleset, arena, ret);
}

/* One attempt. */
static int load(struct mnl_socket *socket, const struct ruleset *ruleset, bool replace,
		const struct log_carry *carry, struct carrel_error *err)
{
	struct nft_batch batch NFT_BATCH_CLEANUP = { 0 };
	int rc = nft_batch_begin(&batch);

	if (rc == 0)
		rc = encode_ruleset(&batch, ruleset, replace);
	if (rc == 0)
		rc = nft_log_encode(&batch, ruleset->table, carry);
	if (rc < 0)
		return error_set(err, -rc, "out of memory");
	return nft_batch_commit(&batch, socket, err);
}

int nft_load(struct mnl_socket *socket, const struct ruleset *ruleset, bool replace,
	     struct carrel_error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct log_carry carry = { 0 };
	const struct log_carry nothing = { 0 };

	/* What was logged is worth much, but no policy. */
	if (replace && log_is_kept(ruleset) && read_log(socket, ruleset, &arena, &carry) < 0)
		carry = nothing;
	int rc = load(socket, ruleset, replace, &carry, err);
	if (rc < 0 && carry.entries.count)
		rc = load(socket, ruleset, replace, &nothing, err);
	/* Who may load tables at all is refused those that another program's socket owns. */
	if (rc == -EPERM && replace)
		return error_set_errno(err, EPERM, "loading table inet %s (if 'nft list table inet %s' "
				       "says that another program owns it, end that program)",
				       ruleset->table, ruleset->table);
	if (rc < 0)
		return error_wrap(err, rc, "loading table inet %s", ruleset->table);
	return 0;
}

int nft_delete_table(struct mnl_socket *socket, const char *table, struct carrel_error *err)
{
	struct nft_batch batch NFT_BATCH_CLEANUP = { 0 };
	int rc = nft_batch_begin(&batch);

	if (rc == 0)
		rc = nft_encode_table(&batch, table, NFT_MSG_DELTABLE, 0);
	if (rc < 0)
		return error_set(err, -rc, "out of memory");
	rc = nft_batch_commit(&batch, socket, err);
	return rc < 0 ? error_wrap(err, rc, "deleting table inet %s", table) : 0;
}

int nft_refill(struct mnl_socket *socket, const struct ruleset *ruleset, struct carrel_error *err)
{
	struct nft_batch batch NFT_BATCH_CLEANUP = { 0 };
	int rc = nft_batch_begin(&batch);

	for (size_t i = 0; i < ruleset->sets.count && rc == 0; i++)
		rc = nft_encode_content(&batch, ruleset->table, &ruleset->sets.items[i]);
	if (rc < 0)
		return error_set(err, -rc, "out of memory");
	rc = nft_batch_commit(&batch, socket, err);
	return rc < 0 ? error_wrap(err, rc, "filling the sets of table inet %s", ruleset->table) : 0;
}
