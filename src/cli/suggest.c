#include "src/cli/suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/common.h"

void command_words(const struct command *const *path, size_t depth, struct str *out)
{
	for (size_t i = 0; i < depth; i++)
		str_printf(out, "%s%s", i ? " " : "", path[i]->name);
}

int suggest_option(const struct command *const *path, size_t depth, const char *word, struct err *e)
{
	const struct command *c = path[depth - 1];
	cleanup_str struct str call = STR_INIT;
	VEC(const char *) names = {0};
	const char *near = NULL;

	for (size_t i = 0; i < c->nopts; i++)
		if (!c->opts[i].hidden)
			vec_push(&names, c->opts[i].name);
	for (const struct opt *const *o = cli_common_opts(depth == 1); *o; o++)
		vec_push(&names, (*o)->name);
	if (str_starts(word, "--"))
		near = str_nearest(word + 2, names.v, names.n);
	free(names.v);
	if (near)
		return err_set(e, EINVAL, "unknown option '%s'; did you mean '--%s'?", word, near);
	command_words(path, depth, &call);
	return err_set(e, EINVAL, "unknown option '%s'; '%s -h' lists what there is", word,
		str_get(&call));
}

int suggest_command(
	const struct command *const *path, size_t depth, const char *word, struct err *e)
{
	const struct command *c = path[depth - 1];
	cleanup_str struct str call = STR_INIT;
	VEC(const char *) names = {0};
	const char *near;

	for (size_t i = 0; c->sub[i]; i++)
		if (!c->sub[i]->hidden)
			vec_push(&names, c->sub[i]->name);
	near = str_nearest(word, names.v, names.n);
	free(names.v);
	if (near)
		return err_set(e, EINVAL, "unknown command '%s'; did you mean '%s'?", word, near);
	command_words(path, depth, &call);
	return err_set(e, EINVAL, "unknown command '%s'; '%s -h' lists what there is", word,
		str_get(&call));
}
