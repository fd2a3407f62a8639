/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock of a user, the record and the pin of the user's carrel, the sessions in it: every way in
 * which helpers, applications and gc can meet, and be killed between any two steps. Checked by
 * tests/model/carrel.sh with spin(1), for all interleavings.
 *
 * One user: the locks of users never meet (each process takes one at a time; claim.c and gc only
 * try). A step below is one system call, or several that nobody can tell apart:
 *
 *	LOCK, UNLOCK		state_lock(); the end of the helper, however that comes
 *	look			record_read(), netns_open_pin(): work_find(), sight_take()
 *	unpin			netns_unpin()
 *	make, fill		PLAN_NETNS; the other operations of plan_build()
 *	write			record_write(), which renames: old or new, nothing between
 *	pin			netns_pin()
 *	publish			session_create(): the file is locked when it gets its name
 *	enter			setns() in pam_carrel.c's enter()
 *	survey			survey_take() in `carrel gc`: records, pins, sessions, then processes
 *	collect			collect() in helper/collect.c
 *
 * What must hold is asserted where it could break:
 *
 *	JOIN	who opens a session gets a namespace that is filled, pinned and recorded
 *	KEEP	what gc takes away has no session and no process in it
 *	PIN	when nobody holds the lock, what is pinned is what is recorded
 *	CLEAR	when everybody has gone, two more runs of gc leave nothing
 *
 * Each of these macros takes something away that the proof needs; spin must find a fault then:
 *
 *	NO_LOCK		nobody locks
 *	PIN_FIRST	the pin is made before the record
 *	NO_SECOND_LOOK	the helper trusts what gc saw before it had the lock
 *	NO_WAKE		who joins an idle carrel leaves the note that it is idle
 *	PROCESSES_FIRST	gc looks at processes before it looks at records
 *	UNLOCKED_FILE	a session's file gets its name before it is locked
 */

#define OPENERS 2
#define GCS 2
#define KILLS 2
#define NAMESPACES 8            /* each opener makes one at most; and 0 is none */

byte holder;                    /* of the lock: 1 + process; 0: nobody */
byte record, idle;              /* the namespace that it names; since when it is idle, or 0 */
byte pinned;
byte last;                      /* namespace that was made */
byte clock;                     /* moves on whenever it is noted */
bool filled[NAMESPACES];
byte users[NAMESPACES];         /* sessions that were published, and processes that they left */
byte processes[NAMESPACES];     /* those of them that /proc shows there */
byte sessions;                  /* whose file is locked */
byte kills;

#ifdef NO_LOCK
#define LOCK skip
#define TRY_LOCK true
#else
#define LOCK atomic { holder == 0 -> holder = _pid + 1 }
#define TRY_LOCK holder == 0
#endif

/* Between any two steps the process may be killed. */
#define OR_KILLED if :: skip :: kills < KILLS -> kills++; goto killed fi

inline unlock() {
	d_step {
		if
		:: holder == _pid + 1 ->
			assert(pinned == 0 || pinned == record);        /* PIN */
			holder = 0
		:: else
		fi
	}
}

/* An application opens a session; its helper, until UNLOCK; then the application again. */
proctype opener() {
	byte ns, found_record, found_pin;
	bool published;

	LOCK;
	OR_KILLED;
	found_record = record;                                  /* look */
	found_pin = pinned;
	if
	:: found_pin != 0 && found_pin == found_record ->
		ns = found_pin;
		OR_KILLED;
#ifndef NO_WAKE
		if
		:: idle != 0 -> d_step { record = ns; idle = 0 } /* write: join() */
		:: else
		fi
#endif
	:: else ->
		OR_KILLED;
		pinned = 0;                                     /* unpin */
		OR_KILLED;
		d_step { last++; ns = last };                   /* make */
		OR_KILLED;
		filled[ns] = true;                              /* fill */
		OR_KILLED;
#ifdef PIN_FIRST
		pinned = ns;
		OR_KILLED;
		d_step { record = ns; idle = 0 };
#else
		d_step { record = ns; idle = 0 };               /* write */
		OR_KILLED;
		if
		:: pinned == 0 -> pinned = ns                   /* pin */
		:: else -> goto killed                          /* EEXIST */
		fi
#endif
	fi;
	OR_KILLED;
#ifdef UNLOCKED_FILE
	published = true;
	users[ns]++;
	unlock();
	sessions++;
#else
	d_step { published = true; users[ns]++; sessions++ };   /* publish */
	OR_KILLED;
	assert(filled[ns] && pinned == ns && record == ns);     /* JOIN */
	unlock();
#endif
	OR_KILLED;
	processes[ns]++;                                        /* enter */
	/* The session is over. What it has started may stay for a while; so may it itself. */
	if
	:: sessions--; d_step { processes[ns]--; users[ns]-- }
	:: processes[ns]--; d_step { sessions--; users[ns]-- }
	fi;
	goto over;
killed:
	unlock();
	if
	:: published -> d_step { sessions--; users[ns]-- }
	:: else
	fi;
over:
	skip
}

inline survey_records() {
	d_step { seen_record = record; seen_idle = idle };
	seen_pin = pinned
}

inline survey_processes() {
	seen_processes = (seen_record != 0 && processes[seen_record]) ||
			 (seen_pin != 0 && processes[seen_pin])
}

/* `carrel gc`, then its helper. With linger 0: what is noted is removed by the next run. */
inline collect() {
#ifdef PROCESSES_FIRST
	d_step { seen_record = record; seen_pin = pinned; survey_processes() };
	survey_records();
#else
	survey_records();
	survey_processes();
#endif
	OR_KILLED;
#ifdef NO_LOCK
	skip;
#else
	if
	:: atomic { holder == 0 -> holder = _pid + 1 }
	:: holder != 0 -> goto killed                           /* somebody is logging in */
	fi;
#endif
	OR_KILLED;
#ifndef NO_SECOND_LOOK
	d_step { now_record = record; now_idle = idle };
	if
	:: now_record != seen_record || now_idle != seen_idle || pinned != seen_pin -> goto killed
	:: else
	fi;
#endif
	if
	:: sessions > 0 || seen_processes ->                    /* LIFETIME_WAKE, LIFETIME_KEEP */
		if
		:: seen_record != 0 && seen_record == seen_pin && seen_idle != 0 -> idle = 0
		:: else
		fi
	:: else ->
		if
		:: seen_record != 0 && seen_record == seen_pin && seen_idle == 0 ->
			OR_KILLED;
			d_step { clock++; idle = clock }        /* LIFETIME_NOTE */
		:: else ->                                      /* LIFETIME_REMOVE */
			OR_KILLED;
			d_step {
				assert(users[pinned] == 0);     /* KEEP */
				pinned = 0
			};
			OR_KILLED;
			d_step { record = 0; idle = 0 }
		fi
	fi
}

proctype gc() {
	byte seen_record, seen_idle, seen_pin, now_record, now_idle;
	bool seen_processes;

	collect();
killed:
	unlock()
}

init {
	byte seen_record, seen_idle, seen_pin, now_record, now_idle, i;
	bool seen_processes;

	atomic {
		for (i : 1 .. OPENERS) { run opener() }
		for (i : 1 .. GCS) { run gc() }
	}
	_nr_pr == 1;
	kills = KILLS;
	collect();
	unlock();
	/* The same once more: spin wants each label once. */
	run gc();
	_nr_pr == 1;
	assert(pinned == 0 && record == 0 && sessions == 0);    /* CLEAR */
	goto done;
killed:
	assert(false);
done:
	skip
}
