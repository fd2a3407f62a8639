/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that the C library makes for any program: rows of kernel/sandbox-calls.h and
 * of resolver/resolver-calls.h alike.
 */

/* Memory: malloc, and nothing executable */
ALLOW(brk,              "malloc")
ALLOW_IF(mmap,          "malloc of large pieces", ARG_LACKS(2, PROT_EXEC))
ALLOW(mremap,           "realloc of large pieces")
ALLOW(munmap,           "free of large pieces")
ALLOW_IF(mprotect,      "growing malloc's heap", ARG_LACKS(2, PROT_EXEC))
ALLOW(sysinfo,          "glibc's qsort asks how much memory there is")
ALLOW(getrandom,        "malloc's canary, on first use; numbers of queries")
ALLOW(futex,            "stdio and malloc locks, uncontended in one thread")

/* Time, and the end */
ALLOW(clock_gettime,    "time stamps and time-outs, where the vDSO cannot")
ALLOW(gettimeofday,     "likewise")
ALLOW(time,             "likewise")
ALLOW(restart_syscall,  "the kernel goes on with a call after SIGSTOP and SIGCONT")
ALLOW(exit_group,       "the end")
