#include "src/cli/complete.h"

#include <string.h>

/* One function a command, each an _arguments call of the shell's own library. */

/* clang-format off: scripts, a line each */
static const char head[] =
	"#compdef @binary@\n"
	"# zsh completion for @bin@, made by '@root@ completions zsh'\n"
	"\n"
	"_@fn@_programs() {\n"
	"    _alternative 'commands:program:_command_names -e' 'files:file:_files'\n"
	"}\n"
	"\n"
	"# What the program itself knows: COMMAND... and the option or the number of an argument.\n"
	"_@fn@_list() {\n"
	"    local tab=$'\\t' line\n"
	"    local -a words shown\n"
	"    for line in ${(f)\"$(_call_program values @bin@ __complete -- \"$@\" 2>/dev/null)\"}; "
	"do\n"
	"        words+=(\"${line%%$tab*}\")\n"
	"        shown+=(\"${line//$tab/  -- }\")\n"
	"    done\n"
	"    compadd -l -d shown -a words\n"
	"}\n"
	"\n";

/* Sourced, it registers itself; autoloaded from $fpath, it is the completion already. */
static const char tail[] = "if [[ ${funcstack[1]} == _@fn@ ]]; then\n"
			   "    _@fn@ \"$@\"\n"
			   "else\n"
			   "    compdef _@fn@ @bin@\n"
			   "fi\n";
/* clang-format on */

/* Inside an _arguments specification: brackets and colons end fields. */
static void spec_text(const char *text, struct str *out)
{
	for (; *text; text++) {
		if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
			str_addc(out, '\\');
		str_addc(out, *text);
	}
}

/* ":FILE:_files": what is asked for, then how it is completed (a blank: not at all). */
static void spec_value(struct comp *x, const struct comp_node *n, const struct comp_value *v,
	const char *ask, struct str *out)
{
	static const char *const files[] = {"", "_files", "_files -/", "_%s_programs"};

	str_addc(out, ':');
	spec_text(v->label, out);
	str_addc(out, ':');
	if (v->choices) {
		str_add(out, v->comma ? "_sequence compadd - " : "(");
		comp_words(v->choices, out);
		str_add(out, v->comma ? "" : ")");
	} else if (v->list) {
		str_printf(out, "{_%s_list%s %s%s%s}", x->fn, n->path + strlen(x->root->name), ask,
			v->complete ? "; " : "", files[v->complete]);
	} else if (v->complete == COMPLETE_COMMAND) {
		str_printf(out, "_%s_programs", x->fn);
	} else {
		str_add(out, v->complete ? files[v->complete] : " ");
	}
}

static void add_spec(struct comp *x, const char *front, const struct str *rest)
{
	str_printf(x->out, "        %s", front);
	quote_posix(str_get(rest), x->out);
	str_add(x->out, " \\\n");
}

/* '(-n --frames)'{-n+,--frames=}'[help]:N: ': either form, once; lists as often as one likes. */
static void add_option(struct comp *x, const struct comp_node *n, const struct opt *o)
{
	bool often = o->type == OPT_LIST, value = o->type != OPT_FLAG;
	cleanup_str struct str front = STR_INIT, rest = STR_INIT;
	cleanup_free char *ask = xasprintf("--%s", o->name);
	struct comp_value v = comp_opt_value(o);

	str_add(&front, often ? "'*'" : "");
	if (o->letter && !often)
		str_printf(&front, "'(-%c --%s)'", o->letter, o->name);
	if (o->letter)
		str_printf(&front, "{-%c%s,--%s%s}", o->letter, value ? "+" : "", o->name,
			value ? "=" : "");
	else
		str_printf(&front, "--%s%s", o->name, value ? "=" : "");
	str_addc(&rest, '[');
	spec_text(o->help, &rest);
	str_addc(&rest, ']');
	if (value)
		spec_value(x, n, &v, ask, &rest);
	add_spec(x, str_get(&front), &rest);
}

static void add_args(struct comp *x, const struct comp_node *n)
{
	for (size_t i = 0; i < n->c->nargs; i++) {
		const struct positional *a = &n->c->args[i];
		struct comp_value v = comp_arg_value(a);
		cleanup_free char *ask = xasprintf("%zu", i);
		cleanup_str struct str rest = STR_INIT;

		str_add(&rest, a->repeat ? "*" : a->required ? "" : ":");
		spec_value(x, n, &v, ask, &rest);
		add_spec(x, "", &rest);
	}
}

/* The function of a command: path with blanks as "__". */
static void add_name(struct comp *x, const char *path)
{
	str_printf(x->out, "_%s", x->fn);
	for (path += strlen(x->root->name); *path; path++) {
		if (*path == ' ')
			str_add(x->out, "__");
		else
			str_addc(x->out, *path == '-' ? '_' : *path);
	}
}

static void add_command_list(struct comp *x, const struct comp_node *n)
{
	str_add(x->out, "    (command)\n        local -a commands=(\n");
	for (size_t i = 0; n->c->sub[i]; i++) {
		const struct command *sub = n->c->sub[i];
		cleanup_str struct str item = STR_INIT;

		if (sub->hidden)
			continue;
		str_printf(&item, "%s:%s", sub->name, sub->summary);
		str_add(x->out, "            ");
		quote_posix(str_get(&item), x->out);
		str_addc(x->out, '\n');
	}
	str_add(x->out, "        )\n        _describe -t commands command commands && ret=0 ;;\n");
}

static void add_dispatch(struct comp *x, const struct comp_node *n)
{
	str_add(x->out, "    case $state in\n");
	add_command_list(x, n);
	str_add(x->out, "    (rest)\n        case ${words[1]} in\n");
	for (size_t i = 0; n->c->sub[i]; i++) {
		cleanup_free char *path = xasprintf("%s %s", n->path, n->c->sub[i]->name);

		if (n->c->sub[i]->hidden)
			continue;
		str_printf(x->out, "        (%s) ", n->c->sub[i]->name);
		add_name(x, path);
		str_add(x->out, " && ret=0 ;;\n");
	}
	str_add(x->out, "        esac ;;\n    esac\n");
}

static void add_function(struct comp *x, const struct comp_node *n)
{
	const struct opt *o;

	add_name(x, n->path);
	str_add(x->out, "() {\n"
			"    local state state_descr line curcontext=$curcontext ret=1\n"
			"    typeset -A opt_args\n"
			"    _arguments -s -S -C \\\n");
	for (size_t i = 0; (o = comp_opt(n, i)); i++)
		add_option(x, n, o);
	if (n->c->sub)
		str_add(x->out, "        '(-): :->command' \\\n"
				"        '(-)*:: :->rest' \\\n");
	else
		add_args(x, n);
	str_add(x->out, "        && ret=0\n");
	if (n->c->sub)
		add_dispatch(x, n);
	str_add(x->out, "    return ret\n}\n\n");
}

void comp_zsh(struct comp *x)
{
	struct str bin = STR_INIT;

	quote_posix(x->binary, &bin);
	x->bin = str_steal(&bin);
	comp_add(x, head);
	for (size_t i = 0; i < x->nodes.n; i++)
		add_function(x, &x->nodes.v[i]);
	comp_add(x, tail);
}
