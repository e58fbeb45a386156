/*
 * What the files of the locks pane share: pane_locks.c (life, keys), locks_items.c (what stands in
 * the table, the cursor), locks_draw.c, locks_ask.c (what it asks and explains).
 */
#pragma once

#include <stdbool.h>

#include "probes/locks/rows.h"
#include "src/base/map.h"
#include "ui/collector.h"
#include "ui/pane.h"

/* A row of the table. */
struct locks_item {
	struct locks_row row;
	unsigned hidden; /* rows of the same lock that are folded into this one */
	bool foldable;	 /* the lock has more than one row */
};

/* Who the cursor is on, whatever row that is in the next snapshot. */
struct locks_mark {
	enum lockfile_kind kind;
	unsigned number;
	char *key; /* owned; NULL = nobody yet */
	pid_t pid;
	bool waits;
};

struct locks_pane {
	struct pane *host;
	const struct snapshot *snap; /* NULL until the first one */
	const struct locks *l;	     /* of it; may stay NULL */
	VEC(struct locks_item) items;
	struct map folded; /* lock names; a value = folded */
	bool waits_only, free_too, history;
	struct locks_mark mark;
	size_t at, before; /* the cursor's item; where a search began */
	char *find;	   /* matches are marked; NULL = no search */
	int rows, cols, top;
	pid_t asked;  /* whom the question before a signal is about */
	int asked_fd; /* its pidfd, -1 = none yet */
	int scrolled; /* events above the newest shown, in the history */
};

/* locks_items.c */
void locks_pane_items(struct locks_pane *w);
/* How the pane's rows are shared out. */
struct locks_areas {
	int table;		    /* rows of the table below its header */
	int waits, events, details; /* with the rule above each; 0 = not shown */
};
struct locks_areas locks_pane_areas(const struct locks_pane *w);
const struct locks_item *locks_pane_current(const struct locks_pane *w); /* NULL = no row */
void locks_pane_step(struct locks_pane *w, int by);
void locks_pane_fold(struct locks_pane *w, bool folded);
void locks_pane_toggle(struct locks_pane *w);
void locks_pane_fold_all(struct locks_pane *w);
bool locks_pane_matches(const struct locks_item *it, const char *text);
bool locks_pane_find(struct locks_pane *w, const char *text, enum find_step step);
/* Of all locks: how many processes wait, how many files nobody has. */
unsigned locks_pane_free(const struct locks_pane *w);

/* locks_draw.c */
void locks_pane_draw(const struct locks_pane *w, const struct paint *p, struct view v);

/* locks_ask.c */
void locks_pane_show_cpus(struct locks_pane *w);
void locks_pane_signal(struct locks_pane *w);
void locks_pane_explain(struct locks_pane *w);
