/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/diagnostic.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>

#include "base/error.h"

/*
 * The first error is kept however many warnings came before it: it is what
 * diagnostic_to_error() reports.
 */
static bool is_kept(const struct diagnostics *diagnostics, enum severity severity)
{
	return diagnostics->list.count < DIAGNOSTICS_MAX ||
	       (severity == SEVERITY_ERROR && diagnostics->errors == 0);
}

void diagnostic_vadd(struct diagnostics *diagnostics, enum severity severity,
		     const struct position *position, const char *format, va_list arguments)
{
	bool kept = is_kept(diagnostics, severity);

	/* Counted before anything can fail: a text with an error never passes for valid. */
	if (severity == SEVERITY_ERROR)
		diagnostics->errors++;
	else
		diagnostics->warnings++;
	if (!kept)
		return;

	char *message = arena_vprintf(diagnostics->arena, format, arguments);
	struct diagnostic *diagnostic =
		message ? ARENA_APPEND(diagnostics->arena, &diagnostics->list) : NULL;
	if (!diagnostic)
		return;
	diagnostic->severity = severity;
	diagnostic->position = *position;
	diagnostic->message = message;
}

void diagnostic_add(struct diagnostics *diagnostics, enum severity severity,
		    const struct position *position, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diagnostic_vadd(diagnostics, severity, position, format, arguments);
	va_end(arguments);
}

int diagnostic_to_error(const struct diagnostics *diagnostics, struct carrel_error *err)
{
	for (size_t i = 0; i < diagnostics->list.count; i++) {
		const struct diagnostic *first = &diagnostics->list.items[i];
		if (first->severity != SEVERITY_ERROR)
			continue;

		const struct position *at = &first->position;
		if (diagnostics->errors == 1)
			return error_set(err, EINVAL, "%s:%u:%u: %s", at->file, at->line,
					 at->column, first->message);
		return error_set(err, EINVAL, "%s:%u:%u: %s (and %u more)", at->file, at->line,
				 at->column, first->message, diagnostics->errors - 1);
	}
	/* Errors were counted, but memory to keep the first one was short. */
	return error_set(err, EINVAL, "invalid: %u errors", diagnostics->errors);
}
