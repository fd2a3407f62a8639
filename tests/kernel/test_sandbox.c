/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sandbox from within: each attempt is made by a child that has entered it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "kernel/sandbox.h"
#include "kernel/sysctl.h"

/* Wait status of a child that makes @attempt in the sandbox; it exits with 0 when that says so. */
static int attempt_status(int (*attempt)(void))
{
	const struct rlimit no_core = { 0, 0 };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || sandbox_enter(NULL))
			_exit(99);
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int try_execve(void)
{
	char *const arguments[] = { NULL };

	return execve("/bin/true", arguments, arguments);
}
static int try_fork(void)         { return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static int try_ptrace(void)       { return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static int try_kill(void)         { return kill(getppid(), 0); }
static int try_bpf(void)          { return (int)syscall(SYS_bpf, 0, NULL, 0); }
static int try_keyctl(void)       { return (int)syscall(SYS_keyctl, 0, 0, 0, 0, 0); }
static int try_init_module(void)  { return (int)syscall(SYS_init_module, NULL, 0, ""); }
static int try_setuid(void)       { return setuid(0); }
static int try_chroot(void)       { return chroot("/"); }
static int try_socket_inet(void)  { return socket(AF_INET, SOCK_STREAM, 0); }
static int try_socket_packet(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static int try_socket_unix(void)  { return socket(AF_UNIX, SOCK_STREAM, 0); }
static int try_socket_audit(void) { return socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT); }
static int try_unshare_mount(void) { return unshare(CLONE_NEWNS); }
static int try_unshare_user(void) { return unshare(CLONE_NEWUSER | CLONE_NEWNET); }
static int try_setns_any(void)    { return setns(open("/proc/self/ns/mnt", O_RDONLY), 0); }
static int try_mount_tmpfs(void)  { return mount("tmpfs", "/tmp", "tmpfs", 0, NULL); }
static int try_remount(void)      { return mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT, NULL); }
static int try_umount_plain(void) { return umount2("/proc", 0); }
static int try_umount_at(void)    { return umount2("/nowhere", MNT_DETACH); }
static int try_ioctl_tty(void)    { char c = '\n'; return ioctl(0, 0x5412 /* TIOCSTI */, &c); }
static int try_connect(void)      { return connect(0, NULL, 0); }
static int try_move_mount(void)   { return (int)syscall(SYS_move_mount, -1, "", -1, "", 0); }
static int try_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0) == MAP_FAILED;
}
static int try_make_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

#define ATTEMPT(what) { #what, try_##what }
struct attempt {
	const char *name;
	int (*make)(void);
};

static void test_sandbox_kills_whatever_is_not_in_the_table(void **state)
{
	static const struct attempt attempts[] = {
		ATTEMPT(execve), ATTEMPT(fork), ATTEMPT(ptrace), ATTEMPT(kill), ATTEMPT(bpf),
		ATTEMPT(keyctl), ATTEMPT(init_module), ATTEMPT(setuid), ATTEMPT(chroot),
		ATTEMPT(socket_inet), ATTEMPT(socket_packet), ATTEMPT(socket_unix),
		ATTEMPT(socket_audit), ATTEMPT(unshare_mount), ATTEMPT(unshare_user),
		ATTEMPT(setns_any), ATTEMPT(mount_tmpfs), ATTEMPT(remount), ATTEMPT(umount_plain),
		ATTEMPT(umount_at), ATTEMPT(move_mount), ATTEMPT(ioctl_tty), ATTEMPT(connect), ATTEMPT(executable),
		ATTEMPT(make_executable),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int status = attempt_status(attempts[i].make);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: wait status 0x%x", attempts[i].name, (unsigned)status);
	}
}

static int try_memory(void)
{
	for (size_t size = 1; size < 64 * 1024 * 1024; size *= 4) {
		char *memory = malloc(size);
		char *larger = memory ? realloc(memory, 2 * size) : NULL;

		if (!larger)
			return 1;
		larger[2 * size - 1] = 1;
		free(larger);
	}
	return 0;
}
static int try_files(void)
{
	struct stat st;
	int directory = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return directory < 0 || fstat(directory, &st) || mkdirat(directory, "d", 0755) ||
	       symlinkat("1", directory, "d/a") || renameat(directory, "d/a", directory, "d/b") ||
	       unlinkat(directory, "d/b", 0) || unlinkat(directory, "d", AT_REMOVEDIR) ||
	       flock(directory, LOCK_EX) || close(directory);
}
static int try_namespace(void)
{
	int old = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return old < 0 || ioctl(old, NS_GET_NSTYPE) != CLONE_NEWNET || unshare(CLONE_NEWNET) ||
	       setns(old, CLONE_NEWNET);
}
static int try_pin(void)
{
	int fd = open("/tmp/pin", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);

	return fd < 0 || mount("/proc/self/ns/net", "/tmp/pin", NULL, MS_BIND, NULL) ||
	       umount2("/tmp/pin", MNT_DETACH | UMOUNT_NOFOLLOW) || unlink("/tmp/pin");
}
static int try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) < 0 ||
	       socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER) < 0;
}

static int try_procfs(void)
{
	int proc_fd = sysctl_mount_proc();

	return proc_fd < 0 || close(proc_fd);
}

static void test_sandbox_lets_the_helper_do_its_work(void **state)
{
	static const struct attempt attempts[] = {
		ATTEMPT(memory), ATTEMPT(files), ATTEMPT(namespace), ATTEMPT(pin), ATTEMPT(netlink),
		ATTEMPT(procfs),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int status = attempt_status(attempts[i].make);

		if (status != 0)
			fail_msg("%s: wait status 0x%x", attempts[i].name, (unsigned)status);
	}
}

static int set_up(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox_kills_whatever_is_not_in_the_table),
		cmocka_unit_test(test_sandbox_lets_the_helper_do_its_work),
	};

	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, set_up, NULL);
}
