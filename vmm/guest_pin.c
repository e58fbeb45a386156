/* Performance mode: the engine's vCPU threads are pinned as soon as they are there. */
#include <errno.h>

#include "src/base/clock.h"
#include "vmm/host_state.h"
#include "vmm/pin.h"

#define LOOK_NS (5 * NS_PER_MS)
enum { LOOKS = 6000 };

static void tell(struct host *h, const struct strv *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		host_note(h, "%s", notes->v[i]);
}

static void look(void *user)
{
	struct host *h = user;
	struct guest *g = &h->guest;
	cleanup_strv struct strv notes = STRV_INIT;
	int rc = g->pid ? pin_threads(
				  g->pid, h->built.engine->vcpu_thread, &h->built.placement, &notes)
			: 0;

	tell(h, &notes);
	if (rc == -EAGAIN && ++g->pin_looks < LOOKS)
		return;
	if (rc)
		host_note(h,
			"performance_mode: %s's vCPU threads are not to be found, they are "
			"not pinned",
			h->built.engine->name);
	loop_set_timer(h->loop, g->pinning, 0, 0);
}

void guest_pin(struct host *h)
{
	cleanup_strv struct strv notes = STRV_INIT;

	if (!h->built.placement.vcpu_cpus)
		return;
	if (h->built.engine->lacks)
		h->built.engine->lacks(h->built.accel.accel, &h->built.placement, &notes);
	tell(h, &notes);
	h->guest.pinning = loop_add_timer(h->loop, LOOK_NS, LOOK_NS, look, h);
}
