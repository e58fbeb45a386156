#include "probes/ctprof/exits.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/ladder.h"
#include "probes/ctprof/names.h"
#include "probes/ctprof/sheet.h"
#include "probes/ctprof/taskstats.h"
#include "src/base/map.h"
#include "src/base/sysroot.h"

struct ctp_exits {
	struct taskstats *socket;
	pthread_t thread;
	bool started, lost;
	atomic_bool stop;
	struct map known; /* name -> group */
	VEC(struct ctp_exit_group *) groups;
};

struct ctp_exits *ctp_exits_new(void)
{
	return xcalloc(1, sizeof(struct ctp_exits));
}

static struct ctp_exit_group *group_of(struct ctp_exits *x, const char *comm)
{
	cleanup_str struct str name = STR_INIT;
	struct ctp_exit_group *g;

	name_pattern(comm, strlen(comm), &name);
	g = map_get(&x->known, str_get(&name));
	if (g && strcmp(g->first, comm) != 0 && strcmp(g->comm, g->first) == 0) {
		free(g->comm);
		g->comm = str_steal(&name);
	}
	if (g)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->comm = xstrdup(comm);
	snprintf(g->first, sizeof(g->first), "%s", comm);
	map_add(&x->known, str_get(&name), g);
	vec_push(&x->groups, g);
	return g;
}

void ctp_exits_add(struct ctp_exits *x, const struct taskstats_exit *t)
{
	struct ctp_exit_group *g = group_of(x, t->comm);

	g->tasks++;
	g->run_ns += t->run_ns;
	g->wait_ns += t->wait_ns;
	g->blkio_ns += t->blkio_ns;
	g->minflt += t->minflt;
	g->majflt += t->majflt;
	g->read_bytes += t->read_bytes;
	g->write_bytes += t->write_bytes;
	if (t->hiwater_rss_kib * 1024 > g->peak_rss_bytes)
		g->peak_rss_bytes = t->hiwater_rss_kib * 1024;
}

static void *listen_on(void *arg)
{
	struct ctp_exits *x = arg;

	for (;;) {
		struct taskstats_exit t;
		int rc = taskstats_next_exit(x->socket, &t);

		if (rc > 0)
			ctp_exits_add(x, &t);
		else if (rc == -ENOBUFS)
			x->lost = true;
		else if (rc < 0 || atomic_load(&x->stop)) /* all that came before the end is read */
			return NULL;
	}
}

static int begin(struct ctp_exits *x, struct err *e)
{
	struct sysroot *root = sysroot_open(NULL, e);
	char cpus[256] = "0";
	int rc;

	if (root)
		sysroot_line(root, "/sys/devices/system/cpu/possible", cpus, sizeof(cpus));
	sysroot_close(root);
	x->socket = taskstats_new(e);
	if (!x->socket)
		return -ENOENT;
	rc = taskstats_listen(x->socket, cpus);
	if (rc < 0)
		return err_sys(e, rc, "the kernel does not tell of tasks that end");
	rc = pthread_create(&x->thread, NULL, listen_on, x);
	x->started = rc == 0;
	return rc ? err_sys(e, rc, "cannot start a thread") : 0;
}

struct ctp_exits *ctp_exits_start(struct err *e)
{
	struct ctp_exits *x = ctp_exits_new();

	if (begin(x, e) == 0)
		return x;
	ctp_exits_free(x);
	return NULL;
}

static int by_time(const void *a, const void *b)
{
	const struct ctp_exit_group *x = *(struct ctp_exit_group *const *)a;
	const struct ctp_exit_group *y = *(struct ctp_exit_group *const *)b;

	if (x->run_ns != y->run_ns)
		return x->run_ns > y->run_ns ? -1 : 1;
	return strcmp(x->comm, y->comm);
}

void ctp_exits_stop(struct ctp_exits *x)
{
	if (x->started) {
		atomic_store(&x->stop, true);
		pthread_join(x->thread, NULL);
		x->started = false;
	}
	map_release(&x->known);
	x->known = (struct map){0};
	if (x->groups.n)
		qsort(x->groups.v, x->groups.n, sizeof(*x->groups.v), by_time);
}

void ctp_exits_free(struct ctp_exits *x)
{
	if (!x)
		return;
	ctp_exits_stop(x);
	taskstats_free(x->socket);
	for (size_t i = 0; i < x->groups.n; i++) {
		free(x->groups.v[i]->comm);
		free(x->groups.v[i]);
	}
	free(x->groups.v);
	free(x);
}

const struct ctp_exit_group *ctp_exits_group(const struct ctp_exits *x, size_t i)
{
	return i < x->groups.n ? x->groups.v[i] : NULL;
}

bool ctp_exits_lost(const struct ctp_exits *x)
{
	return x->lost;
}

static void add_number(struct ctp_grid *g, uint64_t v, enum ctp_ladder ladder)
{
	cleanup_str struct str cell = STR_INIT;

	ctp_cell_u64(&cell, v, ladder);
	ctp_grid_add(g, CTP_PLAIN_TEXT, str_get(&cell));
}

static void add_group(struct ctp_grid *grid, const struct ctp_exit_group *g)
{
	ctp_grid_add(grid, CTP_PLAIN_TEXT, g->comm);
	add_number(grid, g->tasks, CTP_LADDER_COUNT);
	add_number(grid, g->run_ns, CTP_LADDER_NS);
	add_number(grid, g->wait_ns, CTP_LADDER_NS);
	add_number(grid, g->blkio_ns, CTP_LADDER_NS);
	add_number(grid, g->minflt, CTP_LADDER_COUNT);
	add_number(grid, g->majflt, CTP_LADDER_COUNT);
	add_number(grid, g->read_bytes, CTP_LADDER_BYTES);
	add_number(grid, g->write_bytes, CTP_LADDER_BYTES);
	add_number(grid, g->peak_rss_bytes, CTP_LADDER_BYTES);
}

void ctp_exits_text(const struct ctp_exits *x, bool colour, uint64_t limit, struct str *out)
{
	static const char *const heads[] = {"comm", "ended", "run_time", "cpu_wait", "disk_wait",
		"minflt", "majflt", "read", "written", "peak_rss"};
	struct ctp_sheet sheet = {.out = out, .colour = colour, .limit = limit};
	struct ctp_grid grid;

	if (!x->groups.n)
		return;
	ctp_sheet_heading(&sheet, "Ended in between");
	ctp_grid_init(&grid, ARRAY_LEN(heads));
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		ctp_grid_add(&grid, CTP_CYAN, heads[i]);
	for (size_t i = 0; i < x->groups.n; i++)
		add_group(&grid, x->groups.v[i]);
	ctp_grid_write(&grid, &sheet);
	ctp_sheet_end(&sheet);
	ctp_sheet_blank(&sheet);
	ctp_grid_release(&grid);
}
