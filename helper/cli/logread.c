/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/logread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/name.h"
#include "cli/cli.h"
#include "cli/view.h"
#include "core/policy.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_log.h"

/* What is done with each record. */
struct reader {
	const uid_t *only;
	const struct logbook *seen;
	struct arena *arena;
	struct logged_list *result;
	struct carrel_error *err;
};

/** now_ms() - since the epoch */
static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/** read_namespace() - the log of the carrel in @netns_fd; the process stays there */
static int read_namespace(int netns_fd, struct arena *arena, struct log_state *ret,
			  struct carrel_error *err)
{
	struct mnl_socket *socket;
	int rc = netns_enter(netns_fd, err);

	if (rc == 0)
		rc = nft_open(&socket, err);
	if (rc < 0)
		return rc;
	rc = nft_log_read(socket, CARREL_TABLE, arena, ret, err);
	mnl_socket_close(socket);
	return rc;
}

/** add_entry() - note @entry, and a line when something of it was not seen */
static int add_entry(struct reader *reader, const struct record *record,
		     const struct log_state *log, const struct log_entry *entry, uint64_t read_ms)
{
	uint64_t packets = logbook_new_packets(reader->seen, record->netns_inode, entry);
	const struct log_rule *rule;
	struct log_flow flow;

	if (logbook_add(&reader->result->book, reader->arena, record->netns_inode, entry) < 0)
		return -ENOMEM;
	/* What is not ours: somebody adds to the sets by hand. */
	if (packets == 0 || !log_read_flow(entry, &flow) ||
	    !(rule = log_find_rule(log, flow.mark)))
		return 0;

	struct logged *logged = ARENA_APPEND(reader->arena, &reader->result->list);
	if (!logged)
		return -ENOMEM;
	*logged = (struct logged){
		.time_ms = read_ms - entry->age_ms, .uid = record->uid, .rule = *rule,
		.has_flow = entry->set != LOG_REST, .flow = flow, .packets = packets,
	};
	static_assert(sizeof(logged->user) == sizeof(record->user), "of the same size");
	memcpy(logged->user, record->user, sizeof(logged->user));
	return 0;
}

/** read_carrel() - everything of one carrel; one that is gone meanwhile has nothing */
static int read_carrel(struct reader *reader, const struct record *record,
		       struct carrel_error *err)
{
	FD_CLEANUP int netns_fd = -1;
	char netns[NETNS_NAME_SIZE];
	struct log_state log = { 0 };
	uint64_t inode;

	name_of_netns(record->uid, netns);
	int rc = netns_open_pin(netns, &netns_fd, err);
	if (rc == 0)
		rc = netns_inode(netns_fd, &inode, err);
	if (rc == 0 && inode != record->netns_inode)
		rc = -ENOENT;
	if (rc == 0)
		rc = read_namespace(netns_fd, reader->arena, &log, err);
	if (rc == -ENOENT)
		return 0;
	uint64_t read_ms = now_ms();
	for (size_t i = 0; i < log.entries.count && rc == 0; i++)
		rc = add_entry(reader, record, &log, &log.entries.items[i], read_ms);
	reader->result->carrels++;
	return rc;
}

/** visit_record() - callback of view_each_record() */
static int visit_record(const struct record *record, int rc, const struct carrel_error *why,
			void *context)
{
	struct reader *reader = context;
	struct carrel_error err = { 0 };

	if (rc == 0 && reader->only && record->uid != *reader->only)
		return 0;
	if (rc < 0)
		err = *why;
	else
		rc = read_carrel(reader, record, &err);
	if (rc == -ENOMEM)
		return error_set(reader->err, ENOMEM, "out of memory");
	if (rc < 0) {
		const char **reason = ARENA_APPEND(reader->arena, &reader->result->unreadable);

		if (!reason || !(*reason = arena_strdup(reader->arena, err.text)))
			return error_set(reader->err, ENOMEM, "out of memory");
	}
	return 0;
}

/* qsort() order: by time */
static int compare_times(const void *a, const void *b)
{
	uint64_t time_a = ((const struct logged *)a)->time_ms;
	uint64_t time_b = ((const struct logged *)b)->time_ms;

	return (time_a > time_b) - (time_a < time_b);
}

int logread(int state_fd, const uid_t *only, const struct logbook *seen, struct arena *arena,
	    struct logged_list *ret, struct carrel_error *err)
{
	FD_CLEANUP int home_fd = -1;
	struct logged_list result = { 0 };
	struct reader reader = {
		.only = only, .seen = seen, .arena = arena, .result = &result, .err = err,
	};
	int rc = netns_current(&home_fd, err);

	if (rc == 0)
		rc = view_each_record(state_fd, visit_record, &reader, err);
	if (home_fd >= 0 && rc == 0)
		rc = netns_enter(home_fd, err);
	if (rc < 0)
		return rc;
	if (result.list.count)
		qsort(result.list.items, result.list.count, sizeof(*result.list.items),
		      compare_times);
	logbook_sort(&result.book);
	*ret = result;
	return 0;
}

void logread_put_text(const struct logged *logged, bool with_time, struct buffer *text)
{
	if (with_time) {
		cli_put_time(text, logged->time_ms / 1000);
		buffer_puts(text, " ");
	}
	buffer_puts(text, "user ");
	cli_put_printable(text, logged->user);
	buffer_puts(text, " (policy ");
	cli_put_printable(text, logged->rule.policy);
	buffer_puts(text, ") ");
	BUFFER_CLEANUP struct buffer words = { 0 };
	log_describe(&logged->rule, logged->has_flow ? &logged->flow : NULL, logged->packets, &words);
	text->failed |= words.failed;
	cli_put_printable(text, words.failed ? "" : words.data);
}

/** put_json_flow() - the members that what no set had room for does not have */
static void put_json_flow(const struct log_flow *flow, struct buffer *text)
{
	char address[ADDRESS_TEXT_SIZE], number[LOG_PROTOCOL_SIZE];

	address_format(&flow->remote, address);
	json_string(text, "protocol", log_protocol(flow->l4proto, number));
	json_string(text, "remote", address);
	if (flow->port)
		json_number(text, "port", flow->port);
	else
		json_null(text, "port");
	if (flow->l4proto == IPPROTO_ICMP || flow->l4proto == IPPROTO_ICMPV6) {
		json_number(text, "icmp_type", flow->icmp_type);
		json_number(text, "icmp_code", flow->icmp_code);
	} else {
		json_null(text, "icmp_type");
		json_null(text, "icmp_code");
	}
}

void logread_put_json(const struct logged *logged, struct buffer *text)
{
	static const char *const of_flow[] = {
		"protocol", "remote", "port", "icmp_type", "icmp_code",
	};
	const struct log_rule *rule = &logged->rule;

	buffer_puts(text, "{");
	json_key(text, "time");
	cli_put_json_time(text, logged->time_ms / 1000);
	json_string(text, "user", logged->user);
	json_number(text, "uid", logged->uid);
	json_string(text, "policy", rule->policy);
	json_string(text, "direction", direction_words[rule->direction]);
	for (size_t i = 0; !logged->has_flow && i < sizeof(of_flow) / sizeof(of_flow[0]); i++)
		json_null(text, of_flow[i]);
	if (logged->has_flow)
		put_json_flow(&logged->flow, text);
	json_string(text, "verdict", rule->verdict);
	json_string(text, "place", rule->place);
	json_number(text, "packets", logged->packets);
	buffer_puts(text, "}");
}
