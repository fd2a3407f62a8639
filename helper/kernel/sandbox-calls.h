/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that the helper may make: one row a call, with its reason. A call that
 * may be made with some arguments only has a row for each form of it:
 *
 *	ALLOW(name, reason)
 *	ALLOW_IF(name, reason, condition, ...)	all must hold; arguments count from 0:
 *		ARG_IS(argument, value), ARG_LACKS(argument, bit)
 *
 * Included by sandbox-filter.c, nowhere else; hence no include guard. Not here, and so deadly:
 * every way to make a process, to execute, to trace, to signal, to load code, to change ids, to
 * make another kind of namespace than a network one, and every socket but two kinds of netlink.
 */

#include "kernel/sandbox-common.h"

/* Files: /run/carrel, the configuration, /proc/sys/net, /run/netns */
ALLOW(openat,           "configuration, records, locks, namespaces, sysctls")
ALLOW(open,             "the same, by C libraries that still use it")
ALLOW(read,             "configuration, records, sysctls")
ALLOW(write,            "records, sysctls")
ALLOW(close,            "all of them")
ALLOW(lseek,            "directories that are read again")
ALLOW(fstat,            "whom an opened file belongs to")
ALLOW(newfstatat,       "the same, as newer C libraries ask; an inode's number")
ALLOW(statx,            "the same, where there is no other call")
ALLOW(stat,             "the same, by C libraries that still use it")
ALLOW(lstat,            "likewise")
ALLOW(fstatfs,          "is this a namespace, is this tmpfs?")
ALLOW(getdents64,       "drop-ins, records, sessions, interfaces of a sysctl directory")
ALLOW(mkdirat,          "directories of /run/carrel")
ALLOW(mkdir,            "likewise")
ALLOW(unlinkat,         "records, locks and sessions that are over; pins")
ALLOW(unlink,           "likewise")
ALLOW(rmdir,            "likewise")
ALLOW(renameat,         "a record replaces the old one")
ALLOW(renameat2,        "a session's file appears locked, and replaces none")
ALLOW(rename,           "by C libraries that still use it")
ALLOW(linkat,           "a lock's file appears with the right owner")
ALLOW(symlinkat,        "the claim on an address")
ALLOW(readlinkat,       "whose claim it is")
ALLOW(fchmod,           "modes that do not depend on a umask")
ALLOW(fchmodat,         "likewise, of directories")
ALLOW(fchown,           "files that belong to /run/carrel's owner, whoever made them")
ALLOW(fchownat,         "likewise, of directories")
ALLOW(flock,            "the lock of a carrel")
ALLOW_IF(fcntl,         "a second descriptor of a directory", ARG_IS(1, F_DUPFD_CLOEXEC))
ALLOW_IF(fcntl,         "fdopendir looks how it was opened", ARG_IS(1, F_GETFL))
ALLOW_IF(fcntl,         "fdopendir makes it close-on-exec", ARG_IS(1, F_SETFD))
ALLOW_IF(fcntl,         "the lock of a session", ARG_IS(1, F_OFD_SETLK))
ALLOW_IF(fcntl,         "is a session's lock held?", ARG_IS(1, F_OFD_GETLK))

/* Namespaces and their pins */
ALLOW_IF(unshare,       "a network namespace", ARG_IS(0, CLONE_NEWNET))
ALLOW_IF(setns,         "joining a network namespace", ARG_IS(1, CLONE_NEWNET))
ALLOW_IF(ioctl,         "is this a network namespace?", ARG_IS(1, NS_GET_NSTYPE))
ALLOW_IF(ioctl,         "or one that a user made?", ARG_IS(1, NS_GET_USERNS))
ALLOW_IF(mount,         "a pin", ARG_IS(3, MS_BIND))
ALLOW(fsopen,           "a procfs for a new namespace's sysctls; to attach one has no row")
ALLOW_IF(fsconfig,      "likewise", ARG_IS(1, 6 /* FSCONFIG_CMD_CREATE: not in every <sys/mount.h> */))
ALLOW(fsmount,          "likewise")
ALLOW_IF(umount2,       "its removal", ARG_IS(1, MNT_DETACH | UMOUNT_NOFOLLOW))

/* The kernel's network configuration */
ALLOW_IF(socket,        "links, addresses, routes",
	 ARG_IS(0, AF_NETLINK), ARG_IS(2, NETLINK_ROUTE))
ALLOW_IF(socket,        "nftables",
	 ARG_IS(0, AF_NETLINK), ARG_IS(2, NETLINK_NETFILTER))
ALLOW(setsockopt,       "extended acks, strict checks, buffer sizes")
ALLOW(sendto,           "netlink messages")
ALLOW(sendmsg,          "likewise; the reply with its descriptors")
ALLOW(recvmsg,          "netlink answers")
ALLOW(recvmmsg,         "likewise, several at once")
ALLOW(recvfrom,         "likewise; the request")
ALLOW(poll,             "is there another answer?")
ALLOW(ppoll,            "where there is no poll")
ALLOW_IF(ioctl,         "the number of a link", ARG_IS(1, SIOCGIFINDEX))
ALLOW_IF(ioctl,         "the name of a link", ARG_IS(1, SIOCGIFNAME))
ALLOW_IF(ioctl,         "the MTU of the real uplink", ARG_IS(1, SIOCGIFMTU))

/* Itself */
ALLOW(getpid,           "names of temporary files")
ALLOW(geteuid,          "is /run/carrel ours?")
ALLOW(getegid,          "likewise")
