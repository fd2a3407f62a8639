/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/resolvers.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/paths.h"
#include "core/policy_dns.h"
#include "core/resolvconf.h"
#include "state/source.h"

/* Where programs that answer on the loopback write down whom they ask themselves. */
static const struct { const char *stub, *servers; } stubs[] = {
	/* systemd-resolved.service(8) */
	{ "127.0.0.53", PATH_RESOLVED_SERVERS },
	{ "127.0.0.54", PATH_RESOLVED_SERVERS },
	/* NetworkManager.conf(5), "rc-manager" and "dns": those that the connections have. */
	{ "127.0.0.1", PATH_NETWORKMANAGER_SERVERS },
	{ "127.0.1.1", PATH_NETWORKMANAGER_SERVERS },
};

/*
 * What the file at @path says: nothing where it is missing, empty, no file, or not for everybody.
 * Return: 0; -ENOMEM; -errno when that could not be found out
 */
static int read_resolvers(const char *path, struct arena *arena, struct host_resolvers *ret,
			  struct carrel_error *err)
{
	struct source source = { .text = "" };
	int rc = source_read(path, false, arena, &source, err);

	if (rc < 0 && rc != -ENOENT && rc != -EINVAL && rc != -EACCES)
		return rc;
	rc = resolvconf_parse(source.text, source.length, arena, ret);
	return rc < 0 ? error_set_errno(err, -rc, "reading %s", path) : 0;
}

/* Look for the servers of the stubs that @host asks; as read_resolvers(). */
static int look_behind_stubs(struct arena *arena, struct host_resolvers *host,
			     struct carrel_error *err)
{
	for (size_t i = 0; i < sizeof(stubs) / sizeof(stubs[0]); i++) {
		struct host_resolvers behind;
		struct address stub;

		if (address_parse(stubs[i].stub, strlen(stubs[i].stub), &stub) < 0 ||
		    resolver_list_find(&host->named[stub.family], &stub) < 0)
			continue;
		int rc = read_resolvers(stubs[i].servers, arena, &behind, err);
		if (rc < 0)
			return rc;
		resolvconf_look_behind(host, &behind);
	}
	return 0;
}

/* Why nobody answers. */
static const char *why_lost(const struct policy *policy, struct arena *arena)
{
	if (policy->dns.own)
		return arena_printf(arena, "'dns' has no resolver of the family of those whom %s names, "
				    "so names are not found under policy '%s'; add one",
				    PATH_RESOLV_CONF, policy->name);
	return arena_printf(arena, "%s names programs on the host's loopback alone, and it is not "
			    "known whom they ask, so names are not found under policy '%s'; write "
			    "'dns ADDRESS' into it", PATH_RESOLV_CONF, policy->name);
}

int resolvers_settle(struct policy *policy, struct arena *arena, const char **ret_warning,
		     struct carrel_error *err)
{
	struct host_resolvers host = { 0 };
	const char *warning = NULL;
	int rc = 0;

	if (policy->uplink != UPLINK_NONE)
		rc = read_resolvers(PATH_RESOLV_CONF, arena, &host, err);
	if (rc == 0 && host.stub)
		rc = look_behind_stubs(arena, &host, err);
	if (rc < 0)
		return rc;
	policy_dns_settle(policy, &host);
	if (dns_is_lost(&policy->dns)) {
		warning = why_lost(policy, arena);
		if (!warning)
			return error_set(err, ENOMEM, "out of memory");
	}
	*ret_warning = warning;
	return 0;
}
