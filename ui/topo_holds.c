/* Who holds which CPUs: the locks laid over the topology. */
#include <string.h>

#include "ui/topo_view.h"

static char mark_of(const struct locks_file *f, const struct locks_who *who)
{
	if (f->stale || !who->live)
		return '!';
	return f->exclusive ? 'X' : 's';
}

/* Holders get colours in the order in which they are met. */
static unsigned series_of(struct topo_view *w, pid_t pid)
{
	for (size_t i = 0; i < w->holders.n; i++)
		if (w->holders.v[i] == pid)
			return (unsigned)i;
	vec_push(&w->holders, pid);
	return (unsigned)w->holders.n - 1;
}

static void hold_cpus(struct topo_view *w, const struct locks_file *f, const struct cpuset *cpus)
{
	const struct locks_who *who = &f->holders[0];

	cpuset_foreach (id, cpus) {
		const struct topo_cpu *c = topo_cpu(w->t, (unsigned)id);

		if (c)
			w->hold[c - w->t->cpus] =
				(struct topo_hold){f, mark_of(f, who), series_of(w, who->pid)};
	}
}

static void hold(struct topo_view *w, const struct locks_file *f)
{
	cleanup_cpuset struct cpuset one = CPUSET_INIT;

	if (!f->nholders)
		return;
	if (f->kind == LOCKFILE_LLC && f->number < w->t->nllcs) {
		hold_cpus(w, f, &w->t->llcs[f->number].cpus);
		w->has_holds = true;
	} else if (f->kind == LOCKFILE_CPU && topo_cpu(w->t, f->number)) {
		cpuset_add(&one, f->number);
		hold_cpus(w, f, &one);
		w->has_holds = true;
	}
}

/* Locks of LLCs come first in the model, those of single CPUs lie over them. */
void topo_view_holds(struct topo_view *w)
{
	const struct locks *l = w->snap->locks;

	memset(w->hold, 0, sizeof(*w->hold) * w->t->ncpus);
	w->holders.n = 0;
	w->has_holds = false;
	for (size_t i = 0; l && i < l->nfiles; i++)
		hold(w, &l->files[i]);
}

const struct locks_file *topo_view_llc_lock(const struct topo_view *w, unsigned llc)
{
	const struct locks_file *f =
		w->snap->locks ? locks_file_of(w->snap->locks, LOCKFILE_LLC, llc, "") : NULL;

	return f && (f->nholders || f->nwaiters) ? f : NULL;
}

/* "EX 41822 cargo-ktstr test  02:11  1 waiting" */
void topo_view_lock_text(const struct locks_file *f, struct str *out)
{
	if (f->nholders) {
		str_printf(out, "%s%s %d %s  ", f->exclusive ? "EX" : "SH", f->stale ? "!" : "",
			(int)f->holders[0].pid, f->holders[0].cmdline);
		locks_time_text(&f->holders[0].held, out);
	}
	if (f->nholders > 1)
		str_printf(out, "  +%zu", f->nholders - 1);
	if (f->nwaiters)
		str_printf(out, "  %zu waiting", f->nwaiters);
}

void topo_view_show(struct topo_view *w, const struct cpuset *cpus)
{
	int first = cpuset_next(cpus, 0);
	const struct topo_cpu *c = w->t && first >= 0 ? topo_cpu(w->t, (unsigned)first) : NULL;

	if (!c)
		return;
	cpuset_copy(&w->shown, cpus);
	if (w->mode == TOPO_DISTANCE)
		w->mode = TOPO_GRID;
	topo_view_fold(w, c->llc, false);
	w->cursor = (struct topo_item){TOPO_CPU, (unsigned)(c - w->t->cpus)};
	if (c->online && cpuset_equal(cpus, &w->t->llcs[c->llc].cpus))
		w->cursor = (struct topo_item){TOPO_LLC, c->llc};
	topo_view_lines(w);
}
