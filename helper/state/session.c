/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The file of a session is locked before it gets its name, so nobody who looks for dead
 * sessions ever sees a live one that is not locked yet. The lock belongs to the open file
 * description: it goes with the descriptor through SCM_RIGHTS, fork and exec, and is gone
 * when the last copy is.
 *
 * It is a write lock of fcntl(2)'s F_OFD_SETLK, not one of flock(2), for two reasons. Whether
 * it is held can be asked (F_OFD_GETLK) without taking it for a moment, so those who ask do
 * not see each other. And a write lock needs a descriptor open for writing: the files can be
 * read by everyone, yet nobody can keep a dead session alive by locking its file. A read lock of
 * somebody's would keep the write lock away, and the login with it: so the file can be read
 * only once it is locked.
 *
 * A file that does not parse counts like any other: it is alive while it is locked.
 *
 * The last line of the file says that the session is on offer. Whoever is let in takes that line
 * off (session_accept()); a login that is refused never does, whatever became of its helper, and
 * so its file dies with the lock although the application lives on. The line is taken off and
 * none is added, because a file may be made shorter under any RLIMIT_FSIZE: to write is to be
 * killed by SIGXFSZ where an application has a small one. Versions before this one wrote no such
 * line: theirs are accepted.
 */
#include "state/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/fd.h"
#include "state/directory.h"
#include "state/fields.h"
#include "state/process.h"
#include "state/textfile.h"

#define HEADER "carrel-session 1"

/* What stands at the end of the file until the session is accepted. */
#define OFFER "offered yes\n"

/* The keys and longest values of a session are 359 bytes. */
#define SESSION_TEXT_SIZE 512

/* One process does not open more at once; each costs a carrel's owner a descriptor. */
#define SESSIONS_PER_PROCESS 65536

enum { KEY_UID, KEY_PID, KEY_START, KEY_OPENED, KEY_NETNS, KEY_SERVICE, KEY_ORIGIN, KEY_OFFERED, KEY_COUNT };

/** format_text() - a line for what an application said; nothing when it said nothing */
static void format_text(struct buffer *buffer, const char *key, const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (length == 0)
		return;
	buffer_printf(buffer, "%s ", key);
	buffer_put_printable(buffer, text, length);
	buffer_puts(buffer, "\n");
}

/** format() - @session as text (check buffer->failed) */
static void format(struct buffer *buffer, const struct session *session)
{
	buffer_printf(buffer, HEADER "\nuid %u\npid %d\nstart %llu\nopened %llu\n", session->uid,
		      session->pid, (unsigned long long)session->start_ticks,
		      (unsigned long long)session->opened_s);
	if (session->netns_inode)
		buffer_printf(buffer, "netns %llu\n", (unsigned long long)session->netns_inode);
	format_text(buffer, "service", session->service, sizeof(session->service));
	format_text(buffer, "origin", session->origin, sizeof(session->origin));
	buffer_puts(buffer, OFFER);
}

/** parse() - the reverse; @ret_offered: nobody has accepted it; -EBADMSG */
static int parse(const char *text, size_t length, struct session *ret, bool *ret_offered)
{
	struct field fields[KEY_COUNT] = {
		[KEY_UID] = { .key = "uid" },
		[KEY_PID] = { .key = "pid" },
		[KEY_START] = { .key = "start" },
		[KEY_OPENED] = { .key = "opened" },
		[KEY_NETNS] = { .key = "netns", .optional = true },
		[KEY_SERVICE] = { .key = "service", .optional = true },
		[KEY_ORIGIN] = { .key = "origin", .optional = true },
		[KEY_OFFERED] = { .key = "offered", .optional = true },
	};
	struct session session = { 0 };
	uint64_t uid = 0, pid = 0;
	const struct field *service = &fields[KEY_SERVICE], *origin = &fields[KEY_ORIGIN];

	if (fields_parse(text, length, HEADER, fields, KEY_COUNT, NULL) ||
	    fields_number(&fields[KEY_UID], UINT32_MAX - 1, &uid, NULL) ||
	    fields_number(&fields[KEY_PID], INT32_MAX, &pid, NULL) ||
	    fields_number(&fields[KEY_START], UINT64_MAX, &session.start_ticks, NULL) ||
	    fields_number(&fields[KEY_OPENED], UINT64_MAX, &session.opened_s, NULL) ||
	    (fields[KEY_NETNS].value &&
	     fields_number(&fields[KEY_NETNS], UINT64_MAX, &session.netns_inode, NULL)) ||
	    (service->value &&
	     fields_text(service, session.service, sizeof(session.service), NULL)) ||
	    (origin->value && fields_text(origin, session.origin, sizeof(session.origin), NULL)))
		return -EBADMSG;
	session.uid = (uid_t)uid;
	session.pid = (pid_t)pid;
	*ret = session;
	*ret_offered = fields[KEY_OFFERED].value;
	return 0;
}

/** whole_file() - a write lock on all of a file, to be set or asked about */
static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/** make_directory() - where the sessions of @uid stand */
static int make_directory(int state_fd, uid_t uid)
{
	char path[TEXTFILE_PATH_SIZE];

	textfile_path(path, "sessions/%u", uid);
	if (mkdirat(state_fd, path, 0755))
		return errno == EEXIST ? 0 : -errno;
	/* Whatever the umask says, everyone may see that there are sessions. */
	return fchmodat(state_fd, path, 0755, 0) ? -errno : 0;
}

/** create_temporary() - textfile_create(), and the directory when it is the first session */
static int create_temporary(int state_fd, uid_t uid, const char *path,
			    const struct buffer *text, int *ret_fd)
{
	int rc = textfile_create(state_fd, path, text->data, text->length, ret_fd);

	if (rc != -ENOENT)
		return rc;
	rc = make_directory(state_fd, uid);
	return rc ? rc : textfile_create(state_fd, path, text->data, text->length, ret_fd);
}

/** publish() - lock what stands at @temporary, then give it the first free name of @session */
static int publish(int state_fd, const struct session *session, const char *temporary, int fd)
{
	struct flock lock = whole_file(F_WRLCK);
	char path[TEXTFILE_PATH_SIZE];

	if (fcntl(fd, F_OFD_SETLK, &lock))
		return -errno;
	int rc = textfile_show(fd);
	if (rc)
		return rc;
	for (unsigned i = 0; i < SESSIONS_PER_PROCESS; i++) {
		textfile_path(path, "sessions/%u/%d-%llu-%u", session->uid, session->pid,
			      (unsigned long long)session->start_ticks, i);
		if (renameat2(state_fd, temporary, state_fd, path, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EMFILE;
}

int session_create(int state_fd, struct session *session, int *ret_fd, struct carrel_error *err)
{
	BUFFER_CLEANUP struct buffer text = { 0 };
	char temporary[TEXTFILE_PATH_SIZE];
	FD_CLEANUP int fd = -1;
	uint64_t start_ticks = 0;

	/* Not seen under hidepid, or gone already: then the lock alone says. */
	process_start_ticks(session->pid, &start_ticks);
	session->start_ticks = start_ticks;
	format(&text, session);
	if (text.failed)
		return error_set_errno(err, ENOMEM, "cannot write the session");

	textfile_path(temporary, "sessions/%u/" TEXTFILE_TEMPORARY "%d", session->uid,
		      session->pid);
	int rc = create_temporary(state_fd, session->uid, temporary, &text, &fd);
	if (rc)
		return error_set_errno(err, -rc, "cannot write session file %s", temporary);
	rc = publish(state_fd, session, temporary, fd);
	if (rc) {
		unlinkat(state_fd, temporary, 0);
		return error_set_errno(err, -rc, "cannot lock session file %s", temporary);
	}
	*ret_fd = fd_steal(&fd);
	return 0;
}

int session_accept(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (status.st_size < (off_t)strlen(OFFER))
		return -EBADMSG;
	return ftruncate(fd, status.st_size - (off_t)strlen(OFFER)) ? -errno : 0;
}

int session_end(int fd)
{
	struct flock unlock = whole_file(F_UNLCK);

	/* Empty, it names no process; unlocked, it is so for all who have inherited the lock. */
	if (ftruncate(fd, 0) || fcntl(fd, F_OFD_SETLK, &unlock))
		return -errno;
	return 0;
}

/** is_locked() - somebody holds the write lock of the file; 1, 0 or -errno */
static int is_locked(int fd)
{
	struct flock lock = whole_file(F_RDLCK);

	if (fcntl(fd, F_OFD_GETLK, &lock))
		return -errno;
	return lock.l_type != F_UNLCK;
}

/**
 * examine() - is the session in file @name alive, and what is it?
 * Return: 1 with @ret_session, 0 when it is dead, -ENOENT when it is no more, -errno
 */
static int examine(int dir_fd, const char *name, uid_t uid, struct session *ret_session)
{
	FD_CLEANUP int fd = textfile_open(dir_fd, name);
	char text[SESSION_TEXT_SIZE];
	struct session session;
	uint64_t start_ticks;
	bool offered = false;
	size_t length;

	if (fd < 0)
		return fd;
	/* First the lock: of one that is let go of, the text has said by then whether it is accepted. */
	int locked = is_locked(fd);
	if (locked < 0)
		return locked;
	if (textfile_read_open(fd, text, sizeof(text), &length) ||
	    parse(text, length, &session, &offered) || session.uid != uid)
		session = (struct session){ .uid = uid };
	if (!locked && (offered || session.start_ticks == 0 ||
			process_start_ticks(session.pid, &start_ticks) ||
			start_ticks != session.start_ticks))
		return 0;
	*ret_session = session;
	return 1;
}

/** visit_file() - what session_each() does with one name; @alive becomes true where one lives */
static int visit_file(int dir_fd, const char *name, uid_t uid, bool prune, bool *alive,
		      int (*visit)(const struct session *session, void *context), void *context,
		      struct carrel_error *err)
{
	bool temporary = strncmp(name, TEXTFILE_TEMPORARY, strlen(TEXTFILE_TEMPORARY)) == 0;
	struct session session;

	/* Left by a crash: who prunes holds the lock, under which alone such files are made. */
	int rc = temporary ? 0 : examine(dir_fd, name, uid, &session);
	if (rc > 0) {
		*alive = true;
		return visit ? visit(&session, context) : 0;
	}
	if (rc == 0 && prune && unlinkat(dir_fd, name, 0))
		rc = -errno;
	if (rc && rc != -ENOENT)
		return error_set_errno(err, -rc, "session file %s of uid %u", name, uid);
	return 0;
}

int session_each(int state_fd, uid_t uid, bool prune,
		 int (*visit)(const struct session *session, void *context), void *context,
		 struct carrel_error *err)
{
	DIRECTORY_CLEANUP DIR *directory = NULL;
	char path[TEXTFILE_PATH_SIZE];
	const char *name;
	bool alive = false;

	textfile_path(path, "sessions/%u", uid);
	int rc = directory_open(state_fd, path, &directory);
	if (rc == -ENOENT)
		return 0;
	while (!rc && !(rc = directory_next(directory, &name)) && name) {
		rc = visit_file(dirfd(directory), name, uid, prune, &alive, visit, context,
				err);
		if (rc)
			return rc;
	}
	if (rc)
		return error_set_errno(err, -rc, "cannot list the sessions of uid %u", uid);
	/* Else a host would keep a directory for every user ever. */
	if (prune && !alive && unlinkat(state_fd, path, AT_REMOVEDIR) && errno != ENOTEMPTY &&
	    errno != ENOENT)
		return error_set_errno(err, errno, "cannot remove directory %s", path);
	return 0;
}
