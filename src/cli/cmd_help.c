/* ktstr help [COMMAND...]: what --help of that command says. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"
#include "src/cli/pager.h"
#include "src/cli/suggest.h"
#include "src/cli/term.h"

struct help_values {
	struct strv words;
};

static const struct command *find(const struct command *c, const char *word)
{
	for (size_t i = 0; c->sub && c->sub[i]; i++)
		if (strcmp(c->sub[i]->name, word) == 0)
			return c->sub[i];
	return NULL;
}

static int wrong_word(const struct cli_context *cx, const struct command *const *path, size_t depth,
	const char *word)
{
	struct err e = ERR_INIT;

	if (path[depth - 1]->sub)
		suggest_command(path, depth, word, &e);
	else
		err_set(&e, EINVAL, "'%s' has no commands below it", path[depth - 1]->name);
	cli_error(cx, &e);
	return EXIT_USAGE;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct help_values *v = values;
	const struct command *path[CLI_DEPTH] = {cx->root};
	cleanup_str struct str text = STR_INIT;
	size_t depth = 1;

	for (size_t i = 0; i < v->words.n; i++) {
		const struct command *next = find(path[depth - 1], v->words.v[i]);

		if (!next || depth == CLI_DEPTH)
			return wrong_word(cx, path, depth, v->words.v[i]);
		path[depth++] = next;
	}
	cli_help(&(struct cli_help){.path = path,
			 .depth = depth,
			 .detail = true,
			 .bold = term_color(cx, STDOUT_FILENO)},
		&text);
	return pager_show(cx, &text);
}

static void list_commands(struct strv *words)
{
	for (const struct command *const *c = cli_commands; *c; c++)
		if (!(*c)->hidden)
			strv_pushf(words, "%s\t%s", (*c)->name, (*c)->summary);
}

static const struct positional args[] = {
	{
		.name = "COMMAND",
		.help = "the command to explain; without one, ktstr itself",
		.list = list_commands,
		.repeat = true,
		.offset = offsetof(struct help_values, words),
	},
};

const struct command cmd_help = {
	.name = "help",
	.summary = "explain a command",
	.about = "Prints what 'ktstr COMMAND --help' prints.",
	.args = args,
	.nargs = 1,
	.values_size = sizeof(struct help_values),
	.run = run,
};
