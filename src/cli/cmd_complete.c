/*
 * Hidden: what the completion scripts ask for, `ktstr __complete -- COMMAND... OPTION|N|*`
 * ('*': the argument that may repeat).
 */
#include <stdlib.h>
#include <string.h>

#include "src/base/parse.h"
#include "src/cli/cli.h"

struct complete_values {
	struct strv words;
};

static const struct command *find(const struct command *c, const char *word)
{
	for (size_t i = 0; c->sub && c->sub[i]; i++)
		if (strcmp(c->sub[i]->name, word) == 0)
			return c->sub[i];
	return NULL;
}

static cli_list_fn *list_of(const struct command *c, const char *what)
{
	uint64_t n;

	for (size_t i = 0; i < c->nopts; i++)
		if (str_starts(what, "--") && strcmp(c->opts[i].name, what + 2) == 0)
			return c->opts[i].list;
	if (strcmp(what, "*") == 0 && c->nargs)
		return c->args[c->nargs - 1].list;
	if (parse_u64(what, &n, NULL) == 0 && n < c->nargs)
		return c->args[n].list;
	return NULL;
}

/* Nobody reads an error in the middle of a completion: what is not known has no candidates. */
static int run(const void *values, const struct cli_context *cx)
{
	const struct complete_values *v = values;
	const struct command *c = cx->root;
	cleanup_strv struct strv found = STRV_INIT;
	cleanup_str struct str out = STR_INIT;
	cli_list_fn *list;

	for (size_t i = 0; c && i + 1 < v->words.n; i++)
		c = find(c, v->words.v[i]);
	list = c && v->words.n ? list_of(c, v->words.v[v->words.n - 1]) : NULL;
	if (list)
		list(&found);
	for (size_t i = 0; i < found.n; i++)
		str_printf(&out, "%s\n", found.v[i]);
	return cli_print(cx, &out);
}

static const struct positional args[] = {
	{
		.name = "WORD",
		.help = "command words, then an option or the number of an argument",
		.repeat = true,
		.offset = offsetof(struct complete_values, words),
	},
};

const struct command cmd_complete = {
	.name = "__complete",
	.summary = "print the candidates for a value",
	.args = args,
	.nargs = 1,
	.values_size = sizeof(struct complete_values),
	.hidden = true,
	.run = run,
};
