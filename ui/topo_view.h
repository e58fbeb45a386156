/*
 * What the files of the topology pane share: pane_topo.c (life, actions), topo_keymap.c (keys),
 * topo_move.c (the cursor), topo_lines.c (what stands in which line), topo_draw.c, topo_detail.c,
 * topo_find.c, topo_boot.c.
 */
#pragma once

#include <stdbool.h>

#include "ui/collector.h"
#include "ui/pane.h"

enum topo_mode { TOPO_GRID, TOPO_LIST, TOPO_DISTANCE, TOPO_MODES };
enum topo_colour { TOPO_BY_USE, TOPO_BY_NODE, TOPO_BY_FREQUENCY, TOPO_BY_HOLDER, TOPO_COLOURS };

/* What the cursor is on. */
enum topo_kind { TOPO_NODE, TOPO_LLC, TOPO_CPU };
struct topo_item {
	enum topo_kind kind;
	unsigned index; /* into the model's nodes, llcs, cpus */
};

/* An LLC as a grid: a column a core, one group of columns a hardware thread. */
struct topo_grid {
	unsigned ncores, threads;
	unsigned *cpu; /* [thread * ncores + core]: index into cpus, TOPO_HOLE = none */
};
enum { TOPO_HOLE = 0x7fffffff };

enum topo_line_kind {
	LINE_NODE,
	LINE_LLC,
	LINE_CPUS, /* numbers of a stretch of an LLC's cores, for each thread */
	LINE_LOCK, /* under it, while somebody holds some of the machine */
	LINE_USE,  /* under that */
	LINE_GHZ,  /* under that */
	LINE_CPU,  /* one CPU, in the list */
	LINE_DISTANCE,
	LINE_NOTE,
};

struct topo_line {
	enum topo_line_kind kind;
	unsigned index;	  /* of the node, LLC or CPU */
	unsigned from, n; /* cores of the LLC, in LINE_CPUS and below */
};

/* Who holds a CPU, by its own lock or by that of its LLC. */
struct topo_hold {
	const struct locks_file *f; /* of the snapshot; NULL = nobody */
	char mark;		    /* 'X' alone, 's' shared, '!' from one that is gone */
	unsigned series;	    /* of the holder's colour */
};

struct topo_view {
	struct pane *host;
	const struct snapshot *snap;  /* NULL until the first one */
	const struct topo *t;	      /* of it; may stay NULL */
	struct arena *arena;	      /* of what follows from the topology */
	struct topo_grid *grid;	      /* by LLC */
	bool *folded, *folded_before; /* by LLC */
	bool has_khz, has_holds;
	struct topo_hold *hold; /* by CPU */
	VEC(pid_t) holders;	/* by series */
	struct cpuset shown;	/* CPUs that another pane wants seen, until the next key */
	enum topo_mode mode;
	enum topo_colour colour;
	bool own_folds;			 /* the user has folded: sizes no longer decide */
	struct topo_item cursor, before; /* before: where a search began */
	char *find;			 /* matches are marked; NULL = no search */
	unsigned column;		 /* where Up and Down try to stay */
	int rows, cols, top;
	VEC(struct topo_line) lines;
};

/* topo_lines.c: what follows from a new topology, and from folds and size. */
void topo_view_adopt(struct topo_view *w);
void topo_view_lines(struct topo_view *w);
/* Lines that show everything at this width, details included. */
int topo_view_want(const struct topo_view *w, int cols);
/* Rows for lines and, below them, for details. */
int topo_view_list_rows(const struct topo_view *w);
int topo_view_detail_rows(const struct topo_view *w);
/* Index of the line that holds an item (of its LLC's header while it is folded away). */
int topo_view_line_of(const struct topo_view *w, struct topo_item item);
bool topo_view_item_of(const struct topo_view *w, int line, unsigned column, struct topo_item *out);
/* Column of the cursor's CPU in its line. */
unsigned topo_view_column(const struct topo_view *w, const struct topo_line *l, unsigned cpu);
/* First screen column and width of a line's cell. */
int topo_view_cell(
	const struct topo_view *w, const struct topo_line *l, unsigned column, int *width);
unsigned topo_view_columns(const struct topo_view *w, const struct topo_line *l);
/* The cursor's line is on the screen. */
void topo_view_settle(struct topo_view *w);
unsigned topo_view_llc_of(const struct topo_view *w); /* of the cursor; nllcs = on a node */

/* Shares of the time, 0 to 100; NAN = not known. */
double topo_view_busy(const struct topo_view *w, unsigned cpu);
double topo_view_llc_busy(const struct topo_view *w, unsigned llc);
double topo_view_node_busy(const struct topo_view *w, unsigned node);
uint64_t topo_view_khz(const struct topo_view *w, unsigned cpu);

/* Lines that belong to the numbers above them. */
static inline bool topo_line_is_under(enum topo_line_kind kind)
{
	return kind == LINE_LOCK || kind == LINE_USE || kind == LINE_GHZ;
}

/* topo_keymap.c */
enum topo_action {
	ACT_UP = 1,
	ACT_DOWN,
	ACT_LEFT,
	ACT_RIGHT,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_FOLD,
	ACT_OPEN,
	ACT_CLOSE,
	ACT_FOLD_ALL,
	ACT_VIEW,
	ACT_COLOUR,
	ACT_BOOT,
	ACT_EDIT,
	ACT_COPY,
};

/* What the keys are offered for. */
enum {
	TOPO_CAN_COLOUR = UI_PANE_FEATURE, /* there is more than one colouring to choose from */
	TOPO_CAN_FOLD = UI_PANE_FEATURE << 1,
};
extern const struct key_section topo_key_sections[];
const struct key_table *topo_view_keys(const void *self);

/* topo_holds.c */
void topo_view_holds(struct topo_view *w); /* of a new snapshot */
/* NULL while nobody has it or waits for it. */
const struct locks_file *topo_view_llc_lock(const struct topo_view *w, unsigned llc);
void topo_view_lock_text(const struct locks_file *f, struct str *out);
void topo_view_show(struct topo_view *w, const struct cpuset *cpus);

/* topo_move.c */
void topo_view_step(struct topo_view *w, int by); /* lines that can be stood on */
void topo_view_left_right(struct topo_view *w, int dir);
void topo_view_go_to(struct topo_view *w, bool bottom);
void topo_view_keep_column(struct topo_view *w);
void topo_view_fold(struct topo_view *w, unsigned llc, bool folded);
void topo_view_fold_all(struct topo_view *w);

/* topo_draw.c, topo_detail.c */
void topo_view_draw(const struct topo_view *w, const struct paint *p, struct view v);
void topo_view_detail(const struct topo_view *w, const struct paint *p, struct view v);

/* topo_find.c */
bool topo_view_matches(const struct topo_view *w, struct topo_item item, const char *text);
bool topo_view_find(struct topo_view *w, const char *text, enum find_step step);

/* topo_boot.c: the boot dialog, preset to the cursor's LLC or node, to the whole machine; the
 * machine in words for --topology, to the clipboard. */
void topo_boot(struct topo_view *w);
void topo_boot_machine(struct topo_view *w);
void topo_copy(struct topo_view *w);
