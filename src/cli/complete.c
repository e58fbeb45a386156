#include "src/cli/complete.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/common.h"

static const struct {
	const char *name;
	void (*generate)(struct comp *x);
} shells[] = {
	{"bash", comp_bash},
	{"elvish", comp_elvish},
	{"fish", comp_fish},
	{"powershell", comp_powershell},
	{"zsh", comp_zsh},
};

const struct opt *comp_opt(const struct comp_node *n, size_t i)
{
	for (size_t k = 0; k < n->c->nopts; k++)
		if (!n->c->opts[k].hidden && i-- == 0)
			return &n->c->opts[k];
	for (const struct opt *const *o = cli_common_opts(n->root); *o; o++)
		if (i-- == 0)
			return *o;
	return NULL;
}

struct comp_value comp_opt_value(const struct opt *o)
{
	return (struct comp_value){
		.label = o->metavar,
		.choices = o->choices,
		.comma = o->type == OPT_CHOICES,
		.complete = o->complete,
		.list = o->list != NULL,
	};
}

struct comp_value comp_arg_value(const struct positional *a)
{
	return (struct comp_value){
		.label = a->name,
		.choices = a->choices,
		.complete = a->complete,
		.list = a->list != NULL,
	};
}

void comp_words(const char *const *choices, struct str *out)
{
	for (size_t i = 0; choices && choices[i]; i++)
		str_printf(out, "%s%s", i ? " " : "", choices[i]);
}

void comp_add(const struct comp *x, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "@");

		str_append(x->out, text, n);
		text += n;
		if (!*text)
			return;
		if (str_starts(text, "@fn@")) {
			str_add(x->out, x->fn);
			text += 4;
		} else if (str_starts(text, "@bin@")) {
			str_add(x->out, x->bin);
			text += 5;
		} else if (str_starts(text, "@binary@")) {
			str_add(x->out, x->binary);
			text += 8;
		} else if (str_starts(text, "@root@")) {
			str_add(x->out, x->root->name);
			text += 6;
		} else {
			str_addc(x->out, *text++);
		}
	}
}

static void quote(const char *text, const char *quoted_quote, bool backslash, struct str *out)
{
	str_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_add(out, quoted_quote);
		else if (*text == '\\' && backslash)
			str_add(out, "\\\\");
		else
			str_addc(out, *text);
	}
	str_addc(out, '\'');
}

void quote_posix(const char *text, struct str *out)
{
	quote(text, "'\\''", false, out);
}

void quote_fish(const char *text, struct str *out)
{
	quote(text, "\\'", true, out);
}

void quote_doubled(const char *text, struct str *out)
{
	quote(text, "''", false, out);
}

static void collect(struct comp *x, const struct command *c, const char *above)
{
	char *path = above ? xasprintf("%s %s", above, c->name) : xstrdup(c->name);

	vec_push(&x->nodes, (struct comp_node){.c = c, .path = path, .root = !above});
	for (size_t i = 0; c->sub && c->sub[i]; i++)
		if (!c->sub[i]->hidden)
			collect(x, c->sub[i], path);
}

/* What no shell allows in a function's name becomes an underscore. */
static char *identifier(const char *name)
{
	char *id = xstrdup(name);

	for (char *p = id; *p; p++) {
		bool fits = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9');

		if (!fits)
			*p = '_';
	}
	return id;
}

static void release(struct comp *x)
{
	for (size_t i = 0; i < x->nodes.n; i++)
		free(x->nodes.v[i].path);
	free(x->nodes.v);
	free(x->fn);
	free(x->bin);
}

/* A line break would end the comment that names the binary; no file is called that on purpose. */
static bool usable(const char *binary)
{
	return *binary && !strpbrk(binary, "\n\r");
}

int cli_completion(const struct command *root, const char *shell, const char *binary,
	struct str *out, struct err *e)
{
	if (!usable(binary))
		return err_set(e, EINVAL, "--binary: it takes the name of a command");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (strcmp(shells[i].name, shell) != 0)
			continue;
		struct comp x = {
			.root = root,
			.binary = binary,
			.fn = identifier(binary),
			.out = out,
		};

		collect(&x, root, NULL);
		shells[i].generate(&x);
		release(&x);
		return 0;
	}
	return err_set(e, EINVAL, "no completions for '%s'", shell);
}
