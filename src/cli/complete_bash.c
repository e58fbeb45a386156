#include "src/cli/complete.h"

/* clang-format off: scripts, a line each */

static const char head[] =
	"# bash completion for @bin@, made by '@root@ completions bash'\n"
	"\n"
	"# COMMAND OPTION, or COMMAND and the number of an argument ('*': any further one): what "
	"may\n"
	"# stand there, in words, files, comma and list. False when it takes no value.\n"
	"_@fn@_value() {\n"
	"    case \"$1 $2\" in\n";

/*
 * Walks over the words, knowing which options take the next one, so that no value passes for a
 * command. Sets at (the command's path), nargs, and pending (the option whose value comes next).
 */
static const char walk[] = "    *) return 1 ;;\n"
			   "    esac\n"
			   "}\n"
			   "\n"
			   "_@fn@_letters() {\n"
			   "    local i\n"
			   "    for ((i = 1; i < ${#1}; i++)); do\n"
			   "        _@fn@_value \"$at\" \"-${1:i:1}\" || continue\n"
			   "        ((i + 1 < ${#1})) || pending=-${1:i:1}\n"
			   "        return\n"
			   "    done\n"
			   "}\n"
			   "\n"
			   "_@fn@_walk() {\n"
			   "    local word\n"
			   "    for word in \"${line[@]:1:${#line[@]}-2}\"; do\n"
			   "        if [[ -n $pending ]]; then\n"
			   "            pending=\n"
			   "        elif [[ -z $ended && $word == -?* ]]; then\n"
			   "            case $word in\n"
			   "            --) ended=1 ;;\n"
			   "            --*=*) ;;\n"
			   "            --*) _@fn@_value \"$at\" \"$word\" && pending=$word ;;\n"
			   "            *) _@fn@_letters \"$word\" ;;\n"
			   "            esac\n"
			   "        elif _@fn@_options \"$at $word\"; then\n"
			   "            at=\"$at $word\" nargs=0\n"
			   "        else\n"
			   "            ((nargs += 1))\n"
			   "        fi\n"
			   "    done\n"
			   "    words= files= comma= list=\n"
			   "}\n"
			   "\n";

/* Readline parts words at '=' and ':' (COMP_WORDBREAKS) and replaces the last part only. */
static const char join[] = "_@fn@_join() {\n"
			   "    local i word glue=\n"
			   "    for ((i = 0; i <= COMP_CWORD; i++)); do\n"
			   "        word=${COMP_WORDS[i]}\n"
			   "        if ((i > 1)) && [[ $word == [=:]* ]]; then\n"
			   "            line[-1]+=$word glue=1\n"
			   "        elif [[ -n $glue ]]; then\n"
			   "            line[-1]+=$word glue=\n"
			   "        else\n"
			   "            line+=(\"$word\")\n"
			   "        fi\n"
			   "    done\n"
			   "    cur=${COMP_WORDS[COMP_CWORD]}\n"
			   "    [[ $cur != [=:]* ]] || cur=\n"
			   "}\n"
			   "\n";

/* No compgen -W: it expands what stands in the words, and names from a disk are not ours. */
static const char reply[] =
	"_@fn@_reply() {\n"
	"    local word prefix=\n"
	"    if [[ -z $ended && $cur == --*=* ]]; then prefix=${cur%%=*}= cur=${cur#*=}; fi\n"
	"    if [[ -n $comma && $cur == *,* ]]; then prefix+=${cur%,*}, cur=${cur##*,}; fi\n"
	"    for word in $words; do\n"
	"        [[ $word != \"$cur\"* ]] || COMPREPLY+=(\"$prefix$word\")\n"
	"    done\n"
	"    if [[ -n $list ]]; then\n"
	"        while IFS=$'\\t' read -r word _; do\n"
	"            [[ $word != \"$cur\"* ]] || COMPREPLY+=(\"$prefix$(printf %q \"$word\")\")\n"
	"        done < <(\"${line[0]}\" __complete -- ${at#@root@} \"$list\" 2>/dev/null)\n"
	"    fi\n"
	"    case $files in\n"
	"    c)\n"
	"        [[ -z $cur || $cur == */* ]] || mapfile -t COMPREPLY < <(\n"
	"            { compgen -c -- \"$cur\"; compgen -f -- \"$cur\"; } | sort -u)\n"
	"        compopt -o default ;;\n"
	"    f) compopt -o default ;;\n"
	"    d) compopt -o dirnames ;;\n"
	"    esac\n"
	"}\n"
	"\n"
	"_@fn@() {\n"
	"    local cur at=@root@ nargs=0 pending= ended= words= files= comma= list= line=()\n"
	"    COMPREPLY=()\n"
	"    _@fn@_join\n"
	"    _@fn@_walk\n"
	"    if [[ -n $pending ]]; then\n"
	"        _@fn@_value \"$at\" \"$pending\"\n"
	"    elif [[ -z $ended && ${line[-1]} == --*=* ]]; then\n"
	"        _@fn@_value \"$at\" \"${line[-1]%%=*}\"\n"
	"    elif [[ -z $ended && ${line[-1]} == -* ]]; then\n"
	"        _@fn@_options \"$at\"\n"
	"    elif ! _@fn@_value \"$at\" \"$nargs\" && ! _@fn@_value \"$at\" '*'; then\n"
	"        _@fn@_options \"$at\"\n"
	"    fi\n"
	"    _@fn@_reply\n"
	"}\n"
	"\n"
	"complete -F _@fn@ -- @bin@\n";
/* clang-format on */

static void add_value(struct comp *x, const struct comp_value *v, const char *ask)
{
	static const char letter[] = {
		[COMPLETE_FILE] = 'f', [COMPLETE_DIR] = 'd', [COMPLETE_COMMAND] = 'c'};

	if (v->choices) {
		str_add(x->out, " words='");
		comp_words(v->choices, x->out);
		str_addc(x->out, '\'');
	}
	if (v->comma)
		str_add(x->out, " comma=1");
	if (v->complete != COMPLETE_NONE)
		str_printf(x->out, " files=%c", letter[v->complete]);
	if (v->list)
		str_printf(x->out, " list='%s'", ask);
	str_add(x->out, " ;;\n");
}

static void add_options(struct comp *x, const struct comp_node *n)
{
	const struct opt *o;

	for (size_t i = 0; (o = comp_opt(n, i)); i++) {
		struct comp_value v = comp_opt_value(o);
		cleanup_free char *ask = xasprintf("--%s", o->name);

		if (o->type == OPT_FLAG)
			continue;
		str_printf(x->out, "    '%s --%s'", n->path, o->name);
		if (o->letter)
			str_printf(x->out, " | '%s -%c'", n->path, o->letter);
		str_addc(x->out, ')');
		add_value(x, &v, ask);
	}
}

static void add_args(struct comp *x, const struct comp_node *n)
{
	for (size_t i = 0; i < n->c->nargs; i++) {
		struct comp_value v = comp_arg_value(&n->c->args[i]);
		cleanup_free char *ask = xasprintf("%zu", i);

		if (n->c->args[i].repeat)
			str_printf(x->out, "    \"%s *\")", n->path);
		else
			str_printf(x->out, "    '%s %zu')", n->path, i);
		add_value(x, &v, ask);
	}
}

static void add_commands(struct comp *x, const struct comp_node *n)
{
	if (!n->c->sub)
		return;
	str_printf(x->out, "    '%s 0') words='", n->path);
	for (size_t i = 0; n->c->sub[i]; i++)
		if (!n->c->sub[i]->hidden)
			str_printf(x->out, "%s ", n->c->sub[i]->name);
	str_add(x->out, "' ;;\n");
}

/* _fn_options PATH: its options as words; false when there is no such command. */
static void add_option_words(struct comp *x)
{
	comp_add(x, "_@fn@_options() {\n    case $1 in\n");
	for (size_t i = 0; i < x->nodes.n; i++) {
		const struct opt *o;

		str_printf(x->out, "    '%s') words='", x->nodes.v[i].path);
		for (size_t k = 0; (o = comp_opt(&x->nodes.v[i], k)); k++)
			str_printf(x->out, "%s--%s", k ? " " : "", o->name);
		str_add(x->out, "' ;;\n");
	}
	str_add(x->out, "    *) return 1 ;;\n    esac\n}\n\n");
}

void comp_bash(struct comp *x)
{
	struct str bin = STR_INIT;

	quote_posix(x->binary, &bin);
	x->bin = str_steal(&bin);
	comp_add(x, head);
	for (size_t i = 0; i < x->nodes.n; i++) {
		add_options(x, &x->nodes.v[i]);
		add_commands(x, &x->nodes.v[i]);
		add_args(x, &x->nodes.v[i]);
	}
	comp_add(x, walk);
	add_option_words(x);
	comp_add(x, join);
	comp_add(x, reply);
}
