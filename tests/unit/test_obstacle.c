/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "core/nfttext.h"
#include "core/obstacle.h"

static const struct obstacle_case {
	struct obstacle obstacle;
	struct obstacle_hosts hosts;
	const char *owner, *fix;        /* how the fix begins */
} cases[] = {
	{ { "inet", "carrel", "from-carrel", 3 }, { 0 }, "carrel itself",
	  "carrel repair" },
	{ { "inet", "firewalld", "filter_FORWARD", 3 }, { .ufw = true }, "firewalld",
	  "firewall-cmd --permanent --get-zones | grep -qw carrel || " },
	{ { "inet", "firewalld", "filter_IN_public", 3 }, { .local = true }, "firewalld",
	  "firewall-cmd --permanent --get-zones | grep -qw carrel || firewall-cmd --permanent "
	  "--new-zone=carrel\nfirewall-cmd --permanent --zone=carrel --add-interface=cr-+\n"
	  "firewall-cmd --permanent --zone=carrel --set-target=ACCEPT\n" },
	{ { "ip", "filter", "ufw-user-input", 3 }, { .local = true, .ufw = true }, "ufw",
	  "ufw allow in on cr-+" },
	{ { "ip", "filter", "INPUT", 0 }, { .local = true }, "iptables",
	  "iptables -I INPUT -i cr-+ -j ACCEPT\n#" },
	{ { "ip", "filter", "ufw-reject-forward", 3 }, { .ufw = true }, "ufw",
	  "ufw route allow in on cr-+" },
	{ { "ip", "filter", "FORWARD", 0 }, { .ufw = true, .docker = true }, "Docker",
	  "iptables -I DOCKER-USER -i cr-+ -j ACCEPT\n"
	  "iptables -I DOCKER-USER -o cr-+ -m conntrack --ctstate RELATED,ESTABLISHED" },
	{ { "ip6", "filter", "FORWARD", 0 }, { 0 }, "iptables",
	  "ip6tables -I FORWARD -i cr-+ -j ACCEPT\n" },
	/* ufw and Docker have no tables of such names. */
	{ { "inet", "filter", "forward", 0 }, { .ufw = true, .docker = true }, "nft",
	  "nft insert rule inet filter forward iifname '\"cr-*\"' accept\n" },
};

static void test_obstacle_fix_speaks_the_words_of_who_made_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		const char *fix = obstacle_fix(&cases[i].obstacle, &cases[i].hosts, &arena);

		assert_string_equal(obstacle_owner(&cases[i].obstacle, &cases[i].hosts),
				    cases[i].owner);
		assert_non_null(fix);
		assert_memory_equal(fix, cases[i].fix, strlen(cases[i].fix));
	}
}

static void test_obstacle_build_marks_one_link_and_lets_nothing_out(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	BUFFER_CLEANUP struct buffer text = { 0 };
	struct ruleset ruleset;

	(void)state;
	assert_int_equal(obstacle_build("cr-7", &arena, &ruleset), 0);
	nfttext_write(&ruleset, &text);
	assert_false(text.failed);
	assert_non_null(strstr(text.data, "iifname \"cr-7\" meta l4proto tcp meta nftrace set 1"));
	assert_non_null(strstr(text.data, "iifname \"cr-7\" drop"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_obstacle_fix_speaks_the_words_of_who_made_it),
		cmocka_unit_test(test_obstacle_build_marks_one_link_and_lets_nothing_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
