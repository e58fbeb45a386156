/* Between the files of this folder: how locks_read() puts a model together. */
#pragma once

#include "probes/locks/locks.h"
#include "probes/locks/tracker.h"
#include "src/base/map.h"

/* A lock file found. The device is what the mount table says, else what stat(2) does. */
struct found {
	enum lockfile_kind kind;
	unsigned number;
	const char *key, *path; /* in the arena of the listing */
	struct lock_id id;
	bool guessed; /* the device is stat(2)'s */
};

struct listing {
	VEC(struct found) files; /* in the order of the model */
	struct arena *arena;	 /* the model's */
};

/* All lock files of these kinds; `mounts` NULL = unknown. What is missing is no error. */
void list_lockfiles(
	const struct locks_options *o, const struct mounts *mounts, struct listing *out);

/* What is told about processes at one moment; each is read once. */
struct facts {
	const struct sysroot *r;
	struct arena *arena;
	bool all;	    /* not only command lines */
	uint64_t uptime_ns; /* 0 = unknown */
	struct map known;   /* pid -> struct process_facts */
};

struct process_facts {
	const char *cmdline, *cgroup;
	bool has_uid;
	uid_t uid;
	uint64_t age_ns; /* 0 = unknown */
};

void facts_init(struct facts *f, const struct sysroot *r, struct arena *arena, bool all);
void facts_release(struct facts *f);
const struct process_facts *facts_of(struct facts *f, pid_t pid);

/* Who held and waited at the look before, since when, and what has happened since. */
struct history;
struct history *history_new(void);
void history_free(struct history *h);
/* Fills in times of `l` and its events; ages are those of the processes (facts). */
void history_look(struct history *h, struct locks *l, struct facts *f, uint64_t now);

/* How long commands held locks. */
struct past;
struct past *past_new(void);
void past_free(struct past *p);
void past_add(struct past *p, enum lockfile_kind kind, const char *command, uint64_t ns);
/* The median of its last holds; returns how many those are, 0 = none. */
unsigned past_median(
	const struct past *p, enum lockfile_kind kind, const char *command, uint64_t *ns);
/* Fills in what waiters may expect; times must be there. */
void past_expect(const struct past *p, struct locks *l);

/* Watches folders and processes; all of it may be missing. */
struct watch;
struct watch *watch_new(void);
void watch_free(struct watch *w);
int watch_fd(const struct watch *w);
/* Reads what came; true when it concerns locks. */
bool watch_drain(struct watch *w);
void watch_folders(struct watch *w, const struct lockfile_roots *roots);
void watch_holders(struct watch *w, const struct locks *l);
