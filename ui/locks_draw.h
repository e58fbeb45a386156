/* Between the files that draw the locks pane. */
#pragma once

#include "ui/locks_view.h"

struct locks_draw {
	const struct locks_pane *w;
	const struct paint *p;
	struct view v;
};

static inline struct ui_style style(const struct locks_draw *d, enum theme_role role)
{
	return theme_style(d->p->theme, role);
}

/* locks_lower.c: so many rows from this one on, the rule above them included; 0 = not shown. */
void locks_draw_waits(const struct locks_draw *d, int row, int rows);
void locks_draw_events(const struct locks_draw *d, int row, int rows);
/* In place of everything else. */
void locks_draw_history(const struct locks_draw *d, int rows);
void locks_draw_details(const struct locks_draw *d, int row, int rows);
