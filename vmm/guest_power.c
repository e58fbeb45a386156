/* What the client asks of the machine itself, passed on to the engine, and its answers. */
#include "vmm/host_state.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "vmm/ctlwire.h"

enum { ANSWERS_MAX = 256 }; /* heard in one turn */

static const struct {
	enum engine_verb verb;
	const char *name;
} verbs[] = {
	[CTL_PAUSE] = {ENGINE_PAUSE, "paused"},
	[CTL_RESUME] = {ENGINE_RESUME, "resumed"},
	[CTL_NMI] = {ENGINE_NMI, "sent an NMI"},
	[CTL_SYSRQ] = {ENGINE_SYSRQ, "sent a SysRq"},
	[CTL_RESET] = {ENGINE_RESET, "reset"},
};

void guest_power(struct host *h, unsigned what, char key)
{
	struct guest *g = &h->guest;
	int rc;

	if (what >= ARRAY_LEN(verbs) || !verbs[what].name)
		return;
	if (h->phase != HOST_RUNNING || g->control.fd < 0) {
		host_note(h, "the guest cannot be %s: it does not run", verbs[what].name);
		return;
	}
	rc = h->built.engine->tell(g->control.fd, verbs[what].verb, key);
	g->orders += !rc;
	if (rc)
		host_note(h, "the guest cannot be %s: %s", verbs[what].name, strerror(-rc));
}

/* One sentence for each order: an engine that a guest has taken over would refuse without end. */
static void refused(struct host *h, const char *why)
{
	struct guest *g = &h->guest;
	const char *name = h->built.engine->name;

	if (g->orders) {
		g->orders--;
		host_note(h, "%s refused: %s", name, why);
	} else if (!g->refusals_left_out) {
		g->refusals_left_out = true;
		host_note(h, "%s refuses what it was not told: such answers are left out", name);
	}
}

static void on_news(struct host *h, const struct engine_news *n)
{
	switch (n->kind) {
	case ENGINE_PAUSED:
	case ENGINE_RESUMED:
		outbox_put_numbers(&h->out, CTL_RUNNING, n->kind == ENGINE_RESUMED, 0, NULL);
		break;
	case ENGINE_SEND_KEY:
		if (h->guest.log.fd >= 0)
			send(h->guest.log.fd, &n->key, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case ENGINE_REFUSED:
		refused(h, n->why);
		break;
	case ENGINE_NEWS_NONE:
		break;
	}
}

/* A line that the socket no longer has: nothing but us would come back for it. */
static bool holds_a_line(const struct engine_ear *ear)
{
	return memchr(ear->line, '\n', ear->len) != NULL;
}

void guest_control_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;
	struct engine_ear *ear = &h->guest.ear;
	struct engine_news news;
	int rc = 1;

	(void)events;
	/* bounded: an engine that a guest has taken over cannot keep us here */
	for (unsigned i = 0; rc == 1 && (i < ANSWERS_MAX || holds_a_line(ear)); i++) {
		rc = h->built.engine->hear(fd, ear, &news);
		if (rc == 1)
			on_news(h, &news);
	}
	if (rc != 1 && rc != -EAGAIN)
		tap_close(&h->guest.control);
}
