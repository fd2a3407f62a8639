/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "core/pamstack.h"

#define SYSTEMD "session optional pam_systemd.so\n"
#define OURS    "session required pam_carrel.so exempt=sudo\n"

/* Debian's common-session as pam-auth-update writes it. */
#define DEBIAN "session [default=1] pam_permit.so\n" \
	       "session requisite pam_deny.so\n" \
	       "session required pam_permit.so\n" \
	       "session required pam_unix.so\n" SYSTEMD

struct file {
	const char *name, *text;
};

/* The files that a test has; ends with one that has no name. */
static int find(void *context, const char *name, struct source *ret_source,
		struct carrel_error *err)
{
	for (const struct file *file = context; file->name; file++)
		if (strcmp(file->name, name) == 0) {
			*ret_source = (struct source){ file->name, file->text, strlen(file->text) };
			return 0;
		}
	return error_set(err, ENOENT, "no %s", name);
}

static struct pam_judgement judge(const struct file *files, struct arena *arena)
{
	struct pam_stack stack;

	assert_int_equal(pamstack_read("s", find, (void *)files, arena, &stack, NULL), 0);
	return pamstack_judge(&stack);
}

static const char *const flaw_names[] = {
	[PAM_SOUND] = "sound", [PAM_NO_SESSION] = "no session", [PAM_MISSING] = "missing",
	[PAM_NOT_BINDING] = "not binding", [PAM_SKIPPED] = "skipped",
	[PAM_TOO_EARLY] = "too early",
};

/* The service "s" is @text, its file "c" is @common: what is wrong, and in which line of which. */
static void check(const char *text, const char *common, const char *flaw, const char *culprit,
		  unsigned line)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct file files[] = { { "s", text }, { "c", common }, { 0 } };
	struct pam_judgement found = judge(files, &arena);

	assert_string_equal(flaw_names[found.flaw], flaw);
	assert_int_equal(found.culprit != NULL, culprit != NULL);
	if (!culprit)
		return;
	assert_string_equal(found.culprit->position.file, culprit);
	assert_int_equal(found.culprit->position.line, line);
}

static void test_pamstack_judge_is_content_with_the_module_at_the_end(void **state)
{
	(void)state;
	check(SYSTEMD OURS, "", "sound", NULL, 0);
	check("@include c", DEBIAN OURS, "sound", NULL, 0);
	check("session include c\n" OURS, DEBIAN, "sound", NULL, 0);
	check("session substack c\n", DEBIAN OURS, "sound", NULL, 0);
	check("-session\trequisite /lib/security/pam_carrel.so # comment", "", "sound", NULL, 0);
	check("session [success=ok default=die] \\\n pam_carrel.so", "", "sound", NULL, 0);
}

static void test_pamstack_judge_misses_the_module(void **state)
{
	(void)state;
	check(SYSTEMD, "", "missing", NULL, 0);
	check("@include c", DEBIAN, "missing", NULL, 0);
	check(SYSTEMD "#" OURS, "", "missing", NULL, 0);
	check("auth required pam_carrel.so\n" SYSTEMD, "", "missing", NULL, 0);
	/* Only the lines of one type are taken over. */
	check("auth include c\n" SYSTEMD, OURS, "missing", NULL, 0);
	check("session required not_pam_carrel.so", "", "missing", NULL, 0);
}

static void test_pamstack_judge_leaves_out_what_opens_no_session(void **state)
{
	(void)state;
	check("auth required pam_unix.so", "", "no session", NULL, 0);
	check("session required pam_warn.so\nsession required pam_deny.so", "", "no session", NULL,
	      0);
}

static void test_pamstack_judge_wants_a_refusal_to_be_one(void **state)
{
	(void)state;
	check("session optional pam_carrel.so", "", "not binding", NULL, 0);
	check("session sufficient pam_carrel.so", "", "not binding", NULL, 0);
	check("session [success=ok default=ignore] pam_carrel.so", "", "not binding", NULL, 0);
	check("session [system_err=ignore default=bad] pam_carrel.so", "", "not binding", NULL, 0);
	check("session [default=bad system_err=ok] pam_carrel.so", "", "not binding", NULL, 0);
}

static void test_pamstack_judge_finds_what_keeps_the_module_from_running(void **state)
{
	(void)state;
	check("session sufficient pam_unix.so\n" OURS, "", "skipped", "s", 1);
	check("@include c\n" OURS, "\nsession sufficient pam_unix.so\n", "skipped", "c", 2);
	check("session [success=1 default=ignore] pam_succeed_if.so service in crond\n" OURS, "",
	      "skipped", "s", 1);
	check("session [success=2 default=ignore] pam_succeed_if.so service in crond\n"
	      "session substack c\n" OURS, DEBIAN, "skipped", "s", 1);
	/* These end no more than their own substack, or jump less far. */
	check("session substack c\n" OURS, "session sufficient pam_unix.so\n", "sound", NULL, 0);
	check("session [success=1 default=ignore] pam_succeed_if.so service in crond\n"
	      "session substack c\n" OURS, DEBIAN, "sound", NULL, 0);
}

static void test_pamstack_judge_wants_the_module_after_pam_systemd(void **state)
{
	(void)state;
	check(OURS SYSTEMD, "", "too early", "s", 2);
	check(OURS "@include c", DEBIAN, "too early", "c", 5);
}

static void test_pamstack_read_notes_a_line_of_another_type(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct file files[] = { { "s", SYSTEMD "auth required pam_carrel.so\n" OURS }, { 0 } };
	struct pam_stack stack;

	(void)state;
	assert_int_equal(pamstack_read("s", find, (void *)files, &arena, &stack, NULL), 0);
	assert_true(stack.misplaced);
	assert_int_equal(stack.misplaced_at.line, 2);
}

static void test_pamstack_read_refuses_a_ring_of_files(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct file files[] = { { "s", "@include c\n" }, { "c", "@include s\n" }, { 0 } };
	struct carrel_error err = { 0 };
	struct pam_stack stack;

	(void)state;
	assert_int_equal(pamstack_read("s", find, (void *)files, &arena, &stack, &err), -ELOOP);
	assert_non_null(strstr(err.text, "include each other"));
}

static void test_pamstack_argument_finds_the_value(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct file files[] = { { "s", "session required pam_carrel.so quiet exempt=a,b" },
				      { 0 } };
	struct pam_judgement found = judge(files, &arena);

	(void)state;
	assert_string_equal(pamstack_argument(found.module, "exempt"), "a,b");
	assert_null(pamstack_argument(found.module, "helper"));
	assert_null(pamstack_argument(found.module, "quiet"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pamstack_judge_is_content_with_the_module_at_the_end),
		cmocka_unit_test(test_pamstack_judge_misses_the_module),
		cmocka_unit_test(test_pamstack_judge_leaves_out_what_opens_no_session),
		cmocka_unit_test(test_pamstack_judge_wants_a_refusal_to_be_one),
		cmocka_unit_test(test_pamstack_judge_finds_what_keeps_the_module_from_running),
		cmocka_unit_test(test_pamstack_judge_wants_the_module_after_pam_systemd),
		cmocka_unit_test(test_pamstack_read_notes_a_line_of_another_type),
		cmocka_unit_test(test_pamstack_read_refuses_a_ring_of_files),
		cmocka_unit_test(test_pamstack_argument_finds_the_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
