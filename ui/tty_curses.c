#include "ui/tty_curses.h"

/* Its macros are named as the functions that are looked up here. */
#define NCURSES_NOMACROS
#include <curses.h>
#include <term.h>

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "src/base/file.h"
#include "src/base/lazylib.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "ui/crash.h"
#include "ui/theme.h"
#include "ui/xterm.h"

/* All that is used of ncurses, and of libtinfo, which it brings along: functions, then variables,
 * whose pointers are looked up just so. */
/* clang-format off */
#define CALLS(X) \
	X(newterm) X(delscreen) X(endwin) X(resizeterm) X(raw) X(noecho) X(nonl) X(typeahead) \
	X(setupterm) X(del_curterm) X(tigetstr) X(putp) X(beep) \
	X(has_colors) X(start_color) X(use_default_colors) X(init_extended_pair) \
	X(idlok) X(leaveok) X(clearok) X(move) X(curs_set) X(setcchar) X(mvadd_wchnstr) \
	X(wnoutrefresh) X(doupdate) \
	X(stdscr) X(curscr) X(cur_term) X(COLORS) X(COLOR_PAIRS)
/* clang-format on */

LAZYLIB_CALLS(CALLS);
LAZYLIB_FILES("ncurses", "libncursesw.so.6");

static const struct lazylib library = {
	.files = files,
	.name = "ncurses",
	.purpose = "the dashboard",
	.debian = "libncursesw6",
	.fedora = "ncurses-libs",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

/* Colour numbers run from -1 (default) to 255: so many values of fg and of bg. */
enum { COLOUR_VALUES = 257 };

struct tty {
	struct calls lib;
	SCREEN *screen;
	struct termios modes; /* as found */
	int colours, rows, cols;
	bool ascii, mouse, paste; /* the latter two: reports that are on */
	struct ui_cell *shown;	  /* rows x cols: what curses was given last */
	bool all;		  /* `shown` is void */
	cchar_t *line;
	uint16_t *pairs; /* by fg and bg; 0 = not made yet */
	int next_pair;
};

/* ---- what terminfo knows --------------------------------------------------------------------- */

static const char *capability(const struct tty *t, const char *name)
{
	const char *s = t->lib.tigetstr(name);

	/* -1 is terminfo's word for "not a string". */
	return s && (intptr_t)s != -1 ? s : "";
}

static void learn_keys(const struct tty *t, struct input *in)
{
	static const struct {
		const char *name;
		enum ui_fn fn;
		unsigned mods;
	} keys[] = {
		{"kcuu1", UI_FN_UP, 0},
		{"kcud1", UI_FN_DOWN, 0},
		{"kcub1", UI_FN_LEFT, 0},
		{"kcuf1", UI_FN_RIGHT, 0},
		{"khome", UI_FN_HOME, 0},
		{"kend", UI_FN_END, 0},
		{"kpp", UI_FN_PGUP, 0},
		{"knp", UI_FN_PGDN, 0},
		{"kich1", UI_FN_INS, 0},
		{"kdch1", UI_FN_DEL, 0},
		{"kbs", UI_FN_BACKSPACE, 0},
		{"kcbt", UI_FN_TAB, UI_SHIFT},
		{"kent", UI_FN_ENTER, 0},
		{"kf1", UI_FN_F1, 0},
		{"kf2", UI_FN_F1 + 1, 0},
		{"kf3", UI_FN_F1 + 2, 0},
		{"kf4", UI_FN_F1 + 3, 0},
		{"kf5", UI_FN_F1 + 4, 0},
		{"kf6", UI_FN_F1 + 5, 0},
		{"kf7", UI_FN_F1 + 6, 0},
		{"kf8", UI_FN_F1 + 7, 0},
		{"kf9", UI_FN_F1 + 8, 0},
		{"kf10", UI_FN_F1 + 9, 0},
		{"kf11", UI_FN_F1 + 10, 0},
		{"kf12", UI_FN_F12, 0},
		{"kUP5", UI_FN_UP, UI_CTRL},
		{"kDN5", UI_FN_DOWN, UI_CTRL},
		{"kLFT5", UI_FN_LEFT, UI_CTRL},
		{"kRIT5", UI_FN_RIGHT, UI_CTRL},
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		input_learn(in, capability(t, keys[i].name), keys[i].fn, keys[i].mods);
}

/* Without the padding ("$<5>") that only slow glass terminals needed. */
static void add_capability(const struct tty *t, struct str *out, const char *name)
{
	for (const char *s = capability(t, name); *s; s++) {
		const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;

		if (end)
			s = end;
		else
			str_addc(out, *s);
	}
}

static void reports(const struct tty *t, bool on)
{
	cleanup_str struct str bytes = STR_INIT;

	xterm_reports(&bytes, t->mouse, t->paste, on);
	(void)file_write_fd(STDOUT_FILENO, str_get(&bytes), bytes.len);
}

static void guard(struct tty *t)
{
	cleanup_str struct str bytes = STR_INIT;

	xterm_reports(&bytes, t->mouse, t->paste, false);
	add_capability(t, &bytes, "sgr0");
	add_capability(t, &bytes, "op");
	add_capability(t, &bytes, "cnorm");
	add_capability(t, &bytes, "rmkx");
	add_capability(t, &bytes, "rmcup");
	crash_guard(STDOUT_FILENO, &t->modes, str_get(&bytes), bytes.len);
}

/* ---- colours --------------------------------------------------------------------------------- */

static int colours_of(const struct tty *t, int most)
{
	int have = t->lib.has_colors() && t->lib.start_color() == OK ? *t->lib.COLORS : 0;

	if (most >= 0 && have > most)
		have = most;
	return have >= 256 ? 256 : have >= 16 ? 16 : have >= 8 ? 8 : 0;
}

/* Numbers are made as colours come; when a terminal has too few, all are forgotten together. */
static int pair_of(struct tty *t, ui_color fg, ui_color bg)
{
	uint16_t *p;

	if (!t->colours)
		return 0;
	fg = theme_reduce(fg, t->colours);
	bg = theme_reduce(bg, t->colours);
	if (fg == UI_DEFAULT && bg == UI_DEFAULT)
		return 0;
	p = &t->pairs[(fg + 1) * COLOUR_VALUES + bg + 1];
	if (!*p && t->next_pair < *t->lib.COLOR_PAIRS && t->next_pair < UINT16_MAX &&
		t->lib.init_extended_pair(t->next_pair, fg, bg) == OK)
		*p = (uint16_t)t->next_pair++;
	return *p;
}

static void forget_pairs(struct tty *t)
{
	memset(t->pairs, 0, COLOUR_VALUES * COLOUR_VALUES * sizeof(*t->pairs));
	t->next_pair = 1;
	t->all = true;
}

static attr_t attributes(uint16_t a)
{
	return (a & UI_BOLD ? A_BOLD : 0) | (a & UI_UNDERLINE ? A_UNDERLINE : 0) |
	       (a & UI_ITALIC ? A_ITALIC : 0) | (a & UI_BLINK ? A_BLINK : 0) |
	       (a & UI_REVERSE ? A_REVERSE : 0) | (a & UI_DIM ? A_DIM : 0);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* The character as this terminal can show it, in as many columns as the cell says. */
static wchar_t shown_char(const struct tty *t, const struct ui_cell *c)
{
	uint32_t cp = c->ch[0] ? c->ch[0] : ' ';

	if (t->ascii)
		cp = glyph_ascii(cp);
	if (cp < ' ' || (cp >= 0x7f && cp < 0xa0))
		return '?';
	if (cp >= 0x80 && wcwidth((wchar_t)cp) != c->width)
		return '?';
	return (wchar_t)cp;
}

static void make_cell(struct tty *t, const struct ui_cell *c, cchar_t *out)
{
	wchar_t text[CCHARW_MAX + 1] = {0};
	int pair = pair_of(t, c->fg, c->bg), n = 1;

	text[0] = shown_char(t, c);
	for (int i = 1; !t->ascii && text[0] >= 0x80 && i < UI_CELL_CHARS && c->ch[i]; i++)
		if (n < CCHARW_MAX && wcwidth((wchar_t)c->ch[i]) == 0)
			text[n++] = (wchar_t)c->ch[i];
	if (t->lib.setcchar(out, text, attributes(c->attr), 0, &pair) != OK)
		t->lib.setcchar(out, L"?", 0, 0, NULL);
}

static void put_row(struct tty *t, int row, const struct ui_cell *cells, int cols)
{
	int n = 0;

	for (int col = 0; col < cols; col++) {
		const struct ui_cell *c = &cells[col];
		struct ui_cell pad = *c;

		if (c->width == 0)
			continue;
		make_cell(t, c, &t->line[n++]);
		/* A wide cell whose character came out narrow keeps its second column. */
		if (c->width == 2 && shown_char(t, c) < 0x80) {
			memset(pad.ch, 0, sizeof(pad.ch));
			make_cell(t, &pad, &t->line[n++]);
		}
	}
	t->lib.mvadd_wchnstr(row, 0, t->line, n);
}

static void resize_buffers(struct tty *t)
{
	size_t n = (size_t)t->rows * (size_t)t->cols;

	t->shown = xreallocarray(t->shown, n, sizeof(*t->shown));
	t->line = xreallocarray(t->line, (size_t)t->cols + 1, sizeof(*t->line));
	memset(t->shown, 0, n * sizeof(*t->shown));
	t->all = true;
}

void tty_present(struct tty *t, const struct canvas *c)
{
	int rows = c->rows < t->rows ? c->rows : t->rows;
	int cols = c->cols < t->cols ? c->cols : t->cols;
	size_t bytes = (size_t)cols * sizeof(struct ui_cell);

	if (t->next_pair > *t->lib.COLOR_PAIRS - 8 && t->next_pair > 16)
		forget_pairs(t);
	for (int r = 0; r < rows; r++) {
		const struct ui_cell *now = &c->cells[(size_t)r * (size_t)c->cols];
		struct ui_cell *was = &t->shown[(size_t)r * (size_t)t->cols];

		if (!t->all && !memcmp(now, was, bytes))
			continue;
		memcpy(was, now, bytes);
		put_row(t, r, now, cols);
	}
	t->all = false;
	if (c->cursor_row >= 0 && c->cursor_row < rows && c->cursor_col < cols)
		t->lib.move(c->cursor_row, c->cursor_col);
	t->lib.curs_set(c->cursor_row >= 0);
	t->lib.wnoutrefresh(*t->lib.stdscr);
	t->lib.doupdate();
}

/* ---- life ------------------------------------------------------------------------------------ */

static void ask_size(struct tty *t)
{
	struct winsize w = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col) {
		w.ws_row = 24;
		w.ws_col = 80;
	}
	t->rows = w.ws_row < 1000 ? w.ws_row : 1000;
	t->cols = w.ws_col < 1000 ? w.ws_col : 1000;
}

static int check_terminal(const struct tty *t, const char *term, struct err *e)
{
	int rc = 0;

	if (t->lib.setupterm(term, STDOUT_FILENO, &(int){0}) != OK)
		rc = err_set(e, EINVAL, "there is no terminfo entry for TERM=%.60s", term);
	else if (!*capability(t, "cup"))
		rc = err_set(
			e, EINVAL, "a terminal of kind TERM=%.60s cannot place its cursor", term);
	if (*t->lib.cur_term)
		t->lib.del_curterm(*t->lib.cur_term);
	return rc;
}

/* Looks at what is there, opens the library, and asks it about this kind of terminal. */
static int prepare(struct tty *t, struct err *e)
{
	const char *term = getenv("TERM");
	int rc;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(e, ENOTTY, "the dashboard needs a terminal on stdin and stdout");
	rc = lazylib_open(&library, &t->lib, e);
	if (rc)
		return rc;
	if (term && *term)
		rc = check_terminal(t, term, e);
	else
		rc = err_set(e, EINVAL, "TERM is not set, so the terminal's kind is unknown");
	if (rc)
		err_hint(e, "set TERM to what the terminal is (xterm-256color, ...), or use ktstr "
			    "--batch");
	return rc;
}

static void enter(struct tty *t)
{
	t->lib.raw();
	t->lib.noecho();
	t->lib.nonl();
	t->lib.typeahead(-1);
	t->lib.idlok(*t->lib.stdscr, TRUE);
	t->lib.leaveok(*t->lib.stdscr, FALSE);
	if (t->lib.has_colors())
		t->lib.use_default_colors();
	if (*capability(t, "smkx"))
		t->lib.putp(capability(t, "smkx"));
	reports(t, true);
}

struct tty *tty_open(const struct tty_options *o, struct input *in, struct err *e)
{
	struct tty *t = xcalloc(1, sizeof(*t));

	if (prepare(t, e)) {
		free(t);
		return NULL;
	}
	tcgetattr(STDOUT_FILENO, &t->modes);
	ask_size(t);
	t->screen = t->lib.newterm(NULL, stdout, stdin);
	if (!t->screen) {
		err_set(e, EINVAL, "ncurses cannot drive this terminal");
		free(t);
		return NULL;
	}
	t->colours = colours_of(t, o->colours);
	t->ascii = o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	t->paste = *capability(t, "kmous") != 0; /* the mark of xterm's family */
	t->mouse = o->mouse && t->paste;
	t->pairs = xcalloc(COLOUR_VALUES * COLOUR_VALUES, sizeof(*t->pairs));
	t->next_pair = 1;
	learn_keys(t, in);
	guard(t);
	enter(t);
	t->lib.resizeterm(t->rows, t->cols);
	resize_buffers(t);
	return t;
}

void tty_close(struct tty *t)
{
	if (!t)
		return;
	reports(t, false);
	t->lib.endwin();
	crash_unguard();
	tcsetattr(STDOUT_FILENO, TCSADRAIN, &t->modes);
	t->lib.delscreen(t->screen);
	free(t->shown);
	free(t->line);
	free(t->pairs);
	free(t);
}

int tty_colours(const struct tty *t)
{
	return t->colours;
}

bool tty_ascii(const struct tty *t)
{
	return t->ascii;
}

void tty_size(const struct tty *t, int *rows, int *cols)
{
	*rows = t->rows;
	*cols = t->cols;
}

void tty_resized(struct tty *t)
{
	ask_size(t);
	t->lib.resizeterm(t->rows, t->cols);
	resize_buffers(t);
}

void tty_redraw(struct tty *t)
{
	t->lib.clearok(*t->lib.curscr, TRUE);
	t->all = true;
}

void tty_bell(struct tty *t)
{
	t->lib.beep();
}

bool tty_copy(struct tty *t, const char *utf8, size_t n)
{
	cleanup_str struct str out = STR_INIT;

	xterm_copy(&out, utf8, n);
	(void)file_write_fd(STDOUT_FILENO, out.s, out.len);
	return *capability(t, "Ms");
}

void tty_suspend(struct tty *t)
{
	sigset_t stop, before;

	reports(t, false);
	if (*capability(t, "rmkx"))
		t->lib.putp(capability(t, "rmkx"));
	t->lib.endwin();
	tcsetattr(STDOUT_FILENO, TCSADRAIN, &t->modes);
	/* The whole job, as the terminal's driver would do it: `make run` has a parent in it. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &stop, &before);
	kill(0, SIGTSTP);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	enter(t);
	tty_resized(t);
	tty_redraw(t);
}

void tty_mark(struct tty *t, uint64_t frame)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "\033]9999;%llu\a", (unsigned long long)frame);

	(void)t;
	(void)file_write_fd(STDOUT_FILENO, text, (size_t)n);
}
