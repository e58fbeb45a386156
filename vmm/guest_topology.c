/* What the guest says of its CPUs and nodes, beside what was asked for. */
#include <string.h>

#include "src/base/json_out.h"
#include "vmm/host_state.h"
#include "vmm/readback.h"

static void tell(struct host *h, bool good, const char *text)
{
	outbox_put_numbers(&h->out, CTL_TOPOLOGY, good, 0, text);
}

static void differs(struct host *h, const char *how)
{
	struct guest_topology *g = &h->guest.topology;
	const char *word = engine_cpus_changed_by(&h->setup.c);
	cleanup_str struct str asked = STR_INIT;

	if (word) {
		str_clear(&g->note); /* what an engine cannot describe is the lesser news */
		str_printf(&g->note, "not verified, since --append %s changes it: %s", word, how);
		tell(h, false, str_get(&g->note));
		return;
	}
	vm_topology_spell(&h->setup.c.topology, &asked);
	str_printf(&g->difference, "the guest's topology is not %.200s: %s", str_get(&asked), how);
	tell(h, false, str_get(&g->difference));
	if (h->setup.c.exec)
		guest_stop(h);
	else
		host_note(h, "%s", str_get(&g->difference));
}

static void judge(struct host *h)
{
	struct guest_topology *g = &h->guest.topology;
	cleanup_str struct str difference = STR_INIT;
	struct err e = ERR_INIT;
	struct readback r;

	g->judged = true;
	if (readback_parse(str_get(&g->told), g->told.len, &r, &e))
		str_printf(&difference, "%s", e.msg);
	else
		g->verified = readback_verify(
			&r, &h->setup.c.topology, !h->built.engine->exact, &difference, &g->note);
	/* What the notation cannot say (CPUs offline) and is verified is what was asked for. */
	if (!readback_shape(&r, &g->seen) && g->verified)
		vm_topology_format(&h->setup.c.topology, &g->seen);
	readback_release(&r);
	str_release(&g->told);
	if (g->verified)
		tell(h, true, "topology verified");
	else
		differs(h, str_get(&difference));
}

void guest_topology_frame(struct host *h, const void *bytes, size_t n)
{
	struct guest_topology *g = &h->guest.topology;

	if (g->judged)
		return;
	if (g->told.len + n > PROTO_TOPOLOGY_MAX)
		h->guest.broken = "the guest says more of its topology than any can have";
	else if (n)
		str_append(&g->told, bytes, n);
	else
		judge(h);
}

static void text(struct json_out *j, const char *key, const struct str *s)
{
	json_key_str(j, key, s->len ? s->s : NULL);
}

void guest_topology_json(const struct host *h, struct json_out *j)
{
	const struct guest_topology *g = &h->guest.topology;
	cleanup_str struct str asked = STR_INIT, offline = STR_INIT;

	vm_topology_format(&h->setup.c.topology, &asked);
	vm_topology_spell_offline(&h->setup.c.topology, &offline);
	json_key(j, "topology");
	json_object(j);
	text(j, "asked", &asked);
	text(j, "offline", &offline);
	text(j, "seen", &g->seen);
	json_key(j, "verified");
	if (g->judged)
		json_bool(j, g->verified);
	else
		json_null(j);
	text(j, "difference", &g->difference);
	text(j, "note", &g->note);
	json_object_end(j);
}

void guest_topology_release(struct guest_topology *g)
{
	str_release(&g->told);
	str_release(&g->seen);
	str_release(&g->difference);
	str_release(&g->note);
}
