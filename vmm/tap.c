#include "vmm/tap.h"

#include <unistd.h>

void tap_init(struct tap *t, struct loop *l, int fd, loop_fd_fn *fn, void *user)
{
	*t = (struct tap){.loop = l, .fd = fd, .fn = fn, .user = user};
}

void tap_want(struct tap *t, uint32_t events)
{
	if (t->fd < 0)
		return;
	if (!events) {
		loop_del_fd(t->loop, t->source);
		t->source = NULL;
	} else if (t->source) {
		loop_set_events(t->loop, t->source, events);
	} else {
		t->source = loop_add_fd(t->loop, t->fd, events, t->fn, t->user, NULL);
	}
}

void tap_close(struct tap *t)
{
	if (t->fd < 0)
		return;
	loop_del_fd(t->loop, t->source);
	close(t->fd);
	t->source = NULL;
	t->fd = -1;
}
