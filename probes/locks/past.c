/* How long commands held locks, and what those who wait may expect of that. */
#include <stdlib.h>
#include <string.h>

#include "probes/locks/collect.h"

enum {
	HOLDS_KEPT = 63,      /* of a command, the last ones */
	COMMANDS_KEPT = 1024, /* then all are forgotten */
};

struct holds {
	uint64_t ns[HOLDS_KEPT];
	unsigned n, next;
};

struct past {
	struct map commands; /* struct holds by kind and command line */
	size_t n;
};

struct past *past_new(void)
{
	return xcalloc(1, sizeof(struct past));
}

static void forget(struct past *p)
{
	for (size_t i = 0; i < p->commands.cap; i++)
		if (p->commands.slots[i].key)
			free(p->commands.slots[i].value);
	map_release(&p->commands);
	p->n = 0;
}

void past_free(struct past *p)
{
	if (!p)
		return;
	forget(p);
	free(p);
}

static void name_of(enum lockfile_kind kind, const char *command, struct str *out)
{
	str_printf(out, "%d %s", (int)kind, command);
}

void past_add(struct past *p, enum lockfile_kind kind, const char *command, uint64_t ns)
{
	cleanup_str struct str name = STR_INIT;
	struct holds *h;
	void **at;

	name_of(kind, command, &name);
	if (p->n >= COMMANDS_KEPT && !map_has(&p->commands, str_get(&name)))
		forget(p);
	at = map_at(&p->commands, str_get(&name));
	if (!*at) {
		*at = xcalloc(1, sizeof(*h));
		p->n++;
	}
	h = *at;
	h->ns[h->next] = ns;
	h->next = (h->next + 1) % HOLDS_KEPT;
	h->n += h->n < HOLDS_KEPT;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

unsigned past_median(
	const struct past *p, enum lockfile_kind kind, const char *command, uint64_t *ns)
{
	cleanup_str struct str name = STR_INIT;
	uint64_t sorted[HOLDS_KEPT];
	const struct holds *h;

	name_of(kind, command, &name);
	h = map_get(&p->commands, str_get(&name));
	if (!h)
		return 0;
	memcpy(sorted, h->ns, h->n * sizeof(*sorted));
	qsort(sorted, h->n, sizeof(*sorted), ascending);
	*ns = sorted[h->n / 2];
	return h->n;
}

/* All who block it must let go; the last of them counts. */
static void expect(const struct past *p, const struct locks_file *f, struct locks_who *waiter)
{
	struct locks_eta eta = {0};

	for (size_t i = 0; i < f->nholders; i++) {
		const struct locks_who *h = &f->holders[i];
		uint64_t median = 0, left;
		unsigned holds;

		if (!locks_blocks(h, waiter))
			continue;
		holds = past_median(p, f->kind, h->cmdline, &median);
		if (!holds || h->held.known != LOCKS_SEEN)
			return;
		left = median > h->held.ns ? median - h->held.ns : 0;
		if (!eta.holds || left > eta.ns)
			eta = (struct locks_eta){holds, left};
	}
	waiter->eta = eta;
}

void past_expect(const struct past *p, struct locks *l)
{
	for (size_t i = 0; i < l->nfiles; i++)
		for (size_t k = 0; k < l->files[i].nwaiters; k++)
			expect(p, &l->files[i], &l->files[i].waiters[k]);
}
