/* `ktstr locks` for people: spec/host 2.2 byte for byte; --long is a table of its own. */
#include <stdlib.h>
#include <string.h>

#include "probes/locks/rows.h"
#include "src/base/utf8.h"

#define FILE_OF(row) ((const struct locks_file *)(row))

static struct cell get_number(const void *row, struct arena *a)
{
	(void)a;
	return cell_u64(FILE_OF(row)->number);
}

static struct cell get_key(const void *row, struct arena *a)
{
	(void)a;
	return cell_text(FILE_OF(row)->key);
}

static struct cell get_node(const void *row, struct arena *a)
{
	(void)a;
	return FILE_OF(row)->node < 0 ? cell_text("?") : cell_u64((unsigned)FILE_OF(row)->node);
}

static struct cell get_path(const void *row, struct arena *a)
{
	(void)a;
	return cell_text(FILE_OF(row)->path);
}

/* A line a holder; a command line of several lines must not look like several holders. */
static struct cell get_holders(const void *row, struct arena *a)
{
	const struct locks_file *f = FILE_OF(row);
	cleanup_str struct str text = STR_INIT;

	if (!f->nholders)
		return cell_text("<none recorded>");
	for (size_t i = 0; i < f->nholders; i++) {
		str_printf(&text, i ? "\n%d (" : "%d (", (int)f->holders[i].pid);
		utf8_sanitize(&text, f->holders[i].cmdline, strlen(f->holders[i].cmdline), false);
		str_addc(&text, ')');
	}
	return cell_text(arena_strdup(a, str_get(&text)));
}

static const struct column llc_columns[] = {
	{.id = "llc_idx", .title = "LLC", .get = get_number},
	{.id = "numa_node", .title = "NODE", .get = get_node},
	{.id = "lockfile", .title = "LOCKFILE", .get = get_path},
	{.id = "holders", .title = "HOLDERS", .get = get_holders},
};
static const struct column cpu_columns[] = {
	{.id = "cpu", .title = "CPU", .get = get_number},
	{.id = "numa_node", .title = "NODE", .get = get_node},
	{.id = "lockfile", .title = "LOCKFILE", .get = get_path},
	{.id = "holders", .title = "HOLDERS", .get = get_holders},
};
static const struct column cache_columns[] = {
	{.id = "cache_key", .title = "CACHE KEY", .get = get_key},
	{.id = "lockfile", .title = "LOCKFILE", .get = get_path},
	{.id = "holders", .title = "HOLDERS", .get = get_holders},
};
static const struct column run_columns[] = {
	{.id = "run_key", .title = "RUN KEY", .get = get_key},
	{.id = "lockfile", .title = "LOCKFILE", .get = get_path},
	{.id = "holders", .title = "HOLDERS", .get = get_holders},
};

static const struct section {
	const char *title;
	const struct column *columns;
	size_t n;
} sections[LOCKFILE_KINDS] = {
	[LOCKFILE_LLC] = {"LLC locks:", llc_columns, ARRAY_LEN(llc_columns)},
	[LOCKFILE_CPU] = {"Per-CPU locks:", cpu_columns, ARRAY_LEN(cpu_columns)},
	[LOCKFILE_CACHE] = {"Cache-entry locks:", cache_columns, ARRAY_LEN(cache_columns)},
	[LOCKFILE_RUN] = {"Run-dir locks:", run_columns, ARRAY_LEN(run_columns)},
};

static void add_section(
	const struct locks *l, const struct locks_view *v, int kind, struct str *out)
{
	const struct section *s = &sections[kind];
	VEC(const void *) rows = {0};

	for (size_t i = l->first[kind]; i < l->first[kind + 1]; i++)
		if (locks_shows(v, &l->files[i]))
			vec_push(&rows, &l->files[i]);
	str_printf(out, "%s\n", s->title);
	if (rows.n)
		table_text(&(struct table){s->columns, s->n, rows.v, rows.n}, out);
	else
		str_add(out, "  (none)\n");
	free(rows.v);
}

static void add_long(const struct locks *l, const struct locks_view *v, struct str *out)
{
	struct locks_rows rows = {{0}};
	VEC(const void *) pointers = {0};

	locks_rows(l, v, &rows);
	for (size_t i = 0; i < rows.list.n; i++)
		vec_push(&pointers, &rows.list.v[i]);
	if (pointers.n)
		table_text(&(struct table){locks_columns, locks_ncolumns, pointers.v, pointers.n},
			out);
	else
		str_add(out, "(no locks)\n");
	free(pointers.v);
	free(rows.list.v);
}

void locks_text(const struct locks *l, const struct locks_view *v, struct str *out)
{
	bool first = true;

	if (v->detail) {
		add_long(l, v, out);
		return;
	}
	for (int k = 0; k < LOCKFILE_KINDS; k++) {
		if (v->kinds && !(v->kinds & 1U << k))
			continue;
		if (!first)
			str_addc(out, '\n');
		first = false;
		add_section(l, v, k, out);
	}
}
