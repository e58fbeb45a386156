/* What a new guest should be: a few fields with defaults, Enter boots. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/parse.h"
#include "src/base/utf8.h"
#include "ui/boot.h"
#include "ui/field.h"
#include "ui/panes.h"
#include "ui/paragraph.h"
#include "ui/app.h"

enum item { KERNEL, TOPOLOGY, MEMORY, INCLUDE, APPEND, ACCEL, DISK, ITEMS };

static const struct {
	const char *label;
	const char *empty; /* what nothing means */
	const char *help;
	bool choice; /* Left, Right and Space go through the values */
} items[ITEMS] = {
	[KERNEL] = {"Kernel", "automatic",
		"image file, folder, version, cache key, distro; empty: a local build, this "
		"machine's own, or the distribution's"},
	[TOPOLOGY] = {"Topology", "1,1,1,1",
		"NUMA nodes, LLCs in all, cores per LLC, threads per core"},
	[MEMORY] = {"Memory MiB", "as much as needed", "at least this much; 128 or more"},
	[INCLUDE] = {"Include files", "none",
		"files, folders, programs of PATH, parted by blanks; they land in /include-files"},
	[APPEND] = {"Kernel words", "none", "further words for the kernel command line"},
	[ACCEL] = {"Engine", "auto", "auto: KVM where it is fast, else software emulation (tcg)",
		true},
	[DISK] = {"Disk", "none", "an empty /dev/vda of this size: 256mib, 1gib"},
};

static const char *const accels[] = {"auto", "kvm", "tcg"};

struct boot {
	struct pane *host;
	char *what; /* what it is shaped like; NULL = the default shape */
	struct field field[ITEMS];
	size_t accel;
	enum item at;
	int wrong; /* item that is not right; -1 = none */
	struct str error;
};

/* ---- from text to a configuration ----------------------------------------------------------- */

/* Words parted by blanks; quotes and a backslash keep blanks inside one. */
static int split_words(const char *s, struct strv *out, struct err *e)
{
	cleanup_str struct str word = STR_INIT;
	bool in = false;
	char quote = 0;

	for (; *s; s++) {
		if (quote ? *s == quote : (*s == '"' || *s == '\'')) {
			quote = quote ? 0 : *s;
			in = true;
		} else if (!quote && (*s == ' ' || *s == '\t')) {
			if (in)
				strv_push(out, str_get(&word));
			str_clear(&word);
			in = false;
		} else {
			if (*s == '\\' && s[1] && quote != '\'')
				s++;
			str_addc(&word, *s);
			in = true;
		}
	}
	if (in)
		strv_push(out, str_get(&word));
	return quote ? err_set(e, EINVAL, "a quote (%c) is not closed", quote) : 0;
}

static const char *text_of(const struct boot *b, enum item i)
{
	return str_get(&b->field[i].text);
}

static bool is_blank(const char *s)
{
	return !s[strspn(s, " \t")];
}

static int read_kernel(const struct boot *b, struct vm_config *c, struct err *e)
{
	const char *s = text_of(b, KERNEL);

	if (is_blank(s))
		return 0;
	if (strchr(s, '/') && !file_exists(s))
		return err_set(e, ENOENT, "there is no %s", s);
	c->kernel = s;
	return 0;
}

static int read_topology(const struct boot *b, struct vm_config *c, struct err *e)
{
	const char *s = text_of(b, TOPOLOGY);

	return vm_topology_parse(is_blank(s) ? items[TOPOLOGY].empty : s, &c->topology, e);
}

static int read_memory(const struct boot *b, struct vm_config *c, struct err *e)
{
	const char *s = text_of(b, MEMORY);
	int rc;

	if (is_blank(s))
		return 0;
	rc = parse_u32(s, &c->memory_mib, e);
	if (!rc && c->memory_mib < VM_MEMORY_MIN_MIB)
		rc = err_set(e, EINVAL, "a guest needs %d MiB or more", VM_MEMORY_MIN_MIB);
	return rc;
}

static int read_include(const struct boot *b, struct vm_config *c, struct err *e)
{
	int rc = split_words(text_of(b, INCLUDE), &c->include, e);

	for (size_t i = 0; !rc && i < c->include.n; i++)
		if (strchr(c->include.v[i], '/') && !file_exists(c->include.v[i]))
			rc = err_set(e, ENOENT, "there is no %s", c->include.v[i]);
	return rc;
}

static int read_append(const struct boot *b, struct vm_config *c, struct err *e)
{
	(void)e;
	if (!is_blank(text_of(b, APPEND)))
		strv_push(&c->append, text_of(b, APPEND));
	return 0;
}

static int read_accel(const struct boot *b, struct vm_config *c, struct err *e)
{
	static const enum vm_accel values[] = {VM_ACCEL_AUTO, VM_ACCEL_KVM, VM_ACCEL_TCG};

	(void)e;
	c->accel = values[b->accel];
	return 0;
}

static int read_disk(const struct boot *b, struct vm_config *c, struct err *e)
{
	return is_blank(text_of(b, DISK)) ? 0 : parse_size(text_of(b, DISK), &c->disk_bytes, e);
}

static int (*const readers[ITEMS])(const struct boot *b, struct vm_config *c, struct err *e) = {
	[KERNEL] = read_kernel,
	[TOPOLOGY] = read_topology,
	[MEMORY] = read_memory,
	[INCLUDE] = read_include,
	[APPEND] = read_append,
	[ACCEL] = read_accel,
	[DISK] = read_disk,
};

/* As `ktstr shell` would without options: the environment alone decides. */
static int read_reserve(struct vm_config *c, struct err *e)
{
	return reserve_request_init(&c->reserve, &(struct reserve_options){0}, &c->notes, e);
}

static void release(struct vm_config *c)
{
	strv_release(&c->notes);
	strv_release(&c->include);
	strv_release(&c->append);
}

/* All fields; the first wrong one is named. */
static int read_all(const struct boot *b, struct vm_config *c, int *wrong, struct err *e)
{
	for (int i = 0; i < ITEMS; i++) {
		int rc = readers[i](b, c, e);

		if (rc) {
			*wrong = i;
			return rc;
		}
	}
	return read_reserve(c, e);
}

static void say(struct boot *b, int wrong, const struct err *e)
{
	b->wrong = wrong;
	str_clear(&b->error);
	utf8_sanitize(&b->error, e->msg, strlen(e->msg), false);
	if (e->hint[0]) {
		str_add(&b->error, "; ");
		utf8_sanitize(&b->error, e->hint, strcspn(e->hint, "\n"), false);
	}
	if (wrong >= 0)
		b->at = (enum item)wrong;
}

static void boot(struct boot *b)
{
	struct vm_config c = {0};
	struct err e = ERR_INIT;
	int wrong = -1;

	if (read_all(b, &c, &wrong, &e)) {
		say(b, wrong, &e);
	} else {
		/* Closed first: the new pane gets the focus. */
		struct pane *p = app_open(pane_app(b->host), &pane_vm, &c, &e);

		if (p)
			pane_close(b->host);
		else
			say(b, KERNEL, &e);
	}
	release(&c);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static bool captures(const void *self)
{
	(void)self;
	return true;
}

static void move(struct boot *b, int by)
{
	b->at = (enum item)((b->at + ITEMS + by) % ITEMS);
}

/* What is typed is looked at when Enter is pressed, but what was wrong is looked at again at once.
 */
static void edited(struct boot *b)
{
	struct vm_config c = {0};
	struct err e = ERR_INIT;

	if (b->wrong < 0)
		return;
	if (readers[b->wrong](b, &c, &e)) {
		say(b, b->wrong, &e);
	} else {
		b->wrong = -1;
		str_clear(&b->error);
	}
	release(&c);
}

static void choose(struct boot *b, const struct ui_key *k)
{
	size_t n = ARRAY_LEN(accels);

	if (ui_is_fn(k, UI_FN_RIGHT) || ui_is_char(k, ' ', 0))
		b->accel = (b->accel + 1) % n;
	else if (ui_is_fn(k, UI_FN_LEFT))
		b->accel = (b->accel + n - 1) % n;
	for (size_t i = 0; i < n; i++)
		if (ui_is_char(k, (unsigned char)accels[i][0], 0))
			b->accel = i;
}

static void click(struct boot *b, const struct ui_key *k)
{
	if (k->mouse == UI_MOUSE_PRESS && k->row >= 0 && k->row < ITEMS)
		b->at = (enum item)k->row;
}

static bool is_back_tab(const struct ui_key *k)
{
	return k->kind == UI_KEY_FN && k->fn == UI_FN_TAB && k->mods == UI_SHIFT;
}

static void input(void *self, const struct ui_key *k)
{
	struct boot *b = self;

	if (k->kind == UI_KEY_MOUSE)
		click(b, k);
	else if (ui_is_fn(k, UI_FN_ENTER))
		boot(b);
	else if (ui_is_fn(k, UI_FN_ESC) || ui_is_char(k, 'c', UI_CTRL))
		pane_close(b->host);
	else if (ui_is_fn(k, UI_FN_TAB) || ui_is_fn(k, UI_FN_DOWN))
		move(b, 1);
	else if (is_back_tab(k) || ui_is_fn(k, UI_FN_UP))
		move(b, -1);
	else if (items[b->at].choice)
		choose(b, k);
	else if (field_key(&b->field[b->at], k) == FIELD_CHANGED)
		edited(b);
}

static const struct key_row rows[] = {
	{.keys = "Enter", .hint = "Boot", .priority = 10, .help = "boot the guest"},
	{.keys = "Tab",
		.shown = "Tab Up Down",
		.hint = "Field",
		.priority = 8,
		.help = "next field, previous field"},
	{.keys = "Esc", .hint = "Cancel", .priority = 9, .help = "close without booting"},
};
static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};
static const struct key_section sections[] = {{"Boot dialog", &table}, {NULL, NULL}};

static const struct key_table *keys(const void *self)
{
	(void)self;
	return &table;
}

/* ---- picture -------------------------------------------------------------------------------- */

enum { LABEL = 16, WIDTH = 76, HELP_ROWS = 3 };

static void draw_count(const struct boot *b, const struct paint *p, struct view v, int row)
{
	struct vm_config c = {0};
	cleanup_str struct str text = STR_INIT;

	if (read_topology(b, &c, NULL))
		return;
	vm_topology_format(&c.topology, &text);
	str_printf(&text, ", %u CPU%s", c.topology.vcpus, c.topology.vcpus == 1 ? "" : "s");
	if (v.at.cols > LABEL + 30)
		view_text(v, row, v.at.cols - (int)text.len - 1, theme_style(p->theme, THEME_DIM),
			str_get(&text));
}

static void draw_choice(const struct boot *b, const struct paint *p, struct view v, int row)
{
	int col = LABEL;

	for (size_t i = 0; i < ARRAY_LEN(accels); i++) {
		bool on = i == b->accel;
		struct ui_style s = theme_style(p->theme, !on		   ? THEME_DIM
							  : b->at == ACCEL ? THEME_SELECTED
									   : THEME_STRONG);

		col = view_printf(v, row, col, s, on ? "[%s]" : " %s ", accels[i]) + 1;
	}
}

static void draw_field(const struct boot *b, const struct paint *p, struct view v, enum item i)
{
	int row = (int)i, width = v.at.cols - LABEL - (i == TOPOLOGY ? 24 : 1);
	bool here = b->at == i;

	if (width < 8)
		width = v.at.cols - LABEL - 1;
	view_text(v, row, 0, theme_style(p->theme, here ? THEME_STRONG : THEME_DIM),
		here ? ">" : " ");
	view_text(v, row, 2,
		theme_style(p->theme, b->wrong == row ? THEME_ALERT
				      : here	      ? THEME_STRONG
						      : THEME_TEXT),
		items[i].label);
	if (i == ACCEL) {
		draw_choice(b, p, v, row);
		return;
	}
	field_draw(&b->field[i], v, row, LABEL, width, theme_style(p->theme, THEME_FIELD),
		here && p->focused);
	if (!b->field[i].text.len)
		view_field(v, row, LABEL, width,
			theme_over(theme_style(p->theme, THEME_DIM),
				(struct ui_style){UI_DEFAULT, UI_DEFAULT, UI_UNDERLINE}),
			items[i].empty);
	if (here && p->focused && !b->field[i].text.len)
		view_cursor(v, row, LABEL);
	if (i == TOPOLOGY)
		draw_count(b, p, v, row);
}

static void draw(const void *self, const struct paint *p, struct view v)
{
	const struct boot *b = self;

	for (int i = 0; i < ITEMS; i++)
		draw_field(b, p, v, (enum item)i);
	if (b->error.len)
		paragraph_draw(
			v, ITEMS + 1, 1, theme_style(p->theme, THEME_ALERT), str_get(&b->error));
	else
		paragraph_draw(
			v, ITEMS + 1, 1, theme_style(p->theme, THEME_DIM), items[b->at].help);
}

static void status(const void *self, struct pane_status *out)
{
	const struct boot *b = self;

	str_add(&out->title, "New guest");
	if (b->what)
		str_printf(&out->title, ", shaped like %s", b->what);
}

static void want(const void *self, int *rows_out, int *cols)
{
	(void)self;
	*rows_out = ITEMS + 1 + HELP_ROWS;
	*cols = WIDTH;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void *open_dialog(struct pane *host, const void *arg, struct err *e)
{
	const struct boot_shape *shape = arg;
	struct boot *b = xcalloc(1, sizeof(*b));

	(void)e;
	b->host = host;
	b->wrong = -1;
	if (shape) {
		cleanup_str struct str text = STR_INIT;

		vm_topology_spell(&shape->topology, &text);
		field_set(&b->field[TOPOLOGY], str_get(&text));
		b->at = TOPOLOGY;
		if (shape->what)
			b->what = xstrdup(shape->what);
	}
	return b;
}

static void close_dialog(void *self)
{
	struct boot *b = self;

	for (int i = 0; i < ITEMS; i++)
		field_release(&b->field[i]);
	str_release(&b->error);
	free(b->what);
	free(b);
}

const struct pane_ops dialog_boot = {
	.id = "boot",
	.name = "Boot a guest",
	.open = open_dialog,
	.close = close_dialog,
	.captures = captures,
	.input = input,
	.draw = draw,
	.status = status,
	.keys = keys,
	.sections = sections,
	.want = want,
};
