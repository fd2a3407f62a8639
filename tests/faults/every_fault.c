/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that can happen to a helper, one after the other: see tests/login/every.sh, which
 * runs this in the test host.
 *
 *   every_fault kill|call|netlink|orphan|hang DEED [PART]
 *
 * DEED is one of every/deed.c's. It is prepared and done again and again, each time with another
 * fault:
 *
 *   kill     the helper is killed at system call N
 *   call     system call N fails, in each way of every/ways-calls.h
 *   netlink  the kernel refuses the Nth netlink request
 *   orphan   the application is killed while the helper is at call N, and the helper goes on
 *   hang     the helper stops at call N and the module's deadline passes
 *
 * Every time: it was done, and rightly; or it was refused for a reason that can be read, no session
 * is outside, and what is there is what was there or what the next login and gc cope with.
 *
 *   every_fault hold N
 *
 * orders that the next helper of whomever stops at call N, prints its number when it has, and
 * lets it go on when standard input ends.
 *
 * PART, a number, has one of PART faults tried, by chance: the seed is printed, SEED repeats it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/every/deed.h"
#include "tests/faults/every/order.h"
#include "tests/faults/every/ways.h"
#include "tests/faults/every/world.h"

/* More than one bug says; enough to see what they have in common. */
#define COMPLAINTS_MAX 20

static struct {
	const struct deed *deed;
	const char *word;
	enum fault fault;
	unsigned part;
	struct order *order;
	int order_fd;
	unsigned possible, tried;
	uint64_t digest[2];     /* of the rules, by version of the policy */
} run;

static void map_order(void)
{
	mode_t mask = umask(0);

	run.order_fd = open(ORDER_FILE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	umask(mask);
	if (run.order_fd < 0 || ftruncate(run.order_fd, sizeof(*run.order)) < 0)
		abort();
	run.order = mmap(NULL, sizeof(*run.order), PROT_READ | PROT_WRITE, MAP_SHARED,
			 run.order_fd, 0);
	if (run.order == MAP_FAILED)
		abort();
}

static void give_order(enum fault fault, unsigned at, unsigned way)
{
	memset(run.order, 0, sizeof(*run.order));
	strcpy(run.order->helper, HELPER_REAL);
	run.order->fault = fault;
	run.order->at = at;
	run.order->way = way;
}

/* The tracer holds the lock as long as it lives. */
static void wait_for_tracer(void)
{
	if (flock(run.order_fd, LOCK_EX) < 0 || flock(run.order_fd, LOCK_UN) < 0)
		abort();
}

/* --- ways to do it */

static struct upshot do_it(const char *service)
{
	struct upshot upshot = run.deed->run(service, HELPER_TRACED);

	wait_for_tracer();
	return upshot;
}

/* By a process that is killed meanwhile; nobody learns what became of it. */
static struct upshot do_it_orphaned(void)
{
	struct upshot upshot = { .done = true };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		abort();
	if (pid == 0) {
		/* What it starts is killed with it. */
		setpgid(0, 0);
		(void)run.deed->run(SERVICE_TRACED, HELPER_TRACED);
		_exit(0);
	}
	while (!run.order->done && waitpid(pid, &status, WNOHANG) == 0)
		usleep(200);
	kill(-pid, SIGKILL);
	while (waitpid(-1, &status, 0) > 0)
		;
	run.order->go = true;
	wait_for_tracer();
	return upshot;
}

/* --- what is expected */

/* Is the error that was answered in what was said? */
static bool names_error(const char *said, int errnum)
{
	return strstr(said, strerror(errnum)) ||
	       (errnum == ENOMEM && strstr(said, "out of memory"));
}

/* It did not work: is it said why? */
static void judge_refusal(const struct upshot *upshot)
{
	const struct order *order = run.order;

	if (!order->done)
		complain("it failed although nothing happened: %s", upshot->said);
	if (run.deed->session && !strstr(upshot->said, "refused a session of '" USER "'"))
		complain("the log does not speak of a refusal: %s", upshot->said);
	if (run.fault == FAULT_HOLD && !strstr(upshot->said, "did not reply within"))
		complain("the log does not speak of the deadline: %s", upshot->said);
	if (run.fault == FAULT_KILL && !strstr(upshot->said, "ended without a reply"))
		complain("the log does not speak of the helper's end: %s", upshot->said);
	/* Some end the helper before it can speak. */
	if (order->errnum && !names_error(upshot->said, order->errnum) &&
	    !strstr(upshot->said, "ended without a reply"))
		complain("the reason is not said: %s", upshot->said);
	if (strlen(upshot->said) < 20)
		complain("nothing is said");
}

/* The rules are those of today's policy: what every login under it has. */
static void judge_rules(void)
{
	struct sight sight = world_sight();
	uint64_t digest = sight.record.rules_digest;

	for (int i = 0; i < 2; i++) {
		if (run.digest[i] == 0)
			run.digest[i] = digest;
		if (run.digest[i] == digest)
			return;
	}
	complain("rules of neither policy");
}

/* What the next login, or gc, finds is something that it copes with. */
static void judge_rest(bool strictly)
{
	bool cleared = false;

	world_whole_or_absent(strictly && run.deed->takes_back);
	world_host_table_intact();
	if (run.deed->of_host)
		world_knows_host();
	if (run.deed->of_gc && run.tried % 2)
		cleared = deed_clear();
	if (cleared)
		return;
	deed_log_in();
	/* Who is killed cannot clear up, and not all of it is in the next login's way. */
	if (!strictly)
		deed_sweep();
	world_whole_or_absent(true);
	world_one_claim();
	judge_rules();
	world_host_table_intact();
	if (run.deed->of_host)
		world_knows_host();
	if (run.tried % 3 == 0)
		deed_remove();
}

static void try(unsigned at, unsigned way)
{
	unsigned before = complaints();
	struct upshot upshot;

	run.possible++;
	if (run.part > 1 && rand() % (int)run.part != 0)
		return;
	run.tried++;
	run.deed->prepare();
	give_order(run.fault, at, way);
	if (strcmp(run.word, "orphan") == 0)
		upshot = do_it_orphaned();
	else
		upshot = do_it(strcmp(run.word, "hang") == 0 ? SERVICE_HASTY : SERVICE_TRACED);
	if (!upshot.done)
		judge_refusal(&upshot);
	/* Who was told that it failed may rely on it; not so who was killed, or killed the helper. */
	judge_rest(run.fault == FAULT_CALL || run.fault == FAULT_NETLINK);
	if (complaints() != before)
		printf("^ %s of %s at %u, %u: %s (%s)\n", run.word, run.deed->name, at, way,
		       run.order->what, upshot.done ? "done" : upshot.said);
	if (complaints() > COMPLAINTS_MAX) {
		printf("and so on\n");
		exit(1);
	}
}

/* How many ways there are at call or request @at, which was call @number. */
static unsigned count_ways(unsigned at, const int16_t *numbers)
{
	unsigned way = 0;

	switch (run.fault) {
	case FAULT_NONE:
	case FAULT_KILL:
	case FAULT_HOLD:
		return 1;
	case FAULT_CALL:
		while (way_of_call(numbers[at - 1], way, NULL))
			way++;
		break;
	case FAULT_NETLINK:
		while (way_of_request(way))
			way++;
		break;
	}
	return way;
}

static void try_all(void)
{
	int16_t numbers[ORDER_CALLS_MAX];
	unsigned count;

	run.deed->prepare();
	give_order(FAULT_NONE, 0, 0);
	struct upshot upshot = do_it(SERVICE_TRACED);
	if (!upshot.done || complaints()) {
		complain("%s without a fault: %s", run.deed->name, upshot.said);
		return;
	}
	memcpy(numbers, run.order->numbers, sizeof(numbers));
	count = run.fault == FAULT_NETLINK ? run.order->requests : run.order->calls;
	judge_rest(true);
	for (unsigned at = 1; at <= count; at++)
		for (unsigned way = 0; way < count_ways(at, numbers); way++)
			try(at, way);
}

static enum fault find_fault(const char *word)
{
	static const struct { const char *word; enum fault fault; } words[] = {
		{ "kill", FAULT_KILL }, { "call", FAULT_CALL }, { "netlink", FAULT_NETLINK },
		{ "orphan", FAULT_HOLD }, { "hang", FAULT_HOLD },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].fault;
	return FAULT_NONE;
}

static int hold(unsigned at)
{
	char byte;

	map_order();
	give_order(FAULT_HOLD, at, 0);
	while (!run.order->done)
		usleep(1000);
	printf("%d\n", (int)run.order->pid);
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	run.order->go = true;
	wait_for_tracer();
	return 0;
}

int main(int argc, char **argv)
{
	const char *given = getenv("SEED");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)time(NULL);

	run.word = argc > 2 ? argv[1] : "";
	if (strcmp(run.word, "hold") == 0)
		return hold((unsigned)atoi(argv[2]));
	run.deed = argc > 2 ? deed_find(argv[2]) : NULL;
	run.fault = find_fault(run.word);
	run.part = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	if (!run.deed || run.fault == FAULT_NONE) {
		fprintf(stderr, "usage: every_fault kill|call|netlink|orphan|hang DEED [PART]\n");
		return 2;
	}
	srand(seed);
	map_order();
	world_begin();
	try_all();
	printf("%s: %s, %u of %u faults tried (seed %u), %u complaints\n", run.deed->name, run.word,
	       run.tried, run.possible, seed, complaints());
	return complaints() != 0;
}
