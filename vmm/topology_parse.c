/* A guest's shape as people type it (spec/vmm 1.1, 1.2; the unequal ones are ours). */
#include "vmm/topology.h"

#include <errno.h>
#include <string.h>

#include "src/base/parse.h"

static const char *const field_names[4] = {"numa_nodes", "llcs", "cores", "threads"};

/* ---- equal shapes: N,L,C,T and NnLlCcTt -------------------------------------------------------
 */

/* Copies the i-th comma-separated field into buf; false when there is no such field or it is too
 * long to be a number. */
static bool field(const char *text, unsigned i, char *buf, size_t size)
{
	size_t n;

	for (; i; i--) {
		text = strchr(text, ',');
		if (!text)
			return false;
		text++;
	}
	n = strcspn(text, ",");
	if (n >= size)
		n = size - 1;
	memcpy(buf, text, n);
	buf[n] = 0;
	return true;
}

static unsigned count_fields(const char *text)
{
	unsigned n = 1;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

static int too_many_nodes(const char *text, struct err *e)
{
	return err_set(e, EINVAL,
		"invalid topology '%.64s': more than %d nodes, the most that a guest can have here",
		text, VM_NODES_MAX);
}

static int too_many_vcpus(const char *text, struct err *e)
{
	return err_set(e, EINVAL,
		"invalid topology '%.64s': it asks for more than %d vCPUs, the most that a guest "
		"can have here",
		text, VM_VCPUS_MAX);
}

/* The rules that hold between the numbers. */
static int check(const char *text, const unsigned v[4], struct err *e)
{
	uint64_t vcpus;

	for (unsigned i = 0; i < 4; i++)
		if (v[i] == 0)
			return err_set(e, EINVAL,
				"invalid topology '%.64s': %s is 0, all values must be >= 1", text,
				field_names[i]);
	if (v[1] % v[0]) {
		err_set(e, EINVAL,
			"invalid topology '%.64s': llcs (%u) counts the whole machine and must be "
			"a multiple of numa_nodes (%u)",
			text, v[1], v[0]);
		return err_hint(e, "%u last-level caches per node: %u,%llu,%u,%u", v[1] / v[0] + 1,
			v[0], (v[1] / v[0] + 1ULL) * v[0], v[2], v[3]);
	}
	/* Each step stays far below 2^64: the product so far is at most the limit. */
	vcpus = v[1];
	for (unsigned i = 2; i < 4 && vcpus <= VM_VCPUS_MAX; i++)
		vcpus *= v[i];
	if (vcpus > VM_VCPUS_MAX)
		return too_many_vcpus(text, e);
	return v[0] > VM_NODES_MAX ? too_many_nodes(text, e) : 0;
}

static int equal(const char *text, const unsigned v[4], struct vm_topology *out, struct err *e)
{
	int rc = check(text, v, e);

	if (!rc)
		*out = vm_topology_uniform(v[0], v[1], v[2], v[3]);
	return rc;
}

static int parse_commas(const char *text, struct vm_topology *out, struct err *e)
{
	unsigned v[4];
	char raw[32];

	if (count_fields(text) != 4) {
		err_set(e, EINVAL,
			"invalid topology '%.64s': expected 'numa_nodes,llcs,cores,threads'", text);
		return err_hint(e, "two nodes, four caches, two cores per cache, two threads per "
				   "core: 2,4,2,2; unequal parts: 4c2t+4c2t/8c1t; this machine's "
				   "shape: host");
	}
	for (unsigned i = 0; i < 4; i++) {
		field(text, i, raw, sizeof(raw));
		if (parse_u32(raw, &v[i], NULL))
			return err_set(e, EINVAL, "invalid %s value: '%s' in topology '%.64s'",
				field_names[i], raw, text);
	}
	return equal(text, v, out, e);
}

/* A number and the letter behind it; moves on behind both. */
static bool take(const char **at, char letter, unsigned *out)
{
	size_t n = strspn(*at, "0123456789");
	char raw[32];

	if (n == 0 || n >= sizeof(raw) || (*at)[n] != letter)
		return false;
	memcpy(raw, *at, n);
	raw[n] = 0;
	*at += n + 1;
	return !parse_u32(raw, out, NULL);
}

static bool take_letters(const char *text, unsigned v[4])
{
	for (unsigned i = 0; i < 4; i++)
		if (!take(&text, "nlct"[i], &v[i]))
			return false;
	return !*text;
}

/* ---- unequal shapes: nodes of caches ----------------------------------------------------------
 */

/* Where the reading is, for errors that say which part of a long notation is wrong. */
struct reader {
	const char *text, *at;
	struct err *e;
};

static int wrong(const struct reader *r, const char *rule)
{
	const char *end = r->at + strcspn(r->at, "+/");

	err_set(r->e, EINVAL, "invalid topology '%.64s': '%.*s' at position %zu %s", r->text,
		end - r->at > 32 ? 32 : (int)(end - r->at), r->at, (size_t)(r->at - r->text) + 1,
		rule);
	return err_hint(r->e, "a node of two caches with four cores of two threads, one of eight "
			      "single cores, one of memory only: 4c2t+4c2t/8c1t/mem");
}

/* "mem", and nothing more, up to what joins the parts. */
static bool is_memory(const char *at)
{
	return str_starts(at, "mem") && strchr("+/", at[3]);
}

static int add_cache(struct reader *r, struct vm_topology *t)
{
	const char *at = r->at;
	unsigned cores, threads;

	if (is_memory(at))
		return wrong(r, "is a node of its own, joined by '/'");
	if (!take(&at, 'c', &cores) || !take(&at, 't', &threads) || !strchr("+/", *at))
		return wrong(r, "is neither a cache, as in '4c2t', nor 'mem'");
	if (!cores || !threads)
		return wrong(r, "has a 0, all values must be >= 1");
	if (cores > VM_VCPUS_MAX || threads > VM_VCPUS_MAX ||
		t->vcpus + cores * threads > VM_VCPUS_MAX)
		return too_many_vcpus(r->text, r->e);
	t->llc[t->llcs++] = (struct vm_llc){(uint16_t)cores, (uint16_t)threads};
	t->vcpus = (uint16_t)(t->vcpus + cores * threads);
	t->node_llcs[t->nodes - 1]++;
	r->at = at;
	return 0;
}

/* Whatever a guest's tables say, its kernel numbers the nodes with CPUs first. */
static int misplaced(const struct reader *r)
{
	err_set(r->e, EINVAL,
		"invalid topology '%.64s': a node with CPUs at position %zu follows one of memory "
		"only",
		r->text, (size_t)(r->at - r->text) + 1);
	return err_hint(r->e, "nodes of memory only come last, as in 4c2t/4c2t/mem: kernels number "
			      "them so");
}

static int add_node(struct reader *r, struct vm_topology *t)
{
	int rc;

	if (t->nodes == VM_NODES_MAX)
		return too_many_nodes(r->text, r->e);
	t->nodes++;
	if (is_memory(r->at) && r->at[3] != '+') {
		r->at += 3;
		return 0;
	}
	if (t->nodes > 1 && !t->node_llcs[t->nodes - 2])
		return misplaced(r);
	for (;;) {
		rc = add_cache(r, t);
		if (rc || *r->at != '+')
			return rc;
		r->at++;
	}
}

static int parse_nodes(const char *text, struct vm_topology *out, struct err *e)
{
	struct reader r = {.text = text, .at = text, .e = e};
	struct vm_topology t = {0};
	int rc;

	for (;;) {
		rc = add_node(&r, &t);
		if (rc || !*r.at)
			break;
		r.at++;
	}
	if (!rc && !t.vcpus)
		return err_set(e, EINVAL,
			"invalid topology '%.64s': no node has a CPU, and a guest needs one", text);
	if (!rc) {
		vm_topology_default_distances(&t);
		*out = t;
	}
	return rc;
}

int vm_topology_parse(const char *text, struct vm_topology *out, struct err *e)
{
	unsigned v[4];

	if (take_letters(text, v))
		return equal(text, v, out, e);
	if (strchr(text, ',') || !strpbrk(text, "ctm+/"))
		return parse_commas(text, out, e);
	return parse_nodes(text, out, e);
}

/* ---- and back ---------------------------------------------------------------------------------
 */

static void spell_nodes(const struct vm_topology *t, struct str *out)
{
	unsigned llc = 0;

	for (unsigned n = 0; n < t->nodes; n++) {
		if (n)
			str_addc(out, '/');
		if (!t->node_llcs[n])
			str_add(out, "mem");
		for (unsigned i = 0; i < t->node_llcs[n]; i++, llc++)
			str_printf(out, "%s%uc%ut", i ? "+" : "", t->llc[llc].cores,
				t->llc[llc].threads);
	}
}

void vm_topology_format(const struct vm_topology *t, struct str *out)
{
	if (vm_topology_is_uniform(t))
		str_printf(
			out, "%un%ul%uc%ut", t->nodes, t->llcs, t->llc[0].cores, t->llc[0].threads);
	else
		spell_nodes(t, out);
}

void vm_topology_spell(const struct vm_topology *t, struct str *out)
{
	if (vm_topology_is_uniform(t))
		str_printf(
			out, "%u,%u,%u,%u", t->nodes, t->llcs, t->llc[0].cores, t->llc[0].threads);
	else
		spell_nodes(t, out);
}
