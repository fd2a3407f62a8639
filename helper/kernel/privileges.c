/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The launcher (or a systemd unit with User= and AmbientCapabilities=) hands over an account
 * without rights and two ambient capabilities. Whoever else starts the helper, by mistake or
 * not, gets an error here: nothing of what follows relies on having been started well.
 *
 *   kept             why
 *   CAP_NET_ADMIN    links, addresses, routes, nftables, /proc/sys/net of the host and the carrel
 *   CAP_SYS_ADMIN    unshare and setns of network namespaces, the bind mount that pins one
 *
 * The bounding set cannot be narrowed without CAP_SETPCAP, which the helper never has; it
 * decides only what an execve could gain, and no_new_privs and the sandbox rule that out.
 */
#include "kernel/privileges.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

#define KEPT ((UINT64_C(1) << CAP_NET_ADMIN) | (UINT64_C(1) << CAP_SYS_ADMIN))

struct capabilities {
	uint64_t effective, permitted, inheritable;
};

/** get_capabilities() - of this process; 0 or -errno */
static int get_capabilities(struct capabilities *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret = (struct capabilities){
		.effective = data[0].effective | (uint64_t)data[1].effective << 32,
		.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
		.inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
	};
	return 0;
}

/** keep_two() - permitted and effective become KEPT, inheritable nothing; 0 or -errno */
static int keep_two(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = (uint32_t)KEPT, .permitted = (uint32_t)KEPT },
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
static_assert(KEPT <= UINT32_MAX, "both capabilities are in the first word");

/** check_account() - every uid and gid is the same, and not root's */
static int check_account(struct carrel_error *err)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return error_set_errno(err, errno, "asking which account this runs as");
	if (ruid == 0 || rgid == 0)
		return error_set(err, EPERM, "carrel-helper must not run as root: it is started by "
				 "pam_carrel.so or by the carrel command, as an account of its own");
	if (ruid != euid || ruid != suid || rgid != egid || rgid != sgid)
		return error_set(err, EPERM, "the helper's real, effective and saved ids differ");
	if (getgroups(0, NULL) > 1)
		return error_set(err, EPERM, "the helper was given supplementary groups");
	return 0;
}

/** check_handed_over() - both capabilities are there */
static int check_handed_over(struct carrel_error *err)
{
	struct capabilities has;
	int rc = get_capabilities(&has);

	if (rc < 0)
		return error_set_errno(err, -rc, "reading the capabilities");
	if (!(has.permitted & (UINT64_C(1) << CAP_NET_ADMIN)))
		return error_set(err, EPERM, "the helper was started without CAP_NET_ADMIN");
	if (!(has.permitted & (UINT64_C(1) << CAP_SYS_ADMIN)))
		return error_set(err, EPERM, "the helper was started without CAP_SYS_ADMIN");
	return 0;
}

/** drop() - everything but the two, for good */
static int drop(struct carrel_error *err)
{
	int rc;

	/* First, so that nothing below can be undone by an execve. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set_errno(err, errno, "setting no_new_privs");
	/* No ptrace and no core by others of the same account; /proc/self becomes root's. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set_errno(err, errno, "becoming undumpable");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_set_errno(err, errno, "clearing the ambient capabilities");
	rc = keep_two();
	if (rc < 0)
		return error_set_errno(err, -rc, "dropping capabilities");
	return 0;
}

/** verify() - what was dropped is gone: read it back, and try to regain root */
static int verify(struct carrel_error *err)
{
	struct capabilities has;
	int rc = get_capabilities(&has);

	if (rc < 0)
		return error_set_errno(err, -rc, "reading the capabilities back");
	if (has.permitted != KEPT || has.effective != KEPT || has.inheritable != 0)
		return error_set(err, EPERM, "capabilities remain that were dropped");
	if (setuid(0) == 0 || setgid(0) == 0)
		return error_set(err, EPERM, "root could be regained after it was dropped");
	return 0;
}

/** check_peer() - @fd is a socket of the right kind, and root holds its other end */
static int check_peer(int fd, pid_t *ret_peer, struct carrel_error *err)
{
	struct ucred peer;
	socklen_t size = sizeof(int);
	int domain, type;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
		return error_set_errno(err, errno, "descriptor %d", fd);
	size = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return error_set_errno(err, errno, "descriptor %d", fd);
	if (domain != AF_UNIX || type != SOCK_SEQPACKET)
		return error_set(err, EPROTOTYPE, "descriptor %d is no unix SOCK_SEQPACKET socket", fd);
	size = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return error_set_errno(err, errno, "asking who is at the other end");
	if (peer.uid != 0)
		return error_set(err, EPERM, "uid %u is at the other end; only root may ask",
				 (unsigned)peer.uid);
	*ret_peer = peer.pid;
	return 0;
}

int privileges_confine(int fd, pid_t *ret_peer, struct carrel_error *err)
{
	pid_t peer = 0;
	int rc = check_account(err);

	if (rc == 0)
		rc = check_handed_over(err);
	if (rc == 0)
		rc = drop(err);
	if (rc == 0)
		rc = verify(err);
	if (rc == 0)
		rc = check_peer(fd, &peer, err);
	if (rc < 0)
		return rc;
	*ret_peer = peer;
	return 0;
}
