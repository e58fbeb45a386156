/* Words for locks, times and events; questions about a model. */
#include <string.h>

#include "probes/locks/locks.h"
#include "src/base/clock.h"
#include "src/base/units.h"

static const char *const kinds[LOCKFILE_KINDS] = {
	[LOCKFILE_LLC] = "llc",
	[LOCKFILE_CPU] = "cpu",
	[LOCKFILE_CACHE] = "cache",
	[LOCKFILE_RUN] = "run",
};

const char *const locks_standing_names[] = {
	[LOCKS_FREE] = "free",
	[LOCKS_SHARED] = "sh",
	[LOCKS_EXCLUSIVE] = "ex",
	[LOCKS_WAITED_FOR] = "wait",
	[LOCKS_STALE] = "stale",
	[LOCKS_STANDINGS] = NULL,
};

const char *locks_kind_name(enum lockfile_kind kind)
{
	return kinds[kind];
}

bool locks_blocks(const struct locks_who *holder, const struct locks_who *waiter)
{
	return holder->mode == LOCKFILE_EXCLUSIVE || waiter->mode == LOCKFILE_EXCLUSIVE;
}

void locks_name(enum lockfile_kind kind, unsigned number, const char *key, struct str *out)
{
	if (kind == LOCKFILE_LLC || kind == LOCKFILE_CPU)
		str_printf(out, "%s %u", kinds[kind], number);
	else
		str_printf(out, "%s %s", kinds[kind], key);
}

const struct locks_file *locks_file_of(
	const struct locks *l, enum lockfile_kind kind, unsigned number, const char *key)
{
	for (size_t i = l->first[kind]; i < l->first[kind + 1]; i++)
		if (l->files[i].number == number && strcmp(l->files[i].key, key) == 0)
			return &l->files[i];
	return NULL;
}

void locks_time_text(const struct locks_time *t, struct str *out)
{
	unsigned long long s = t->ns / NS_PER_SEC;

	if (t->known == LOCKS_UNKNOWN) {
		str_addc(out, '-');
		return;
	}
	if (t->known != LOCKS_SEEN)
		str_addc(out, t->known == LOCKS_AT_MOST ? '<' : '>');
	/* A bound holds for the whole second that is shown. */
	if (t->known == LOCKS_AT_MOST && t->ns % NS_PER_SEC)
		s++;
	if (s < 3600)
		str_printf(out, "%02llu:%02llu", s / 60, s % 60);
	else
		str_printf(out, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
}

void locks_eta_text(const struct locks_eta *eta, struct str *out)
{
	const char *s = eta->holds == 1 ? "" : "s";

	if (!eta->holds)
		return;
	if (!eta->ns) {
		str_printf(out,
			"ETA any time: longer than the median of %u past hold%s of that command",
			eta->holds, s);
		return;
	}
	str_add(out, "ETA ~");
	locks_time_text(&(struct locks_time){LOCKS_SEEN, eta->ns}, out);
	str_printf(out, " (median of %u past hold%s of that command", eta->holds, s);
	if (eta->before)
		str_printf(out, ", %u get%s it before", eta->before, eta->before == 1 ? "s" : "");
	str_addc(out, ')');
}

static void add_lasted(const struct locks_time *t, const char *before, struct str *out)
{
	if (t->known == LOCKS_UNKNOWN)
		return;
	str_add(out, before);
	if (t->known == LOCKS_AT_LEAST)
		str_add(out, "at least ");
	units_duration(out, t->ns);
}

const char *locks_happening_name(enum locks_happening what)
{
	static const char *const verbs[] = {
		[LOCKS_ACQUIRED] = "acquired",
		[LOCKS_INHERITED] = "inherited",
		[LOCKS_RELEASED] = "released",
		[LOCKS_WAITS] = "waits for",
		[LOCKS_GAVE_UP] = "gave up",
		[LOCKS_ORPHANED] = "keeps",
	};

	return verbs[what];
}

void locks_event_text(const struct locks_event *e, struct str *out)
{
	locks_name(e->kind, e->number, e->key, out);
	str_printf(out, "  %d %s %s", (int)e->pid, locks_happening_name(e->what),
		e->mode == LOCKFILE_EXCLUSIVE ? "EX" : "SH");
	add_lasted(&e->lasted, e->what == LOCKS_RELEASED ? ", held " : " after ", out);
	if (!e->other)
		return;
	if (e->what == LOCKS_ORPHANED)
		str_printf(out, ", acquirer %d is gone", (int)e->other);
	else if (e->what == LOCKS_INHERITED)
		str_printf(out, " from %d", (int)e->other);
	else
		str_printf(out, " (blocked by %d)", (int)e->other);
}
