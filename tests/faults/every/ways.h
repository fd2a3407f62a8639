/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which ways a system call, and a request to netlink, can fail. */
#ifndef FAULTS_EVERY_WAYS_H
#define FAULTS_EVERY_WAYS_H

/* Not an errno: less is done than was asked for. */
#define WAY_SHORT (-1)

/**
 * way_of_call() - the @way'th (from 0) in which call @number can fail
 * @ret_name:	of the call; may be NULL
 * Return: an errno, WAY_SHORT, or 0 when there are no more
 */
int way_of_call(long number, unsigned way, const char **ret_name);

/** way_of_request() - likewise, of a request to netlink */
int way_of_request(unsigned way);

#endif
