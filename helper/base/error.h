/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One error travelling up the stack.
 *
 * The lowest layer says what failed (error_set); each caller adds, once, what it
 * was doing and to which object (error_wrap). Nothing below helper.c, the module
 * and the command prints anything.
 */
#ifndef CARREL_BASE_ERROR_H
#define CARREL_BASE_ERROR_H

/* Room for a path, a kernel's extended ack text and three levels of context. */
#define ERROR_TEXT_SIZE 1024

struct carrel_error {
	int errnum;                     /* positive errno of the cause; 0 = no error */
	char text[ERROR_TEXT_SIZE];     /* whole sentence, no newline, no full stop */
};

/**
 * error_set() - record what failed
 * @err:	filled; may be NULL when the caller does not want the text
 * @errnum:	positive errno value
 * @format:	printf format of the message
 *
 * Return: -@errnum, so that callers can write "return error_set(...)"
 */
int error_set(struct carrel_error *err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * error_set_errno() - as error_set(), with ": " and strerror(@errnum) appended
 *
 * Return: -@errnum
 */
int error_set_errno(struct carrel_error *err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * error_wrap() - put what the caller was doing before the message
 * @err:	error that was set; may be NULL
 * @rc:		negative errno that the callee returned
 * @format:	printf format of the context, e.g. "making the namespace of '%s'"
 *
 * The text becomes "context: old text"; a text too long loses its end.
 *
 * Return: @rc
 */
int error_wrap(struct carrel_error *err, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
