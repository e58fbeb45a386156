#include "src/cli/complete.h"

#include <string.h>

/* clang-format off: scripts, a line each */
static const char head[] = "# fish completion for @bin@, made by '@root@ completions fish'\n"
			   "\n"
			   "# Options that take the next word, and the words that are commands.\n";

/*
 * Prints the path of the command that the words before the cursor call, and how many arguments it
 * has got; a value of an option is no command.
 */
static const char walk[] =
	"function __@fn@_at\n"
	"    set -l at @root@\n"
	"    set -l nargs 0\n"
	"    set -l skip 0\n"
	"    set -l ended 0\n"
	"    set -l words (commandline -opc)\n"
	"    for word in $words[2..-1]\n"
	"        if test $skip = 1\n"
	"            set skip 0\n"
	"        else if test $ended = 0; and string match -q -- '-?*' $word\n"
	"            if test $word = --\n"
	"                set ended 1\n"
	"            else if contains -- \"$at $word\" $__@fn@_takes\n"
	"                set skip 1\n"
	"            else if not string match -q -- '--*' $word; and contains -- \"$at -\"(string "
	"sub -s -1 -- $word) $__@fn@_takes\n"
	"                set skip 1\n"
	"            end\n"
	"        else if contains -- \"$at $word\" $__@fn@_commands\n"
	"            set at \"$at $word\"\n"
	"            set nargs 0\n"
	"        else\n"
	"            set nargs (math $nargs + 1)\n"
	"        end\n"
	"    end\n"
	"    echo $at\n"
	"    echo $nargs\n"
	"end\n"
	"\n"
	"# Whether the cursor is in a word of this command; with N, in its Nth argument.\n"
	"function __@fn@_in\n"
	"    set -l at (__@fn@_at)\n"
	"    test $at[1] = $argv[1]; and begin\n"
	"        not set -q argv[2]; or test $at[2] = $argv[2]\n"
	"    end\n"
	"end\n"
	"\n"
	"# The words of a list parted by commas, each after what has been typed of it.\n"
	"function __@fn@_comma\n"
	"    set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '')\n"
	"    set -l before (string replace -r -- '[^,]*$' '' $typed)\n"
	"    printf '%s\\n' $before$argv\n"
	"end\n"
	"\n"
	"# What the program itself knows: COMMAND... and the option or the number of an argument.\n"
	"function __@fn@_list\n"
	"    command @bin@ __complete -- $argv 2>/dev/null\n"
	"end\n"
	"\n"
	"complete -c @bin@ -e\n"
	"complete -c @bin@ -f\n";
/* clang-format on */

static void add_takes(struct comp *x)
{
	comp_add(x, "set -g __@fn@_takes");
	for (size_t i = 0; i < x->nodes.n; i++) {
		const struct comp_node *n = &x->nodes.v[i];
		const struct opt *o;

		for (size_t k = 0; (o = comp_opt(n, k)); k++) {
			if (o->type == OPT_FLAG)
				continue;
			str_printf(x->out, " '%s --%s'", n->path, o->name);
			if (o->letter)
				str_printf(x->out, " '%s -%c'", n->path, o->letter);
		}
	}
	comp_add(x, "\nset -g __@fn@_commands");
	for (size_t i = 1; i < x->nodes.n; i++)
		str_printf(x->out, " '%s'", x->nodes.v[i].path);
	str_add(x->out, "\n\n");
}

/* complete -c ktstr -n '__ktstr_in "ktstr topo"' */
static void begin(struct comp *x, const struct comp_node *n, const char *arg)
{
	comp_add(x, "complete -c @bin@ -n '__@fn@_in \"");
	str_printf(x->out, "%s\"%s%s'", n->path, arg ? " " : "", arg ? arg : "");
}

static void add_value(
	struct comp *x, const struct comp_node *n, const struct comp_value *v, const char *ask)
{
	cleanup_str struct str words = STR_INIT;

	if (v->choices && v->comma)
		str_printf(&words, "(__%s_comma ", x->fn);
	comp_words(v->choices, &words);
	if (v->choices && v->comma)
		str_addc(&words, ')');
	if (v->list)
		str_printf(&words, "(__%s_list%s %s)", x->fn, n->path + strlen(x->root->name), ask);
	if (v->complete == COMPLETE_DIR)
		str_add(&words, "(__fish_complete_directories)");
	if (v->complete == COMPLETE_COMMAND)
		str_add(&words, "(__fish_complete_command)");
	str_add(x->out,
		v->complete == COMPLETE_FILE || v->complete == COMPLETE_COMMAND ? " -F" : " -f");
	if (words.len) {
		str_add(x->out, " -a ");
		quote_fish(str_get(&words), x->out);
	}
}

static void add_text(struct comp *x, const char *text)
{
	str_add(x->out, " -d ");
	quote_fish(text, x->out);
	str_addc(x->out, '\n');
}

static void add_options(struct comp *x, const struct comp_node *n)
{
	const struct opt *o;

	for (size_t i = 0; (o = comp_opt(n, i)); i++) {
		struct comp_value v = comp_opt_value(o);
		cleanup_free char *ask = xasprintf("--%s", o->name);

		begin(x, n, NULL);
		str_printf(x->out, " -l %s", o->name);
		if (o->letter)
			str_printf(x->out, " -s %c", o->letter);
		if (o->type != OPT_FLAG) {
			str_add(x->out, " -r");
			add_value(x, n, &v, ask);
		}
		add_text(x, o->help);
	}
}

static void add_args(struct comp *x, const struct comp_node *n)
{
	for (size_t i = 0; i < n->c->nargs; i++) {
		struct comp_value v = comp_arg_value(&n->c->args[i]);
		cleanup_free char *ask = xasprintf("%zu", i);

		begin(x, n, n->c->args[i].repeat ? NULL : ask);
		add_value(x, n, &v, ask);
		str_addc(x->out, '\n');
	}
}

static void add_commands(struct comp *x, const struct comp_node *n)
{
	for (size_t i = 0; n->c->sub && n->c->sub[i]; i++) {
		if (n->c->sub[i]->hidden)
			continue;
		begin(x, n, "0");
		str_printf(x->out, " -a %s", n->c->sub[i]->name);
		add_text(x, n->c->sub[i]->summary);
	}
}

void comp_fish(struct comp *x)
{
	struct str bin = STR_INIT;

	quote_fish(x->binary, &bin);
	x->bin = str_steal(&bin);
	comp_add(x, head);
	add_takes(x);
	comp_add(x, walk);
	for (size_t i = 0; i < x->nodes.n; i++) {
		add_commands(x, &x->nodes.v[i]);
		add_args(x, &x->nodes.v[i]);
		add_options(x, &x->nodes.v[i]);
	}
}
