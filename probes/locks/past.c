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

/* ---- what waiters may expect ------------------------------------------------------------------
 */

/* When one who holds the lock lets go. `holds` 0 in these: unknown. */
static struct locks_eta end_of_hold(
	const struct past *p, enum lockfile_kind kind, const struct locks_who *holder)
{
	struct locks_eta end = {0};
	uint64_t median = 0;

	if (holder->held.known == LOCKS_SEEN)
		end.holds = past_median(p, kind, holder->cmdline, &median);
	end.ns = median > holder->held.ns ? median - holder->held.ns : 0;
	return end;
}

/* When one who waits still has had its turn. */
static struct locks_eta end_of_turn(
	const struct past *p, enum lockfile_kind kind, const struct locks_who *waiter)
{
	struct locks_eta end = {0};
	uint64_t median = 0;

	if (waiter->eta.holds)
		end.holds = past_median(p, kind, waiter->cmdline, &median);
	end.ns = waiter->eta.ns + median;
	return end;
}

/* The later one counts; with an unknown one among them nothing is known. */
static bool put_off(struct locks_eta *eta, const struct locks_eta *end)
{
	if (end->holds && (!eta->holds || end->ns > eta->ns)) {
		eta->holds = end->holds;
		eta->ns = end->ns;
	}
	return end->holds;
}

/* All who block it must let go, and whoever waited before has its turn before: the kernel wakes
 * them in that order. `turns` are those of the waiters before. */
static void expect(
	const struct past *p, const struct locks_file *f, size_t at, const struct locks_eta *turns)
{
	struct locks_who *waiter = &f->waiters[at];
	struct locks_eta eta = {0};
	bool known = true;

	for (size_t i = 0; known && i < f->nholders; i++)
		if (locks_blocks(&f->holders[i], waiter)) {
			struct locks_eta end = end_of_hold(p, f->kind, &f->holders[i]);

			known = put_off(&eta, &end);
		}
	for (size_t i = 0; known && i < at; i++)
		if (locks_blocks(&f->waiters[i], waiter)) {
			known = put_off(&eta, &turns[i]);
			eta.before++;
		}
	waiter->eta = known ? eta : (struct locks_eta){0};
}

void past_expect(const struct past *p, struct locks *l)
{
	for (size_t i = 0; i < l->nfiles; i++) {
		const struct locks_file *f = &l->files[i];
		cleanup_free struct locks_eta *turns =
			f->nwaiters ? xcalloc(f->nwaiters, sizeof(*turns)) : NULL;

		for (size_t k = 0; k < f->nwaiters; k++) {
			expect(p, f, k, turns);
			turns[k] = end_of_turn(p, f->kind, &f->waiters[k]);
		}
	}
}
