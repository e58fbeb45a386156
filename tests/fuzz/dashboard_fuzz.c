/*
 * The whole dashboard in memory: any keys, any mouse, any sizes, snapshots of a small machine that
 * come and go. Nothing may be drawn outside, no pane may be told a wrong size, and the cursor stays
 * on the screen.
 */
#include <stdint.h>
#include <stdlib.h>

#include "src/base/clock.h"
#include "tests/lib/fake_guest.h"
#include "tests/lib/machine.h"
#include "ui/app_state.h"
#include "ui/input.h"
#include "ui/panes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char machine[] = "[/sys/devices/system/cpu]\n"
			      "online=0-22\n"
			      "[/sys/devices/system/cpu/cpu{n} for 0-23]\n"
			      "topology/core_id={n/2}\n"
			      "cache/index3/level=3\n"
			      "cache/index3/type=Unified\n"
			      "cache/index3/size=8M\n"
			      "cache/index3/shared_cpu_list={n/6*6}-{n/6*6+5}\n"
			      "[/sys/devices/system/node/node{n} for 0-1]\n"
			      "cpulist={n*12}-{n*12+11}\n"
			      "distance=10 20\n";

static struct topo *small_machine(void)
{
	static struct topo *t; /* collected once: it is the same for every input */
	struct machine *m;
	struct err e = ERR_INIT;

	if (t)
		return t;
	m = machine_new(machine);
	t = topo_collect(m->root, &e);
	machine_free(m);
	if (!t)
		abort();
	return t;
}

static void lock_process(struct locks_who *w, unsigned seed, unsigned i)
{
	*w = (struct locks_who){
		.pid = (pid_t)(1000 + i),
		.acquirer = (pid_t)(seed & 1 ? 1000 + i : 999),
		.fd = seed & 2 ? (int)i : -1,
		.mode = seed & 4 ? LOCKFILE_EXCLUSIVE : LOCKFILE_SHARED,
		.live = !(seed & 8),
		.stale = seed & 16,
		.cmdline = seed & 32 ? "" : "/a/long path\xff\x1b[2J\n with arguments",
		.cgroup = seed & 64 ? NULL : "/x",
		.held = {(enum locks_known)(seed % 4), seed * NS_PER_SEC},
	};
}

/* Locks of this machine and of CPUs and LLCs that it has not. */
static struct locks *some_locks(unsigned seed)
{
	struct arena *arena = arena_new();
	struct locks *l = arena_alloc(arena, sizeof(*l));

	l->arena = arena;
	l->nfiles = seed % 9;
	l->files = arena_alloc(arena, sizeof(*l->files) * 9);
	l->events = arena_alloc(arena, sizeof(*l->events));
	l->events[0] = (struct locks_event){.key = "", .pid = 5, .other = (pid_t)seed};
	l->nevents = seed % 2;
	for (size_t i = 0; i < l->nfiles; i++) {
		struct locks_file *f = &l->files[i];

		f->kind = (enum lockfile_kind)(i * LOCKFILE_KINDS / l->nfiles);
		f->number = (unsigned)i * 3;
		f->key = f->kind > LOCKFILE_CPU ? "key" : "";
		f->node = (int)i - 1;
		f->path = "/tmp/x";
		f->nholders = (seed + i) % 3;
		f->nwaiters = (seed + i) % 4 / 2;
		f->holders = arena_alloc(arena, sizeof(*f->holders) * 3);
		f->waiters = arena_alloc(arena, sizeof(*f->waiters) * 3);
		for (unsigned k = 0; k < 3; k++) {
			lock_process(&f->holders[k], seed + k, k);
			lock_process(&f->waiters[k], seed ^ k, 10 + k);
		}
		l->waiting += (unsigned)f->nwaiters;
	}
	for (int k = 0; k <= LOCKFILE_KINDS; k++)
		while (l->first[k] < l->nfiles && (int)l->files[l->first[k]].kind < k)
			l->first[k]++;
	return l;
}

static struct snapshot *snapshot(uint64_t seq, unsigned seed)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));
	struct cpustat *stat[2];

	s->seq = seq;
	s->replayed = true; /* nobody is signalled */
	if (seed % 3)
		s->locks = some_locks(seed);
	for (unsigned i = 0; i < 2; i++) {
		cleanup_str struct str text = STR_INIT;

		for (unsigned c = 0; c < 20 + seed % 4; c++)
			str_printf(&text, "cpu%u %u 0 0 %u 0 0 0 0 0 0\n", c, i * (c * seed % 100),
				i * 100);
		stat[i] = cpustat_parse(str_get(&text), NULL);
	}
	if (seed % 5)
		s->topo = small_machine();
	s->uses = cpustat_diff(stat[0], stat[1]);
	cpustat_free(stat[0]);
	cpustat_free(stat[1]);
	if (seed % 5 == 0)
		snprintf(s->problem, sizeof(s->problem), "nothing can be read");
	return s;
}

static void present(void *user, const struct canvas *c)
{
	(void)user;
	if (c->cursor_row >= c->rows || c->cursor_col >= c->cols)
		abort();
	for (int i = 0; i < c->rows * c->cols; i++)
		if (c->cells[i].width > 2 || (c->cells[i].ch[0] && c->cells[i].ch[0] < ' '))
			abort();
}

static const struct app_output output = {.present = present};

static void feed(struct app *a, struct input *in, const uint8_t *data, size_t n)
{
	struct ui_key k;

	input_feed(in, data, n);
	while (input_next(in, &k))
		app_key(a, &k);
	if (input_pending(in)) {
		input_flush(in);
		while (input_next(in, &k))
			app_key(a, &k);
	}
}

static void draw(struct app *a)
{
	a->frame_cost = 0;
	while (!app_frame(a))
		a->frame_cost = 0;
}

static struct app *start(struct loop *l, uint8_t flags, struct err *e)
{
	const struct app_options o = {
		.loop = l,
		.rows = 24,
		.cols = 80,
		.colours = flags & 1   ? 256
			   : flags & 2 ? 8
				       : 0,
		.ascii = flags & 4,
		.readonly = (flags & 24) == 24,
		.delay_ns = NS_PER_SEC,
		.boot = &fake_boot,
		.output = &output,
	};
	struct app *a = app_new(&o);

	if (!app_add(a, &pane_topo, NULL, e) || !app_add(a, &pane_locks, NULL, e))
		abort();
	return a;
}

/* A byte of 0xfb and up is an order to the harness, everything else is typed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct loop *l = loop_new(&e);
	struct input *in = input_new();
	struct app *a = start(l, size ? data[0] : 0, &e);
	uint64_t seq = 0;

	for (size_t i = 1; i < size && !app_done(a);) {
		size_t n = 1;

		if (data[i] == 0xff && i + 2 < size) {
			app_resize(a, data[i + 1] % 200 + 1, (data[i + 2] * 2) % 400 + 1);
			n = 3;
		} else if (data[i] == 0xfe && i + 1 < size) {
			app_snapshot(a, snapshot(++seq, data[i + 1]));
			n = 2;
		} else if (data[i] == 0xfd) {
			draw(a);
		} else {
			while (i + n < size && data[i + n] < 0xfb && n < 32)
				n++;
			feed(a, in, data + i, n);
		}
		i += n;
	}
	draw(a);
	app_free(a);
	input_free(in);
	loop_free(l);
	return 0;
}
