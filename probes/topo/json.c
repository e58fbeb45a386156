/* `ktstr topo --json`: one object. What holds for the whole machine comes first, then one array for
 * each table of rows.c. */
#include "probes/topo/rows.h"

static void add_set(struct json_out *j, const char *key, const struct cpuset *cpus)
{
	const struct cell cell = cell_set(cpus);

	json_key(j, key);
	cell_json(&cell, j);
}

void topo_shell_shape(const struct topo *t, struct str *out)
{
	unsigned nodes = 0;

	for (unsigned n = 0; n < t->nnodes; n++)
		nodes += !cpuset_empty(&t->nodes[n].cpus);
	str_printf(out, "%u,%u,%u,%u", nodes && t->nllcs % nodes == 0 ? nodes : 1, t->nllcs,
		t->max_cores, t->max_threads);
}

static void add_shell_topology(const struct topo *t, struct json_out *j)
{
	cleanup_str struct str text = STR_INIT;

	topo_shell_shape(t, &text);
	json_key_str(j, "shell_topology", str_get(&text));
}

static void add_counts(const struct topo *t, struct json_out *j)
{
	json_key(j, "counts");
	json_object(j);
	json_key_u64(j, "cpus", cpuset_count(&t->online));
	json_key_u64(j, "llcs", t->nllcs);
	json_key_u64(j, "nodes", t->nnodes);
	json_key_u64(j, "cores", t->ncores);
	if (t->npackages)
		json_key_u64(j, "packages", t->npackages);
	else
		json_key_null(j, "packages");
	json_object_end(j);
}

static void add_sets(const struct topo *t, struct json_out *j)
{
	struct arena *a = arena_new();

	add_set(j, "online", &t->online);
	add_set(j, "offline", &t->offline);
	add_set(j, "allowed", &t->allowed);
	add_set(j, "disallowed", topo_disallowed(t, a));
	add_set(j, "isolated", topo_isolated(t, a));
	add_set(j, "nohz_full", topo_nohz_full(t, a));
	arena_free(a);
}

static void add_tables(const struct topo *t, struct json_out *j)
{
	for (size_t i = 0; i < TOPO_TABLES; i++) {
		struct arena *a = arena_new();
		const struct table rows = topo_rows(t, topo_tables[i], a);

		json_key(j, topo_tables[i]->key);
		table_json(&rows, j);
		arena_free(a);
	}
}

void topo_json(const struct topo *t, struct json_out *j)
{
	json_object(j);
	json_key_str(j, "notation", t->notation);
	json_key_bool(j, "asymmetric", !t->symmetric);
	add_shell_topology(t, j);
	json_key_str(j, "model", t->model_name);
	add_counts(t, j);
	add_sets(t, j);
	json_key_bool(j, "distances_given", t->distance_given);
	add_tables(t, j);
	json_key(j, "warnings");
	json_array(j);
	for (size_t i = 0; i < t->warnings.n; i++)
		json_str(j, t->warnings.v[i]);
	json_array_end(j);
	json_object_end(j);
}
