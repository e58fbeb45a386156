/* `ktstr topo` for people: the short form is spec/host 1.5 byte for byte, --verbose adds to it. */
#include <string.h>

#include "probes/topo/rows.h"
#include "src/base/utf8.h"

static void add_list(const struct cpuset *cpus, struct str *out)
{
	const char *lead = "";

	str_addc(out, '[');
	cpuset_foreach (cpu, cpus) {
		str_printf(out, "%s%d", lead, cpu);
		lead = ", ";
	}
	str_addc(out, ']');
}

static void add_summary(const struct topo *t, struct str *out)
{
	str_printf(out, "CPUs:       %u\n", cpuset_count(&t->online));
	str_printf(out, "LLCs:       %u\n", t->nllcs);
	str_printf(out, "NUMA nodes: %u\n", t->nnodes);
	for (unsigned l = 0; l < t->nllcs; l++) {
		str_printf(out, "  LLC %u (node %u): ", l, t->llcs[l].node);
		add_list(&t->llcs[l].cpus, out);
		str_addc(out, '\n');
	}
}

/* ---- verbose --------------------------------------------------------------------------------- */

static void add_set(const char *label, const struct cpuset *cpus, struct str *out)
{
	if (cpuset_empty(cpus))
		return;
	str_printf(out, "%-12s", label);
	cpuset_format(cpus, out);
	str_addc(out, '\n');
}

static void add_model(const struct topo *t, struct str *out)
{
	if (!t->model_name)
		return;
	str_add(out, "Model:      ");
	utf8_sanitize(out, t->model_name, strlen(t->model_name), false);
	str_addc(out, '\n');
}

static void add_facts(const struct topo *t, struct arena *a, struct str *out)
{
	str_printf(out, "\nNotation:   %s\n", t->notation);
	add_model(t, out);
	if (t->npackages)
		str_printf(out, "Packages:   %u\n", t->npackages);
	str_printf(out, "Cores:      %u\n", t->ncores);
	add_set("Offline:", &t->offline, out);
	add_set("Disallowed:", topo_disallowed(t, a), out);
	add_set("Isolated:", topo_isolated(t, a), out);
	add_set("Nohz full:", topo_nohz_full(t, a), out);
}

static void add_table(
	const struct topo *t, const struct topo_table *what, struct arena *a, struct str *out)
{
	struct table rows = topo_rows(t, what, a);
	struct column *columns = arena_alloc(a, rows.ncolumns * sizeof(*columns));

	if (!rows.nrows)
		return;
	rows.ncolumns = table_telling_columns(&rows, columns);
	rows.columns = columns;
	str_printf(out, "\n%s:\n", what->title);
	table_text(&rows, out);
}

void topo_text(const struct topo *t, bool verbose, struct str *out)
{
	struct arena *a;

	add_summary(t, out);
	if (!verbose)
		return;
	a = arena_new();
	add_facts(t, a, out);
	for (size_t i = 0; i < TOPO_TABLES; i++)
		add_table(t, topo_tables[i], a, out);
	arena_free(a);
}
