/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "core/origin.h"

#define ANCESTORS_MAX 4

static const struct origin_case {
	const char *cgroup;
	const char *ancestors[ANCESTORS_MAX];
	const char *name, *service, *unit;
} cases[] = {
	{ "/user.slice/user-1001.slice/session-5.scope", { "bash", "sshd", "sshd", "systemd" },
	  "login", "sshd", "session-5.scope" },
	{ "/user.slice/user-1001.slice/session-7.scope", { "login", "systemd" },
	  "login", "login", "session-7.scope" },
	/* Whoever started it has ended. */
	{ "/user.slice/user-1001.slice/session-7.scope", { "systemd" },
	  "login", "", "session-7.scope" },
	{ "/user.slice/user-1001.slice/user@1001.service/app.slice/a.service", { "systemd" },
	  "user-manager", "systemd-user", "user@1001.service" },
	{ "/system.slice/cron.service", { "sh", "cron", "cron", "systemd" },
	  "login", "cron", "cron.service" },
	{ "/system.slice/cron.service", { "CRON", "cron" }, "login", "cron", "cron.service" },
	{ "/system.slice/web.service", { "systemd" }, "system-service", "", "web.service" },
	{ "/system.slice/docker-0123.scope", { "containerd-shim", "systemd" },
	  "container", "", "docker-0123.scope" },
	{ "/docker/0123", { "containerd-shim" }, "container", "", "docker" },
	{ "/machine.slice/libpod-0123.scope", { "conmon" }, "container", "", "machine.slice" },
	/* The daemons themselves are no containers. */
	{ "/system.slice/docker.service", { "systemd" }, "system-service", "", "docker.service" },
	{ "", { "containerd-shim" }, "container", "", "" },
	/* No systemd. */
	{ "/", { "bash", "sshd" }, "login", "sshd", "" },
	{ "", { "bash", "sudo", "sshd" }, "login", "sudo", "" },
	{ "", { "dropbear" }, "login", "", "" },
	{ "/", { "init" }, "unknown", "", "" },
	{ "", { NULL }, "unknown", "", "" },
};

static void test_origin_tell_knows_how_processes_come_to_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct origin origin;
		size_t count = 0;

		while (count < ANCESTORS_MAX && cases[i].ancestors[count])
			count++;
		assert_int_equal(origin_tell(cases[i].cgroup, cases[i].ancestors, count, &arena,
					     &origin), 0);
		assert_string_equal(origin_name(origin.kind), cases[i].name);
		assert_string_equal(origin.service, cases[i].service);
		assert_string_equal(origin.unit, cases[i].unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origin_tell_knows_how_processes_come_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
