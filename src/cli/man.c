/* The manual from the rows: ktstr(1), and ktstr-<name>(1) for every command. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cli/common.h"
#include "src/cli/manual.h"
#include "src/cli/mdoc.h"
#include "src/cli/row_text.h"
#include "src/cli/version.h"
#include "src/cli/wrap.h"

struct page {
	const struct command *root;
	const struct command *c; /* the root itself on the main page */
	struct str *out;
};

static bool is_main(const struct page *p)
{
	return p->c == p->root;
}

static void add_arg(const struct page *p, const char *text)
{
	str_addc(p->out, ' ');
	mdoc_escape(p->out, text, strlen(text));
}

static void add_sentence(const struct page *p, const char *phrase)
{
	cleanup_str struct str text = STR_INIT;

	sentence(&text, phrase, NULL);
	mdoc_text(p->out, text.s);
}

/* ".Op Fl Fl frames Ar N", ".It Fl n , Fl Fl frames Ar N" */
static void add_option_macro(const struct page *p, const char *macro, const struct opt *o)
{
	bool letter = o->letter && strcmp(macro, ".It") == 0;

	str_add(p->out, macro);
	if (letter)
		str_printf(p->out, " Fl %c ,", o->letter);
	str_add(p->out, " Fl Fl");
	add_arg(p, o->name);
	if (o->metavar) {
		str_add(p->out, " Ar");
		add_arg(p, o->metavar);
	}
	str_addc(p->out, '\n');
}

static void add_head(const struct page *p)
{
	cleanup_free char *name =
		is_main(p) ? xstrdup(p->c->name) : xasprintf("%s-%s", p->root->name, p->c->name);
	cleanup_free char *title = xstrdup(name);

	for (char *s = title; *s; s++)
		*s = (char)toupper((unsigned char)*s);
	str_printf(p->out, ".Dd %s\n.Dt %s 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd", version_date(), title,
		name);
	add_arg(p, p->c->summary);
	str_addc(p->out, '\n');
}

/* How one command is called; words: "kernel list", NULL for the root. Options that go only with
 * another one are left to a call that has it. */
static void add_call(
	const struct page *p, const struct command *c, const char *words, const char *with)
{
	str_printf(p->out, ".Nm %s\n", p->root->name);
	if (words)
		str_printf(p->out, ".Cm %s\n", words);
	if (with)
		str_printf(p->out, ".Fl Fl %s\n", with);
	for (size_t i = 0; i < c->nopts; i++) {
		const struct opt *o = &c->opts[i];
		bool fits = !is_main(p) ||
			    (with ? o->needs && strcmp(o->needs, with) == 0 : o->needs == NULL);

		if (!o->hidden && fits)
			add_option_macro(p, ".Op", o);
	}
	for (size_t i = 0; i < c->nargs; i++) {
		str_add(p->out, c->args[i].required ? ".Ar" : ".Op Ar");
		add_arg(p, c->args[i].name);
		str_add(p->out, c->args[i].repeat ? " ...\n" : "\n");
	}
}

static void add_main_calls(const struct page *p)
{
	if (p->c->run)
		add_call(p, p->c, NULL, NULL);
	for (size_t i = 0; i < p->c->nopts; i++) {
		const char *needs = p->c->opts[i].needs;

		if (!needs || strcmp(needs, "batch") != 0)
			continue;
		add_call(p, p->c, NULL, needs);
		break;
	}
	str_add(p->out, ".Nm\n.Ar command\n.Op Ar option ...\n"
			".Nm\n.Fl Fl version\n.Op Fl Fl verbose\n");
}

static void add_synopsis(const struct page *p)
{
	const struct command *c = p->c;

	str_add(p->out, ".Sh SYNOPSIS\n");
	if (is_main(p)) {
		add_main_calls(p);
		return;
	}
	if (c->run)
		add_call(p, c, c->name, NULL);
	for (size_t i = 0; c->sub && c->sub[i]; i++) {
		cleanup_free char *words = xasprintf("%s %s", c->name, c->sub[i]->name);

		if (!c->sub[i]->hidden)
			add_call(p, c->sub[i], words, NULL);
	}
}

static void add_option(const struct page *p, const struct opt *o)
{
	cleanup_str struct str text = STR_INIT;

	if (o->hidden)
		return;
	add_option_macro(p, ".It", o);
	row_text(&text, o);
	mdoc_text(p->out, text.s);
}

static void add_arguments(const struct page *p, const struct command *c)
{
	for (size_t i = 0; i < c->nargs; i++) {
		str_add(p->out, ".It Ar");
		add_arg(p, c->args[i].name);
		str_addc(p->out, '\n');
		add_sentence(p, c->args[i].help);
	}
}

/* --version stands among the root's own options: no other command has it. */
static void add_root_options(const struct page *p)
{
	for (const struct opt *const *o = cli_common_opts(true); *o; o++)
		if (!cli_common_find(false, (*o)->name, strlen((*o)->name), 0))
			add_option(p, *o);
}

static void add_options(const struct page *p, const struct command *c)
{
	if (c->nopts == 0 && c->nargs == 0 && c != p->root)
		return;
	str_add(p->out, ".Bl -tag -width Ds\n");
	add_arguments(p, c);
	for (size_t i = 0; i < c->nopts; i++)
		add_option(p, &c->opts[i]);
	if (c == p->root)
		add_root_options(p);
	str_add(p->out, ".El\n");
}

/* Explained on the main page, named on the others. */
static void add_common_options(const struct page *p)
{
	const struct opt *const *o = cli_common_opts(false);

	if (is_main(p)) {
		str_add(p->out, ".Ss Options of every command\n.Bl -tag -width Ds\n");
		for (; *o; o++)
			add_option(p, cli_common_find(true, (*o)->name, strlen((*o)->name), 0));
		str_add(p->out, ".El\n");
		return;
	}
	str_add(p->out, ".Pp\nIt takes the options of every command as well:\n");
	for (; *o; o++) {
		str_printf(p->out, ".Fl Fl %s", (*o)->name);
		if ((*o)->metavar)
			str_printf(p->out, " Ar %s", (*o)->metavar);
		str_add(p->out, o[1] ? " ,\n" : " ;\n");
	}
	str_printf(p->out, "see\n.Xr %s 1 .\n", p->root->name);
}

static void add_commands(const struct page *p)
{
	str_add(p->out, ".Ss Commands\n.Bl -tag -width Ds\n");
	for (size_t i = 0; p->c->sub[i]; i++) {
		if (p->c->sub[i]->hidden)
			continue;
		str_printf(p->out, ".It Cm %s\n", p->c->sub[i]->name);
		add_sentence(p, p->c->sub[i]->summary);
		str_printf(p->out, "See\n.Xr %s-%s 1 .\n", p->root->name, p->c->sub[i]->name);
	}
	str_add(p->out, ".El\n");
}

/* The commands of a group share its page. */
static void add_group(const struct page *p)
{
	for (size_t i = 0; p->c->sub[i]; i++) {
		const struct command *sub = p->c->sub[i];

		if (sub->hidden)
			continue;
		str_printf(p->out, ".Ss %s %s\n", p->c->name, sub->name);
		add_sentence(p, sub->summary);
		if (sub->about) {
			str_add(p->out, ".Pp\n");
			mdoc_text(p->out, sub->about);
		}
		add_options(p, sub);
	}
}

static void add_description(const struct page *p)
{
	str_add(p->out, ".Sh DESCRIPTION\n");
	if (p->c->about)
		mdoc_text(p->out, p->c->about);
	else
		add_sentence(p, p->c->summary);
	add_options(p, p->c);
	if (p->c->sub && is_main(p))
		add_commands(p);
	else if (p->c->sub)
		add_group(p);
	add_common_options(p);
}

/* The main page has every row, the page of a command its own; exit codes hold everywhere. */
static bool on_page(const struct page *p, const struct fact *f, bool general)
{
	if (is_main(p))
		return true;
	return f->command ? strcmp(f->command, p->c->name) == 0 : general;
}

static void add_facts(const struct page *p, const char *title, const char *macro,
	const struct fact *f, bool general)
{
	bool any = false;

	for (; f->name; f++) {
		if (!on_page(p, f, general))
			continue;
		if (!any)
			str_printf(p->out, ".Sh %s\n.Bl -tag -width Ds\n", title);
		any = true;
		str_printf(p->out, ".It%s", macro);
		add_arg(p, f->name);
		str_addc(p->out, '\n');
		mdoc_text(p->out, f->text);
		if (is_main(p) && f->command)
			str_printf(p->out, "See\n.Xr %s-%s 1 .\n", p->root->name, f->command);
	}
	if (any)
		str_add(p->out, ".El\n");
}

static void add_differences(const struct page *p)
{
	bool any = false;

	for (const struct fact *f = manual_differences; f->name; f++) {
		cleanup_free char *text = xasprintf("%s %s", f->name, f->text);

		if (!on_page(p, f, false))
			continue;
		if (!any) {
			str_add(p->out, ".Sh COMPATIBILITY\n");
			mdoc_text(p->out, is_main(p) ? manual_compatibility
						     : manual_compatibility_of_command);
			str_add(p->out, ".Bl -bullet\n");
		}
		any = true;
		str_add(p->out, ".It\n");
		mdoc_text(p->out, text);
	}
	if (any)
		str_add(p->out, ".El\n");
}

static void add_example_lines(const struct page *p, const struct command *c)
{
	for (const char *const *x = c->examples; x && *x; x++) {
		str_add(p->out, "$");
		add_arg(p, *x);
		str_addc(p->out, '\n');
	}
}

static void add_examples(const struct page *p)
{
	bool group = !is_main(p) && p->c->sub;
	cleanup_str struct str lines = STR_INIT;
	const struct page inner = {p->root, p->c, &lines};

	add_example_lines(&inner, p->c);
	for (size_t i = 0; group && p->c->sub[i]; i++)
		add_example_lines(&inner, p->c->sub[i]);
	if (lines.len)
		str_printf(p->out, ".Sh EXAMPLES\n.Bd -literal -offset indent\n%s.Ed\n", lines.s);
}

/* Sorted, as mandoc's lint wants it. */
static void add_see_also(const struct page *p)
{
	cleanup_strv struct strv names = STRV_INIT;

	if (!is_main(p))
		strv_push(&names, p->root->name);
	for (size_t i = 0; p->root->sub && p->root->sub[i]; i++)
		if (!p->root->sub[i]->hidden && p->root->sub[i] != p->c)
			strv_pushf(&names, "%s-%s", p->root->name, p->root->sub[i]->name);
	strv_sort(&names);
	if (names.n)
		str_add(p->out, ".Sh SEE ALSO\n");
	for (size_t i = 0; i < names.n; i++)
		str_printf(p->out, ".Xr %s 1%s\n", names.v[i], i + 1 < names.n ? " ," : "");
}

static void add_page(const struct page *p)
{
	add_head(p);
	add_synopsis(p);
	add_description(p);
	if (p->c->manual)
		p->c->manual(p->out);
	add_facts(p, "TOPOLOGIES", "", manual_topologies, false);
	add_facts(p, "ENVIRONMENT", " Ev", manual_environment, false);
	add_facts(p, "FILES", " Pa", manual_files, false);
	add_facts(p, "EXIT STATUS", "", manual_exit, true);
	add_examples(p);
	add_differences(p);
	add_see_also(p);
}

int cli_man(const struct command *root, const char *name, struct str *out, struct err *e)
{
	size_t n = strlen(root->name);
	struct page p = {.root = root, .out = out};

	if (strcmp(name, root->name) == 0)
		p.c = root;
	for (size_t i = 0; root->sub && root->sub[i]; i++)
		if (strncmp(name, root->name, n) == 0 && name[n] == '-' &&
			strcmp(name + n + 1, root->sub[i]->name) == 0 && !root->sub[i]->hidden)
			p.c = root->sub[i];
	if (!p.c)
		return err_set(e, ENOENT, "there is no page '%s'", name);
	add_page(&p);
	return 0;
}
