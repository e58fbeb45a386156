#include "probes/topo/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void collect_warn(struct collect *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_take(&c->t->warnings, xvasprintf(fmt, ap));
	va_end(ap);
}

const char *collect_cpus_text(struct collect *c, const struct cpuset *cpus)
{
	cleanup_str struct str text = STR_INIT;

	str_add(&text, cpuset_count(cpus) == 1 ? "CPU " : "CPUs ");
	cpuset_format(cpus, &text);
	return arena_strdup(c->t->arena, str_get(&text));
}

static int by_id(const void *a, const void *b)
{
	const struct topo_cpu *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

const struct topo_cpu *topo_cpu(const struct topo *t, unsigned cpu)
{
	const struct topo_cpu key = {.id = cpu};

	return bsearch(&key, t->cpus, t->ncpus, sizeof(key), by_id);
}

int collect_index(const struct collect *c, unsigned cpu)
{
	const struct topo_cpu *found = topo_cpu(c->t, cpu);

	return found ? (int)(found - c->t->cpus) : -1;
}

/* Almost every list fits a line of this size, and one read(2) then does. */
enum { SHORT_LIST = 1024 };

int collect_set(const struct sysroot *r, const char *dir, const char *list, const char *map,
	struct cpuset *out)
{
	const char *path = PATHF("%s/%s", dir, list);
	char line[SHORT_LIST];
	int rc = sysroot_line(r, path, line, sizeof(line));

	if (!rc)
		return cpuset_parse_list(out, line, NULL);
	if (rc == -ENAMETOOLONG)
		return sysroot_cpulist(r, path, out);
	return sysroot_cpumap(r, PATHF("%s/%s", dir, map), out);
}

static struct topo *collect(const struct sysroot *r, bool shape_only, struct err *e)
{
	struct topo *t = xcalloc(1, sizeof(*t));
	struct collect c = {.r = r, .t = t, .shape_only = shape_only};

	t->arena = arena_new();
	if (collect_cpus(&c, e)) {
		topo_free(t);
		return NULL;
	}
	collect_nodes(&c);
	collect_caches(&c);
	collect_llcs(&c);
	collect_cores(&c);
	collect_notation(&c);
	if (!shape_only) {
		collect_kinds(&c);
		collect_model(&c);
	}
	for (unsigned i = 0; i < t->ncpus; i++)
		cpuset_release(&c.facts[i].siblings);
	return t;
}

struct topo *topo_collect(const struct sysroot *r, struct err *e)
{
	return collect(r, false, e);
}

struct topo *topo_collect_shape(const struct sysroot *r, struct err *e)
{
	return collect(r, true, e);
}

void topo_free(struct topo *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->ncaches; i++)
		cpuset_release(&t->caches[i].cpus);
	for (unsigned i = 0; i < t->nllcs; i++)
		cpuset_release(&t->llcs[i].cpus);
	for (unsigned i = 0; i < t->ncores; i++)
		cpuset_release(&t->cores[i].cpus);
	for (unsigned i = 0; i < t->nnodes; i++)
		cpuset_release(&t->nodes[i].cpus);
	cpuset_release(&t->online);
	cpuset_release(&t->offline);
	cpuset_release(&t->allowed);
	strv_release(&t->warnings);
	arena_free(t->arena);
	free(t);
}

const struct topo_node *topo_node(const struct topo *t, unsigned id)
{
	for (unsigned i = 0; i < t->nnodes; i++)
		if (t->nodes[i].id == id)
			return &t->nodes[i];
	return NULL;
}

const struct topo_cache *topo_cache_of(
	const struct topo *t, unsigned cpu, unsigned level, enum topo_cache_type type)
{
	for (unsigned i = 0; i < t->ncaches; i++)
		if (t->caches[i].level == level && t->caches[i].type == type &&
			cpuset_has(&t->caches[i].cpus, cpu))
			return &t->caches[i];
	return NULL;
}
