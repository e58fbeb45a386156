/*
 * What the files of the locks pane share: pane_locks.c (life, keys), locks_items.c (what stands in
 * the table, the cursor), locks_choice.c (filter and order), locks_draw.c, locks_lower.c (what
 * stands below the table), locks_history.c, locks_export.c, locks_ask.c (what it asks and
 * explains).
 */
#pragma once

#include <stdbool.h>

#include "probes/locks/rows.h"
#include "src/base/map.h"
#include "ui/collector.h"
#include "ui/filter.h"
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
	struct filter *filter, *events_filter; /* of the table, of the history; NULL = everything */
	size_t order;			       /* in locks_orders */
	bool inverted;
	struct locks_mark mark;
	size_t at, before; /* the cursor's item; where a search began */
	char *find;	   /* matches are marked; NULL = no search */
	int rows, cols, top;
	pid_t asked;  /* whom the question before a signal is about */
	int asked_fd; /* its pidfd, -1 = none yet */
	int scrolled; /* events above the newest shown, in the history */
};

/* The rows that are to be shown, and in which order; those of a lock stand together. */
struct locks_choice {
	struct locks_rows rows;
	VEC(const void *) heads; /* the first row of each lock, in order */
};

/* locks_choice.c */
void locks_pane_choose(const struct locks_pane *w, struct locks_choice *out);
void locks_choice_release(struct locks_choice *c);
/* The rows of the lock that begins there. */
size_t locks_choice_rows(const struct locks_choice *c, const struct locks_row *head);
/* By this order from now on; the other way round where it is that already. */
void locks_pane_order(struct locks_pane *w, size_t order);
int locks_pane_filter(struct locks_pane *w, const char *text, struct err *e);

/* locks_history.c */
struct locks_events {
	VEC(const struct locks_event *) list;
};
/* Newest first; `filtered`: those that the history's filter lets through. */
void locks_history_list(const struct locks_pane *w, bool filtered, struct locks_events *out);
int locks_history_filter(struct locks_pane *w, const char *text, struct err *e);
int locks_history_export(const struct locks_pane *w, const char *path, struct err *e);

/* locks_export.c */
void locks_pane_copy(const struct locks_pane *w, struct str *out);
int locks_pane_export(const struct locks_pane *w, const char *path, struct err *e);

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
/* The order that the heading at this column stands for; -1 = none. */
int locks_pane_heading(const struct locks_pane *w, int col);

/* locks_ask.c */
void locks_pane_show_cpus(struct locks_pane *w);
void locks_pane_signal(struct locks_pane *w);
void locks_pane_explain(struct locks_pane *w);
void locks_pane_ask_order(struct locks_pane *w);
