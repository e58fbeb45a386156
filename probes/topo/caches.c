/*
 * Caches of every level. Each CPU names, for each of its caches, the CPUs that share it. On a sane
 * machine these lists agree and part the CPUs; where they contradict each other, the list that most
 * CPUs name wins, then the smaller one, then that of the lower CPU.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/topo/collect.h"

/* Deeper levels than any machine has are noise in a captured tree. */
enum { MAX_LEVEL = 8 };

/* One list, and who names it. */
struct claim {
	struct topo_cache cache;
	struct cpuset voters;
	size_t next; /* claim whose list begins with the same CPU, counted from 1; 0 = none */
};

struct claims {
	VEC(struct claim) all;
	size_t *by_first; /* by CPU index: a claim whose list begins there, counted from 1 */
};

static uint64_t parse_cache_size(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);
	unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	return end == text || v > UINT64_MAX >> shift ? 0 : v << shift;
}

static unsigned number_or_0(const struct collect *c, const char *dir, const char *name)
{
	uint64_t v;

	return sysroot_u64(c->r, PATHF("%s/%s", dir, name), &v) || v > UINT32_MAX ? 0 : (unsigned)v;
}

static void read_shape(const struct collect *c, const char *dir, struct topo_cache *cache)
{
	char size[32];
	int id;

	cache->id = sysroot_int(c->r, PATHF("%s/id", dir), &id) || id < 0 ? -1 : id;
	if (c->shape_only)
		return;
	if (!sysroot_line(c->r, PATHF("%s/size", dir), size, sizeof(size)))
		cache->size = parse_cache_size(size);
	cache->line = number_or_0(c, dir, "coherency_line_size");
	cache->ways = number_or_0(c, dir, "ways_of_associativity");
	cache->sets = number_or_0(c, dir, "number_of_sets");
}

static enum topo_cache_type parse_type(const char *text)
{
	if (strcmp(text, "Data") == 0)
		return TOPO_CACHE_DATA;
	if (strcmp(text, "Instruction") == 0)
		return TOPO_CACHE_INSTRUCTION;
	return TOPO_CACHE_UNIFIED;
}

static bool read_level(const struct collect *c, const char *dir, struct topo_cache *cache)
{
	int level;

	if (sysroot_int(c->r, PATHF("%s/level", dir), &level) || level < 1 || level > MAX_LEVEL)
		return false;
	cache->level = (unsigned)level;
	return true;
}

static void read_type(const struct collect *c, const char *dir, struct topo_cache *cache)
{
	char type[32] = "";

	(void)sysroot_line(c->r, PATHF("%s/type", dir), type, sizeof(type));
	cache->type = parse_type(type);
}

static bool same_kind(const struct topo_cache *a, const struct topo_cache *b)
{
	return a->level == b->level && a->type == b->type;
}

/* The claim with this list; made when it is new, and its shape read then. Takes seen->cpus. */
static struct claim *claim_of(
	struct collect *c, struct claims *s, const char *dir, struct topo_cache *seen)
{
	int first = collect_index(c, (unsigned)cpuset_next(&seen->cpus, 0));
	size_t *head = &s->by_first[first];

	for (size_t i = *head; i && i <= s->all.n; i = s->all.v[i - 1].next) {
		struct claim *claim = &s->all.v[i - 1];

		if (!same_kind(&claim->cache, seen) ||
			!cpuset_equal(&claim->cache.cpus, &seen->cpus))
			continue;
		cpuset_release(&seen->cpus);
		return claim;
	}
	read_shape(c, dir, seen);
	vec_push(&s->all, (struct claim){.cache = *seen, .next = *head});
	*head = s->all.n;
	return &s->all.v[s->all.n - 1];
}

static void read_cache(
	struct collect *c, struct claims *s, unsigned cpu, const char *dir, struct cpuset *unlisted)
{
	struct topo_cache seen = {.id = -1};

	if (!read_level(c, dir, &seen))
		return;
	c->facts[collect_index(c, cpu)].has_caches = true;
	if (c->shape_only && seen.level < LLC_LEVEL)
		return;
	read_type(c, dir, &seen);
	if (collect_set(c->r, dir, "shared_cpu_list", "shared_cpu_map", &seen.cpus))
		cpuset_clear(&seen.cpus);
	cpuset_and(&seen.cpus, &c->t->online);
	if (cpuset_empty(&seen.cpus)) {
		cpuset_add(&seen.cpus, cpu);
		cpuset_add(unlisted, cpu);
	}
	cpuset_add(&claim_of(c, s, dir, &seen)->voters, cpu);
}

static void read_claims(struct collect *c, struct claims *s)
{
	cleanup_cpuset struct cpuset unlisted = CPUSET_INIT, indices = CPUSET_INIT;

	cpuset_foreach (cpu, &c->t->online) {
		struct sysroot_pathbuf dir;

		sysroot_numbers(c->r, PATHF(SYS_CPU "/cpu%d/cache", cpu), "index", &indices);
		cpuset_foreach (i, &indices)
			read_cache(c, s, (unsigned)cpu,
				sysroot_pathf(&dir, SYS_CPU "/cpu%d/cache/index%d", cpu, i),
				&unlisted);
	}
	if (!cpuset_empty(&unlisted))
		collect_warn(c, "who shares a cache of %s is not told: counted as private",
			collect_cpus_text(c, &unlisted));
}

static int first_cpu(const struct topo_cache *c)
{
	return cpuset_next(&c->cpus, 0);
}

/* By level and type; within these the winner of a contradiction first. */
static int by_weight(const void *x, const void *y)
{
	const struct claim *a = x, *b = y;
	unsigned va = cpuset_count(&a->voters), vb = cpuset_count(&b->voters);
	unsigned na = cpuset_count(&a->cache.cpus), nb = cpuset_count(&b->cache.cpus);

	if (a->cache.level != b->cache.level)
		return a->cache.level < b->cache.level ? -1 : 1;
	if (a->cache.type != b->cache.type)
		return a->cache.type < b->cache.type ? -1 : 1;
	if (va != vb)
		return va > vb ? -1 : 1;
	if (na != nb)
		return na < nb ? -1 : 1;
	return first_cpu(&a->cache) - first_cpu(&b->cache);
}

static int by_place(const void *x, const void *y)
{
	const struct topo_cache *a = x, *b = y;

	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return first_cpu(a) - first_cpu(b);
}

/* Moves the claimed CPUs that nobody has yet into a cache of the model. */
static void grant(struct collect *c, struct topo_cache *from, struct cpuset *taken)
{
	struct topo *t = c->t;

	cpuset_minus(&from->cpus, taken);
	if (cpuset_empty(&from->cpus))
		return;
	cpuset_or(taken, &from->cpus);
	t->caches[t->ncaches] = *from;
	t->caches[t->ncaches++].cpus = (struct cpuset)CPUSET_INIT;
	cpuset_copy(&t->caches[t->ncaches - 1].cpus, &from->cpus);
}

/* A CPU that names a list without being in it, and is in nobody's: on its own. */
static void grant_rest(struct collect *c, const struct claim *claim, struct cpuset *taken)
{
	cpuset_foreach (cpu, &claim->voters) {
		struct topo_cache own = claim->cache;

		if (cpuset_has(taken, (unsigned)cpu))
			continue;
		own.cpus = (struct cpuset)CPUSET_INIT;
		cpuset_add(&own.cpus, (unsigned)cpu);
		grant(c, &own, taken);
		cpuset_release(&own.cpus);
	}
}

/* Claims v[0..n) are all of one level and type, heaviest first. */
static void settle(struct collect *c, struct claim *v, size_t n)
{
	static const char *const names[] = {"", " data", " instruction"};
	cleanup_cpuset struct cpuset taken = CPUSET_INIT, odd = CPUSET_INIT, voters = CPUSET_INIT;

	for (size_t i = 0; i < n; i++) {
		cleanup_cpuset struct cpuset losers = CPUSET_INIT;
		unsigned wanted = cpuset_count(&v[i].cache.cpus);

		cpuset_copy(&losers, &v[i].voters);
		grant(c, &v[i].cache, &taken);
		if (cpuset_count(&v[i].cache.cpus) == wanted)
			cpuset_minus(&losers, &v[i].cache.cpus);
		cpuset_or(&odd, &losers);
		cpuset_or(&voters, &v[i].voters);
	}
	for (size_t i = 0; i < n; i++)
		grant_rest(c, &v[i], &taken);
	cpuset_minus(&taken, &voters); /* in a list, but without such a cache by its own word */
	cpuset_or(&odd, &taken);
	if (!cpuset_empty(&odd))
		collect_warn(c,
			"the lists of who shares an L%u%s cache contradict each other at %s: the "
			"majority's were taken",
			v->cache.level, names[v->cache.type], collect_cpus_text(c, &odd));
}

void collect_caches(struct collect *c)
{
	struct claims s = {.by_first = arena_alloc(c->t->arena, c->t->ncpus * sizeof(size_t))};
	size_t n = 0;

	read_claims(c, &s);
	if (s.all.n)
		qsort(s.all.v, s.all.n, sizeof(*s.all.v), by_weight);
	for (size_t i = 0; i < s.all.n; i++)
		n += 1 + cpuset_count(&s.all.v[i].voters);
	c->t->caches = arena_alloc(c->t->arena, n * sizeof(*c->t->caches));
	for (size_t from = 0, to; from < s.all.n; from = to) {
		for (to = from + 1; to < s.all.n; to++)
			if (!same_kind(&s.all.v[from].cache, &s.all.v[to].cache))
				break;
		settle(c, s.all.v + from, to - from);
	}
	if (c->t->ncaches)
		qsort(c->t->caches, c->t->ncaches, sizeof(*c->t->caches), by_place);
	for (size_t i = 0; i < s.all.n; i++) {
		cpuset_release(&s.all.v[i].cache.cpus);
		cpuset_release(&s.all.v[i].voters);
	}
	free(s.all.v);
}
