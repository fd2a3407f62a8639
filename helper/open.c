/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a session opens
 *
 *   configuration in force -> assignment -> policy in force    who gets what
 *   the user's lock                                            from here on, alone
 *   facts -> survey, intention, host_prepare()                 the host does its part
 *   record + pin                                               what is there
 *   join | update | build                                      what is to be done
 *   session file -> reply
 *
 * A carrel is whole when its pin is there and is the namespace that its record names.
 * The record is written right before the pin: a helper that is killed leaves at most a
 * record without a pin, an address claim, or a session file that nobody locks, and the
 * next login uses or replaces each of them.
 */
#include "request.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "core/allocate.h"
#include "core/config.h"
#include "core/plan.h"
#include "core/policy.h"
#include "kernel/apply.h"
#include "kernel/facts.h"
#include "kernel/host.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "state/hoststate.h"
#include "state/record.h"
#include "state/session.h"
#include "state/source.h"
#include "state/state.h"

/* Everything that is known about the login, step by step. */
struct opening {
	struct request *request;
	const struct subject *subject;
	int state_fd;
	struct config config;
	struct policy policy;
	struct facts facts;
	struct plan_input input;
	struct record record;           /* of the carrel that is joined or built */
	struct kernel kernel;
};

static const char *config_path(const struct request *request)
{
	return request->wire->config[0] ? request->wire->config : PATH_CONFIG;
}

/*
 * Find the policy that the configuration in force gives to the user.
 * Return: 0 with reply.status WIRE_OK when there is one, another status when there is nothing
 *	   to do; or -errno
 */
static int choose_policy(struct opening *opening, struct carrel_error *err)
{
	struct request *request = opening->request;
	const struct assignment *assignment;
	const char *warning = NULL;
	int rc;

	rc = source_config_in_force(config_path(request), opening->state_fd, true,
				    &request->arena, &opening->config, &warning, err);
	if (rc < 0)
		return rc;
	if (warning)
		request_warn(request, "%s", warning);

	rc = config_assign(&opening->config, opening->subject, &assignment, err);
	if (rc == -ESTALE) {
		request->reply.status = WIRE_STALE;
		return 0;
	}
	if (rc < 0)
		return rc;
	if (!assignment || assignment->kind == ASSIGN_UNCONFINED) {
		request->reply.status = WIRE_UNCONFINED;
		return 0;
	}
	if (assignment->kind == ASSIGN_DENY) {
		request->reply.status = WIRE_DENIED;
		request->reply.message = arena_printf(&request->arena, "%s:%u denies this login",
						      assignment->position.file,
						      assignment->position.line);
		return 0;
	}
	rc = source_policy_in_force(config_path(request), &opening->config, assignment->policy,
				    opening->state_fd, true, &request->arena, &opening->policy,
				    &warning, err);
	if (rc < 0)
		return rc;
	if (warning)
		request_warn(request, "%s", warning);
	request->reply.status = WIRE_OK;
	return 0;
}

/* Make sure that the host's table and forwarding are in place, and remember that they are. */
static int prepare_host(struct opening *opening, struct carrel_error *err)
{
	struct host_state recorded, state;
	struct host_survey survey;
	bool existed;
	int rc;

	if (opening->policy.uplink == UPLINK_NONE)
		return 0;
	rc = host_survey(opening->facts.ipv6, &survey, err);
	if (rc < 0)
		return error_wrap(err, rc, "preparing the host");
	hoststate_read(opening->state_fd, &recorded);
	if (host_is_prepared(&survey, &recorded))
		return 0;
	state = host_intend(&survey, &recorded);
	rc = hoststate_write(opening->state_fd, &state, err);
	if (rc == 0)
		rc = host_prepare(&survey, &state, &existed, err);
	if (rc < 0)
		return error_wrap(err, rc, "preparing the host");
	if (!existed && recorded.known && recorded.generation != HOST_UNPREPARED)
		request_warn(opening->request, "the host's table inet %s was gone (was its firewall "
			     "reloaded?) and has been put back", CARREL_TABLE);
	return hoststate_write(opening->state_fd, &state, err);
}

/* What the rules are made from: when it differs, an existing carrel needs new ones. */
static uint64_t rules_digest(const struct opening *opening)
{
	const struct prefix_list *host = &opening->facts.host;
	uint64_t digest = digest_add(DIGEST_START, CARREL_VERSION, sizeof(CARREL_VERSION));

	digest = digest_add(digest, &opening->policy.digest, sizeof(opening->policy.digest));
	digest = digest_add_prefix(digest, &opening->config.pool4);
	digest = digest_add_prefix(digest, &opening->config.pool6);
	for (size_t i = 0; i < host->count; i++)
		digest = digest_add_prefix(digest, &host->items[i]);
	return digest;
}

/* Did somebody delete the host's end of the uplink that @record speaks of, and with it the other? */
static bool lost_uplink(const struct opening *opening, const struct record *record)
{
	return strcmp(record->uplink, uplink_name(UPLINK_NONE)) != 0 &&
	       link_index(&opening->kernel.host, opening->kernel.host_link) == -ENODEV;
}

/*
 * Look for a whole carrel of the user.
 * @ret_netns_fd: the pinned namespace, or -1
 */
static int find_carrel(struct opening *opening, struct record *ret_record, int *ret_netns_fd,
		       struct carrel_error *err)
{
	uid_t uid = opening->subject->uid;
	char pin[NETNS_NAME_SIZE];
	FD_CLEANUP int netns_fd = -1;
	uint64_t inode;
	int rc;

	*ret_netns_fd = -1;
	rc = record_read(opening->state_fd, uid, ret_record, err);
	if (rc == -EBADMSG) {
		request_warn(opening->request, "%s; the carrel is made anew", err->text);
		return 0;
	}
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	name_of_netns(uid, pin);
	rc = netns_open_pin(pin, &netns_fd, err);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = netns_inode(netns_fd, &inode, err);
	if (rc < 0)
		return rc;
	if (inode != ret_record->netns_inode)
		return 0;
	if (lost_uplink(opening, ret_record)) {
		request_warn(opening->request, "the link %s was deleted; the carrel is made anew",
			     opening->kernel.host_link);
		return 0;
	}
	*ret_netns_fd = fd_steal(&netns_fd);
	return 0;
}

/* kernel->before_pin: from the pin on others may join, and need the record for it. */
static int write_record(void *context, struct carrel_error *err)
{
	struct opening *opening = context;
	int rc = netns_inode(opening->kernel.netns_fd, &opening->record.netns_inode, err);

	return rc < 0 ? rc : record_write(opening->state_fd, &opening->record, err);
}

/* The record of a carrel under the policy that was chosen. */
static int fill_record(struct opening *opening, struct carrel_error *err)
{
	struct record *record = &opening->record;
	bool connected = opening->policy.uplink != UPLINK_NONE;

	*record = (struct record){
		.uid = opening->subject->uid,
		.created_s = (uint64_t)time(NULL),
		.rules_digest = rules_digest(opening),
		.cut_at_logout = opening->policy.logout == LOGOUT_CUT,
		.has_address4 = connected, .address4 = opening->input.address4,
		.has_address6 = connected && opening->facts.ipv6,
		.address6 = opening->input.address6,
	};
	if (strlen(opening->subject->user) >= sizeof(record->user) ||
	    strlen(opening->policy.name) >= sizeof(record->policy))
		return error_set(err, ENAMETOOLONG, "the name of the user or the policy is too long");
	strcpy(record->user, opening->subject->user);
	strcpy(record->policy, opening->policy.name);
	strcpy(record->uplink, uplink_name(opening->policy.uplink));
	return 0;
}

static int build(struct opening *opening, struct carrel_error *err)
{
	struct plan_input *input = &opening->input;
	char pin[NETNS_NAME_SIZE];
	struct plan plan;
	int rc;

	name_of_netns(input->uid, pin);
	rc = netns_unpin(pin, err);     /* what is there is not whole, or has another uplink */
	if (rc < 0)
		return rc;
	if (opening->policy.uplink == UPLINK_NONE) {
		/* A new veth would take the place of the old carrel's; here there is none. */
		rc = kernel_cut_off(&opening->kernel.host, opening->kernel.host_link, err);
		if (rc < 0)
			return rc;
	} else {
		facts_find_mtu(&opening->kernel.host, &opening->facts);
		allocate_address6(&opening->config.pool6, input->uid, &input->address6);
		rc = state_claim_address4(opening->state_fd, &opening->config.pool4, input->uid,
					  &input->address4, err);
		if (rc < 0)
			return rc;
	}
	rc = fill_record(opening, err);
	if (rc == 0)
		rc = plan_build(input, &opening->request->arena, &plan, err);
	if (rc < 0)
		return rc;
	opening->kernel.before_pin = write_record;
	opening->kernel.context = opening;
	return kernel_apply(&opening->kernel, &plan, err);
}

/* Bring the carrel in @netns_fd (consumed) under the rules of today, and into use again. */
static int update(struct opening *opening, const struct record *old, int netns_fd,
		  struct carrel_error *err)
{
	struct plan plan;
	int rc = kernel_join(&opening->kernel, netns_fd, err);

	if (rc < 0)
		return rc;
	opening->input.address4 = old->address4;
	opening->input.address6 = old->address6;
	opening->input.reconnect = old->cut;
	rc = fill_record(opening, err);
	if (rc < 0)
		return rc;
	opening->record.created_s = old->created_s;
	opening->record.has_address6 = old->has_address6;
	rc = plan_update(&opening->input, &opening->request->arena, &plan, err);
	if (rc == 0)
		rc = kernel_apply(&opening->kernel, &plan, err);
	return rc < 0 ? error_wrap(err, rc, "updating the rules") : write_record(opening, err);
}

/* Does the carrel of @old differ from what this login is to find? */
static bool needs_update(const struct opening *opening, const struct record *old)
{
	/* A user may have been renamed, or have two names. */
	return old->cut || strcmp(old->user, opening->subject->user) != 0 ||
	       strcmp(old->policy, opening->policy.name) != 0 ||
	       old->rules_digest != rules_digest(opening);
}

/* Take the carrel of @old as it is; it is idle no longer. */
static int join(struct opening *opening, const struct record *old, int netns_fd,
		struct carrel_error *err)
{
	opening->kernel.netns_fd = netns_fd;
	opening->record = *old;
	if (!old->idle_since_s)
		return 0;
	opening->record.idle_since_s = 0;
	return record_write(opening->state_fd, &opening->record, err);
}

/* Under the user's lock: see what is there, and do what is missing. */
static int join_or_build(struct opening *opening, struct carrel_error *err)
{
	struct record old;
	int netns_fd, rc = find_carrel(opening, &old, &netns_fd, err);

	if (rc < 0)
		return rc;
	if (netns_fd >= 0 && strcmp(old.uplink, uplink_name(opening->policy.uplink)) != 0) {
		request_warn(opening->request, "policy '%s' has another uplink than the open carrel: "
			     "sessions that are still in it lose their network",
			     opening->policy.name);
		fd_close(&netns_fd);
	}
	if (netns_fd < 0)
		return build(opening, err);
	return needs_update(opening, &old) ? update(opening, &old, netns_fd, err) :
					     join(opening, &old, netns_fd, err);
}

/* Leave a trace of the session that lives as long as it; sweep up those of dead ones. */
static int open_session(struct opening *opening, struct carrel_error *err)
{
	const struct subject *subject = opening->subject;
	const char *origin = subject->rhost[0] ? subject->rhost : subject->tty;
	struct session session = {
		.uid = subject->uid,
		.pid = opening->request->peer,
		.opened_s = (uint64_t)time(NULL),
	};

	/* Cut where they are too long: they are for people to read. */
	strncpy(session.service, subject->service, sizeof(session.service) - 1);
	strncpy(session.origin, origin, sizeof(session.origin) - 1);
	if (session_each(opening->state_fd, subject->uid, true, NULL, NULL, err) < 0)
		request_warn(opening->request, "%s", err->text);
	return session_create(opening->state_fd, &session, &opening->request->session_fd, err);
}

/* Text of an address for the reply, or "". */
static const char *address_text(struct arena *arena, bool present, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!present)
		return "";
	address_format(address, text);
	return arena_strdup(arena, text);
}

static int fill_reply(struct opening *opening, struct carrel_error *err)
{
	struct request *request = opening->request;
	const struct record *record = &opening->record;
	struct wire_reply *reply = &request->reply;
	char pin[NETNS_NAME_SIZE];

	name_of_netns(record->uid, pin);
	reply->policy = arena_strdup(&request->arena, record->policy);
	reply->netns = arena_strdup(&request->arena, pin);
	reply->address4 = address_text(&request->arena, record->has_address4, &record->address4);
	reply->address6 = address_text(&request->arena, record->has_address6, &record->address6);
	if (!reply->policy || !reply->netns || !reply->address4 || !reply->address6)
		return error_set(err, ENOMEM, "out of memory");
	request->netns_fd = fd_steal(&opening->kernel.netns_fd);
	return 0;
}

/* The part that is done alone. */
static int open_locked(struct opening *opening, struct carrel_error *err)
{
	FD_CLEANUP int lock_fd = -1;
	int rc;

	rc = state_lock(opening->state_fd, opening->subject->uid, &lock_fd, err);
	if (rc == 0)
		rc = kernel_open(&opening->kernel, opening->subject->uid, err);
	if (rc == 0)
		rc = facts_gather(&opening->kernel.host, policy_names_host(&opening->policy),
				  &opening->request->arena, &opening->facts, err);
	if (rc == 0)
		rc = prepare_host(opening, err);
	if (rc == 0)
		rc = join_or_build(opening, err);
	if (rc == 0)
		rc = open_session(opening, err);
	return rc == 0 ? fill_reply(opening, err) : rc;
}

int request_open(struct request *request, struct carrel_error *err)
{
	struct opening opening = {
		.request = request,
		.subject = &request->wire->subject,
		.kernel = { .netns_fd = -1 },
	};
	FD_CLEANUP int state_fd = -1;
	int rc = state_open(PATH_STATE, true, &state_fd, err);

	if (rc < 0)
		return rc;
	opening.state_fd = state_fd;
	rc = choose_policy(&opening, err);
	if (rc < 0 || request->reply.status != WIRE_OK)
		return rc;
	opening.input = (struct plan_input){
		.uid = opening.subject->uid, .user = opening.subject->user,
		.policy = &opening.policy, .config = &opening.config, .facts = &opening.facts,
	};
	rc = open_locked(&opening, err);
	kernel_close(&opening.kernel);
	return rc < 0 ? error_wrap(err, rc, "making the network of '%s' (policy '%s')",
				   opening.subject->user, opening.policy.name) : 0;
}
