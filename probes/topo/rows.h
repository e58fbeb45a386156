/*
 * The model as tables: one row type for all, one list of columns a table. The verbose text and the
 * JSON of `ktstr topo` are both renderings of these.
 *
 * A key means the same thing everywhere: "llc" in a row of the table of LLCs is its own number, in
 * every other row a reference to it.
 */
#pragma once

#include "probes/topo/topo.h"
#include "src/table/table.h"

struct topo_row {
	const struct topo *t;
	unsigned i; /* index into the array that the table is about */
};

struct topo_table {
	const char *key;   /* in the JSON object */
	const char *title; /* above the table */
	const struct column *columns;
	size_t ncolumns;
	unsigned (*count)(const struct topo *t);
};

enum { TOPO_TABLES = 7 };
extern const struct topo_table *const topo_tables[TOPO_TABLES]; /* in the order of output */

/* All rows of a table, in the arena. */
struct table topo_rows(const struct topo *t, const struct topo_table *what, struct arena *a);
/* CPUs that are online but not allowed, isolated, or nohz_full; in the arena. */
const struct cpuset *topo_disallowed(const struct topo *t, struct arena *a);
const struct cpuset *topo_isolated(const struct topo *t, struct arena *a);
const struct cpuset *topo_nohz_full(const struct topo *t, struct arena *a);

/* For the files that define columns. `why` is NULL where a missing value speaks for itself. */
#define TOPO_GETTER(name, array, value)                                                            \
	static struct cell name(const void *row, struct arena *a)                                  \
	{                                                                                          \
		const struct topo *t = ((const struct topo_row *)row)->t;                          \
		const unsigned i = ((const struct topo_row *)row)->i;                              \
		const __typeof__(t->array[0]) *x = &t->array[i];                                   \
                                                                                                   \
		(void)i;                                                                           \
		(void)x;                                                                           \
		(void)a;                                                                           \
		return value;                                                                      \
	}

/* Takes a set over into an arena. */
const struct cpuset *topo_keep_set(struct arena *a, struct cpuset *s);
struct cell topo_cell_number(int64_t v, const char *why); /* negative = absent */
struct cell topo_cell_given(uint64_t v);		  /* 0 = absent */
/* Numbers of the LLCs, or cores, that have a CPU in the set. */
struct cell topo_cell_llcs(const struct topo *t, const struct cpuset *cpus, struct arena *a);
struct cell topo_cell_cores(const struct topo *t, const struct cpuset *cpus, struct arena *a);

extern const struct topo_table topo_nodes_table, topo_packages_table, topo_kinds_table,
	topo_llcs_table, topo_cores_table, topo_caches_table, topo_cpus_table;
