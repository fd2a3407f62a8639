/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include "state/record.h"

static const char example[] =
	"carrel-record 1\n"
	"uid 1000\n"
	"user student1\n"
	"policy exam\n"
	"uplink nat\n"
	"address4 10.213.4.7\n"
	"address6 fd42:ca44:e1::3e8\n"
	"netns 4026532345\n"
	"rules 18446744073709551615\n"
	"created 1790000000\n";

static const struct record example_record = {
	.uid = 1000, .user = "student1", .policy = "exam", .uplink = "nat",
	.has_address4 = true, .address4 = { FAMILY_IPV4, { 10, 213, 4, 7 } },
	.has_address6 = true,
	.address6 = { FAMILY_IPV6, { 0xfd, 0x42, 0xca, 0x44, 0, 0xe1, [14] = 3, [15] = 0xe8 } },
	.netns_inode = 4026532345, .rules_digest = UINT64_MAX, .created_s = 1790000000,
};

static void assert_same(const struct record *a, const struct record *b)
{
	assert_int_equal(a->uid, b->uid);
	assert_string_equal(a->user, b->user);
	assert_string_equal(a->policy, b->policy);
	assert_string_equal(a->uplink, b->uplink);
	assert_int_equal(a->has_address4, b->has_address4);
	assert_int_equal(a->has_address6, b->has_address6);
	assert_true(!a->has_address4 || address_equal(&a->address4, &b->address4));
	assert_true(!a->has_address6 || address_equal(&a->address6, &b->address6));
	assert_int_equal(a->netns_inode, b->netns_inode);
	assert_int_equal(a->rules_digest, b->rules_digest);
	assert_int_equal(a->names_digest, b->names_digest);
	assert_int_equal(a->created_s, b->created_s);
	assert_int_equal(a->cut_at_logout, b->cut_at_logout);
	assert_int_equal(a->cut, b->cut);
	assert_int_equal(a->idle_since_s, b->idle_since_s);
	assert_string_equal(a->login.service, b->login.service);
	assert_string_equal(a->login.tty, b->login.tty);
	assert_string_equal(a->login.rhost, b->login.rhost);
}

static void test_record_format_writes_lines_of_key_and_value(void **state)
{
	char text[1024];

	(void)state;
	assert_int_equal(record_format(&example_record, text, sizeof(text), NULL), 0);
	assert_string_equal(text, example);
}

static void test_record_parse_understands_what_format_wrote(void **state)
{
	struct record record = example_record, parsed;
	char text[1024];

	(void)state;
	assert_int_equal(record_parse(example, strlen(example), &parsed, NULL), 0);
	assert_same(&parsed, &example_record);

	record.has_address4 = record.has_address6 = false;
	record.names_digest = UINT64_MAX - 1;
	record.uid = 4294967294U;
	memset(record.user, 'x', sizeof(record.user) - 1);
	assert_int_equal(record_format(&record, text, sizeof(text), NULL), 0);
	assert_int_equal(record_parse(text, strlen(text), &parsed, NULL), 0);
	assert_same(&parsed, &record);
}

/* Later versions add keys; they never need one that this had not. */
static void test_record_parse_understands_what_the_first_version_wrote(void **state)
{
	static const char text[] =
		"carrel-record 1\nuid 1000\nuser ann\npolicy lab\nuplink nat\n"
		"address4 10.213.4.7\naddress6 fd42:ca44:e1::1\nnetns 4026532200\n"
		"rules 7\ncreated 1\n";
	struct record record;

	(void)state;
	assert_int_equal(record_parse(text, sizeof(text) - 1, &record, NULL), 0);
	assert_int_equal(record.netns_inode, 4026532200);
	assert_true(record.has_address4 && record.has_address6);
	assert_false(record.cut || record.cut_at_logout || record.idle_since_s);
	assert_string_equal(record.login.service, "");
}

static void test_record_remembers_the_login_that_decided(void **state)
{
	static const struct subject subject = {
		.user = "student1", .service = "sshd", .tty = "/dev/pts/3",
		.rhost = "fe80::1%eth0",
	};
	struct record record = example_record, parsed;
	char text[1024];

	(void)state;
	record.login = record_login(&subject);
	assert_int_equal(record_format(&record, text, sizeof(text), NULL), 0);
	assert_non_null(strstr(text, "service sshd\ntty /dev/pts/3\nrhost fe80::1%eth0\n"));
	assert_int_equal(record_parse(text, strlen(text), &parsed, NULL), 0);
	assert_same(&parsed, &record);
}

/* No assignment can mean these. */
static void test_record_login_leaves_out_what_cannot_stand_there(void **state)
{
	char longest[64], too_long[65];
	struct subject subject = {
		.user = "student1", .service = "a\nuid 0", .tty = too_long, .rhost = "client.example",
	};
	struct record_login login;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	login = record_login(&subject);
	assert_string_equal(login.service, "");
	assert_string_equal(login.tty, "");
	assert_string_equal(login.rhost, "");
	subject.service = "\xff";
	subject.tty = longest;
	login = record_login(&subject);
	assert_string_equal(login.service, "");
	assert_string_equal(login.tty, longest);
}

static void test_record_format_writes_of_a_lifetime_only_what_there_is(void **state)
{
	struct record record = example_record, parsed;
	char text[1024];

	(void)state;
	record.cut_at_logout = true;
	record.cut = true;
	record.idle_since_s = 4711;
	assert_int_equal(record_format(&record, text, sizeof(text), NULL), 0);
	assert_int_equal(strncmp(text, example, strlen(example)), 0);
	assert_string_equal(text + strlen(example), "logout cut\ncut 1\nidle 4711\n");
	assert_int_equal(record_parse(text, strlen(text), &parsed, NULL), 0);
	assert_same(&parsed, &record);
}

static void test_record_format_fails_when_it_does_not_fit(void **state)
{
	char text[sizeof(example)];

	(void)state;
	assert_int_equal(record_format(&example_record, text, sizeof(text), NULL), 0);
	assert_int_equal(record_format(&example_record, text, sizeof(text) - 1, NULL), -E2BIG);
}

static void test_record_format_refuses_names_that_forge_lines(void **state)
{
	struct carrel_error err = { 0 };
	char text[1024];

	(void)state;
	struct record record = example_record;
	strcpy(record.user, "a\nuid 0");
	assert_int_equal(record_format(&record, text, sizeof(text), &err), -EINVAL);
	record = example_record;
	strcpy(record.policy, "../exam");
	assert_int_equal(record_format(&record, text, sizeof(text), &err), -EINVAL);
	record = example_record;
	record.uplink[0] = '\0';
	assert_int_equal(record_format(&record, text, sizeof(text), &err), -EINVAL);
	record = example_record;
	record.uid = (uid_t)-1;
	assert_int_equal(record_format(&record, text, sizeof(text), &err), -EINVAL);
}

/* The example with the first @old in it replaced by @new is refused; the reason has @why in it. */
static void assert_refused(const char *old, const char *new, const char *why)
{
	char text[1024];
	struct record record = { .uid = 7 };
	struct carrel_error err = { 0 };
	const char *place = strstr(example, old);

	assert_non_null(place);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - example), example, new,
		 place + strlen(old));
	assert_int_equal(record_parse(text, strlen(text), &record, &err), -EBADMSG);
	assert_int_equal(record.uid, 7);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
}

static void test_record_parse_refuses_other_first_lines(void **state)
{
	struct record record;

	(void)state;
	assert_refused("carrel-record 1", "carrel-record 2", "first line");
	assert_refused("carrel-record 1\n", "", "first line");
	assert_refused("carrel-record 1", "carrel-record 1 ", "first line");
	assert_int_equal(record_parse("", 0, &record, NULL), -EBADMSG);
	assert_int_equal(record_parse("carrel-record 1\n", 16, &record, NULL), -EBADMSG);
}

static void test_record_parse_refuses_unknown_missing_and_doubled_keys(void **state)
{
	(void)state;
	assert_refused("netns", "nets", "unknown key 'nets'");
	assert_refused("netns ", " ", "unknown key ''");
	assert_refused("user student1\n", "", "'user' is missing");
	assert_refused("created 1790000000\n", "", "'created' is missing");
	assert_refused("uid 1000\n", "uid 1000\nuid 1000\n", "repeats 'uid'");
}

static void test_record_parse_refuses_values_that_cannot_be(void **state)
{
	(void)state;
	assert_refused("uid 1000", "uid -1", "'uid'");
	assert_refused("uid 1000", "uid 4294967295", "uid");
	assert_refused("uid 1000", "uid 4294967296", "'uid'");
	assert_refused("created 1790000000\n", "created 1790000000\nlogout keep\n", "'logout'");
	assert_refused("created 1790000000\n", "created 1790000000\nlogout bye\n", "'bye'");
	assert_refused("created 1790000000\n", "created 1790000000\ncut 2\n", "'cut'");
	assert_refused("created 1790000000\n", "created 1790000000\nidle soon\n", "'idle'");
	assert_refused("student1", "a/b", "user name");
	assert_refused("student1", "a b", "user name");
	assert_refused("exam", "Exam", "policy name");
	assert_refused("uplink nat", "uplink NAT", "uplink");
	assert_refused("uplink nat", "uplink abcdefghijklmnop", "'uplink' is longer than 15");
	assert_refused("10.213.4.7", "fd42::1", "'address4'");
	assert_refused("fd42:ca44:e1::3e8", "10.213.4.7", "'address6'");
	assert_refused("10.213.4.7", "10.213.4.7/32", "'address4'");
	assert_refused("1790000000", "1790000000 ", "'created'");
	assert_refused("18446744073709551615", "18446744073709551616", "'rules'");
}

static void test_record_parse_refuses_broken_lines(void **state)
{
	struct record record;
	char text[sizeof(example)];

	(void)state;
	assert_refused("user student1", "user", "not a key and a value");
	assert_refused("user student1", "user ", "not a key and a value");
	assert_refused("user student1", "", "not a key and a value");
	assert_refused("student1", "stu\tdent", "not text");
	assert_refused("student1", "stu\xff", "not text");
	memcpy(text, example, sizeof(example));
	*strchr(text, '0') = '\0';
	assert_int_equal(record_parse(text, strlen(example), &record, NULL), -EBADMSG);
	/* Cut anywhere, it is refused: a half-written record never passes for a whole one. */
	for (size_t length = 0; length < strlen(example); length++)
		assert_int_equal(record_parse(example, length, &record, NULL), -EBADMSG);
}

static void test_record_write_is_read_back_whatever_the_umask(void **state)
{
	struct scratch *scratch = *state;
	struct record record;
	struct stat st;

	mode_t old = umask(077);
	assert_int_equal(record_write(scratch->fd, &example_record, NULL), 0);
	umask(old);
	assert_int_equal(record_read(scratch->fd, 1000, &record, NULL), 0);
	assert_same(&record, &example_record);
	assert_int_equal(fstatat(scratch->fd, "carrels/1000", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void test_record_write_replaces_what_a_crash_left(void **state)
{
	struct scratch *scratch = *state;
	struct record record = example_record;

	assert_int_equal(record_write(scratch->fd, &record, NULL), 0);
	scratch_write(scratch, "carrels/.tmp-1000", "half a rec");
	strcpy(record.policy, "lab");
	assert_int_equal(record_write(scratch->fd, &record, NULL), 0);
	assert_int_equal(record_read(scratch->fd, 1000, &record, NULL), 0);
	assert_string_equal(record.policy, "lab");
	assert_false(scratch_exists(scratch, "carrels/.tmp-1000"));
}

static void test_record_write_leaves_the_old_one_when_refused(void **state)
{
	struct scratch *scratch = *state;
	struct record record = example_record;

	assert_int_equal(record_write(scratch->fd, &record, NULL), 0);
	record.user[0] = '\0';
	assert_int_equal(record_write(scratch->fd, &record, NULL), -EINVAL);
	assert_int_equal(record_read(scratch->fd, 1000, &record, NULL), 0);
	assert_string_equal(record.user, "student1");
}

static void test_record_read_tells_missing_from_broken(void **state)
{
	struct scratch *scratch = *state;
	struct carrel_error err = { 0 };
	char large[5000];
	struct record record;

	assert_int_equal(record_read(scratch->fd, 1000, &record, &err), -ENOENT);
	scratch_write(scratch, "carrels/1000", "carrel-record 1\nrubbish\n");
	assert_int_equal(record_read(scratch->fd, 1000, &record, &err), -EBADMSG);
	assert_string_equal(err.text,
			    "record carrels/1000: line 2 is not a key and a value");
	scratch_write(scratch, "carrels/1001", example);
	assert_int_equal(record_read(scratch->fd, 1001, &record, &err), -EBADMSG);
	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	scratch_write(scratch, "carrels/1002", large);
	assert_int_equal(record_read(scratch->fd, 1002, &record, &err), -EBADMSG);
	assert_int_equal(symlinkat("1000", scratch->fd, "carrels/1003"), 0);
	assert_int_equal(record_read(scratch->fd, 1003, &record, &err), -EBADMSG);
}

static void test_record_remove_succeeds_when_there_is_none(void **state)
{
	struct scratch *scratch = *state;
	struct record record;

	assert_int_equal(record_write(scratch->fd, &example_record, NULL), 0);
	assert_int_equal(record_remove(scratch->fd, 1000, NULL), 0);
	assert_int_equal(record_read(scratch->fd, 1000, &record, NULL), -ENOENT);
	assert_int_equal(record_remove(scratch->fd, 1000, NULL), 0);
}

struct visits {
	char text[256];
	uid_t stop_at;
};

static int visit(const struct record *record, int rc, const struct carrel_error *why, void *context)
{
	struct visits *visits = context;
	size_t length = strlen(visits->text);

	assert_int_equal(why->errnum, -rc);
	snprintf(visits->text + length, sizeof(visits->text) - length, "%u%s ", record->uid,
		 rc == -EBADMSG && record->user[0] == '\0' ? "!" : "");
	return record->uid == visits->stop_at ? -ECANCELED : 0;
}

static void test_record_each_visits_in_order_of_uid(void **state)
{
	static const uid_t uids[] = { 20000, 1000, 0, 4294967294U, 999 };
	struct scratch *scratch = *state;
	struct visits visits = { .stop_at = (uid_t)-1 };

	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
		struct record record = example_record;

		record.uid = uids[i];
		assert_int_equal(record_write(scratch->fd, &record, NULL), 0);
	}
	scratch_write(scratch, "carrels/2000", "rubbish");
	scratch_write(scratch, "carrels/.tmp-3000", example);
	scratch_write(scratch, "carrels/01000", example);
	scratch_write(scratch, "carrels/4294967295", example);
	assert_int_equal(record_each(scratch->fd, visit, &visits, NULL), 0);
	assert_string_equal(visits.text, "0 999 1000 2000! 20000 4294967294 ");

	visits = (struct visits){ .stop_at = 1000 };
	assert_int_equal(record_each(scratch->fd, visit, &visits, NULL), -ECANCELED);
	assert_string_equal(visits.text, "0 999 1000 ");
}

static void test_record_each_accepts_that_there_are_none(void **state)
{
	struct scratch *scratch = *state;
	struct visits visits = { .stop_at = (uid_t)-1 };

	assert_int_equal(record_each(scratch->fd, visit, &visits, NULL), 0);
	assert_string_equal(visits.text, "");
}

/* Two policies of different lengths in turns: a reader must see one of the two, whole. */
static void test_record_read_never_sees_half_a_record(void **state)
{
	struct scratch *scratch = *state;
	struct record record = example_record;

	assert_int_equal(record_write(scratch->fd, &record, NULL), 0);
	pid_t pid = scratch_fork();
	if (pid == 0) {
		for (unsigned i = 0;; i++) {
			strcpy(record.policy, i % 2 ? "exam" : "a-policy-with-a-long-name");
			if (record_write(scratch->fd, &record, NULL))
				_exit(1);
		}
	}
	for (unsigned i = 0; i < 3000; i++) {
		assert_int_equal(record_read(scratch->fd, 1000, &record, NULL), 0);
		assert_true(strcmp(record.policy, "exam") == 0 ||
			    strcmp(record.policy, "a-policy-with-a-long-name") == 0);
	}
	/* Killed at some point of a write: the next one is not in its way. */
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(record_write(scratch->fd, &example_record, NULL), 0);
	assert_false(scratch_exists(scratch, "carrels/.tmp-1000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_format_writes_lines_of_key_and_value),
		cmocka_unit_test(test_record_parse_understands_what_format_wrote),
		cmocka_unit_test(test_record_parse_understands_what_the_first_version_wrote),
		cmocka_unit_test(test_record_remembers_the_login_that_decided),
		cmocka_unit_test(test_record_login_leaves_out_what_cannot_stand_there),
		cmocka_unit_test(test_record_format_writes_of_a_lifetime_only_what_there_is),
		cmocka_unit_test(test_record_format_fails_when_it_does_not_fit),
		cmocka_unit_test(test_record_format_refuses_names_that_forge_lines),
		cmocka_unit_test(test_record_parse_refuses_other_first_lines),
		cmocka_unit_test(test_record_parse_refuses_unknown_missing_and_doubled_keys),
		cmocka_unit_test(test_record_parse_refuses_values_that_cannot_be),
		cmocka_unit_test(test_record_parse_refuses_broken_lines),
		scratch_test(test_record_write_is_read_back_whatever_the_umask),
		scratch_test(test_record_write_replaces_what_a_crash_left),
		scratch_test(test_record_write_leaves_the_old_one_when_refused),
		scratch_test(test_record_read_tells_missing_from_broken),
		scratch_test(test_record_remove_succeeds_when_there_is_none),
		scratch_test(test_record_each_visits_in_order_of_uid),
		scratch_test(test_record_each_accepts_that_there_are_none),
		scratch_test(test_record_read_never_sees_half_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
