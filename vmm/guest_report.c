/* What a run took: the host's own clock for what it saw, the engine's report for the rest. */
#include "vmm/host_state.h"

#include <sys/mman.h>

#include "src/base/clock.h"
#include "src/base/json_out.h"

struct engine_report *guest_report_new(void)
{
	void *p = mmap(NULL, sizeof(struct engine_report), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void guest_report_free(struct engine_report *r)
{
	if (r)
		munmap(r, sizeof(*r));
}

/* 0 = did not happen. */
static void moment(struct json_out *j, const char *key, uint64_t ns)
{
	json_key(j, key);
	if (ns)
		json_u64(j, ns);
	else
		json_null(j);
}

/* One that the engine noted, on the scale of the others. */
static uint64_t marked(const struct host *h, enum engine_mark m)
{
	uint64_t at = atomic_load_explicit(&h->guest.report->at[m], memory_order_relaxed);

	return at > h->setup.started_ns ? at - h->setup.started_ns : 0;
}

static void exits(struct json_out *j, struct engine_report *r)
{
	json_key(j, "exits");
	if (!atomic_load(&r->counts)) {
		json_null(j);
		return;
	}
	json_object(j);
	for (unsigned x = 0; x < ENGINE_EXITS; x++)
		json_key_u64(j, engine_exit_name((enum engine_exit)x),
			atomic_load_explicit(&r->exits[x], memory_order_relaxed));
	json_object_end(j);
}

void guest_report_send(struct host *h)
{
	cleanup_str struct str text = STR_INIT;
	struct json_out j;

	json_init(&j, &text, false);
	json_object(&j);
	json_key(&j, "timings");
	json_object(&j);
	json_key_u64(&j, "exec", 0);
	moment(&j, "engine", marked(h, ENGINE_STARTED));
	moment(&j, "first_run", marked(h, ENGINE_FIRST_RUN));
	moment(&j, "kernel", marked(h, ENGINE_KERNEL));
	moment(&j, "init", h->stage_at[VM_STAGE_INIT]);
	moment(&j, "prompt", h->stage_at[VM_STAGE_PROMPT]);
	moment(&j, "exit", clock_mono_ns() - h->setup.started_ns);
	json_object_end(&j);
	moment(&j, "setup_cpu_ns", atomic_load(&h->guest.report->setup_cpu_ns));
	moment(&j, "load_cpu_ns", atomic_load(&h->guest.report->load_cpu_ns));
	exits(&j, h->guest.report);
	guest_topology_json(h, &j);
	json_object_end(&j);
	outbox_put(&h->out, CTL_REPORT, text.s, text.len);
}
