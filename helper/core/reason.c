/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/reason.h"

#include "core/policy.h"

const char *reason_outcome(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_ALLOW:
		return "allowed";
	case VERDICT_DENY:
		return "denied";
	case VERDICT_REJECT:
		return "rejected";
	}
	return "";
}

void reason_put(const struct decision *decision, const struct policy *policy,
		enum direction direction, struct buffer *text)
{
	switch (decision->decider) {
	case DECIDER_RULE:
		buffer_printf(text, "%s:%u: %s", decision->rule->position.file,
			      decision->rule->position.line, decision->rule->text);
		if (decision->name)
			buffer_printf(text, " (an address of %s)", decision->name->name);
		return;
	case DECIDER_DEFAULT:
		buffer_printf(text, "no rule of policy '%s' matches: default %s %s", policy->name,
			      verdict_name(policy->defaults[direction]),
			      direction_words[direction]);
		return;
	case DECIDER_HOST_UNNAMED:
		buffer_printf(text, "this is the host, and no rule of policy '%s' that names it "
			      "matches", policy->name);
		return;
	case DECIDER_PEERS_UNNAMED:
		buffer_printf(text, "this is for peers, and no rule of policy '%s' that names them "
			      "matches", policy->name);
		return;
	case DECIDER_LOOPBACK:
		buffer_puts(text, "the loopback is the carrel's own");
		return;
	case DECIDER_NO_UPLINK:
		buffer_printf(text, "policy '%s' has 'uplink none'", policy->name);
		return;
	case DECIDER_OUTSIDE:
		buffer_puts(text, "from beyond the host nothing new comes in");
		return;
	case DECIDER_LINK_ONLY:
		buffer_puts(text, "no router passes such an address on");
		return;
	case DECIDER_NO_RESOLVER:
		buffer_printf(text, "%s:%u: 'dns' names no resolver of this family",
			      policy->dns.position.file, policy->dns.position.line);
		return;
	}
}
