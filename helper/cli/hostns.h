/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where pins and links are, whoever asks. */
#ifndef CARREL_CLI_HOSTNS_H
#define CARREL_CLI_HOSTNS_H

struct carrel_error;

/**
 * hostns_enter() - the namespaces of process 1: who runs the command may be in a carrel
 * Return: 0 or -errno
 * Context: root
 */
int hostns_enter(struct carrel_error *err);

#endif
