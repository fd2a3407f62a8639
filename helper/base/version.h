/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which version a file on disk is of: each program and the module carry a mark, so that
 * `carrel doctor` can tell without running them.
 */
#ifndef CARREL_BASE_VERSION_H
#define CARREL_BASE_VERSION_H

/* Such a thing stands in no other text. */
#define VERSION_MARK "\1carrel-version "

/* In the file of each program's or module's entry points, once. */
#define VERSION_MARK_HERE \
	static const char version_mark[] __attribute__((used)) = VERSION_MARK CARREL_VERSION

#endif
