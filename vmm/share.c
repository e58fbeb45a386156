#include "vmm/share.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/parse.h"

/* Of performance mode: the watcher above what it watches. */
#define FREE_PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
enum { HUGE_MIB = 2 };

enum { VCPU_FIFO = 1, SERVICE_FIFO = 2 };

/* The guest's caches, with the nodes that they are on. Heap; nllcs >= 1. */
static struct reserve_vllc *caches_of(const struct vm_topology *t)
{
	struct reserve_vllc *v = xcalloc(t->llcs, sizeof(*v));
	unsigned at = 0;

	for (unsigned n = 0; n < t->nodes; n++)
		for (unsigned i = 0; i < t->node_llcs[n]; i++, at++)
			v[at] = (struct reserve_vllc){n, t->llc[at].cores, t->llc[at].threads};
	return v;
}

int share_check(const struct vm_config *c, struct err *e)
{
	cleanup_free struct reserve_vllc *caches = caches_of(&c->topology);
	const struct reserve_shape shape = {caches, c->topology.llcs};

	return reserve_check(&c->reserve, &shape, &(struct reserve_context){0}, e);
}

int vm_reservation_text(const struct vm_config *c, struct str *out, struct err *e)
{
	cleanup_free struct reserve_vllc *caches = caches_of(&c->topology);
	const struct reserve_shape shape = {caches, c->topology.llcs};

	return reserve_preview(&c->reserve, &shape, &(struct reserve_context){0}, out, e);
}

static void pin_vcpus(const struct reserve_plan *p, struct vm_placement *out)
{
	out->nvcpus = p->nvcpus;
	out->vcpu_cpus = xcalloc(p->nvcpus, sizeof(*out->vcpu_cpus));
	for (unsigned i = 0; i < p->nvcpus; i++)
		cpuset_add(&out->vcpu_cpus[i], p->vcpus[i]);
}

/* Memory of a guest node comes from the host nodes of its vCPUs; of one that has memory only, from
 * all of the plan's. */
static void bind_nodes(
	const struct vm_topology *t, const struct reservation *r, struct vm_placement *out)
{
	struct vm_place place;

	out->nnodes = t->nodes;
	out->node_mems = xcalloc(t->nodes, sizeof(*out->node_mems));
	vm_topology_foreach(&place, t)
		cpuset_add(&out->node_mems[place.node], r->vcpu_nodes[place.cpu]);
	for (unsigned n = 0; n < t->nodes; n++)
		if (cpuset_empty(&out->node_mems[n]))
			cpuset_copy(&out->node_mems[n], &r->plan.nodes);
}

static void perform(
	const struct vm_topology *t, const struct reservation *r, struct vm_placement *out)
{
	cpuset_copy(&out->cpus, &r->plan.cpus);
	cpuset_add(&out->cpus, (unsigned)r->plan.service);
	cpuset_add(&out->service, (unsigned)r->plan.service);
	pin_vcpus(&r->plan, out);
	if (r->numa) /* on one node there is nothing to choose, and old kernels refuse */
		bind_nodes(t, r, out);
	out->vcpu_fifo = VCPU_FIFO;
	out->service_fifo = SERVICE_FIFO;
	out->hugepages = out->keep_running = out->realtime_hint = true;
}

/* spec/host 3.7: why measurements may be worse than they need to be. */
void share_check_pages(const struct vm_config *c, const struct sysroot *r, uint32_t *memory_mib,
	struct vm_placement *p, struct strv *notes)
{
	unsigned nodes = c->topology.nodes;
	uint32_t step = HUGE_MIB * nodes, want = (*memory_mib + step - 1) / step * step;
	uint64_t free_pages = 0;

	if (!p->hugepages)
		return;
	if (sysroot_u64(r, FREE_PAGES, &free_pages) || !free_pages)
		strv_push(notes, "performance_mode: WARNING: no 2MB hugepages available, guest "
				 "memory will use regular pages");
	else if (free_pages < want / HUGE_MIB)
		strv_pushf(notes,
			"performance_mode: WARNING: need %u 2MB hugepages, only %llu free, guest "
			"memory will use regular pages",
			want / HUGE_MIB, (unsigned long long)free_pages);
	p->hugepages = free_pages && free_pages >= want / HUGE_MIB;
	if (p->hugepages)
		*memory_mib = want; /* every node a whole number of pages */
}

/* Tasks that run or want to, ourselves among them; 0 = not told. */
static unsigned running_tasks(const struct sysroot *r)
{
	cleanup_str struct str text = STR_INIT;
	char *rest, *line;
	uint32_t n = 0;

	if (sysroot_read(r, "/proc/stat", &text))
		return 0;
	for (rest = text.s; rest && (line = strsep(&rest, "\n"));)
		if (str_starts(line, "procs_running ") &&
			parse_u32(line + strlen("procs_running "), &n, NULL))
			return 0;
	return n;
}

void share_check_load(const struct vm_config *c, const struct sysroot *r, struct strv *notes)
{
	unsigned running = running_tasks(r), vcpus = c->topology.vcpus;

	if (running && (running - 1) * 2 > vcpus)
		strv_pushf(notes,
			"performance_mode: WARNING: %u other tasks want to run on this host now, "
			"and the guest has %u vCPUs",
			running - 1, vcpus);
}

int share_take(const struct vm_config *c, const struct reserve_context *cx, struct reservation *out,
	struct vm_placement *placement, struct err *e)
{
	cleanup_free struct reserve_vllc *caches = caches_of(&c->topology);
	const struct reserve_shape shape = {caches, c->topology.llcs};
	int rc = reserve_acquire(&c->reserve, &shape, cx, out, e);

	*placement = (struct vm_placement){0};
	if (rc)
		return rc;
	if (out->mode == RESERVE_PERF)
		perform(&c->topology, out, placement);
	else if (out->mode == RESERVE_BUDGET || out->overcommitted)
		cpuset_copy(&placement->cpus, &out->plan.cpus);
	placement->locks = take_ptr(out->locks);
	placement->nlocks = out->nlocks;
	out->nlocks = 0;
	return 0;
}
