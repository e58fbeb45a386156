#include "src/cli/complete.h"

#include <string.h>

/*
 * PowerShell falls back to file names when a completer gives nothing, so that options which take
 * files need no row here.
 */

/* clang-format off: scripts, a line each */
static const char head[] =
	"# PowerShell completion for @bin@, made by '@root@ completions powershell'\n"
	"Register-ArgumentCompleter -Native -CommandName @bin@ -ScriptBlock {\n"
	"    param($wordToComplete, $commandAst, $cursorPosition)\n"
	"\n";

static const char walk[] =
	"\n"
	"    $words = @($commandAst.CommandElements |\n"
	"        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |\n"
	"        ForEach-Object { $_.Extent.Text })\n"
	"    $at = '@root@'\n"
	"    $nargs = 0\n"
	"    $pending = ''\n"
	"    $ended = $false\n"
	"    foreach ($word in ($words | Select-Object -Skip 1)) {\n"
	"        if ($pending) {\n"
	"            $pending = ''\n"
	"        } elseif (-not $ended -and $word -eq '--') {\n"
	"            $ended = $true\n"
	"        } elseif (-not $ended -and $word.StartsWith('--')) {\n"
	"            if ($takes -ccontains \"$at $word\") { $pending = $word }\n"
	"        } elseif (-not $ended -and $word.Length -gt 1 -and $word.StartsWith('-')) {\n"
	"            $letter = \"$at -\" + $word.Substring($word.Length - 1)\n"
	"            $i = [array]::IndexOf($letters, $letter)\n"
	"            if ($i -ge 0) { $pending = $letters[$i + 1] }\n"
	"        } elseif ($options.ContainsKey(\"$at $word\")) {\n"
	"            $at = \"$at $word\"\n"
	"            $nargs = 0\n"
	"        } else {\n"
	"            $nargs++\n"
	"        }\n"
	"    }\n"
	"\n"
	"    $cur = \"$wordToComplete\"\n"
	"    $before = ''\n"
	"    $rows = @()\n"
	"    if ($pending) {\n"
	"        $key = \"$at $pending\"\n"
	"    } elseif (-not $ended -and $cur -match '^(--[^=]+)=(.*)$') {\n"
	"        $key = \"$at $($Matches[1])\"\n"
	"        $before = $Matches[1] + '='\n"
	"        $cur = $Matches[2]\n"
	"    } elseif (-not $ended -and $cur.StartsWith('-')) {\n"
	"        $key = ''\n"
	"        $rows = $options[$at]\n"
	"    } elseif ($values.ContainsKey(\"$at $nargs\")) {\n"
	"        $key = \"$at $nargs\"\n"
	"    } else {\n"
	"        $key = \"$at *\"\n"
	"    }\n"
	"    if ($values.ContainsKey($key)) { $rows = $values[$key] }\n"
	"    if ($lists.ContainsKey($key)) {\n"
	"        $ask = $lists[$key]\n"
	"        $rows = @(& $words[0] __complete -- @ask 2>$null | ForEach-Object {\n"
	"            $pair = $_ -split \"`t\", 2\n"
	"            $pair[0]\n"
	"            $pair[-1]\n"
	"        })\n"
	"    }\n"
	"    if ($commas -ccontains $key -and $cur.Contains(',')) {\n"
	"        $end = $cur.LastIndexOf(',') + 1\n"
	"        $before += $cur.Substring(0, $end)\n"
	"        $cur = $cur.Substring($end)\n"
	"    }\n"
	"    for ($i = 0; $i -lt $rows.Count; $i += 2) {\n"
	"        if ($rows[$i].StartsWith($cur)) {\n"
	"            [System.Management.Automation.CompletionResult]::new(\n"
	"                $before + $rows[$i], $rows[$i], 'ParameterValue', $rows[$i + 1])\n"
	"        }\n"
	"    }\n"
	"}\n";
/* clang-format on */

/* Rows are flat lists of words and their descriptions. */
static void add_row(struct comp *x, const char *word, const char *text)
{
	str_add(x->out, "            ");
	quote_doubled(word, x->out);
	str_add(x->out, ", ");
	quote_doubled(text, x->out);
	str_addc(x->out, '\n');
}

static void begin_rows(struct comp *x, const char *path, const char *key)
{
	str_printf(x->out, "        '%s%s%s' = @(\n", path, *key ? " " : "", key);
}

static void end_rows(struct comp *x)
{
	str_add(x->out, "        )\n");
}

static void add_options(struct comp *x)
{
	str_add(x->out, "    $options = @{\n");
	for (size_t i = 0; i < x->nodes.n; i++) {
		const struct opt *o;

		begin_rows(x, x->nodes.v[i].path, "");
		for (size_t k = 0; (o = comp_opt(&x->nodes.v[i], k)); k++) {
			cleanup_free char *name = xasprintf("--%s", o->name);

			add_row(x, name, o->help);
		}
		end_rows(x);
	}
	str_add(x->out, "    }\n");
}

static void add_choices(
	struct comp *x, const char *path, const char *key, const struct comp_value *v)
{
	if (!v->choices)
		return;
	begin_rows(x, path, key);
	for (size_t i = 0; v->choices[i]; i++)
		add_row(x, v->choices[i], v->label);
	end_rows(x);
}

static void add_commands(struct comp *x, const struct comp_node *n)
{
	if (!n->c->sub)
		return;
	begin_rows(x, n->path, "0");
	for (size_t i = 0; n->c->sub[i]; i++)
		if (!n->c->sub[i]->hidden)
			add_row(x, n->c->sub[i]->name, n->c->sub[i]->summary);
	end_rows(x);
}

/* Calls visit for every value of every node: key is "--name", "N" or "*". */
typedef void visit_fn(
	struct comp *x, const char *path, const char *key, const struct comp_value *v);

static void each_value(struct comp *x, const struct comp_node *n, visit_fn *visit)
{
	const struct opt *o;

	for (size_t i = 0; (o = comp_opt(n, i)); i++) {
		struct comp_value v = comp_opt_value(o);
		cleanup_free char *name = xasprintf("--%s", o->name);

		if (o->type != OPT_FLAG)
			visit(x, n->path, name, &v);
	}
	for (size_t i = 0; i < n->c->nargs; i++) {
		struct comp_value v = comp_arg_value(&n->c->args[i]);
		cleanup_free char *index = xasprintf("%zu", i);

		visit(x, n->path, n->c->args[i].repeat ? "*" : index, &v);
	}
}

static void add_takes(struct comp *x, const char *path, const char *key, const struct comp_value *v)
{
	(void)v;
	if (*key == '-')
		str_printf(x->out, "        '%s %s'\n", path, key);
}

static void add_comma(struct comp *x, const char *path, const char *key, const struct comp_value *v)
{
	if (v->comma)
		str_printf(x->out, "        '%s %s'\n", path, key);
}

/* A hash table of PowerShell does not tell -n from -N, a list does: letters are looked up here. */
static void add_letters(struct comp *x)
{
	str_add(x->out, "    $letters = @(\n");
	for (size_t i = 0; i < x->nodes.n; i++) {
		const struct comp_node *n = &x->nodes.v[i];
		const struct opt *o;

		for (size_t k = 0; (o = comp_opt(n, k)); k++)
			if (o->letter && o->type != OPT_FLAG)
				str_printf(x->out, "        '%s -%c', '--%s'\n", n->path, o->letter,
					o->name);
	}
	str_add(x->out, "    )\n");
}

/* 'demo run --kernel' = @('run', '--kernel'): what to ask the program with. */
static void add_list(struct comp *x, const char *path, const char *key, const struct comp_value *v)
{
	if (!v->list)
		return;
	str_printf(x->out, "        '%s %s' = @(", path, key);
	for (const char *p = strchr(path, ' '); p; p = strchr(p, ' ')) {
		p++;
		str_printf(x->out, "'%.*s', ", (int)strcspn(p, " "), p);
	}
	str_printf(x->out, "'%s')\n", key);
}

static void add_table(
	struct comp *x, const char *name, const char *open, const char *close, visit_fn *visit)
{
	str_printf(x->out, "    $%s = %s\n", name, open);
	for (size_t i = 0; i < x->nodes.n; i++)
		each_value(x, &x->nodes.v[i], visit);
	str_printf(x->out, "    %s\n", close);
}

void comp_powershell(struct comp *x)
{
	struct str bin = STR_INIT;

	quote_doubled(x->binary, &bin);
	x->bin = str_steal(&bin);
	comp_add(x, head);
	add_options(x);
	add_table(x, "takes", "@(", ")", add_takes);
	add_table(x, "commas", "@(", ")", add_comma);
	add_table(x, "lists", "@{", "}", add_list);
	add_letters(x);
	str_add(x->out, "    $values = @{\n");
	for (size_t i = 0; i < x->nodes.n; i++) {
		add_commands(x, &x->nodes.v[i]);
		each_value(x, &x->nodes.v[i], add_choices);
	}
	str_add(x->out, "    }\n");
	comp_add(x, walk);
}
