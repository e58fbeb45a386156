#include "ui/session.h"

static void on_mail(void *user, int fd, uint32_t events)
{
	struct session *s = user;
	struct snapshot *snap = collector_take(s->collector);

	(void)fd;
	(void)events;
	if (snap)
		app_snapshot(s->app, snap);
}

int session_init(struct session *s, struct err *e)
{
	*s = (struct session){0};
	s->loop = loop_new(e);
	return s->loop ? 0 : -e->code;
}

static int open_panes(struct session *s, const struct session_options *o, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(o->host) && o->host[i]; i++)
		if (!app_add(s->app, o->host[i], NULL, e))
			return -e->code;
	if (o->boot && !app_open(s->app, o->guest, o->boot, e))
		return -e->code;
	return 0;
}

int session_start(struct session *s, const struct session_options *o,
	const struct app_output *output, struct err *e)
{
	const struct app_options app = {
		.loop = s->loop,
		.rows = o->rows,
		.cols = o->cols,
		.colours = o->colours,
		.ascii = o->ascii,
		.readonly = o->readonly,
		.terminal = o->terminal,
		.delay_ns = o->delay_ns,
		.boot = o->boot_dialog,
		.output = output,
		.user = s,
	};

	s->collector = collector_start(o->sysroot, o->delay_ns, e);
	if (!s->collector)
		return -e->code;
	s->mail = loop_add_fd(s->loop, collector_fd(s->collector), EPOLLIN, on_mail, s, e);
	if (!s->mail)
		return -e->code;
	s->app = app_new(&app);
	return open_panes(s, o, e);
}

void session_end(struct session *s)
{
	app_free(s->app);
	if (s->mail)
		loop_del_fd(s->loop, s->mail);
	collector_stop(s->collector);
	loop_free(s->loop);
	*s = (struct session){0};
}

void session_delay(void *user, uint64_t ns)
{
	struct session *s = user;

	collector_set_delay(s->collector, ns);
}

void session_pause(void *user, bool paused)
{
	struct session *s = user;

	collector_set_paused(s->collector, paused);
}

void session_want(void *user, unsigned want)
{
	struct session *s = user;

	collector_set_want(s->collector, want);
}
