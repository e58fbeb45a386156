/* --help and -h from the rows. */
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"
#include "src/cli/cli.h"
#include "src/cli/common.h"
#include "src/cli/manual.h"
#include "src/cli/row_text.h"
#include "src/cli/suggest.h"
#include "src/cli/wrap.h"

enum {
	WIDTH = 80,
	SHORT_LINES = 24, /* of a terminal: -h has to fit */
	FEW_EXAMPLES = 3,
	LABEL_MAX = 30, /* longer labels push their help to the right */
	INDENT = 8,	/* of sentences in the long form */
};

static const struct command *command_of(const struct cli_help *h)
{
	return h->path[h->depth - 1];
}

static void bold(const struct cli_help *h, const char *text, struct str *out)
{
	str_printf(out, h->bold ? "\033[1m%s\033[0m" : "%s", text);
}

static void heading(const struct cli_help *h, const char *text, struct str *out)
{
	str_addc(out, '\n');
	bold(h, text, out);
	str_addc(out, '\n');
}

static void add_usage(const struct cli_help *h, struct str *out)
{
	const struct command *c = command_of(h);

	bold(h, "Usage:", out);
	str_addc(out, ' ');
	command_words(h->path, h->depth, out);
	str_add(out, " [OPTION]...");
	for (size_t i = 0; i < c->nargs; i++)
		str_printf(out, c->args[i].required ? " %s%s" : " [%s%s]", c->args[i].name,
			c->args[i].repeat ? "..." : "");
	if (c->sub)
		str_add(out, c->run ? " [COMMAND]" : " COMMAND");
	str_addc(out, '\n');
	cleanup_str struct str text = STR_INIT;
	sentence(&text, c->summary, NULL);
	wrap(out, text.s, 0, 0, WIDTH);
}

static void add_examples(const struct command *c, size_t most, struct str *out)
{
	for (size_t i = 0; c->examples && c->examples[i] && i < most; i++)
		str_printf(out, "  $ %s\n", c->examples[i]);
}

/* "-n, --frames N" */
static void add_label(const struct opt *o, struct str *out)
{
	if (o->letter)
		str_printf(out, "-%c, --%s", o->letter, o->name);
	else
		str_printf(out, "    --%s", o->name);
	if (o->metavar)
		str_printf(out, " %s", o->metavar);
}

/* One row of a two-column list: label, help. */
struct item {
	char *label;
	const char *help;
};
typedef VEC(struct item) item_list;

static void take_item(item_list *l, char *label, const char *help)
{
	vec_push(l, (struct item){label, help});
}

static void take_option(item_list *l, const struct opt *o)
{
	struct str label = STR_INIT;

	if (o->hidden)
		return;
	add_label(o, &label);
	take_item(l, str_steal(&label), o->help);
}

static void free_items(item_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].label);
	free(l->v);
}

static unsigned label_width(const item_list *l)
{
	size_t widest = 0;

	for (size_t i = 0; i < l->n; i++) {
		size_t n = strlen(l->v[i].label);

		if (n > widest && n <= LABEL_MAX)
			widest = n;
	}
	return (unsigned)widest;
}

static void add_item(const struct item *x, unsigned width, struct str *out)
{
	str_printf(out, "  %-*s  %s\n", (int)width, x->label, x->help);
}

static void collect(const struct cli_help *h, item_list *args, item_list *subs, item_list *opts)
{
	const struct command *c = command_of(h);

	for (size_t i = 0; i < c->nargs; i++)
		take_item(args, xstrdup(c->args[i].name), c->args[i].help);
	for (size_t i = 0; c->sub && c->sub[i]; i++)
		if (!c->sub[i]->hidden)
			take_item(subs, xstrdup(c->sub[i]->name), c->sub[i]->summary);
	for (size_t i = 0; i < c->nopts; i++)
		take_option(opts, &c->opts[i]);
	for (const struct opt *const *o = cli_common_opts(h->depth == 1); *o; o++)
		take_option(opts, *o);
}

static size_t count_lines(const struct str *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->len; i++)
		n += s->s[i] == '\n';
	return n;
}

/* What does not fit is named, so that it can be looked up. */
static void add_rest(const item_list *l, size_t from, struct str *out)
{
	cleanup_str struct str names = STR_INIT;

	str_add(&names, "also:");
	for (size_t i = from; i < l->n; i++) {
		const char *name = strstr(l->v[i].label, "--");

		str_printf(&names, " %.*s", (int)strcspn(name, " "), name);
	}
	wrap(out, str_get(&names), 2, 0, WIDTH);
}

static void add_list(const item_list *l, struct str *out)
{
	unsigned width = label_width(l);

	for (size_t i = 0; i < l->n; i++)
		add_item(&l->v[i], width, out);
}

static void short_options(const item_list *opts, size_t room, struct str *out)
{
	cleanup_str struct str rest = STR_INIT;
	unsigned width = label_width(opts);
	size_t shown = opts->n;

	while (shown && shown + count_lines(&rest) > room) {
		shown--;
		str_clear(&rest);
		add_rest(opts, shown, &rest);
	}
	for (size_t i = 0; i < shown; i++)
		add_item(&opts->v[i], width, out);
	str_add(out, str_get(&rest));
}

/* Blank lines part the sections where there is room for them. */
static void join_sections(const struct str *parts, size_t n, struct str *out)
{
	size_t lines = 0;
	bool blanks;

	for (size_t i = 0; i < n; i++)
		lines += count_lines(&parts[i]) + (parts[i].len != 0);
	blanks = lines - 1 <= SHORT_LINES;
	for (size_t i = 0; i < n; i++) {
		if (blanks && out->len && parts[i].len)
			str_addc(out, '\n');
		str_add(out, str_get(&parts[i]));
	}
}

/* Options that get a line of their own matter more than the fourth example. */
static size_t examples_for(const struct command *c, size_t other_lines)
{
	size_t n = 0;

	while (c->examples && c->examples[n])
		n++;
	return n > FEW_EXAMPLES && n + other_lines > SHORT_LINES ? FEW_EXAMPLES : n;
}

static void help_short(const struct cli_help *h, struct str *out)
{
	enum { EXAMPLES, USAGE, COMMANDS, OPTIONS, TAIL, PARTS };
	struct str parts[PARTS] = {STR_INIT};
	item_list args = {0}, subs = {0}, opts = {0};
	size_t lines;

	collect(h, &args, &subs, &opts);
	add_usage(h, &parts[USAGE]);
	add_list(&args, &parts[USAGE]);
	add_list(&subs, &parts[COMMANDS]);
	str_addc(&parts[TAIL], '\'');
	command_words(h->path, h->depth, &parts[TAIL]);
	str_add(&parts[TAIL], " --help' says more.\n");
	lines = count_lines(&parts[USAGE]) + count_lines(&parts[COMMANDS]) + 1;
	add_examples(command_of(h), examples_for(command_of(h), lines + opts.n), &parts[EXAMPLES]);
	lines += count_lines(&parts[EXAMPLES]);
	short_options(&opts, SHORT_LINES - lines, &parts[OPTIONS]);
	join_sections(parts, PARTS, out);
	for (size_t i = 0; i < PARTS; i++)
		str_release(&parts[i]);
	free_items(&args);
	free_items(&subs);
	free_items(&opts);
}

static void long_option(const struct cli_help *h, const struct opt *o, struct str *out)
{
	cleanup_str struct str label = STR_INIT, text = STR_INIT;

	if (o->hidden)
		return;
	add_label(o, &label);
	str_add(out, "  ");
	bold(h, str_get(&label), out);
	str_addc(out, '\n');
	row_text(&text, o);
	wrap(out, text.s, INDENT, 0, WIDTH);
}

static void long_section(
	const struct cli_help *h, const char *title, const item_list *l, struct str *out)
{
	if (!l->n)
		return;
	heading(h, title, out);
	add_list(l, out);
}

static bool same_group(const struct opt *a, const struct opt *b)
{
	return strcmp(a->group ? a->group : "", b->group ? b->group : "") == 0;
}

/* Whether this option is the first of its group. */
static bool leads(const struct command *c, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_group(&c->opts[i], &c->opts[at]))
			return false;
	return true;
}

/* Groups in the order of their first options. */
static void long_options(const struct cli_help *h, struct str *out)
{
	const struct command *c = command_of(h);

	for (size_t i = 0; i < c->nopts; i++) {
		if (!leads(c, i))
			continue;
		heading(h, c->opts[i].group ? c->opts[i].group : "Options", out);
		for (size_t k = i; k < c->nopts; k++)
			if (same_group(&c->opts[i], &c->opts[k]))
				long_option(h, &c->opts[k], out);
	}
	heading(h, h->depth == 1 ? "General options" : "Options of every command", out);
	for (const struct opt *const *o = cli_common_opts(h->depth == 1); *o; o++)
		long_option(h, *o, out);
}

/* The general ones at the root, a command's own at the command; the manual has them all. */
static void long_exit(const struct cli_help *h, struct str *out)
{
	const char *command = h->depth > 1 ? h->path[1]->name : "";
	bool any = false;

	for (const struct fact *f = manual_exit; f->name; f++) {
		if (strcmp(f->command ? f->command : "", command) != 0)
			continue;
		if (!any)
			heading(h, "Exit status", out);
		any = true;
		str_printf(out, "  %-7s", f->name);
		wrap(out, f->text, 9, 9, WIDTH);
	}
}

static void long_see_also(const struct cli_help *h, struct str *out)
{
	const char *root = h->path[0]->name;

	heading(h, "See also", out);
	if (h->depth == 1)
		str_printf(out, "  %s help COMMAND, and the manual: man %s\n", root, root);
	else
		str_printf(out, "  man %s-%s, man %s\n", root, h->path[1]->name, root);
}

static void help_long(const struct cli_help *h, struct str *out)
{
	const struct command *c = command_of(h);
	item_list args = {0}, subs = {0}, opts = {0};

	collect(h, &args, &subs, &opts);
	add_usage(h, out);
	if (c->about) {
		str_addc(out, '\n');
		wrap(out, c->about, 0, 0, WIDTH);
	}
	if (c->examples) {
		heading(h, "Examples", out);
		add_examples(c, SIZE_MAX, out);
	}
	long_section(h, "Arguments", &args, out);
	long_section(h, "Commands", &subs, out);
	long_options(h, out);
	long_exit(h, out);
	long_see_also(h, out);
	free_items(&args);
	free_items(&subs);
	free_items(&opts);
}

void cli_help(const struct cli_help *h, struct str *out)
{
	if (h->detail)
		help_long(h, out);
	else
		help_short(h, out);
}
