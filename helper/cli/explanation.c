/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explain.h"

#include "base/json.h"
#include "cli/cli.h"
#include "core/names.h"
#include "core/policy.h"
#include "core/reason.h"

/** decider_name() - the word in JSON */
static const char *decider_name(enum decider decider)
{
	switch (decider) {
	case DECIDER_RULE:
		return "rule";
	case DECIDER_DEFAULT:
		return "default";
	case DECIDER_HOST_UNNAMED:
		return "host-unnamed";
	case DECIDER_PEERS_UNNAMED:
		return "peers-unnamed";
	case DECIDER_LOOPBACK:
		return "loopback";
	case DECIDER_NO_UPLINK:
		return "no-uplink";
	case DECIDER_OUTSIDE:
		return "outside";
	case DECIDER_LINK_ONLY:
		return "link-only";
	case DECIDER_NO_RESOLVER:
		return "no-resolver";
	}
	return "";
}

/** put_packet() - append "out tcp to 203.0.113.10 port 443", as a rule would say it */
static void put_packet(const struct packet *packet, struct buffer *text)
{
	char address[ADDRESS_TEXT_SIZE];

	address_format(&packet->remote, address);
	buffer_printf(text, "%s %s %s %s", direction_words[packet->direction],
		      flow_protocol_name(packet->l4proto),
		      packet->direction == DIRECTION_OUT ? "to" : "from", address);
	if (packet->port)
		buffer_printf(text, " port %u", packet->port);
}

/** put_redirect() - append where a query goes instead */
static void put_redirect(const struct redirect *redirect, struct buffer *text)
{
	const char *separator = ", redirected to ";
	const struct address *resolver;

	for (size_t at = 0; (resolver = redirect_each(redirect, &at)) != NULL;) {
		char address[ADDRESS_TEXT_SIZE];

		address_format(resolver, address);
		buffer_printf(text, "%s%s", separator, address);
		separator = " or ";
	}
}

/** put_json_redirect() - likewise, the list of resolvers; null when it goes where it was sent */
static void put_json_redirect(const struct redirect *redirect, struct buffer *text)
{
	const struct address *resolver;
	const char *separator = "[";

	json_key(text, "redirected_to");
	for (size_t at = 0; (resolver = redirect_each(redirect, &at)) != NULL;) {
		char address[ADDRESS_TEXT_SIZE];

		address_format(resolver, address);
		buffer_printf(text, "%s\"%s\"", separator, address);
		separator = ", ";
	}
	buffer_puts(text, redirect->kind == REDIRECT_TO ? "]" : "null");
}

/** put_reason() - append who decided it, as half a sentence */
static void put_reason(const struct explanation *explanation, const struct answer *answer,
		       struct buffer *text)
{
	BUFFER_CLEANUP struct buffer reason = { 0 };

	reason_put(&answer->decision, explanation->policy, answer->packet.direction, &reason);
	text->failed |= reason.failed;
	if (reason.data)
		cli_put_printable(text, reason.data);
}

bool explanation_allows(const struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->answers.count; i++)
		if (explanation->answers.items[i].decision.verdict != VERDICT_ALLOW)
			return false;
	return true;
}

/** put_unknown() - append a line for names whose rules would match more if an address were known */
static void put_unknown(const struct explanation *explanation, struct buffer *text)
{
	const struct policy *policy = explanation->policy;
	const char *separator = "  no address is known of ";

	if (explanation->answers.items[0].packet.direction == DIRECTION_IN)
		return;
	for (size_t i = 0; i < policy->names.count; i++) {
		if (!names_is_unknown(policy, &policy->names.items[i]))
			continue;
		buffer_printf(text, "%s%s", separator, policy->names.items[i].name);
		separator = ", ";
	}
	if (names_unknown(policy))
		buffer_puts(text, ": rules about it match nothing until 'carrel refresh' finds one\n");
}

void explanation_put_text(const struct explanation *explanation, struct buffer *text)
{
	for (size_t i = 0; i < explanation->answers.count; i++) {
		const struct answer *answer = &explanation->answers.items[i];
		const struct decision *decision = &answer->decision;

		buffer_printf(text, "%s: ", reason_outcome(decision->verdict));
		put_packet(&answer->packet, text);
		put_redirect(&decision->redirect, text);
		buffer_puts(text, "\n  ");
		put_reason(explanation, answer, text);
		if (decision->peer && decision->verdict == VERDICT_ALLOW)
			buffer_printf(text, "\n  the other carrel's policy must let it %s, too",
				      answer->packet.direction == DIRECTION_OUT ? "in" :
				      "out");
		buffer_puts(text, "\n");
	}
	put_unknown(explanation, text);
}

/** put_json_answer() - append the object of one packet */
static void put_json_answer(const struct answer *answer, struct buffer *text)
{
	const struct packet *packet = &answer->packet;
	const struct decision *decision = &answer->decision;
	char address[ADDRESS_TEXT_SIZE];

	address_format(&packet->remote, address);
	buffer_puts(text, "{");
	json_string(text, "direction", direction_words[packet->direction]);
	json_string(text, "protocol", flow_protocol_name(packet->l4proto));
	json_string(text, "remote", address);
	if (packet->port)
		json_number(text, "port", packet->port);
	else
		json_null(text, "port");
	put_json_redirect(&decision->redirect, text);
	json_string(text, "verdict", verdict_name(decision->verdict));
	json_string(text, "decided_by", decider_name(decision->decider));
	json_string(text, "file", decision->rule ? decision->rule->position.file : NULL);
	if (decision->rule)
		json_number(text, "line", decision->rule->position.line);
	else
		json_null(text, "line");
	json_string(text, "rule", decision->rule ? decision->rule->text : NULL);
	json_string(text, "name", decision->name ? decision->name->name : NULL);
	json_bool(text, "peer", decision->peer);
	buffer_puts(text, "}");
}

void explanation_put_json(const struct explanation *explanation, struct buffer *text)
{
	buffer_puts(text, "{");
	json_string(text, "user", explanation->user);
	json_string(text, "policy", explanation->policy->name);
	json_bool(text, "allowed", explanation_allows(explanation));
	buffer_puts(text, ",\n ");
	json_list(text, "answers");
	for (size_t i = 0; i < explanation->answers.count; i++) {
		buffer_puts(text, i ? ",\n  " : "");
		put_json_answer(&explanation->answers.items[i], text);
	}
	buffer_puts(text, "]}\n");
}
