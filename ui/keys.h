/*
 * Key events and the tables that give them a meaning. A key row is the only place where a key is
 * named: dispatch, the footer's hints, the help overlay and the manual are loops over these rows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

enum ui_key_kind {
	UI_KEY_NONE,
	UI_KEY_CHAR,  /* `cp` with mods; Ctrl-L is 'l' with UI_CTRL, Ctrl-Space is ' ' with UI_CTRL
		       */
	UI_KEY_FN,    /* `fn` with mods */
	UI_KEY_MOUSE, /* `mouse` at row, col */
	UI_KEY_PASTE, /* `text`, `size`: one whole bracketed paste */
};

enum ui_fn {
	UI_FN_NONE,
	UI_FN_ENTER,
	UI_FN_TAB, /* back-tab is Tab with UI_SHIFT */
	UI_FN_BACKSPACE,
	UI_FN_ESC,
	UI_FN_UP,
	UI_FN_DOWN,
	UI_FN_LEFT,
	UI_FN_RIGHT,
	UI_FN_INS,
	UI_FN_DEL,
	UI_FN_HOME,
	UI_FN_END,
	UI_FN_PGUP,
	UI_FN_PGDN,
	UI_FN_F1,
	UI_FN_F12 = UI_FN_F1 + 11,
	UI_FN_COUNT,
};

/* The same bits as enum vt_mod. */
enum ui_mod { UI_SHIFT = 1, UI_ALT = 2, UI_CTRL = 4 };

enum ui_mouse {
	UI_MOUSE_PRESS,
	UI_MOUSE_RELEASE,
	UI_MOUSE_DRAG, /* moved with a button held */
	UI_WHEEL_UP,
	UI_WHEEL_DOWN,
};

struct ui_key {
	enum ui_key_kind kind;
	unsigned mods; /* enum ui_mod */
	uint32_t cp;
	enum ui_fn fn;
	enum ui_mouse mouse;
	int button;	  /* 1 left, 2 middle, 3 right */
	int row, col;	  /* of the screen; relative to its interior when a pane gets it */
	const char *text; /* UTF-8, borrowed for the call */
	size_t size;
};

static inline struct ui_key ui_key_char(uint32_t cp, unsigned mods)
{
	return (struct ui_key){.kind = UI_KEY_CHAR, .cp = cp, .mods = mods};
}
static inline struct ui_key ui_key_fn(enum ui_fn fn, unsigned mods)
{
	return (struct ui_key){.kind = UI_KEY_FN, .fn = fn, .mods = mods};
}
static inline bool ui_is_char(const struct ui_key *k, uint32_t cp, unsigned mods)
{
	return k->kind == UI_KEY_CHAR && k->cp == cp && k->mods == mods;
}
static inline bool ui_is_fn(const struct ui_key *k, enum ui_fn fn)
{
	return k->kind == UI_KEY_FN && k->fn == fn && !k->mods;
}

/*
 * Names, as key rows and key files spell them: a character stands for itself ("q", "/", "[");
 * "Space", "Enter", "Tab", "Esc", "Backspace", "Up" ... "PgDn", "Ins", "Del", "F1" ... "F12"; with
 * "C-", "M-" (Alt) and "S-" before them ("C-l", "S-Tab", "C-Up"). Length n; false = no such key.
 */
bool ui_key_parse(const char *name, size_t n, struct ui_key *out);
/* Appends the name; nothing for mouse and paste. */
void ui_key_name(const struct ui_key *k, struct str *out);

/* What a key needs before it does anything; a row whose needs are not met is neither shown nor
 * dispatched. Bits from UI_PANE_FEATURE up belong to each pane (struct pane_status.features). */
enum ui_feature {
	UI_CAN_CHANGE = 1 << 0, /* not --readonly */
	UI_CAN_BOOT = 1 << 1,	/* guests can be started from here (never in --readonly) */
	UI_SEARCHING = 1 << 2,	/* a search is active: n and N are its keys */
	UI_CAN_SEARCH = 1 << 3, /* the focused pane has find() */
	UI_MANY_PANES = 1 << 4, /* more than one pane is open */
	UI_HAS_COLOUR = 1 << 5,
	UI_ON_TERMINAL = 1 << 6, /* a real terminal: it can be suspended */
	/* The focused pane says so in its status: it has something to filter(), copy(), export().
	 */
	UI_CAN_FILTER = 1 << 7,
	UI_CAN_COPY = 1 << 8,
	UI_CAN_EXPORT = 1 << 9,
	UI_PANE_FEATURE = 1 << 16,
};

/* Headings of the help overlay, in this order. */
enum key_group { KEYS_MOVE, KEYS_FIND, KEYS_PANE, KEYS_EVERYWHERE, KEYS_CHANGES, KEY_GROUPS };

struct key_row {
	const char *keys;     /* key names parted by spaces; any of them */
	const char *shown;    /* how footer and help print them; NULL = `keys` */
	const char *hint;     /* a word for the footer; NULL = not there */
	int priority;	      /* of the hint: the lowest are dropped first */
	const char *help;     /* one line; NULL = an alias, not listed */
	enum key_group group; /* KEYS_CHANGES: what --readonly takes away (add UI_CAN_CHANGE) */
	unsigned need;	      /* enum ui_feature, all of them */
	int action;	      /* handed to action() */
} __attribute__((designated_init));

/* Rows that panes have in common, for actions of these names; `needs` as in struct key_row. */
#define KEY_ROWS_LINES(needs)                                                                      \
	{.keys = "Up k",                                                                           \
		.shown = "Up Down",                                                                \
		.help = "line by line (k j)",                                                      \
		.group = KEYS_MOVE,                                                                \
		.need = (needs),                                                                   \
		.action = ACT_UP},                                                                 \
	{                                                                                          \
		.keys = "Down j", .need = (needs), .action = ACT_DOWN                              \
	}
#define KEY_ROWS_PAGES(needs)                                                                      \
	{.keys = "PgUp C-b",                                                                       \
		.shown = "PgUp PgDn",                                                              \
		.help = "page by page (C-b C-f)",                                                  \
		.group = KEYS_MOVE,                                                                \
		.need = (needs),                                                                   \
		.action = ACT_PAGE_UP},                                                            \
	{                                                                                          \
		.keys = "PgDn C-f", .need = (needs), .action = ACT_PAGE_DOWN                       \
	}
#define KEY_ROWS_ENDS                                                                              \
	{.keys = "g Home",                                                                         \
		.shown = "g G",                                                                    \
		.help = "top, bottom (Home End)",                                                  \
		.group = KEYS_MOVE,                                                                \
		.action = ACT_TOP},                                                                \
	{                                                                                          \
		.keys = "G End", .action = ACT_BOTTOM                                              \
	}

struct key_table {
	const char *before; /* the footer begins with it ("C-] then:"); NULL = nothing */
	const struct key_row *rows;
	size_t n;
} __attribute__((designated_init));

/* Keys under one heading of the manual; a list of them ends with a row without a title. */
struct key_section {
	const char *title;
	const struct key_table *keys;
};

/* The first row of the table that has this key and whose needs are among `have`; NULL = none. */
const struct key_row *keymap_find(const struct key_table *t, const struct ui_key *k, unsigned have);
