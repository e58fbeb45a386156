#include "src/cli/complete.h"

#include <string.h>

/* clang-format off: scripts, a line each */
static const char head[] =
	"# elvish completion for @bin@, made by '@root@ completions elvish'\n"
	"use path\n"
	"use str\n"
	"\n"
	"set edit:completion:arg-completer[@bin@] = {|@words|\n"
	"    fn files {|cur| edit:complete-filename $cur }\n"
	"    fn dirs {|cur| files $cur | each {|it| if (str:has-suffix $it[stem] /) { put $it } } "
	"}\n"
	"    fn programs {|cur|\n"
	"        if (or (eq $cur '') (str:contains $cur /)) {\n"
	"            files $cur\n"
	"        } else {\n"
	"            for dir $paths { for file [$dir/$cur*[nomatch-ok]] { path:base $file } }\n"
	"            files $cur\n"
	"        }\n"
	"    }\n"
	"    fn list {|@args|\n"
	"        try {\n"
	"            (external $words[0]) __complete -- $@args 2>$path:dev-null |"
	" from-lines | each {|line| put [(str:split \"\\t\" $line)][0] }\n"
	"        } catch e { nop $e }\n"
	"    }\n";

static const char walk[] =
	"\n"
	"    var at = @root@\n"
	"    var nargs = 0\n"
	"    var pending = ''\n"
	"    var ended = $false\n"
	"    for word $words[1..-1] {\n"
	"        if (not-eq $pending '') {\n"
	"            set pending = ''\n"
	"        } elif (and (not $ended) (eq $word --)) {\n"
	"            set ended = $true\n"
	"        } elif (and (not $ended) (str:has-prefix $word --)) {\n"
	"            if (has-key $values $at' '$word) { set pending = $word }\n"
	"        } elif (and (not $ended) (str:has-prefix $word -) (> (count $word) 1)) {\n"
	"            if (has-key $values $at' -'$word[-1..]) { set pending = -$word[-1..] }\n"
	"        } elif (has-key $options $at' '$word) {\n"
	"            set at = $at' '$word\n"
	"            set nargs = 0\n"
	"        } else {\n"
	"            set nargs = (+ $nargs 1)\n"
	"        }\n"
	"    }\n"
	"\n"
	"    # The candidates of a value, each after what already stands before it in the word.\n"
	"    fn give {|key before cur|\n"
	"        if (has-value $commas $key) {\n"
	"            var end = (+ 1 (str:last-index $cur ,))\n"
	"            set before = $before$cur[..$end]\n"
	"            set cur = $cur[$end..]\n"
	"        }\n"
	"        $values[$key] $cur | each {|it|\n"
	"            if (eq (kind-of $it) string) {\n"
	"                put $before$it\n"
	"            } else {\n"
	"                edit:complex-candidate $before$it[stem] &code-suffix=$it[code-suffix]"
	" &display=$it[display]\n"
	"            }\n"
	"        }\n"
	"    }\n"
	"    fn show {|rows|\n"
	"        for row $rows {\n"
	"            edit:complex-candidate $row[0] &display=$row[0]'  ('$row[1]')'\n"
	"        }\n"
	"    }\n"
	"\n"
	"    var cur = $words[-1]\n"
	"    if (not-eq $pending '') {\n"
	"        give $at' '$pending '' $cur\n"
	"    } elif (and (not $ended) (str:has-prefix $cur --) (str:contains $cur '=')) {\n"
	"        var name value = (str:split &max=2 '=' $cur)\n"
	"        if (has-key $values $at' '$name) { give $at' '$name $name'=' $value }\n"
	"    } elif (and (not $ended) (str:has-prefix $cur -)) {\n"
	"        show $options[$at]\n"
	"    } elif (and (has-key $commands $at) (eq $nargs 0)) {\n"
	"        show $commands[$at]\n"
	"    } elif (has-key $values $at' '$nargs) {\n"
	"        give $at' '$nargs '' $cur\n"
	"    } elif (has-key $values $at' *') {\n"
	"        give $at' *' '' $cur\n"
	"    } else {\n"
	"        show $options[$at]\n"
	"    }\n"
	"}\n";
/* clang-format on */

static void add_row(struct comp *x, const char *word, const char *text)
{
	str_printf(x->out, " [%s ", word);
	quote_doubled(text, x->out);
	str_addc(x->out, ']');
}

static void add_options(struct comp *x)
{
	str_add(x->out, "\n    var options = [\n");
	for (size_t i = 0; i < x->nodes.n; i++) {
		const struct comp_node *n = &x->nodes.v[i];
		const struct opt *o;

		str_printf(x->out, "        &'%s'=[", n->path);
		for (size_t k = 0; (o = comp_opt(n, k)); k++) {
			cleanup_free char *name = xasprintf("--%s", o->name);

			add_row(x, name, o->help);
		}
		str_add(x->out, "]\n");
	}
	str_add(x->out, "    ]\n");
}

static void add_commands(struct comp *x)
{
	str_add(x->out, "    var commands = [\n");
	for (size_t i = 0; i < x->nodes.n; i++) {
		const struct command *c = x->nodes.v[i].c;

		if (!c->sub)
			continue;
		str_printf(x->out, "        &'%s'=[", x->nodes.v[i].path);
		for (size_t k = 0; c->sub[k]; k++)
			if (!c->sub[k]->hidden)
				add_row(x, c->sub[k]->name, c->sub[k]->summary);
		str_add(x->out, "]\n");
	}
	str_add(x->out, "    ]\n");
}

static void add_value(struct comp *x, const struct comp_node *n, const char *key,
	const struct comp_value *v, const char *ask)
{
	str_printf(x->out, "        &'%s %s'={|cur|", n->path, key);
	if (v->choices) {
		str_add(x->out, " put ");
		comp_words(v->choices, x->out);
	}
	if (v->list)
		str_printf(x->out, " list%s %s;", n->path + strlen(x->root->name), ask);
	if (v->complete == COMPLETE_FILE)
		str_add(x->out, " files $cur");
	else if (v->complete == COMPLETE_DIR)
		str_add(x->out, " dirs $cur");
	else if (v->complete == COMPLETE_COMMAND)
		str_add(x->out, " programs $cur");
	str_add(x->out, " }\n");
}

static void add_node_values(struct comp *x, const struct comp_node *n)
{
	const struct opt *o;

	for (size_t i = 0; (o = comp_opt(n, i)); i++) {
		struct comp_value v = comp_opt_value(o);
		cleanup_free char *name = xasprintf("--%s", o->name);
		char letter[] = {'-', o->letter, '\0'};

		if (o->type == OPT_FLAG)
			continue;
		add_value(x, n, name, &v, name);
		if (o->letter)
			add_value(x, n, letter, &v, name);
	}
	for (size_t i = 0; i < n->c->nargs; i++) {
		struct comp_value v = comp_arg_value(&n->c->args[i]);
		cleanup_free char *ask = xasprintf("%zu", i);

		add_value(x, n, n->c->args[i].repeat ? "*" : ask, &v, ask);
	}
}

static void add_commas(struct comp *x)
{
	str_add(x->out, "    var commas = [");
	for (size_t i = 0; i < x->nodes.n; i++) {
		const struct opt *o;

		for (size_t k = 0; (o = comp_opt(&x->nodes.v[i], k)); k++)
			if (o->type == OPT_CHOICES)
				str_printf(x->out, " '%s --%s'", x->nodes.v[i].path, o->name);
	}
	str_add(x->out, "]\n");
}

void comp_elvish(struct comp *x)
{
	struct str bin = STR_INIT;

	quote_doubled(x->binary, &bin);
	x->bin = str_steal(&bin);
	comp_add(x, head);
	add_options(x);
	add_commands(x);
	add_commas(x);
	str_add(x->out, "    var values = [\n");
	for (size_t i = 0; i < x->nodes.n; i++)
		add_node_values(x, &x->nodes.v[i]);
	str_add(x->out, "    ]\n");
	comp_add(x, walk);
}
