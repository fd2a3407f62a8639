/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/paths.h"
#include "core/allocate.h"
#include "core/names.h"
#include "kernel/facts.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft_names.h"
#include "sight.h"
#include "state/source.h"
#include "state/state.h"

int work_begin(struct work *work, struct request *request, struct carrel_error *err)
{
	*work = (struct work){
		.request = request, .subject = &request->wire->subject,
		.state_fd = -1, .lock_fd = -1,
		.kernel = { .netns_fd = -1, .proc_fd = -1 },
	};
	work->input = (struct plan_input){
		.uid = work->subject->uid, .user = work->subject->user,
		.policy = &work->policy, .config = &work->config, .facts = &work->facts,
	};
	return state_open(PATH_STATE, true, &work->state_fd, err);
}

/*
 * Others may wait for the lock, and whoever has the reply may take the pin away, which is busy as
 * long as the namespace is open by it. For the rest, which ends with the process, the reply need not wait.
 */
void work_end(struct work *work)
{
	fd_close(&work->kernel.netns_fd);
	fd_close(&work->lock_fd);
}

static const char *config_path(const struct work *work)
{
	const char *path = work->request->wire->config;

	return path[0] ? path : PATH_CONFIG;
}

/* For the log: why not what the administrator wrote last is in force. */
static void pass_on(struct work *work, const char *warning)
{
	if (warning)
		request_warn(work->request, "%s", warning);
}

int work_read_config(struct work *work, struct carrel_error *err)
{
	const char *warning = NULL;
	int rc = source_config_in_force(config_path(work), work->state_fd, true,
					&work->request->arena, &work->config, &warning, err);

	pass_on(work, warning);
	return rc;
}

/* Give the names of the policy the addresses that are known. */
static int bind_names(struct work *work, struct carrel_error *err)
{
	int rc = namesfile_bind(work->state_fd, &work->policy, &work->request->arena, &work->names,
				err);

	if (rc < 0 && rc != -ENOMEM)
		request_warn(work->request, "%s; nothing is known of any name", err->text);
	return rc == -ENOMEM ? rc : 0;
}

void work_warn_unknown(struct work *work)
{
	BUFFER_CLEANUP struct buffer names = { 0 };
	const struct policy *policy = &work->policy;
	size_t unknown = names_unknown(policy);

	for (size_t i = 0; i < policy->names.count && unknown; i++)
		if (names_is_unknown(policy, &policy->names.items[i]))
			buffer_printf(&names, "%s%s", names.length ? ", " : "",
				      policy->names.items[i].name);
	if (names.length && !names.failed)
		request_warn(work->request, "no address is known of %s: rules of policy '%s' about "
			     "%s match nothing until 'carrel refresh' finds one", names.data,
			     policy->name, unknown == 1 ? "it" : "them");
}

int work_settle_names(struct work *work, bool anyway, struct carrel_error *err)
{
	struct known_names known;

	if (!work->policy.names.count || (!anyway && namesfile_is(work->state_fd, &work->names)))
		return 0;
	int rc = namesfile_read(work->state_fd, &work->request->arena, &known, NULL, err);
	if (rc == 0)
		rc = nft_update_names(work->kernel.carrel_nft, &known, err);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		request_warn(work->request, "%s", err->text);
	return rc > 0;
}

int work_read_policy(struct work *work, const char *name, struct carrel_error *err)
{
	const char *warning = NULL;
	int rc = source_policy_in_force(config_path(work), &work->config, name, work->state_fd,
					true, &work->request->arena, &work->policy, &warning,
					err);

	pass_on(work, warning);
	return rc < 0 ? rc : bind_names(work, err);
}

int work_assign(struct work *work, struct carrel_error *err)
{
	struct request *request = work->request;
	const struct assignment *assignment;
	int rc = config_assign(&work->config, work->subject, &assignment, err);

	if (rc == -ESTALE) {
		request->reply.status = WIRE_STALE;
		return 0;
	}
	if (rc < 0)
		return rc;
	if (config_is_free(assignment)) {
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
	request->reply.status = WIRE_OK;
	return work_read_policy(work, assignment->policy, err);
}

int work_lock(struct work *work, struct carrel_error *err)
{
	int rc = state_lock(work->state_fd, work->input.uid, &work->lock_fd, err);

	return rc < 0 ? rc : kernel_open(&work->kernel, work->input.uid, err);
}

enum course work_choose(const struct work *work, const struct record *standing)
{
	if (!standing)
		return course_choose(NULL, &work->input);
	const struct standing what = sight_standing(standing);
	return course_choose(&what, &work->input);
}

int work_write_record(struct work *work, struct carrel_error *err)
{
	int rc = netns_inode(work->kernel.netns_fd, &work->record.netns_inode, err);

	return rc < 0 ? rc : record_write(work->state_fd, &work->record, err);
}

/* kernel->before_pin: from the pin on others may join, and need the record for it. */
static int record_before_pin(void *context, struct carrel_error *err)
{
	struct work *work = context;
	int rc = nft_generation(work->kernel.carrel_nft, &work->record.generation, err);

	return rc < 0 ? rc : work_write_record(work, err);
}

int work_fill_record(struct work *work, struct carrel_error *err)
{
	struct record *record = &work->record;
	bool connected = work->policy.uplink != UPLINK_NONE;

	*record = (struct record){
		.uid = work->input.uid,
		.created_s = (uint64_t)time(NULL),
		.rules_digest = course_digest(&work->input),
		.names_digest = names_digest(&work->policy),
		.cut_at_logout = work->policy.logout == LOGOUT_CUT,
		.has_address4 = connected, .address4 = work->input.address4,
		.has_address6 = connected && work->facts.ipv6,
		.address6 = work->input.address6,
		.login = record_login(work->subject),
	};
	if (strlen(work->input.user) >= sizeof(record->user) ||
	    strlen(work->policy.name) >= sizeof(record->policy))
		return error_set(err, ENAMETOOLONG, "the name of the user or the policy is too long");
	strcpy(record->user, work->input.user);
	strcpy(record->policy, work->policy.name);
	strcpy(record->uplink, uplink_name(work->policy.uplink));
	return 0;
}

int work_find_addresses(struct work *work, struct carrel_error *err)
{
	struct plan_input *input = &work->input;

	/* A new veth would take the place of an old carrel's; here there is none. */
	if (work->policy.uplink == UPLINK_NONE)
		return kernel_cut_off(&work->kernel.host, work->kernel.host_link, err);
	facts_find_mtu(&work->kernel.host, &work->facts);
	allocate_address6(&work->config.pool6, input->uid, &input->address6);
	return state_claim_address4(work->state_fd, &work->config.pool4, input->uid,
				    &input->address4, err);
}

int work_build(struct work *work, struct carrel_error *err)
{
	char pin[NETNS_NAME_SIZE];
	struct plan plan = { 0 };
	int rc;

	pass_on(work, work->no_names);
	name_of_netns(work->input.uid, pin);
	rc = netns_release(pin, err);   /* what is there is not whole, or has another uplink */
	if (rc == 0)
		rc = work_find_addresses(work, err);
	if (rc == 0)
		rc = work_fill_record(work, err);
	if (rc == 0)
		rc = plan_build(&work->input, &work->request->arena, &plan, err);
	if (rc < 0)
		return rc;
	work->kernel.before_pin = record_before_pin;
	work->kernel.context = work;
	rc = kernel_apply(&work->kernel, &plan, err);
	/* The pin could not be made: there is nothing of which it would be the record. */
	if (rc < 0 && work->record.netns_inode)
		(void)record_remove(work->state_fd, work->input.uid, NULL);
	if (rc == 0)
		rc = work_settle_names(work, false, err);
	return rc < 0 ? rc : 0;
}
