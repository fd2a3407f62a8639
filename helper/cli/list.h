/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How `carrel list` writes what there is; apart from reading it, so that tests can ask. */
#ifndef CARREL_CLI_LIST_H
#define CARREL_CLI_LIST_H

#include "cli/view.h"

/** list_put_table() - append the carrels for people; 0 or -ENOMEM */
int list_put_table(const struct views *views, struct arena *arena, struct buffer *text);

/** list_put_json() - append the carrels as a JSON array */
void list_put_json(const struct views *views, struct buffer *text);

#endif
