/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does sshd ask PAM? The keyword is no one of those that Match blocks may have (sshd_config(5)), so
 * one answer holds for everybody; but each sshd that listens may have a configuration of its own.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "doctor/checks.h"
#include "doctor/process.h"
#include "doctor/program.h"

/* Its options -f and -o with their values, and -T. */
#define ARGUMENTS_MAX 32

/* How a listening sshd calls itself: "sshd: /usr/sbin/sshd -D -f FILE [listener] 0 of ..." */
#define TITLE_BEGIN "sshd: "
#define TITLE_END   " [listener]"

/** setting() - the value of @keyword in what `sshd -T` says; NULL when it is not there */
static const char *setting(const char *text, const char *keyword, struct arena *arena)
{
	size_t length = strlen(keyword);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line > length && strncasecmp(text, keyword, length) == 0 && text[length] == ' ')
			return arena_strndup(arena, text + length + 1, line - length - 1);
		text += line + (text[line] == '\n');
	}
	return NULL;
}

/** add_answer() - judge what sshd, started with @arguments, says of itself */
static int add_answer(struct doctor *doctor, const char *arguments, int status, const char *text)
{
	const char *value = setting(text, "usepam", doctor->arena);

	if (status != 0)
		return doctor_add(doctor, (struct doctor_finding){
			.severity = DOCTOR_UNCHECKED,
			.what = arena_printf(doctor->arena, "sshd -T%s says: %.*s", arguments,
					     (int)strcspn(text, "\n"), text),
			.why = "whether sshd asks PAM is not known", .fix = "",
		});
	if (value && strcasecmp(value, "yes") == 0)
		return 0;
	return doctor_add(doctor, (struct doctor_finding){
		.severity = DOCTOR_WRONG,
		.what = arena_printf(doctor->arena, "sshd%s%s: %s", *arguments ? " with" : "",
				     arguments, value ? "UsePAM no" : "it was built without PAM"),
		.why = "sshd opens no PAM session: nobody who comes in by ssh is confined",
		.fix = value ? "set 'UsePAM yes' in /etc/ssh/sshd_config (sshd -T | grep -i usepam "
			       "shows what is in force), then: systemctl reload ssh" :
			       "install an sshd that was built with PAM",
	});
}

/** ask() - have sshd tell its configuration, given the @arguments of one that listens */
static int ask(struct doctor *doctor, const char *arguments, struct carrel_error *err)
{
	const char *argv[ARGUMENTS_MAX + 1] = { "sshd", "-T" };
	const char *text;
	size_t count = 2;
	int status;

	char *words = arena_strdup(doctor->arena, arguments);
	if (!words)
		return -ENOMEM;
	for (char *word = strtok(words, " "); word && count < ARGUMENTS_MAX; word = strtok(NULL, " "))
		argv[count++] = word;
	int rc = program_output(argv, doctor->arena, &text, &status, err);
	if (rc == -ENOENT)
		return 0;       /* no sshd, no way in */
	return rc < 0 ? rc : add_answer(doctor, arguments, status, text);
}

/**
 * keep_options() - of a listening sshd's @title those options that decide about its configuration
 * @ret:	" -f FILE -o OPTION", from @arena; "" for none
 * Return: 0; -ENOENT when it is no such title; -ENOMEM
 */
static int keep_options(const char *title, struct arena *arena, const char **ret)
{
	const char *end = strstr(title, TITLE_END);
	const char *kept = "";

	if (strncmp(title, TITLE_BEGIN, strlen(TITLE_BEGIN)) != 0 || !end)
		return -ENOENT;
	char *words = arena_strndup(arena, title, (size_t)(end - title));
	if (!words)
		return -ENOMEM;
	for (char *word = strtok(words, " "); word && kept; word = strtok(NULL, " ")) {
		if (strcmp(word, "-f") != 0 && strcmp(word, "-o") != 0)
			continue;
		const char *value = strtok(NULL, " ");

		if (value)
			kept = arena_printf(arena, "%s %s %s", kept, word, value);
	}
	*ret = kept;
	return kept ? 0 : -ENOMEM;
}

struct listeners {
	struct arena *arena;
	ARENA_LIST(const char *) arguments;
};

/** add_listener() - process_each() callback */
static int add_listener(const struct process *process, void *context)
{
	struct listeners *listeners = context;
	const char *arguments;

	if (process->uid != 0)
		return 0;
	int rc = keep_options(process->command, listeners->arena, &arguments);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (size_t i = 0; i < listeners->arguments.count; i++)
		if (strcmp(listeners->arguments.items[i], arguments) == 0)
			return 0;
	const char **place = ARENA_APPEND(listeners->arena, &listeners->arguments);
	if (!place)
		return -ENOMEM;
	*place = arguments;
	return 0;
}

int doctor_check_sshd(struct doctor *doctor, struct carrel_error *err)
{
	struct listeners listeners = { .arena = doctor->arena };
	int rc = process_each(doctor->arena, add_listener, &listeners, err);

	/* None runs: ask about the one that would be started. */
	if (rc == 0 && !listeners.arguments.count)
		return ask(doctor, "", err);
	for (size_t i = 0; rc == 0 && i < listeners.arguments.count; i++)
		rc = ask(doctor, listeners.arguments.items[i], err);
	return rc;
}
