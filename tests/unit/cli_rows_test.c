/*
 * Every row of every command, ours and the demo's: legal, and present in all its renderings. A new
 * option fails here before somebody misses it.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/utf8.h"
#include "src/cli/common.h"
#include "src/cli/manual.h"
#include "src/cli/mdoc.h"
#include "tests/lib/demo_cli.h"

static const struct command *const roots[] = {&cli_root, &demo_cli};
static const char *const shells[] = {"bash", "elvish", "fish", "powershell", "zsh"};

struct where {
	const struct command *path[CLI_DEPTH];
	size_t depth;
};
typedef void visit_fn(const struct where *w);

static const struct command *at(const struct where *w)
{
	return w->path[w->depth - 1];
}

static void walk(const struct where *w, visit_fn *visit)
{
	visit(w);
	for (size_t i = 0; at(w)->sub && at(w)->sub[i]; i++) {
		struct where below = *w;

		assert_true(below.depth < CLI_DEPTH);
		below.path[below.depth++] = at(w)->sub[i];
		walk(&below, visit);
	}
}

static void everywhere(visit_fn *visit)
{
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		walk(&(struct where){{roots[i]}, 1}, visit);
}

static bool hidden(const struct where *w)
{
	for (size_t i = 0; i < w->depth; i++)
		if (w->path[i]->hidden)
			return true;
	return false;
}

static bool plain(const char *text)
{
	for (; *text; text++)
		if (!isprint((unsigned char)*text))
			return false;
	return true;
}

static bool is_name(const char *name)
{
	for (const char *s = name; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '-')
			return false;
	return islower((unsigned char)*name);
}

/* A phrase for a list: plain, without a capital (an acronym's aside) and without a full stop. */
static void check_phrase(const char *owner, const char *text)
{
	if (!text || !*text || !plain(text) || str_ends(text, ".") ||
		(isupper((unsigned char)text[0]) && !isupper((unsigned char)text[1])))
		fail_msg("%s: '%s' is no phrase", owner, text ? text : "(none)");
}

static void check_choices(const char *owner, const char *const *choices)
{
	for (; choices && *choices; choices++)
		if (!**choices || strcspn(*choices, " ,'\"$`\\") != strlen(*choices))
			fail_msg("%s: '%s' cannot be a choice", owner, *choices);
}

static const struct opt *find(const struct where *w, const char *name)
{
	for (size_t i = 0; i < at(w)->nopts; i++)
		if (strcmp(at(w)->opts[i].name, name) == 0)
			return &at(w)->opts[i];
	return cli_common_find(w->depth == 1, name, strlen(name), 0);
}

static void check_opt(const struct where *w, const struct opt *o)
{
	bool choice = o->type == OPT_CHOICE || o->type == OPT_CHOICES;

	assert_true(is_name(o->name));
	check_phrase(o->name, o->help);
	if ((o->metavar == NULL) != (o->type == OPT_FLAG) || (o->choices != NULL) != choice)
		fail_msg("--%s: type, metavar and choices do not agree", o->name);
	check_choices(o->name, o->choices);
	assert_true(!o->letter || isalnum((unsigned char)o->letter));
	if ((o->needs && !find(w, o->needs)) || (o->clashes && !find(w, o->clashes)))
		fail_msg("--%s refers to an option that does not exist", o->name);
	assert_true(at(w)->values_size > o->offset);
	for (size_t i = 0; &at(w)->opts[i] != o; i++)
		if (strcmp(at(w)->opts[i].name, o->name) == 0 ||
			(o->letter && at(w)->opts[i].letter == o->letter))
			fail_msg("'%s' has --%s or -%c twice", at(w)->name, o->name, o->letter);
	if (cli_common_find(w->depth == 1, o->name, strlen(o->name), o->letter))
		fail_msg("--%s or -%c of '%s' is an option of every command", o->name, o->letter,
			at(w)->name);
}

static void check_command(const struct where *w)
{
	const struct command *c = at(w);

	assert_true(c->hidden || is_name(c->name));
	check_phrase(c->name, c->summary);
	assert_true(c->run || c->sub);
	assert_true(!(c->sub && c->nargs));
	for (size_t i = 0; i < c->nopts; i++)
		check_opt(w, &c->opts[i]);
	for (size_t i = 0; i < c->nargs; i++) {
		check_phrase(c->args[i].name, c->args[i].help);
		check_choices(c->args[i].name, c->args[i].choices);
		assert_true(!c->args[i].repeat || i + 1 == c->nargs);
	}
	for (const char *const *x = c->examples; x && *x; x++)
		assert_true(plain(*x));
}

static void every_row_is_legal(void **state)
{
	(void)state;
	everywhere(check_command);
}

static void check_facts(const struct fact *f)
{
	for (; f->name; f++) {
		bool known = f->command == NULL;

		for (size_t i = 0; f->command && cli_commands[i]; i++)
			known |= strcmp(cli_commands[i]->name, f->command) == 0;
		if (!known)
			fail_msg("'%s' names a command '%s'", f->name, f->command);
		if (!str_ends(f->text, ".") || !plain(f->text))
			fail_msg("'%s' wants whole sentences", f->name);
	}
}

static void every_fact_is_a_sentence_about_a_command(void **state)
{
	(void)state;
	check_facts(manual_exit);
	check_facts(manual_environment);
	check_facts(manual_files);
	check_facts(manual_differences);
}

static void check_short_help(const struct where *w)
{
	cleanup_str struct str text = STR_INIT;
	size_t lines = 0;
	char *rest, *line;

	if (hidden(w))
		return;
	cli_help(&(struct cli_help){.path = w->path, .depth = w->depth}, &text);
	for (rest = text.s; (line = strsep(&rest, "\n")) && rest; lines++)
		if (utf8_width(line) > 80)
			fail_msg("'%s -h' is too wide: %s", at(w)->name, line);
	if (lines > 24)
		fail_msg("'%s -h' has %zu lines", at(w)->name, lines);
	if (at(w)->examples)
		assert_true(str_starts(text.s, "  $ "));
}

static void short_help_fits_a_terminal(void **state)
{
	(void)state;
	everywhere(check_short_help);
}

/* `text` as a word: not as the beginning of a longer one. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = text; (s = strstr(s, word)); s += n)
		if (!isalnum((unsigned char)s[n]) && s[n] != '-' && s[n] != '\\')
			return true;
	return false;
}

static void expect(
	const char *what, const struct where *w, const char *text, const char *word, bool want)
{
	if (has_word(text, word) != want)
		fail_msg("%s of '%s' %s '%s'", what, at(w)->name, want ? "lacks" : "has", word);
}

static void check_help_has(const struct where *w, const char *word, bool want)
{
	for (int detail = 0; detail < 2; detail++) {
		cleanup_str struct str text = STR_INIT;

		cli_help(&(struct cli_help){.path = w->path, .depth = w->depth, .detail = detail},
			&text);
		expect(detail ? "--help" : "-h", w, text.s, word, want);
	}
}

/* The page of a command is that of its top-level command. */
static void check_man_has(const struct where *w, const struct opt *o)
{
	cleanup_str struct str text = STR_INIT;
	cleanup_free char *page = w->depth == 1
					  ? xstrdup(w->path[0]->name)
					  : xasprintf("%s-%s", w->path[0]->name, w->path[1]->name);
	cleanup_str struct str item = STR_INIT;

	if (o->letter && !o->hidden)
		str_printf(&item, "Fl %c , ", o->letter);
	str_add(&item, "Fl Fl ");
	mdoc_escape(&item, o->name, strlen(o->name));
	assert_int_equal(cli_man(w->path[0], page, &text, NULL), 0);
	expect("the manual", w, text.s, item.s, !o->hidden);
}

/* Only that the word is there: tests/live asks the shells what they make of it. */
static void check_completions_have(const struct where *w, const char *word, bool want)
{
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		cleanup_str struct str text = STR_INIT;
		cleanup_free char *fish = xasprintf("-l %s", word + strspn(word, "-"));
		bool option = strcmp(shells[i], "fish") == 0 && *word == '-';

		assert_int_equal(cli_completion(w->path[0], shells[i], "demo", &text, NULL), 0);
		expect(shells[i], w, text.s, option ? fish : word, want);
	}
}

/* Whether another command shows an option of that name. */
static bool shown_elsewhere(const struct command *c, const char *name)
{
	for (size_t i = 0; i < c->nopts; i++)
		if (!c->opts[i].hidden && strcmp(c->opts[i].name, name) == 0)
			return true;
	for (size_t i = 0; c->sub && c->sub[i]; i++)
		if (!c->sub[i]->hidden && shown_elsewhere(c->sub[i], name))
			return true;
	return false;
}

static void check_renderings(const struct where *w)
{
	if (hidden(w))
		return;
	for (size_t i = 0; i < at(w)->nopts; i++) {
		const struct opt *o = &at(w)->opts[i];
		cleanup_free char *word = xasprintf("--%s", o->name);

		check_help_has(w, word, !o->hidden);
		check_man_has(w, o);
		if (!o->hidden || !shown_elsewhere(w->path[0], o->name))
			check_completions_have(w, word, !o->hidden);
	}
	for (size_t i = 0; at(w)->sub && at(w)->sub[i]; i++) {
		const struct command *sub = at(w)->sub[i];

		check_help_has(w, sub->name, !sub->hidden);
		if (strcmp(sub->name, "__complete") != 0) /* which every script calls */
			check_completions_have(w, sub->name, !sub->hidden);
	}
}

static void every_row_is_in_every_rendering(void **state)
{
	(void)state;
	everywhere(check_renderings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_legal),
		cmocka_unit_test(every_fact_is_a_sentence_about_a_command),
		cmocka_unit_test(short_help_fits_a_terminal),
		cmocka_unit_test(every_row_is_in_every_rendering),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
