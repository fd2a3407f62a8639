/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many log in at once, some of them as the same user, and leave each in their own time and way: see
 * tests/login/crowd.sh, which runs this in the test host, and beside it `carrel gc` and `carrel
 * apply` over and over.
 *
 *   crowd SERVICE FIRST-UID USERS LOGINS
 *
 * User number N is called crowdN and has the uid FIRST-UID + N. Every session must be in the carrel
 * of its user when it begins, must reach what the policy permits and nothing else, and must still
 * be in the carrel that is pinned when it ends. SEED repeats a run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <security/pam_appl.h>

#include "tests/faults/every/world.h"

#define STAY_MAX_US 200000

/* One in so many is killed instead of closing its session. */
#define KILLED_PART 4

static int converse(int count, const struct pam_message **messages,
		    struct pam_response **responses, void *context)
{
	(void)messages;
	(void)context;
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* The whole life of a session, in a process of its own. */
static void live(const char *service, unsigned number, uid_t uid)
{
	const struct pam_conv conversation = { converse, NULL };
	char user[16];
	pam_handle_t *pamh;

	snprintf(user, sizeof(user), "crowd%u", number);
	world_choose(uid);
	if (pam_start(service, user, &conversation, &pamh) != PAM_SUCCESS)
		abort();
	int result = pam_open_session(pamh, PAM_SILENT);
	if (result != PAM_SUCCESS) {
		complain("%s is refused: %s", user, pam_strerror(pamh, result));
		return;
	}
	world_session_right();
	usleep((useconds_t)(rand() % STAY_MAX_US));
	if (!world_session_right())
		complain("^ %s, before the end of a session", user);
	if (rand() % KILLED_PART == 0)
		kill(getpid(), SIGKILL);
	pam_close_session(pamh, PAM_SILENT);
	world_on_host();
	pam_end(pamh, PAM_SUCCESS);
}

int main(int argc, char **argv)
{
	const char *given = getenv("SEED");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)time(NULL);
	unsigned killed = 0;
	int status;

	if (argc != 5)
		return 2;
	uid_t first = (uid_t)atoi(argv[2]);
	unsigned users = (unsigned)atoi(argv[3]), logins = (unsigned)atoi(argv[4]);
	world_begin();
	for (unsigned i = 0; i < logins; i++) {
		unsigned number = i % users;
		pid_t pid = fork();

		if (pid < 0)
			abort();
		if (pid > 0)
			continue;
		srand(seed + i);
		live(argv[1], number, first + number);
		_exit(0);
	}
	while (wait(&status) > 0) {
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			killed++;
		else if (status != 0)
			complain("a session's process ended with %d", status);
	}
	printf("%u logins at once of %u users, %u of them killed (seed %u): %u complaints\n", logins,
	       users, killed, seed, complaints());
	return complaints() != 0;
}
