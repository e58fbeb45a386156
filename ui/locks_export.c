/* What the locks pane shows, for others: a row for the clipboard, all of it for a file. */
#include <errno.h>
#include <stdlib.h>

#include "src/base/file.h"
#include "ui/locks_view.h"

void locks_pane_copy(const struct locks_pane *w, struct str *out)
{
	const struct locks_item *it = locks_pane_current(w);
	struct arena *a;

	if (!it)
		return;
	a = arena_new();
	for (size_t i = 0; i < locks_ncolumns; i++) {
		struct cell cell = locks_columns[i].get(&it->row, a);

		str_add(out, i ? "  " : "");
		cell_format(&cell, out);
	}
	arena_free(a);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void add_table(const struct locks_choice *c,
	void (*render)(const struct table *, struct str *), struct str *out)
{
	VEC(const void *) rows = {0};

	for (size_t i = 0; i < c->heads.n; i++) {
		const struct locks_row *head = c->heads.v[i];

		for (size_t k = 0; k < locks_choice_rows(c, head); k++)
			vec_push(&rows, head + k);
	}
	render(&(struct table){locks_columns, locks_ncolumns, rows.v, rows.n}, out);
	free(rows.v);
}

/* As `ktstr locks --long --json`, of the locks that are shown. */
static void add_json(const struct locks_pane *w, const struct locks_choice *c, struct str *out)
{
	VEC(const struct locks_file *) files = {0};
	struct json_out j;

	for (size_t i = 0; i < c->rows.list.n; i++)
		if (c->rows.list.v[i].first)
			vec_push(&files, c->rows.list.v[i].f);
	vec_push(&files, NULL);
	json_init(&j, out, true);
	locks_json(w->l,
		&(struct locks_view){.detail = true, .files = files.v, .nfiles = files.n - 1}, &j);
	str_addc(out, '\n');
	free(files.v);
}

int locks_pane_export(const struct locks_pane *w, const char *path, struct err *e)
{
	struct locks_choice c = {0};
	cleanup_str struct str out = STR_INIT;

	if (!*path)
		return err_set(e, EINVAL, "an export needs the name of a file");
	locks_pane_choose(w, &c);
	if (str_ends(path, ".json"))
		add_json(w, &c, &out);
	else
		add_table(&c, str_ends(path, ".csv") ? table_csv : table_text, &out);
	locks_choice_release(&c);
	return file_replace(path, str_get(&out), out.len, 0644, e);
}
