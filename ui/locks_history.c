/* The history of the locks pane: which events it shows, and those in a file. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "ui/locks_view.h"

enum { COLUMNS_MAX = 16 };
/* Behind the columns a filter finds the line as it is shown. */
#define LINE "line"

int locks_history_filter(struct locks_pane *w, const char *text, struct err *e)
{
	const char *names[COLUMNS_MAX];
	size_t n = locks_nevent_columns;

	for (size_t i = 0; i < n; i++)
		names[i] = locks_event_columns[i].id;
	names[n] = LINE;
	w->scrolled = 0;
	return filter_replace(&w->events_filter, text, names, n + 1, e);
}

static bool lets(const struct filter *f, const struct locks_event *e, struct arena *a)
{
	struct filter_column columns[COLUMNS_MAX];
	cleanup_str struct str text = STR_INIT;
	size_t at[COLUMNS_MAX], n = locks_nevent_columns;

	for (size_t i = 0; i < n; i++) {
		struct cell cell = locks_event_columns[i].get(e, a);

		at[i] = text.len;
		if (cell.kind != CELL_ABSENT)
			cell_format(&cell, &text);
		str_addc(&text, '\0');
	}
	at[n] = text.len;
	locks_event_text(e, &text);
	for (size_t i = 0; i < n; i++)
		columns[i] = (struct filter_column){locks_event_columns[i].id, text.s + at[i]};
	columns[n] = (struct filter_column){LINE, text.s + at[n]};
	return filter_lets(f, columns, n + 1);
}

void locks_history_list(const struct locks_pane *w, bool filtered, struct locks_events *out)
{
	struct arena *a = arena_new();

	for (size_t i = w->l ? w->l->nevents : 0; i-- > 0;) {
		const struct locks_event *e = &w->l->events[i];

		if (!filtered || !w->events_filter || lets(w->events_filter, e, a))
			vec_push(&out->list, e);
	}
	arena_free(a);
}

static void add_lines(const struct locks_events *v, struct str *out)
{
	for (size_t i = 0; i < v->list.n; i++) {
		struct arena *a = arena_new();

		str_printf(out, "%s  ", locks_event_columns[0].get(v->list.v[i], a).text);
		locks_event_text(v->list.v[i], out);
		str_addc(out, '\n');
		arena_free(a);
	}
}

int locks_history_export(const struct locks_pane *w, const char *path, struct err *e)
{
	cleanup_str struct str out = STR_INIT;
	struct locks_events v = {0};
	struct json_out j;
	struct table t;
	int rc;

	if (!*path)
		return err_set(e, EINVAL, "an export needs the name of a file");
	locks_history_list(w, true, &v);
	t = (struct table){
		locks_event_columns, locks_nevent_columns, (const void **)v.list.v, v.list.n};
	if (str_ends(path, ".json")) {
		json_init(&j, &out, true);
		table_json(&t, &j);
		str_addc(&out, '\n');
	} else if (str_ends(path, ".csv")) {
		table_csv(&t, &out);
	} else {
		add_lines(&v, &out);
	}
	rc = file_replace(path, str_get(&out), out.len, 0644, e);
	free(v.list.v);
	return rc;
}
