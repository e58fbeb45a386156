#include "vmm/readback.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/parse.h"

/* Cuts a line into its words at single blanks; the number, or more than max. */
static size_t cut(char *line, char *word[], size_t max)
{
	size_t n = 0;

	for (char *p = line; p && n <= max; n++) {
		char *next = strchr(p, ' ');

		if (next)
			*next++ = 0;
		if (n < max)
			word[n] = p;
		p = next;
	}
	return n;
}

static int take_cpu(char *word[], size_t n, struct readback *r)
{
	struct readback_cpu *c;
	unsigned number;

	if (n != 4 + READBACK_LISTS || parse_u32(word[1], &number, NULL) ||
		number >= VM_VCPUS_MAX || r->cpu[number].package)
		return -EPROTO;
	c = &r->cpu[number];
	c->package = word[2];
	c->die = word[3];
	for (size_t i = 0; i < READBACK_LISTS; i++)
		c->list[i] = word[4 + i];
	return 0;
}

static int take_node(char *word[], size_t n, struct readback *r)
{
	unsigned number;

	if (n != 4 || parse_u32(word[1], &number, NULL) || number >= VM_NODES_MAX ||
		r->node[number].cpus)
		return -EPROTO;
	r->node[number] = (struct readback_node){word[2], word[3]};
	return 0;
}

static int take_line(char *line, struct readback *r)
{
	char *word[5 + READBACK_LISTS] = {0};
	size_t n = cut(line, word, sizeof(word) / sizeof(word[0]));

	if (!strcmp(word[0], "cpu"))
		return take_cpu(word, n, r);
	if (!strcmp(word[0], "node"))
		return take_node(word, n, r);
	if (!strcmp(word[0], "online") && n == 2 && !r->online)
		r->online = word[1];
	else if (!strcmp(word[0], "memory") && n == 2 && !r->memory)
		r->memory = word[1];
	else
		return -EPROTO;
	return 0;
}

int readback_parse(const char *bytes, size_t n, struct readback *out, struct err *e)
{
	unsigned number = 0;

	*out = (struct readback){
		.text = xstrndup(bytes, n),
		.cpu = xcalloc(VM_VCPUS_MAX, sizeof(*out->cpu)),
	};
	for (char *line = out->text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return err_set(
				e, EPROTO, "line %u of what it says does not end", number + 1);
		*end = 0;
		number++;
		if (take_line(line, out))
			return err_set(e, EPROTO, "line %u of what it says makes no sense", number);
	}
	if (!out->online)
		return err_set(e, EPROTO, "it does not say which CPUs are online");
	return 0;
}

void readback_release(struct readback *r)
{
	free(r->text);
	free(r->cpu);
	*r = (struct readback){0};
}

/* ---- the shape ------------------------------------------------------------------------------- */

/* A number below VM_VCPUS_MAX, moving on behind it; else -1. */
static int small_number(const char **at)
{
	int v = 0;

	if (!isdigit((unsigned char)**at))
		return -1;
	for (; isdigit((unsigned char)**at) && v < VM_VCPUS_MAX; (*at)++)
		v = v * 10 + (**at - '0');
	return v < VM_VCPUS_MAX ? v : -1;
}

bool readback_set(const char *list, struct cpuset *out)
{
	int before = -1, first, last;

	cpuset_clear(out);
	for (const char *at = list;; at++) {
		first = last = small_number(&at);
		if (*at == '-') {
			at++;
			last = small_number(&at);
		}
		if (first <= before || last < first || (*at && *at != ',')) {
			cpuset_clear(out);
			return false;
		}
		for (int cpu = first; cpu <= last; cpu++)
			cpuset_add(out, (unsigned)cpu);
		before = last;
		if (!*at)
			return true;
	}
}

/* None where the guest did not say, or said what is no list. */
static void members(const char *list, struct cpuset *out)
{
	cpuset_clear(out);
	if (list)
		readback_set(list, out);
}

/* Whether each of the CPUs names exactly them in its list. */
static bool agree(const struct readback *r, enum readback_list which, const struct cpuset *group)
{
	cleanup_cpuset struct cpuset other = CPUSET_INIT;

	cpuset_foreach (cpu, group) {
		members(r->cpu[cpu].list[which], &other);
		if (!cpuset_equal(&other, group))
			return false;
	}
	return !cpuset_empty(group);
}

/* One cache: "4c2t". Cores must be alike. */
static bool shape_cache(const struct readback *r, const struct cpuset *cache, struct str *out)
{
	cleanup_cpuset struct cpuset left = CPUSET_INIT, core = CPUSET_INIT;
	unsigned cores = 0, threads = 0;

	if (!agree(r, READBACK_L3, cache))
		return false;
	cpuset_copy(&left, cache);
	while (!cpuset_empty(&left)) {
		members(r->cpu[cpuset_next(&left, 0)].list[READBACK_SIBLINGS], &core);
		if (!agree(r, READBACK_SIBLINGS, &core) || !cpuset_subset(&core, &left) ||
			(cores++ && cpuset_count(&core) != threads))
			return false;
		threads = cpuset_count(&core);
		cpuset_minus(&left, &core);
	}
	str_printf(out, "%uc%ut", cores, threads);
	return true;
}

static bool shape_node(const struct readback *r, struct cpuset *left, struct str *out)
{
	cleanup_cpuset struct cpuset cache = CPUSET_INIT;

	if (cpuset_empty(left))
		str_add(out, "mem");
	for (bool first = true; !cpuset_empty(left); first = false) {
		members(r->cpu[cpuset_next(left, 0)].list[READBACK_L3], &cache);
		if (!first)
			str_addc(out, '+');
		if (!cpuset_subset(&cache, left) || !shape_cache(r, &cache, out))
			return false;
		cpuset_minus(left, &cache);
	}
	return true;
}

bool readback_shape(const struct readback *r, struct str *out)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;
	struct vm_topology t;
	bool ok = true;

	members(r->node[0].cpus ? r->node[0].cpus : r->online, &cpus);
	ok = shape_node(r, &cpus, &text);
	for (unsigned n = 1; ok && n < VM_NODES_MAX && r->node[n].cpus; n++) {
		members(r->node[n].cpus, &cpus);
		str_addc(&text, '/');
		ok = shape_node(r, &cpus, &text);
	}
	/* Read and spelt again: equal parts in the short form. */
	if (!ok || vm_topology_parse(str_get(&text), &t, NULL))
		return false;
	vm_topology_format(&t, out);
	return true;
}
