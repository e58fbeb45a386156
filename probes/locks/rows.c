#include "probes/locks/rows.h"

#include <stdlib.h>

static bool names_pid(const struct locks_who *who, size_t n, const struct locks_view *v)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v->npids; k++)
			if (who[i].pid == v->pids[k])
				return true;
	return false;
}

static int by_address(const void *a, const void *b)
{
	const struct locks_file *const *x = a, *const *y = b;

	return (*x > *y) - (*x < *y);
}

static bool is_among(const struct locks_view *v, const struct locks_file *f)
{
	return !v->files ||
	       (v->nfiles && bsearch(&f, v->files, v->nfiles, sizeof(*v->files), by_address));
}

static bool stands(const struct locks_file *f, unsigned standing)
{
	const bool is[LOCKS_STANDINGS] = {
		[LOCKS_FREE] = !f->nholders,
		[LOCKS_SHARED] = f->nholders && !f->exclusive,
		[LOCKS_EXCLUSIVE] = f->nholders && f->exclusive,
		[LOCKS_WAITED_FOR] = f->nwaiters > 0,
		[LOCKS_STALE] = f->stale,
	};

	for (int i = 0; i < LOCKS_STANDINGS; i++)
		if (is[i] && standing & 1U << i)
			return true;
	return !standing;
}

bool locks_shows(const struct locks_view *v, const struct locks_file *f)
{
	if (!is_among(v, f))
		return false;
	if ((v->kinds && !(v->kinds & 1U << f->kind)) || !stands(f, v->standing))
		return false;
	return !v->npids || names_pid(f->holders, f->nholders, v) ||
	       names_pid(f->waiters, f->nwaiters, v);
}

static void add_file_rows(const struct locks_file *f, struct locks_rows *out)
{
	struct locks_row r = {.f = f, .first = true};

	if (!f->nholders && !f->nwaiters)
		vec_push(&out->list, r);
	for (size_t i = 0; i < f->nholders + f->nwaiters; i++) {
		r.waits = i >= f->nholders;
		r.who = r.waits ? &f->waiters[i - f->nholders] : &f->holders[i];
		vec_push(&out->list, r);
		r.first = false;
	}
}

void locks_rows(const struct locks *l, const struct locks_view *v, struct locks_rows *out)
{
	for (size_t i = 0; i < l->nfiles; i++)
		if (locks_shows(v, &l->files[i]))
			add_file_rows(&l->files[i], out);
}

void locks_mode_text(const struct locks_row *r, struct str *out)
{
	if (!r->who) {
		str_addc(out, '-');
		return;
	}
	str_add(out, r->who->mode == LOCKFILE_EXCLUSIVE ? "EX" : "SH");
	if (r->waits)
		str_addc(out, '*');
	if (r->who->stale || !r->who->live)
		str_addc(out, '!');
	if (r->f->uncertain)
		str_addc(out, '?');
}

void locks_blockers(const struct locks_row *r, struct str *out)
{
	const char *lead = "";

	for (size_t i = 0; r->waits && i < r->f->nholders; i++) {
		if (!locks_blocks(&r->f->holders[i], r->who))
			continue;
		str_printf(out, "%s%d", lead, (int)r->f->holders[i].pid);
		lead = ",";
	}
}

/* ---- columns --------------------------------------------------------------------------------- */

#define ROW(row) ((const struct locks_row *)(row))

static struct cell keep(struct arena *a, struct str *text)
{
	struct cell c = cell_text(arena_strdup(a, str_get(text)));

	str_release(text);
	return c;
}

static struct cell get_kind(const void *row, struct arena *a)
{
	(void)a;
	return cell_text(locks_kind_name(ROW(row)->f->kind));
}

static struct cell get_id(const void *row, struct arena *a)
{
	const struct locks_file *f = ROW(row)->f;

	(void)a;
	if (f->kind == LOCKFILE_LLC || f->kind == LOCKFILE_CPU)
		return cell_u64(f->number);
	return cell_text(f->key);
}

static struct cell get_node(const void *row, struct arena *a)
{
	(void)a;
	return ROW(row)->f->node < 0 ? cell_absent(NULL) : cell_u64((unsigned)ROW(row)->f->node);
}

static struct cell get_mode(const void *row, struct arena *a)
{
	struct str text = STR_INIT;

	locks_mode_text(ROW(row), &text);
	return keep(a, &text);
}

static struct cell get_pid(const void *row, struct arena *a)
{
	(void)a;
	return ROW(row)->who ? cell_u64((unsigned)ROW(row)->who->pid) : cell_absent(NULL);
}

static struct cell get_fd(const void *row, struct arena *a)
{
	const struct locks_who *w = ROW(row)->who;

	(void)a;
	return w && w->fd >= 0 ? cell_u64((unsigned)w->fd) : cell_absent(NULL);
}

static struct cell get_held(const void *row, struct arena *a)
{
	struct str text = STR_INIT;

	if (!ROW(row)->who || ROW(row)->who->held.known == LOCKS_UNKNOWN)
		return cell_absent(NULL);
	locks_time_text(&ROW(row)->who->held, &text);
	return keep(a, &text);
}

static struct cell get_blocker(const void *row, struct arena *a)
{
	struct str text = STR_INIT;

	locks_blockers(ROW(row), &text);
	if (text.len)
		return keep(a, &text);
	str_release(&text);
	return cell_absent(NULL);
}

/* Who took the lock, where that is another than who has it. */
static struct cell get_acquirer(const void *row, struct arena *a)
{
	const struct locks_who *w = ROW(row)->who;

	if (!w || !w->acquirer || w->acquirer == w->pid)
		return cell_absent(NULL);
	return cell_text(arena_printf(a, w->stale ? "%d gone" : "%d", (int)w->acquirer));
}

static struct cell get_uid(const void *row, struct arena *a)
{
	const struct locks_who *w = ROW(row)->who;

	(void)a;
	return w && w->has_uid ? cell_u64(w->uid) : cell_absent(NULL);
}

static struct cell get_cgroup(const void *row, struct arena *a)
{
	const struct locks_who *w = ROW(row)->who;

	(void)a;
	return w && w->cgroup ? cell_text(w->cgroup) : cell_absent(NULL);
}

static struct cell get_what(const void *row, struct arena *a)
{
	const struct locks_who *w = ROW(row)->who;

	(void)a;
	if (!w)
		return cell_absent(NULL);
	return cell_text(w->live ? w->cmdline : "<gone>");
}

const struct column locks_columns[] = {
	{.id = "kind", .title = "KIND", .get = get_kind},
	{.id = "id", .title = "ID", .get = get_id},
	{.id = "node", .title = "NODE", .right = true, .get = get_node},
	{.id = "mode", .title = "MODE", .get = get_mode},
	{.id = "pid", .title = "PID", .right = true, .get = get_pid},
	{.id = "fd", .title = "FD", .right = true, .get = get_fd},
	{.id = "held", .title = "HELD", .right = true, .get = get_held},
	{.id = "blocker", .title = "BLOCKER", .get = get_blocker},
	{.id = "acquirer", .title = "ACQUIRER", .get = get_acquirer},
	{.id = "uid", .title = "UID", .right = true, .get = get_uid},
	{.id = "cgroup", .title = "CGROUP", .get = get_cgroup},
	{.id = "what", .title = "WHAT", .get = get_what},
};
const size_t locks_ncolumns = ARRAY_LEN(locks_columns);

/* ---- orders ---------------------------------------------------------------------------------- */

/* Files are in their order in the model. */
static struct cell get_place(const void *row, struct arena *a)
{
	(void)a;
	return cell_u64((uintptr_t)ROW(row)->f);
}

static struct cell get_held_ns(const void *row, struct arena *a)
{
	const struct locks_who *w = ROW(row)->who;

	(void)a;
	return w && w->held.known != LOCKS_UNKNOWN ? cell_u64(w->held.ns) : cell_absent(NULL);
}

const struct column locks_orders[] = {
	{.id = "lock", .get = get_place},
	{.id = "node", .get = get_node},
	{.id = "mode", .get = get_mode},
	{.id = "pid", .get = get_pid},
	{.id = "held", .get = get_held_ns},
	{.id = "uid", .get = get_uid},
	{.id = "what", .get = get_what},
};
const size_t locks_norders = ARRAY_LEN(locks_orders);
