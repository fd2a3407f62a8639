/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has which address of the pool: one at a time, also after a crash. */
#include "scratch.h"

#include <dirent.h>

#include "core/allocate.h"
#include "state/record.h"

static struct prefix pool_of(uint8_t length)
{
	return (struct prefix){ { FAMILY_IPV4, { 10, 213 } }, length };
}

static struct address claim(const struct scratch *scratch, const struct prefix *pool, uid_t uid)
{
	struct carrel_error err = { 0 };
	struct address address = { 0 };

	if (state_claim_address4(scratch->fd, pool, uid, &address, &err))
		fail_msg("%s", err.text);
	return address;
}

static void claim_path(char path[96], const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	snprintf(path, 96, "addresses/%s", text);
}

/* Make a claim as a helper leaves it that is killed before it made its record. */
static void leave_claim(const struct scratch *scratch, const struct address *address, uid_t uid)
{
	char path[96], text[ADDRESS_TEXT_SIZE];

	snprintf(text, sizeof(text), "%u", uid);
	claim_path(path, address);
	assert_int_equal(symlinkat(text, scratch->fd, path), 0);
	address_format(address, text);
	snprintf(path, sizeof(path), "addresses/uid-%u", uid);
	assert_int_equal(symlinkat(text, scratch->fd, path), 0);
}

/* How many claims @uid has; each must be the one that its note names. */
static unsigned count_claims(const struct scratch *scratch, uid_t uid)
{
	char wanted[16], note_path[32], note[64] = "";
	unsigned count = 0;
	const struct dirent *entry;

	snprintf(wanted, sizeof(wanted), "%u", uid);
	snprintf(note_path, sizeof(note_path), "addresses/uid-%u", uid);
	assert_true(readlinkat(scratch->fd, note_path, note, sizeof(note) - 1) < (ssize_t)sizeof(note));
	DIR *directory = fdopendir(openat(scratch->fd, "addresses", O_RDONLY | O_CLOEXEC));
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		char target[64] = "";

		if (readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1) < 0 ||
		    strcmp(target, wanted) != 0)
			continue;
		assert_string_equal(note, entry->d_name);
		count++;
	}
	closedir(directory);
	return count;
}

static void write_record(const struct scratch *scratch, uid_t uid)
{
	struct record record = { .uid = uid, .user = "ann", .policy = "lab", .uplink = "nat" };

	assert_int_equal(record_write(scratch->fd, &record, NULL), 0);
}

static void test_state_forget_address4_needs_no_record(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);

	assert_int_equal(state_forget_address4(scratch->fd, 1000, NULL), 0);
	claim(scratch, &pool, 1000);
	claim(scratch, &pool, 1001);
	assert_int_equal(state_forget_address4(scratch->fd, 1000, NULL), 0);
	assert_int_equal(count_claims(scratch, 1000), 0);
	assert_false(scratch_exists(scratch, "addresses/uid-1000"));
	assert_int_equal(count_claims(scratch, 1001), 1);

	assert_int_equal(symlinkat("no address", scratch->fd, "addresses/uid-1000"), 0);
	assert_int_equal(state_forget_address4(scratch->fd, 1000, NULL), 0);
	assert_false(scratch_exists(scratch, "addresses/uid-1000"));
}

static void test_state_claim_address4_gives_the_same_again(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address first, expected;
	char path[96], target[16] = "";

	allocate_address4(&pool, 1000, 0, &expected);
	first = claim(scratch, &pool, 1000);
	assert_true(address_equal(&first, &expected));
	claim_path(path, &first);
	assert_int_equal(readlinkat(scratch->fd, path, target, sizeof(target)), 4);
	assert_string_equal(target, "1000");
	struct address second = claim(scratch, &pool, 1000);
	assert_true(address_equal(&first, &second));
	assert_int_equal(count_claims(scratch, 1000), 1);
}

static void test_state_claim_address4_gives_it_to_nobody_else(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address address, expected;

	allocate_address4(&pool, 1000, 0, &address);
	leave_claim(scratch, &address, 1001);
	write_record(scratch, 1001);
	allocate_address4(&pool, 1000, 1, &expected);
	address = claim(scratch, &pool, 1000);
	assert_true(address_equal(&address, &expected));

	/* And it keeps the second choice when the first has become free. */
	allocate_address4(&pool, 1000, 0, &address);
	assert_int_equal(record_remove(scratch->fd, 1001, NULL), 0);
	assert_int_equal(state_release_address4(scratch->fd, 1001, &address, NULL), 0);
	address = claim(scratch, &pool, 1000);
	assert_true(address_equal(&address, &expected));
	assert_int_equal(count_claims(scratch, 1000), 1);
}

static void test_state_claim_address4_takes_over_what_has_no_record(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address address, expected;

	allocate_address4(&pool, 1000, 0, &expected);
	leave_claim(scratch, &expected, 1001);
	address = claim(scratch, &pool, 1000);
	assert_true(address_equal(&address, &expected));
	assert_int_equal(count_claims(scratch, 1000), 1);
	assert_int_equal(count_claims(scratch, 1001), 0);
	assert_false(scratch_exists(scratch, "addresses/uid-1001"));
}

static void test_state_claim_address4_spares_a_login_that_is_being_built(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address address, expected;
	FD_CLEANUP int lock_fd = -1;

	allocate_address4(&pool, 1000, 0, &address);
	leave_claim(scratch, &address, 1001);
	assert_int_equal(state_lock(scratch->fd, 1001, &lock_fd, NULL), 0);
	allocate_address4(&pool, 1000, 1, &expected);
	address = claim(scratch, &pool, 1000);
	assert_true(address_equal(&address, &expected));
	assert_int_equal(count_claims(scratch, 1001), 1);
}

static void test_state_claim_address4_leaves_what_an_administrator_set_aside(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address address, expected;
	char path[96];

	allocate_address4(&pool, 1000, 0, &address);
	claim_path(path, &address);
	assert_int_equal(symlinkat("printer", scratch->fd, path), 0);
	allocate_address4(&pool, 1000, 1, &address);
	claim_path(path, &address);
	scratch_write(scratch, path, "");
	allocate_address4(&pool, 1000, 2, &expected);
	address = claim(scratch, &pool, 1000);
	assert_true(address_equal(&address, &expected));
	assert_int_equal(count_claims(scratch, 1000), 1);
}

static void test_state_claim_address4_follows_a_pool_that_moved(void **state)
{
	struct scratch *scratch = *state;
	struct prefix old = pool_of(16), new = { { FAMILY_IPV4, { 10, 99 } }, 24 };
	struct address first = claim(scratch, &old, 1000);
	char path[96];

	struct address second = claim(scratch, &new, 1000);
	assert_true(prefix_contains(&new, &second));
	assert_int_equal(count_claims(scratch, 1000), 1);
	claim_path(path, &first);
	assert_false(scratch_exists(scratch, path));
}

/* Its note names an address that somebody else has taken over since. */
static void test_state_claim_address4_does_not_believe_an_old_note(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address taken;
	char text[ADDRESS_TEXT_SIZE];

	allocate_address4(&pool, 1000, 5, &taken);
	leave_claim(scratch, &taken, 1001);
	write_record(scratch, 1001);
	address_format(&taken, text);
	assert_int_equal(symlinkat(text, scratch->fd, "addresses/uid-1000"), 0);
	struct address address = claim(scratch, &pool, 1000);
	assert_false(address_equal(&address, &taken));
	assert_int_equal(count_claims(scratch, 1000), 1);
	assert_int_equal(count_claims(scratch, 1001), 1);
}

/* Every state in which a helper can be killed while it claims. */
static void test_state_claim_address4_makes_one_claim_after_a_crash(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address third;
	char text[ADDRESS_TEXT_SIZE];

	/* After the note. */
	allocate_address4(&pool, 1000, 3, &third);
	address_format(&third, text);
	assert_int_equal(symlinkat(text, scratch->fd, "addresses/uid-1000"), 0);
	claim(scratch, &pool, 1000);
	assert_int_equal(count_claims(scratch, 1000), 1);

	/* After the claim, which was not the first choice. */
	allocate_address4(&pool, 2000, 3, &third);
	leave_claim(scratch, &third, 2000);
	struct address address = claim(scratch, &pool, 2000);
	assert_true(address_equal(&address, &third));
	assert_int_equal(count_claims(scratch, 2000), 1);

	/* While replacing a note; and with a note that is rubbish. */
	assert_int_equal(symlinkat("x", scratch->fd, "addresses/.tmp-3000"), 0);
	assert_int_equal(symlinkat("rubbish", scratch->fd, "addresses/uid-3000"), 0);
	allocate_address4(&pool, 3000, 0, &third);
	address = claim(scratch, &pool, 3000);
	assert_true(address_equal(&address, &third));
	assert_int_equal(count_claims(scratch, 3000), 1);
	assert_false(scratch_exists(scratch, "addresses/.tmp-3000"));
}

static void test_state_release_address4_gives_up_only_ones_own(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(16);
	struct address address = claim(scratch, &pool, 1000);

	assert_int_equal(state_release_address4(scratch->fd, 1001, &address, NULL), 0);
	assert_int_equal(count_claims(scratch, 1000), 1);
	assert_int_equal(state_release_address4(scratch->fd, 1000, &address, NULL), 0);
	assert_int_equal(count_claims(scratch, 1000), 0);
	assert_false(scratch_exists(scratch, "addresses/uid-1000"));
	assert_int_equal(state_release_address4(scratch->fd, 1000, &address, NULL), 0);
}

static void test_state_claim_address4_says_when_the_pool_is_used_up(void **state)
{
	struct scratch *scratch = *state;
	struct prefix pool = pool_of(30);
	struct carrel_error err = { 0 };
	struct address address;

	for (uid_t uid = 1; uid <= 2; uid++) {
		claim(scratch, &pool, uid);
		write_record(scratch, uid);
	}
	assert_int_equal(state_claim_address4(scratch->fd, &pool, 3, &address, &err), -ENOSPC);
	assert_string_equal(err.text, "every address of the pool 10.213.0.0/30 is in use");
	assert_false(scratch_exists(scratch, "addresses/uid-3"));
}

/* What one of many processes does: lock, claim, and keep the lock until @go_on ends. */
static int log_in(const struct scratch *scratch, uid_t uid, int done, int go_on)
{
	struct prefix pool = pool_of(27);
	struct address address;
	int lock_fd;
	char byte;

	int rc = state_lock(scratch->fd, uid, &lock_fd, NULL);
	if (rc == 0)
		rc = state_claim_address4(scratch->fd, &pool, uid, &address, NULL);
	if (write(done, "", 1) != 1 || read(go_on, &byte, 1) != 0)
		return -EIO;
	return rc;
}

/* @count logins at once; returns how many got an address, the others must have met ENOSPC. */
static unsigned log_in_together(const struct scratch *scratch, uid_t first, unsigned count)
{
	int done[2], go_on[2], status;
	unsigned succeeded = 0;
	pid_t pids[64];
	char byte;

	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go_on, O_CLOEXEC), 0);
	for (unsigned i = 0; i < count; i++) {
		pids[i] = scratch_fork();
		if (pids[i] == 0) {
			close(go_on[1]);
			_exit(-log_in(scratch, first + i, done[1], go_on[0]));
		}
	}
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(read(done[0], &byte, 1), 1);
	close(go_on[1]);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == ENOSPC);
		succeeded += WEXITSTATUS(status) == 0;
		assert_int_equal(count_claims(scratch, first + i), WEXITSTATUS(status) == 0);
	}
	close(go_on[0]);
	close(done[0]);
	close(done[1]);
	return succeeded;
}

static void test_state_claim_address4_keeps_logins_at_once_apart(void **state)
{
	struct scratch *scratch = *state;

	/* A /27 has 30 addresses. None of these users gets a record. */
	assert_int_equal(log_in_together(scratch, 1000, 40), 30);
	/* So others, at once, may have them, but not one twice. */
	assert_int_equal(log_in_together(scratch, 2000, 25), 25);
	unsigned claims = 0;
	for (uid_t uid = 1000; uid < 1040; uid++)
		claims += count_claims(scratch, uid);
	for (uid_t uid = 2000; uid < 2025; uid++)
		claims += count_claims(scratch, uid);
	assert_int_equal(claims, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_state_forget_address4_needs_no_record),
		scratch_test(test_state_claim_address4_gives_the_same_again),
		scratch_test(test_state_claim_address4_gives_it_to_nobody_else),
		scratch_test(test_state_claim_address4_takes_over_what_has_no_record),
		scratch_test(test_state_claim_address4_spares_a_login_that_is_being_built),
		scratch_test(test_state_claim_address4_leaves_what_an_administrator_set_aside),
		scratch_test(test_state_claim_address4_follows_a_pool_that_moved),
		scratch_test(test_state_claim_address4_does_not_believe_an_old_note),
		scratch_test(test_state_claim_address4_makes_one_claim_after_a_crash),
		scratch_test(test_state_release_address4_gives_up_only_ones_own),
		scratch_test(test_state_claim_address4_says_when_the_pool_is_used_up),
		scratch_test(test_state_claim_address4_keeps_logins_at_once_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
