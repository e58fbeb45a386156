/*
 * The locks of this machine at one moment: every lock file, who holds it and who waits for it, with
 * what is worth knowing about those processes. Immutable; owned by the model and freed in one go.
 *
 * Nothing here opens a lock file, calls flock(2) or creates anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "probes/locks/holders.h"
#include "src/base/err.h"
#include "src/base/json_out.h"
#include "src/base/mem.h"
#include "src/base/sysroot.h"

/* How well a time is known: by having watched it begin, or from the age of the process. */
enum locks_known { LOCKS_UNKNOWN, LOCKS_AT_MOST, LOCKS_AT_LEAST, LOCKS_SEEN };

struct locks_time {
	enum locks_known known;
	uint64_t ns; /* since it began */
};

/* When a waiter may have its lock: the medians of how long the commands that hold it, or get it
 * before, held such locks before, as far as that was seen from beginning to end. */
struct locks_eta {
	unsigned holds;	 /* that the last of these medians is of; 0 = unknown */
	unsigned before; /* others who wait and have their turn first */
	uint64_t ns;	 /* from now; 0 = the median has passed */
};

/* One who holds a lock, or waits for one. */
struct locks_who {
	pid_t pid;	/* 0 = of another pid namespace */
	pid_t acquirer; /* of a holder: who called flock(2); another than pid = inherited, 0 = not
			   told */
	int fd;		/* a descriptor of it, -1 = not seen */
	enum lockfile_mode mode;
	bool live;  /* the process exists */
	bool stale; /* it inherited, and the acquirer is gone */
	const char
		*cmdline; /* as people read it, "<cmdline unavailable>" where it cannot be read */
	bool has_uid;
	uid_t uid;		/* effective */
	const char *cgroup;	/* of version 2, else the first; NULL = not told */
	struct locks_time held; /* holds, or waits, since */
	struct locks_eta eta;	/* of a waiter */
};

struct locks_file {
	enum lockfile_kind kind;
	unsigned number; /* of the LLC or CPU */
	const char *key; /* of the cache entry or run; "" for others */
	int node;	 /* -1 = unknown */
	const char *path;
	bool uncertain; /* found by its inode alone: another file system may have the same */
	bool stale; /* somebody who took the lock is gone, or has closed it, and others keep it */
	bool exclusive; /* how it is held; with nholders > 0 */
	struct locks_who *holders;
	size_t nholders;
	struct locks_who *waiters;
	size_t nwaiters;
};

enum locks_happening {
	LOCKS_ACQUIRED,
	LOCKS_INHERITED, /* one who did not call flock(2) holds it now */
	LOCKS_RELEASED,
	LOCKS_WAITS,
	LOCKS_GAVE_UP,	/* waited, and neither waits nor holds */
	LOCKS_ORPHANED, /* the acquirer is gone, pid keeps the lock */
};

struct locks_event {
	uint64_t seq;	  /* counts up from 1 */
	uint64_t real_ns; /* when it was seen, since the epoch */
	enum locks_happening what;
	enum lockfile_kind kind;
	enum lockfile_mode mode;
	unsigned number;
	const char *key;
	pid_t pid, other; /* other: who blocked (ACQUIRED after a wait), the acquirer (ORPHANED); 0
			     = nobody */
	struct locks_time lasted; /* RELEASED: held; ACQUIRED, GAVE_UP: waited */
};

struct locks {
	struct locks_file *files; /* by kind, then number or key */
	size_t nfiles;
	size_t first[LOCKFILE_KINDS + 1]; /* files[first[k]] to files[first[k + 1]] are of kind k */
	unsigned exclusive, shared, waiting; /* files held so; processes that wait */
	unsigned unreadable;		     /* processes whose descriptors may not be read */
	unsigned descriptors;		     /* that the last scan has read */
	struct locks_event *events;	     /* the last ones, oldest first; several looks needed */
	size_t nevents;
	uint64_t seq;	     /* of the newest event ever, 0 = none */
	const char *warning; /* what could not be read, a sentence; NULL = nothing */
	struct arena *arena;
};
void locks_free(struct locks *l);

struct topo;
/* What knows the nodes of LLCs and CPUs; -1 = unknown. */
struct locks_numa {
	const struct topo *topo; /* NULL = nothing is known */
	int (*llc_node)(const struct topo *t, unsigned llc);
	int (*cpu_node)(const struct topo *t, unsigned cpu);
};

struct locks_options {
	const struct sysroot *root; /* borrowed, as all here, while the reader lives */
	const struct lockfile_roots *roots;
	unsigned kinds; /* 1 << enum lockfile_kind of those to read; 0 = all */
	bool facts;	/* uid, cgroup and times of the processes too, and events */
};

/* Looks again and again: knows when something began that it has seen beginning. */
struct locks_reader;
struct locks_reader *locks_reader_new(const struct locks_options *o);
void locks_reader_free(struct locks_reader *r);
void locks_reader_set_numa(struct locks_reader *r, const struct locks_numa *numa);
/* NULL with a sentence where there is no table of locks at all. */
struct locks *locks_read(struct locks_reader *r, struct err *e);
/*
 * From now on the descriptor becomes readable when a lock file was opened, closed, made or taken
 * away, or a holder has ended: a reason to look. -1 where the kernel gives none of that.
 */
int locks_reader_watch(struct locks_reader *r);
/* Takes in why the descriptor became readable; true = it concerns locks. */
bool locks_reader_woken(struct locks_reader *r);

/* ---- questions --------------------------------------------------------------------------------
 */

/* Whether this holder keeps that waiter from its lock. */
bool locks_blocks(const struct locks_who *holder, const struct locks_who *waiter);
/* "llc 3", "cpu 0", "cache 6.14.2-..."; appends. */
void locks_name(enum lockfile_kind kind, unsigned number, const char *key, struct str *out);
/* "llc", "cpu", "cache", "run" */
const char *locks_kind_name(enum lockfile_kind kind);
/* NULL when there is no such file. */
const struct locks_file *locks_file_of(
	const struct locks *l, enum lockfile_kind kind, unsigned number, const char *key);
/* "02:11", "1:02:11"; with "<" or ">" before what is a bound only; "-" for unknown. Appends. */
void locks_time_text(const struct locks_time *t, struct str *out);
/* "ETA ~1m20s (median of 9 past holds of that command)"; nothing where it is unknown. Appends. */
void locks_eta_text(const struct locks_eta *eta, struct str *out);
/* "acquired", "waits for", ... */
const char *locks_happening_name(enum locks_happening what);
/* One line without the time of day: "llc 0  44010 acquired EX after 4.1s (blocked by 40551)". */
void locks_event_text(const struct locks_event *e, struct str *out);

/* ---- renderings -------------------------------------------------------------------------------
 */

/* How a file stands; several may be true at once. */
enum locks_standing {
	LOCKS_FREE,
	LOCKS_SHARED,
	LOCKS_EXCLUSIVE,
	LOCKS_WAITED_FOR,
	LOCKS_STALE,
	LOCKS_STANDINGS
};
/* "free", "sh", "ex", "wait", "stale"; ends with NULL. */
extern const char *const locks_standing_names[];

struct locks_view {
	unsigned kinds;	   /* as in struct locks_options */
	unsigned standing; /* 1 << enum locks_standing: any of these; 0 = all */
	const pid_t *pids; /* only files that one of these holds or waits for; npids 0 = all */
	size_t npids;
	bool detail; /* --long */
	/* Only these, ascending by address; NULL = all. */
	const struct locks_file *const *files;
	size_t nfiles;
};
/* Text as in spec/host 2.2, or one table of everything that is known. */
void locks_text(const struct locks *l, const struct locks_view *v, struct str *out);
/* The object of spec/host 2.3; detail adds keys. */
void locks_json(const struct locks *l, const struct locks_view *v, struct json_out *j);
/* Equal when two looks show the same, however long it has lasted. Appends. */
void locks_signature(const struct locks *l, const struct locks_view *v, struct str *out);
