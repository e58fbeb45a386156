/*
 * What the files of the profile pane share: pane_ctprof.c (life, keys), ct_job.c (work in the
 * background), ct_lines.c (what stands in which line), ct_draw.c, ct_detail.c, ct_pick.c (lists to
 * choose from), ct_export.c.
 */
#pragma once

#include <stdbool.h>

#include "probes/ctprof/diff.h"
#include "probes/ctprof/noise.h"
#include "probes/ctprof/view.h"
#include "ui/collector.h"
#include "ui/field.h"
#include "ui/filter.h"
#include "ui/pane.h"

/* ---- work in the background ------------------------------------------------------------------ */

enum ct_work { CT_CAPTURE, CT_LOAD, CT_DIFF };

struct ct_job;
struct loop;

/* What a job is given. */
struct ct_order {
	enum ct_work work;
	const char *path;		  /* CT_LOAD */
	const struct ctp_snapshot *a, *b; /* CT_DIFF: must outlive the job */
	struct ctp_naming naming;	  /* CT_DIFF; without patterns and threads left out */
};
/* What came of it: one of the two, or a sentence. */
struct ct_result {
	enum ct_work work;
	struct ctp_snapshot *snap;
	struct ctp_diff *diff;
	struct strv missing; /* of a capture: sentences */
	struct err e;
};

/* `done` is called on the loop's thread when ct_job_take() has something. NULL with a sentence. */
struct ct_job *ct_job_start(const struct ct_order *o, struct loop *l, void (*done)(void *user),
	void *user, struct err *e);
/* Takes what came of it, and frees the job. Only after `done`. */
struct ct_result ct_job_take(struct ct_job *j);
/* A capture ends soon, with an error that says so. */
void ct_job_cancel(struct ct_job *j);
/* Does not wait for a capture or a file; for a comparison, which takes no time and borrows. */
void ct_job_abandon(struct ct_job *j);
/* Processes read of all, and threads so far; of a capture. */
void ct_job_progress(const struct ct_job *j, uint64_t *done, uint64_t *total, uint64_t *threads);

/* ---- the pane -------------------------------------------------------------------------------- */

enum { CT_RING = 16 }; /* snapshots that are kept */

struct ct_capture {
	struct ctp_snapshot *snap; /* owned */
	char *name;		   /* of its file; NULL = taken here */
};

enum ct_line_kind {
	CT_ROW,	   /* a metric of a pair */
	CT_THREAD, /* a thread of an opened row */
	CT_MORE,   /* how many threads are not shown */
	CT_ONLY,   /* a group of one side */
	CT_TEXT,   /* a line of a table that is no metrics */
};
struct ct_line {
	enum ct_line_kind kind;
	uint32_t pair, metric;
	uint32_t thread[CTP_SIDES]; /* of CT_THREAD; UINT32_MAX = none */
	size_t n;      /* CT_MORE; CT_ONLY: of d->only[side]; CT_TEXT: offset in text */
	unsigned side; /* CT_ONLY */
};

enum ct_which { CT_CHANGED, CT_BEYOND, CT_EVERYTHING, CT_WHICHES };
enum ct_order_by { CT_BY_TIME, CT_BY_SHARE, CT_BY_DELTA, CT_BY_A, CT_BY_B, CT_BY_NAME, CT_ORDERS };
enum ct_pick_what { CT_PICK_A, CT_PICK_B, CT_PICK_SECTION, CT_PICK_METRICS };

struct ct_pick_item {
	char *text;
	char *path; /* a file that is not loaded yet */
	int number; /* of a capture, a section, a metric */
	bool on;
};
struct ct_pick {
	enum ct_pick_what what;
	VEC(struct ct_pick_item) items;
	int at, top;
};

/* A row whose threads are shown. */
struct ct_opened {
	uint32_t pair, metric;
};

struct ct_view {
	struct pane *host;
	const struct topo *topo; /* NULL until known */
	VEC(struct ct_capture) ring;
	int side[CTP_SIDES]; /* numbers in the ring, -1 = none */
	struct ct_job *job;
	enum ct_work work;	     /* of the job */
	int wanted;		     /* side that a file is loaded for, -1 = whichever is free */
	struct loop_timer *progress; /* redraws while a capture runs */
	struct ctp_naming naming;
	struct ctp_view view;
	struct ctp_diff *diff; /* of the pair; NULL = none yet */
	struct ctp_noise *noise;
	enum ct_which which;
	enum ct_order_by order;
	bool inverted, per_second;
	struct filter *filter;
	struct str find;
	size_t nrows, nbeyond; /* rows of the list, those beyond the noise */
	VEC(struct ct_line) lines;
	struct str text; /* of CT_TEXT */
	VEC(struct ct_opened) opened;
	size_t cursor, top, before; /* before: where a search began */
	int rows, cols;
	char *pick_name; /* of the file that is being loaded */
	bool picking;	 /* the list is there */
	struct ct_pick pick;
};

const struct ctp_snapshot *ct_snap(const struct ct_view *w, unsigned side);
/* Lines of the screen for the list, and below it for details. */
int ct_list_rows(const struct ct_view *w);
int ct_detail_rows(const struct ct_view *w);

/* ct_lines.c */
void ct_lines(struct ct_view *w);
bool ct_is_open(const struct ct_view *w, uint32_t pair, uint32_t metric);
void ct_open(struct ct_view *w, uint32_t pair, uint32_t metric, bool open);
bool ct_line_matches(const struct ct_view *w, const struct ct_line *l, const char *text);
/* Names of columns that a filter may look into. */
extern const char *const ct_filter_names[];
enum { CT_FILTER_NAMES = 3 };

/* ct_draw.c */
void ct_draw(const struct ct_view *w, const struct paint *p, struct view v);

/* ct_text.c: a line's cells as text. */
/* A group in one line, fit to be shown: "qemu/vcpu  /machine.slice". */
void ct_label(const struct ct_view *w, const struct ctp_key *k, struct str *out);
void ct_line_text(const struct ct_view *w, size_t line, int width, struct str *out);
void ct_header_text(const struct ct_view *w, int width, struct str *out);

/* ct_detail.c */
void ct_detail(const struct ct_view *w, const struct paint *p, struct view v);
/* ct_wide.c: below it on a large screen: the spread of the values, and moves between caches. */
void ct_wide(const struct ct_view *w, const struct ctp_matched *pair, unsigned m,
	const struct paint *p, struct view v);
/* Number of the LLC of a CPU, -1 = not known. */
int ct_llc(const struct ct_view *w, uint64_t cpu);

/* ct_pick.c */
void ct_pick_open(struct ct_view *w, enum ct_pick_what what);
void ct_pick_close(struct ct_view *w);
void ct_pick_move(struct ct_view *w, int by);
void ct_pick_draw(const struct ct_view *w, const struct paint *p, struct view v);

/* ct_export.c: what is shown, in the form that the name's end says. */
int ct_export(const struct ct_view *w, const char *path, struct err *e);
