/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The carrel command: what its subcommands share.
 *
 * A subcommand gathers (view.h, owner.h), writes what it found into a buffer, and
 * prints that at the end, so that output is whole or not there. It reports errors
 * itself, by cli_complain(), and returns the exit status.
 */
#ifndef CARREL_CLI_CLI_H
#define CARREL_CLI_CLI_H

#include <stdint.h>
#include "base/buffer.h"

struct carrel_error;
struct invocation;

/* Documented in carrel(8): scripts depend on them. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILURE = 1,
	CLI_USAGE = 2,
	CLI_NOT_FOUND = 3,      /* no such user, carrel or policy */
	CLI_INVALID = 4,        /* the configuration is */
	CLI_NO = 5,             /* the answer of `carrel explain`, or of diff, or the doctor's */
};

/* Where POSIX puts a command that was found but could not be run, and one that was not. */
enum cli_exec_exit { CLI_NOT_EXECUTABLE = 126, CLI_COMMAND_NOT_FOUND = 127 };

/* A helper that takes longer than this for one request hangs; the module's default too. */
#define CLI_HELPER_TIMEOUT_MS 10000

/* The PAM service that assignments see when the command opens a session. */
#define CLI_SERVICE "carrel"

int cli_list(const struct invocation *invocation);
int cli_show(const struct invocation *invocation);
int cli_exec(const struct invocation *invocation);
int cli_check(const struct invocation *invocation);
int cli_explain(const struct invocation *invocation);
int cli_plan(const struct invocation *invocation);
int cli_apply(const struct invocation *invocation);
int cli_status(const struct invocation *invocation);
int cli_diff(const struct invocation *invocation);
int cli_repair(const struct invocation *invocation);
int cli_run(const struct invocation *invocation);
int cli_remove(const struct invocation *invocation);
int cli_log(const struct invocation *invocation);
int cli_gc(const struct invocation *invocation);
int cli_refresh(const struct invocation *invocation);
int cli_doctor(const struct invocation *invocation);

/** cli_complain() - one line on standard error, headed by the program's name */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** cli_complain_lines() - as cli_complain(), for each line of @text */
void cli_complain_lines(const char *text);

/** cli_fail() - complain of @err; Return: @status, so that callers can return it */
int cli_fail(enum cli_exit status, const struct carrel_error *err);

/** cli_out_of_memory() - complain of it; Return: CLI_FAILURE */
int cli_out_of_memory(void);

/**
 * cli_print() - put @text on standard output, with '?' for what a terminal might obey
 *
 * That leaves the ends of lines: what data has of these is up to cli_put_printable().
 *
 * Return: CLI_OK; CLI_FAILURE, with a complaint, when it is not whole or could not be written
 */
int cli_print(const struct buffer *text);

/** cli_need_root() - 0; else complains that @subcommand needs root and returns CLI_FAILURE */
int cli_need_root(const char *subcommand);

/** cli_put_printable() - append @text with '?' for what is a control character or no UTF-8 */
void cli_put_printable(struct buffer *buffer, const char *text);

/** cli_put_time() - append @epoch_s as local time, "2026-01-31 17:05:09" */
void cli_put_time(struct buffer *buffer, uint64_t epoch_s);

/** cli_put_duration() - append @s seconds in the largest unit that fits: "45s", "12m", "3h", "2d" */
void cli_put_duration(struct buffer *buffer, uint64_t s);

/** cli_put_json_time() - append @epoch_s as a JSON string, "2026-01-31T16:05:09Z" (RFC 3339),
 * or null for a time that has no such form */
void cli_put_json_time(struct buffer *buffer, uint64_t epoch_s);

#endif
