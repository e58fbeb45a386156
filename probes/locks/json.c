/* `ktstr locks --json`: the object of spec/host 2.3. --long adds keys behind those. */
#include <stdlib.h>

#include "probes/locks/rows.h"

static const struct section {
	const char *array, *id;
} sections[LOCKFILE_KINDS] = {
	[LOCKFILE_LLC] = {"llcs", "llc_idx"},
	[LOCKFILE_CPU] = {"cpus", "cpu"},
	[LOCKFILE_CACHE] = {"cache", "cache_key"},
	[LOCKFILE_RUN] = {"run_dirs", "run_key"},
};

static const char *mode_name(enum lockfile_mode mode)
{
	return mode == LOCKFILE_EXCLUSIVE ? "EX" : "SH";
}

static void add_time(
	const char *key, const char *known, const struct locks_time *t, struct json_out *j)
{
	static const char *const words[] = {
		[LOCKS_UNKNOWN] = NULL,
		[LOCKS_AT_MOST] = "at_most",
		[LOCKS_AT_LEAST] = "at_least",
		[LOCKS_SEEN] = "seen",
	};

	json_key(j, key);
	if (t->known == LOCKS_UNKNOWN)
		json_null(j);
	else
		json_u64(j, t->ns);
	json_key_str(j, known, words[t->known]);
}

static void add_process(const struct locks_who *w, struct json_out *j)
{
	json_key(j, "uid");
	if (w->has_uid)
		json_u64(j, w->uid);
	else
		json_null(j);
	json_key_str(j, "cgroup", w->cgroup);
}

static void add_optional(const char *key, int64_t v, bool given, struct json_out *j)
{
	json_key(j, key);
	if (given)
		json_i64(j, v);
	else
		json_null(j);
}

static void add_holder(const struct locks_who *w, bool detail, struct json_out *j)
{
	json_object(j);
	json_key_u64(j, "pid", (unsigned)w->pid);
	json_key_str(j, "cmdline", w->cmdline);
	if (detail) {
		json_key_str(j, "mode", mode_name(w->mode));
		add_optional("fd", w->fd, w->fd >= 0, j);
		add_optional("acquirer", w->acquirer, w->acquirer > 0, j);
		json_key_bool(j, "live", w->live);
		json_key_bool(j, "stale", w->stale || !w->live);
		add_time("held_ns", "held_known", &w->held, j);
		add_process(w, j);
	}
	json_object_end(j);
}

static void add_waiter(const struct locks_file *f, const struct locks_who *w, struct json_out *j)
{
	json_object(j);
	json_key_u64(j, "pid", (unsigned)w->pid);
	json_key_str(j, "cmdline", w->cmdline);
	json_key_str(j, "mode", mode_name(w->mode));
	add_time("waiting_ns", "waiting_known", &w->held, j);
	json_key(j, "blocked_by");
	json_array(j);
	for (size_t i = 0; i < f->nholders; i++)
		if (locks_blocks(&f->holders[i], w))
			json_u64(j, (unsigned)f->holders[i].pid);
	json_array_end(j);
	add_optional("eta_ns", (int64_t)w->eta.ns, w->eta.holds > 0, j);
	json_key_u64(j, "eta_holds", w->eta.holds);
	json_key_u64(j, "eta_before", w->eta.before);
	add_process(w, j);
	json_object_end(j);
}

static void add_detail(const struct locks_file *f, struct json_out *j)
{
	json_key_str(j, "mode",
		f->nholders ? mode_name(f->exclusive ? LOCKFILE_EXCLUSIVE : LOCKFILE_SHARED)
			    : NULL);
	json_key_bool(j, "stale", f->stale);
	json_key_bool(j, "uncertain", f->uncertain);
	json_key(j, "waiters");
	json_array(j);
	for (size_t i = 0; i < f->nwaiters; i++)
		add_waiter(f, &f->waiters[i], j);
	json_array_end(j);
}

static void add_file(const struct locks_file *f, bool detail, struct json_out *j)
{
	bool numbered = f->kind == LOCKFILE_LLC || f->kind == LOCKFILE_CPU;

	json_object(j);
	json_key(j, sections[f->kind].id);
	if (numbered) {
		json_u64(j, f->number);
		add_optional("numa_node", f->node, f->node >= 0, j);
	} else {
		json_str(j, f->key);
	}
	json_key_str(j, "lockfile", f->path);
	json_key(j, "holders");
	json_array(j);
	for (size_t i = 0; i < f->nholders; i++)
		add_holder(&f->holders[i], detail, j);
	json_array_end(j);
	if (detail)
		add_detail(f, j);
	json_object_end(j);
}

void locks_json(const struct locks *l, const struct locks_view *v, struct json_out *j)
{
	json_object(j);
	for (int k = 0; k < LOCKFILE_KINDS; k++) {
		json_key(j, sections[k].array);
		json_array(j);
		for (size_t i = l->first[k]; i < l->first[k + 1]; i++)
			if (locks_shows(v, &l->files[i]))
				add_file(&l->files[i], v->detail, j);
		json_array_end(j);
	}
	if (v->detail)
		json_key_u64(j, "unreadable_processes", l->unreadable);
	json_object_end(j);
}

void locks_signature(const struct locks *l, const struct locks_view *v, struct str *out)
{
	struct locks_rows rows = {{0}};

	locks_rows(l, v, &rows);
	for (size_t i = 0; i < rows.list.n; i++) {
		const struct locks_row *r = &rows.list.v[i];

		str_add(out, r->f->path);
		if (r->who)
			str_printf(out, " %d %d %d %d %s", (int)r->who->pid, (int)r->who->mode,
				r->waits, r->who->stale || !r->who->live, r->who->cmdline);
		str_addc(out, '\0');
	}
	free(rows.list.v);
}
