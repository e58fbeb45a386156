/*
 * GNU manners: --name=value, --name value, -n5, -n 5, bundled flags, options after positionals,
 * "--" ends options; lists accumulate, of scalars the last one counts. No abbreviations: a script
 * that uses one would break with the next option added.
 */
#include "src/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/common.h"
#include "src/cli/suggest.h"
#include "src/cli/value.h"

struct parser {
	struct cli_call *call;
	const struct command *c;
	char *const *argv;
	int argc, at;
	bool *seen;	     /* of c->opts */
	size_t nargs, words; /* positionals: by row, and all */
	bool ended;	     /* "--" has passed */
	struct err *e;
};

static void begin(struct parser *p, const struct command *c)
{
	struct cli_call *call = p->call;

	cli_call_release(call);
	call->path[call->depth++] = c;
	call->values = xcalloc(1, c->values_size ? c->values_size : 1);
	free(p->seen);
	p->seen = xcalloc(c->nopts + 1, sizeof(*p->seen));
	p->c = c;
	p->nargs = p->words = 0;
}

static const struct opt *find_own(const struct command *c, const char *name, size_t n, char letter)
{
	for (size_t i = 0; i < c->nopts; i++) {
		const struct opt *o = &c->opts[i];

		if (letter ? o->letter == letter
			   : strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	}
	return NULL;
}

static const struct opt *find(const struct parser *p, const char *name, size_t n, char letter)
{
	const struct opt *o = find_own(p->c, name, n, letter);

	return o ? o : cli_common_find(p->call->depth == 1, name, n, letter);
}

static bool is_own(const struct parser *p, const struct opt *o)
{
	return p->c->nopts && find_own(p->c, o->name, strlen(o->name), 0) == o;
}

static int apply(struct parser *p, const struct opt *o, const char *label, const char *text)
{
	if (is_own(p, o)) {
		p->seen[o - p->c->opts] = true;
		return value_set(o, label, text, p->call->values, p->e);
	}
	if (strcmp(o->name, "help") == 0) {
		p->call->common.help = label[1] == '-' ? 2 : 1;
		return 0;
	}
	return value_set(o, label, text, &p->call->common, p->e);
}

static int missing_value(struct parser *p, const struct opt *o, const char *label)
{
	return err_set(p->e, EINVAL, "option '%s' needs a value: %s %s", label, label, o->metavar);
}

static int long_option(struct parser *p)
{
	const char *word = p->argv[p->at++], *name = word + 2, *eq = strchr(name, '=');
	size_t n = eq ? (size_t)(eq - name) : strlen(name);
	cleanup_free char *label = xstrndup(word, n + 2);
	const struct opt *o = find(p, name, n, 0);

	if (!o)
		return suggest_option(p->call->path, p->call->depth, label, p->e);
	if (o->type == OPT_FLAG) {
		if (eq)
			return err_set(p->e, EINVAL, "option '%s' takes no value", label);
		return apply(p, o, label, NULL);
	}
	if (eq)
		return apply(p, o, label, eq + 1);
	if (p->at >= p->argc)
		return missing_value(p, o, label);
	return apply(p, o, label, p->argv[p->at++]);
}

static int short_options(struct parser *p)
{
	const char *word = p->argv[p->at++];

	for (const char *s = word + 1; *s; s++) {
		char label[3] = {'-', *s, '\0'};
		const struct opt *o = find(p, NULL, 0, *s);
		int rc;

		if (!o)
			return suggest_option(p->call->path, p->call->depth,
				(unsigned char)*s < 0x80 ? label : word, p->e);
		if (o->type != OPT_FLAG) {
			if (s[1])
				return apply(p, o, label, s + 1);
			if (p->at >= p->argc)
				return missing_value(p, o, label);
			return apply(p, o, label, p->argv[p->at++]);
		}
		rc = apply(p, o, label, NULL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What stands before a subcommand's name is of the command above: `ktstr --keys F topo` is a
 * mistake, not to be passed over. */
static int refuse_own_options(struct parser *p, const struct command *next)
{
	for (size_t i = 0; i < p->c->nopts; i++) {
		if (p->seen[i])
			return err_set(p->e, EINVAL,
				"option '--%s' is of '%s' alone and does not go with '%s'",
				p->c->opts[i].name, p->c->name, next->name);
	}
	return 0;
}

/* `ktstr kernel help list` says what `ktstr kernel list --help` says. */
static bool is_help_word(const struct parser *p, const char *word)
{
	return p->call->depth > 1 && strcmp(word, "help") == 0;
}

static int subcommand(struct parser *p)
{
	const char *word = p->argv[p->at++];

	for (size_t i = 0; p->c->sub[i]; i++) {
		const struct command *next = p->c->sub[i];
		int rc;

		if (strcmp(next->name, word) != 0)
			continue;
		if (p->call->depth == CLI_DEPTH)
			return err_set(p->e, EINVAL, "'%s' lies too deep", word);
		rc = refuse_own_options(p, next);
		if (rc == 0)
			begin(p, next);
		return rc;
	}
	if (is_help_word(p, word)) {
		p->call->common.help = 2;
		return 0;
	}
	return suggest_command(p->call->path, p->call->depth, word, p->e);
}

static int unexpected(struct parser *p, const char *word)
{
	cleanup_str struct str call = STR_INIT;

	if (p->c->nargs)
		return err_set(p->e, EINVAL, "unexpected argument '%s' after %s", word,
			p->c->args[p->c->nargs - 1].name);
	command_words(p->call->path, p->call->depth, &call);
	return err_set(p->e, EINVAL, "unexpected argument '%s': '%s' takes options only", word,
		str_get(&call));
}

static int positional(struct parser *p)
{
	const struct command *c = p->c;
	const char *word = p->argv[p->at];
	const struct positional *a;

	if (c->sub)
		return subcommand(p);
	p->at++;
	p->words++;
	if (p->nargs < c->nargs)
		a = &c->args[p->nargs++];
	else if (c->nargs && c->args[c->nargs - 1].repeat)
		a = &c->args[c->nargs - 1];
	else
		return unexpected(p, word);
	return value_set_arg(a, word, p->call->values, p->e);
}

static bool was_seen(const struct parser *p, const char *name)
{
	const struct opt *o = find_own(p->c, name, strlen(name), 0);

	if (o)
		return p->seen[o - p->c->opts];
	o = cli_common_find(p->call->depth == 1, name, strlen(name), 0);
	return o && o->type == OPT_FLAG &&
	       *(const bool *)((const char *)&p->call->common + o->offset);
}

static int check_relations(const struct parser *p, const struct opt *o)
{
	if (o->needs && !was_seen(p, o->needs))
		return err_set(
			p->e, EINVAL, "option '--%s' goes with '--%s' only", o->name, o->needs);
	if (o->clashes && was_seen(p, o->clashes))
		return err_set(p->e, EINVAL, "options '--%s' and '--%s' exclude each other",
			o->name, o->clashes);
	return 0;
}

static int check_end(const struct parser *p)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->c->nopts; i++)
		if (p->seen[i])
			rc = check_relations(p, &p->c->opts[i]);
	for (const struct opt *const *o = cli_common_opts(p->call->depth == 1); rc == 0 && *o; o++)
		if (was_seen(p, (*o)->name))
			rc = check_relations(p, *o);
	for (size_t i = p->nargs; rc == 0 && i < p->c->nargs; i++)
		if (p->c->args[i].required)
			rc = err_set(p->e, EINVAL, "missing %s: %s", p->c->args[i].name,
				p->c->args[i].help);
	return rc;
}

static int parse_word(struct parser *p)
{
	const char *word = p->argv[p->at];

	if (p->ended || word[0] != '-' || word[1] == '\0')
		return positional(p);
	if (strcmp(word, "--") == 0) {
		p->ended = true;
		p->call->before_dashes = p->words;
		p->at++;
		return 0;
	}
	return word[1] == '-' ? long_option(p) : short_options(p);
}

int cli_parse(const struct command *root, int argc, char *const *argv, struct cli_call *call,
	struct err *e)
{
	struct parser p = {.call = call, .argc = argc, .argv = argv, .e = e};
	int rc = 0;

	*call = (struct cli_call){.before_dashes = SIZE_MAX};
	begin(&p, root);
	while (rc == 0 && p.at < argc)
		rc = parse_word(&p);
	if (rc == 0 && !call->common.help && !call->common.version)
		rc = check_end(&p);
	free(p.seen);
	if (call->common.help) {
		err_clear(e);
		return 0;
	}
	return rc;
}

void cli_call_release(struct cli_call *call)
{
	if (call->values) {
		value_release(call->path[call->depth - 1], call->values);
		free(call->values);
	}
	call->values = NULL;
}
