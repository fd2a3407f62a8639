/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How `carrel refresh` writes what it found out; apart from doing it, so that tests can ask. */
#ifndef CARREL_CLI_REFRESH_H
#define CARREL_CLI_REFRESH_H

#include "base/buffer.h"
#include "core/names.h"

/* What became of one name in a round. */
struct refreshed {
	bool asked, changed;
	const char *reason;             /* of answer_reasons[], when a family was not answered */
};

/**
 * refresh_neglected() - one quiet round, where nobody has looked after names for a while
 * @config_path: of carrel.conf, absolute
 */
void refresh_neglected(const char *config_path, int state_fd);

/** refresh_put_text() - append a line: the name, its addresses, when it is asked about again */
void refresh_put_text(const struct known_name *name, const struct refreshed *refreshed,
		      uint64_t now_s, struct buffer *text);

/** refresh_put_json() - append an object */
void refresh_put_json(const struct known_name *name, const struct refreshed *refreshed,
		      uint64_t now_s, struct buffer *text);

#endif
