/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How each system call of the helper can fail, by its page in section 2 of the manual, for reasons
 * that are not its own: memory, descriptors, disk, locks, a signal, a security module. What would
 * be a lie about what is there (ENOENT, EEXIST, ENODEV) is left out, and so is what only a
 * wrong argument causes.
 *
 *	WAYS(call, ways...)	errno(3) values, or SHORT: less is done than was asked for
 *
 * A call without a row cannot fail, or what it says does not matter. Included by ways.c, nowhere
 * else; hence no include guard.
 */
WAYS(brk,         SHORT)
WAYS(mmap,        ENOMEM, EAGAIN)
WAYS(mremap,      ENOMEM)
WAYS(mprotect,    ENOMEM)
WAYS(prctl,       EPERM, EINVAL)
WAYS(capget,      EPERM)
WAYS(capset,      EPERM)
WAYS(seccomp,     EACCES, ENOMEM)
WAYS(getsockopt,  ENOBUFS, EPERM)
WAYS(openat,      EMFILE, ENFILE, ENOMEM, EACCES, EPERM, ENOSPC, EROFS, EINTR, EIO)
WAYS(read,        EIO, EINTR, SHORT)
WAYS(pread64,     EIO)
WAYS(write,       ENOSPC, EIO, EDQUOT, EINTR, SHORT)
WAYS(close,       EINTR, EIO)
WAYS(fstat,       ENOMEM, EIO)
WAYS(newfstatat,  ENOMEM, EACCES, EIO)
WAYS(statx,       ENOMEM, EACCES)
WAYS(fstatfs,     EIO, ENOMEM)
WAYS(getdents64,  EIO, ENOMEM)
WAYS(mkdir,       ENOSPC, EROFS, EACCES, EDQUOT, ENOMEM)
WAYS(mkdirat,     ENOSPC, EROFS, EACCES, EDQUOT, ENOMEM)
WAYS(unlink,      EROFS, EACCES, EPERM, EIO, EBUSY)
WAYS(unlinkat,    EROFS, EACCES, EPERM, EIO, EBUSY)
WAYS(rmdir,       EROFS, EACCES, EPERM, EIO, EBUSY)
WAYS(renameat,    ENOSPC, EROFS, EACCES, EDQUOT, ENOMEM)
WAYS(renameat2,   ENOSPC, EROFS, EACCES, EDQUOT, ENOMEM)
WAYS(linkat,      ENOSPC, EROFS, EPERM)
WAYS(symlinkat,   ENOSPC, EROFS, EACCES, EDQUOT, ENOMEM)
WAYS(readlinkat,  EIO, EACCES, ENOMEM)
WAYS(fchmod,      EPERM, EROFS, EIO)
WAYS(fchmodat,    EPERM, EROFS)
WAYS(fchownat,    EPERM, EROFS)
WAYS(fchown,      EPERM, EROFS)
WAYS(flock,       ENOLCK, EINTR)
WAYS(fcntl,       ENOLCK, EMFILE, EAGAIN)
WAYS(unshare,     ENOSPC, ENOMEM, EPERM)
WAYS(setns,       EPERM, ENOMEM)
WAYS(ioctl,       EIO, EPERM, ENOMEM)
WAYS(mount,       EPERM, EACCES, ENOMEM, ENOSPC, EBUSY)
WAYS(umount2,     EPERM, ENOMEM, EBUSY)
WAYS(fsopen,      EMFILE, ENFILE, ENOMEM, EPERM)
WAYS(fsconfig,    ENOMEM, EPERM)
WAYS(fsmount,     EMFILE, ENFILE, ENOMEM, EPERM, ENOSPC)
WAYS(socket,      EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EPERM)
WAYS(setsockopt,  ENOMEM, EPERM)
WAYS(sendto,      ENOBUFS, ENOMEM, EPERM, EINTR, EAGAIN)
WAYS(sendmsg,     ENOBUFS, ENOMEM, EPERM, EINTR, EAGAIN)
WAYS(recvmsg,     ENOBUFS, ENOMEM, EINTR)
WAYS(recvmmsg,    ENOBUFS, ENOMEM, EINTR)
WAYS(recvfrom,    ENOBUFS, ENOMEM, EINTR)
WAYS(poll,        ENOMEM, EINTR)
WAYS(clock_gettime, EPERM)
