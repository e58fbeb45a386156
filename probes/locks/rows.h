/* The model as rows: one for each holder and waiter, one for each lock that nobody has. Both the
 * table of --long and the dashboard's pane show them. */
#pragma once

#include "probes/locks/locks.h"
#include "src/table/table.h"

struct locks_row {
	const struct locks_file *f;
	const struct locks_who *who; /* NULL = nobody holds it */
	bool waits;
	bool first; /* of its file */
};

struct locks_rows {
	VEC(struct locks_row) list;
};

/* Whether the view shows this file. */
bool locks_shows(const struct locks_view *v, const struct locks_file *f);
/* Appends the rows of what the view shows. */
void locks_rows(const struct locks *l, const struct locks_view *v, struct locks_rows *out);
/* "EX", "SH"; with '*' for one who waits, '!' where the acquirer is gone, '?' where the file is
 * known by its inode alone; "-" for a free lock. Appends. */
void locks_mode_text(const struct locks_row *r, struct str *out);
/* Who keeps this row's waiter waiting, parted by commas. Appends. */
void locks_blockers(const struct locks_row *r, struct str *out);

extern const struct column locks_columns[];
extern const size_t locks_ncolumns;
/* Of struct locks_event. */
extern const struct column locks_event_columns[];
extern const size_t locks_nevent_columns;
/* What rows may be sorted by; the first is the order of the model. Times are numbers here. */
extern const struct column locks_orders[];
extern const size_t locks_norders;
