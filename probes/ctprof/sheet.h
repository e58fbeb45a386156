/*
 * Text of a profile: headings, tables without borders, and the two limits of --limit (spec 4.7,
 * 4.8). Colours are named here and become escape codes only where they were asked for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/str.h"

enum ctp_colour { /* 256-colour numbers; 0 = none */
	CTP_PLAIN_TEXT = 0,
	CTP_DARK = 8,
	CTP_RED = 9,
	CTP_GREEN = 10,
	CTP_YELLOW = 11,
	CTP_BLUE = 12,
	CTP_MAGENTA = 13,
	CTP_CYAN = 14,
	CTP_WHITE = 15,
	CTP_BOLD = 0x100, /* besides */
};

struct ctp_sheet {
	struct str *out;
	bool colour;
	int wrap; /* columns of the terminal, 0 = never wrap */
	int fit;  /* the last columns of a table are left out beyond this width, 0 = never */
	uint64_t limit;
	bool limited; /* lines are counted against the limit */
	uint64_t lines, dropped;
};

/* A whole line, without its newline. */
void ctp_sheet_line(struct ctp_sheet *s, const char *text, size_t n);
void ctp_sheet_blank(struct ctp_sheet *s);
/* "## heading": the limit counts anew behind it. */
void ctp_sheet_heading(struct ctp_sheet *s, const char *heading);
/* What follows is counted anew (limited) or not at all. */
void ctp_sheet_part(struct ctp_sheet *s, bool limited);
/* Says how many lines the last part had too many. */
void ctp_sheet_end(struct ctp_sheet *s);
/* A coloured word, appended to a line in the making. */
void ctp_sheet_paint(
	const struct ctp_sheet *s, struct str *line, unsigned colour, const char *text);

/* A table: cells are added row by row, each row with as many as the first. */
struct ctp_grid_cell {
	size_t from, n; /* in text */
	uint16_t colour;
	uint16_t width;
};
struct ctp_grid {
	size_t ncolumns;
	struct str text;
	VEC(struct ctp_grid_cell) cells;
};

void ctp_grid_init(struct ctp_grid *g, size_t ncolumns);
void ctp_grid_release(struct ctp_grid *g);
/* Foreign bytes are made safe to show. */
void ctp_grid_add(struct ctp_grid *g, unsigned colour, const char *text);
/* Fills the row up with empty cells. */
void ctp_grid_fill(struct ctp_grid *g);
size_t ctp_grid_rows(const struct ctp_grid *g);
/* Writes it and empties it. */
void ctp_grid_write(struct ctp_grid *g, struct ctp_sheet *s);
