/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor: what the kernel has to do for a first login, done as cheaply as is known,
 * by one process that is already there.
 */
#ifndef CARREL_BENCH_BARE_H
#define CARREL_BENCH_BARE_H

struct carrel_error;

enum bare_step {
	BARE_NAMESPACE,         /* unshare, and the sockets of both namespaces */
	BARE_SETTINGS,          /* the sysctls that links inherit */
	BARE_RULES,             /* 20 of them, one transaction */
	BARE_LINK,              /* one RTM_NEWLINK, the peer placed directly */
	BARE_HOST,              /* the host's end: one batch */
	BARE_INSIDE,            /* lo and uplink0, addresses, routes, neighbours: one batch */
	BARE_PIN,
};
#define BARE_STEP_COUNT (BARE_PIN + 1)

#define BARE_PIN_SIZE 40

/** bare_step_name() - for the table */
const char *bare_step_name(enum bare_step step);

/** bare_pin_path() - where number @number is pinned */
void bare_pin_path(unsigned number, char path[BARE_PIN_SIZE]);

/**
 * bare_login() - make namespace number @number
 * @number:	1 to 65534, not alive at this moment; names and addresses come from it
 * @ret_us:	what each step took
 *
 * Return: 0 or -errno
 * Context: CAP_SYS_ADMIN, CAP_NET_ADMIN; leaves the thread in the new namespace; then bare_forget()
 */
int bare_login(unsigned number, double ret_us[BARE_STEP_COUNT], struct carrel_error *err);

/** bare_forget() - close what a helper would leave to its own end, for which nobody waits */
void bare_forget(void);

#endif
