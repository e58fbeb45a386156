/* What a machine is called: its shape in short, and its CPU's model. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probes/topo/collect.h"

static bool seen_before(const struct topo *t, unsigned i)
{
	for (unsigned k = i; k-- > 0;)
		if (t->cpus[k].package == t->cpus[i].package)
			return true;
	return false;
}

static unsigned count_packages(const struct topo *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->ncpus; i++)
		if (t->cpus[i].package >= 0 && !seen_before(t, i))
			n++;
	return n;
}

static bool llcs_evenly_spread(const struct topo *t)
{
	for (unsigned n = 0; n < t->nnodes; n++) {
		unsigned llcs = 0;

		for (unsigned l = 0; l < t->nllcs; l++)
			llcs += t->llcs[l].node == t->nodes[n].id;
		if (llcs * t->nnodes != t->nllcs)
			return false;
	}
	return true;
}

static bool cores_alike(const struct topo *t)
{
	for (unsigned k = 1; k < t->ncores; k++)
		if (cpuset_count(&t->cores[k].cpus) != cpuset_count(&t->cores[0].cpus))
			return false;
	for (unsigned l = 1; l < t->nllcs; l++)
		if (t->llcs[l].ncores != t->llcs[0].ncores)
			return false;
	return true;
}

static void write_notation(struct topo *t)
{
	for (unsigned l = 0; l < t->nllcs; l++) {
		if (t->llcs[l].ncores > t->max_cores)
			t->max_cores = t->llcs[l].ncores;
		if (t->llcs[l].threads > t->max_threads)
			t->max_threads = t->llcs[l].threads;
	}
	t->symmetric = llcs_evenly_spread(t) && cores_alike(t);
	snprintf(t->notation, sizeof(t->notation), "%un%ul%uc%ut%s", t->nnodes, t->nllcs,
		t->max_cores, t->max_threads, t->symmetric ? "" : "*");
}

/* Enough for the first CPU; the rest repeats it, and the kernel works for every line that is read.
 */
enum { FIRST_CPU_BYTES = 2048 };

static void read_beginning(const struct sysroot *r, const char *path, char *buf, size_t size)
{
	cleanup_close int fd = sysroot_fd(r, path);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
}

/* "key<blanks>: value" in one of the lines. */
static char *find_value(struct arena *a, const char *text, const char *key)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *v = p + strlen(key);

		if (!str_starts(p, key))
			continue;
		v += strspn(v, " \t");
		if (*v != ':')
			continue;
		v += 1 + strspn(v + 1, " \t");
		if (*v && *v != '\n')
			return arena_strndup(a, v, strcspn(v, "\n"));
	}
	return NULL;
}

static char *read_model(struct collect *c)
{
	static const char *const keys[] = {"model name", "Processor", "cpu", "cpu model"};
	char text[FIRST_CPU_BYTES], *model = NULL;

	read_beginning(c->r, "/proc/cpuinfo", text, sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(keys) && !model; i++)
		model = find_value(c->t->arena, text, keys[i]);
	return model ? str_trim(model) : NULL;
}

void collect_notation(struct collect *c)
{
	c->t->npackages = count_packages(c->t);
	write_notation(c->t);
}

void collect_model(struct collect *c)
{
	c->t->model_name = read_model(c);
}
