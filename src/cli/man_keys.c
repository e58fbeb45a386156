#include "src/cli/man_keys.h"

#include "src/cli/mdoc.h"
#include "src/cli/wrap.h"
#include "ui/app.h"
#include "ui/panes.h"

#include <string.h>

static const struct key_section everywhere[] = {{"Everywhere", &app_global_keys}, {NULL, NULL}};

/* \& parts a closing bracket at the end from mdoc's idea of a delimiter: C-] is a key. */
static void add_keys(struct str *mdoc, const char *keys)
{
	mdoc_escape(mdoc, keys, strlen(keys));
	if (str_ends(keys, "]"))
		str_add(mdoc, "\\&");
	str_addc(mdoc, '\n');
}

static void add_row(struct str *mdoc, const struct key_row *r)
{
	const char *keys = r->shown ? r->shown : r->keys;
	cleanup_str struct str text = STR_INIT;

	if (!r->help)
		return;
	str_add(mdoc, ".It Ic ");
	add_keys(mdoc, keys);
	sentence(&text, r->help, NULL);
	mdoc_text(mdoc, text.s);
}

static void add_sections(struct str *mdoc, const struct key_section *s)
{
	for (; s && s->title; s++) {
		str_add(mdoc, ".Ss ");
		add_keys(mdoc, s->title);
		str_add(mdoc, ".Bl -tag -width Left_Right -compact\n");
		for (size_t i = 0; i < s->keys->n; i++)
			add_row(mdoc, &s->keys->rows[i]);
		str_add(mdoc, ".El\n");
	}
}

void man_keys(struct str *mdoc)
{
	static const struct pane_ops *const panes[] = {
		&pane_topo, &pane_locks, &pane_ctprof, &pane_vm, &dialog_run, &dialog_boot};

	str_add(mdoc, ".Sh KEYS\n");
	mdoc_text(mdoc,
		"The dashboard's footer shows the keys that matter most at the moment, and ? all "
		"that do something. C- is held Ctrl, S- Shift, M- Alt.");
	add_sections(mdoc, everywhere);
	for (size_t i = 0; i < ARRAY_LEN(panes); i++)
		add_sections(mdoc, panes[i]->sections);
}
