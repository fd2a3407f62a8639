/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that carrel-resolver may make, as in kernel/sandbox-calls.h. It runs under
 * the account that /run/carrel belongs to, so what it must not do above all is write: it
 * opens files for reading alone, makes, renames and removes none.
 */

#include "kernel/sandbox-common.h"

/* Files: /etc/resolv.conf, nsswitch.conf, host.conf, hosts; /dev/urandom */
ALLOW_IF(openat,        "the resolver's configuration",
	 ARG_LACKS(2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
ALLOW_IF(open,          "the same, by C libraries that still use it",
	 ARG_LACKS(1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
ALLOW(read,             "the configuration, names, answers over TCP")
ALLOW(readv,            "likewise")
ALLOW(write,            "what was found")
ALLOW(writev,           "queries over TCP")
ALLOW(close,            "all of them")
ALLOW(lseek,            "stdio")
ALLOW(fstat,            "stdio")
ALLOW(newfstatat,       "stdio; has the configuration changed?")
ALLOW(stat,             "the same, by C libraries that still use it")
ALLOW(statx,            "likewise")

/* The network */
ALLOW_IF(socket,        "queries over IPv4", ARG_IS(0, AF_INET))
ALLOW_IF(socket,        "queries over IPv6", ARG_IS(0, AF_INET6))
ALLOW(connect,          "to a name server")
ALLOW(bind,             "c-ares, where an address is configured to send from")
ALLOW(getsockname,      "c-ares")
ALLOW(setsockopt,       "c-ares: no delay")
ALLOW(getsockopt,       "c-ares: did the connection come about?")
ALLOW_IF(fcntl,         "sockets that do not block", ARG_IS(1, F_GETFL))
ALLOW_IF(fcntl,         "likewise", ARG_IS(1, F_SETFL))
ALLOW_IF(fcntl,         "and are closed on exec", ARG_IS(1, F_GETFD))
ALLOW_IF(fcntl,         "likewise", ARG_IS(1, F_SETFD))
ALLOW(sendto,           "queries")
ALLOW(sendmsg,          "likewise")
ALLOW(recvfrom,         "answers")
ALLOW(recvmsg,          "likewise")
ALLOW(select,           "the next answer")
ALLOW(pselect6,         "the same, as newer C libraries ask")
ALLOW(poll,             "likewise")
ALLOW(ppoll,            "likewise")
ALLOW_IF(ioctl,         "the number of a link, of a link-local name server",
	 ARG_IS(1, SIOCGIFINDEX))

/* Itself */
ALLOW(uname,            "the domain in the name of the machine")
ALLOW(getpid,           "seeds")
