/* The child process of one VM: its client's side, and the phases from configuration to the end. */
#include "vmm/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "vmm/host_state.h"

/* How long a cancelled preparation may go on (a package manager that does not hear). */
#define PREP_PATIENCE_NS (2 * NS_PER_SEC)

void vm_kernel_release(struct vm_kernel *k)
{
	free(k->image);
	free(k->release);
	free(k->modules);
	free(k->origin);
	free(k->cache);
	if (k->lock > 0)
		close(k->lock);
	*k = (struct vm_kernel){0};
}

void host_stage(struct host *h, enum vm_stage s)
{
	if (s <= h->stage)
		return;
	h->stage = s;
	h->stage_at[s] = clock_mono_ns() - h->setup.started_ns;
	outbox_put_numbers(&h->out, CTL_STAGE, s, h->stage_at[s], NULL);
}

void host_note(struct host *h, const char *fmt, ...)
{
	cleanup_str struct str text = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	outbox_put_numbers(&h->out, CTL_NOTE, 0, 0, str_get(&text));
}

void host_leave(struct host *h, int status, const char *text)
{
	if (h->phase == HOST_LEAVING)
		return;
	h->phase = HOST_LEAVING;
	outbox_put_numbers(&h->out, CTL_EXIT, (uint64_t)status, 0, text);
}

void host_fail(struct host *h, const struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	char hints[sizeof(e->hint)], *rest = hints, *line;

	str_add(&text, e->msg[0] ? e->msg : "the guest could not be prepared");
	memcpy(hints, e->hint, sizeof(hints));
	while ((line = strsep(&rest, "\n")))
		if (*line)
			str_printf(&text, "\nhint: %s", line);
	host_leave(h, 1, str_get(&text));
}

static void stop_all(struct host *h)
{
	if (h->phase == HOST_PREPARING) {
		prep_cancel(h->prep);
		loop_set_timer(h->loop, h->prep_patience, PREP_PATIENCE_NS, 0);
	} else if (h->phase == HOST_RUNNING) {
		guest_abandon(h);
	} else {
		loop_stop(h->loop);
	}
}

/* The preparation did not hear that it is cancelled: its helpers die with its thread. */
static void patience_event(void *user)
{
	struct host *h = user;

	host_leave(h, h->setup.c.exec ? 128 + SIGKILL : 0, "");
	outbox_flush(&h->out);
	_exit(0);
}

static void client_gone(struct host *h)
{
	h->orphaned = h->out.broken = true;
	outbox_flush(&h->out);
	tap_close(&h->control);
	stop_all(h);
}

static void on_message(struct host *h, const struct ctl_message *m)
{
	const unsigned char signo[4] = {(unsigned char)m->a};

	switch (m->type) {
	case CTL_STDIN:
		if (m->size > PROTO_WINDOW - h->guest.stdin_out)
			break; /* beyond its credit: not our client's doing */
		h->guest.stdin_out += (uint32_t)m->size;
		h->guest.stdin_ended |= m->size == 0;
		guest_port_send(h, PROTO_STDIN, m->data, m->size);
		break;
	case CTL_RESIZE:
		h->rows = (uint16_t)m->a;
		h->cols = (uint16_t)m->b;
		guest_resize(h);
		break;
	case CTL_SIGNAL:
		guest_port_send(h, PROTO_SIGNAL, signo, sizeof(signo));
		break;
	case CTL_POWER:
		guest_power(h, (unsigned)m->a, (char)m->b);
		break;
	case CTL_RUN:
		guest_command(h, m->data, m->size);
		break;
	case CTL_KILL:
		h->killed = true;
		stop_all(h);
		break;
	default:
		break;
	}
}

static void control_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;
	unsigned char buf[CTL_MESSAGE_MAX];
	struct ctl_message m;

	if (events & EPOLLOUT)
		outbox_flush(&h->out);
	while (h->control.fd >= 0) {
		int rc = ctl_receive(fd, CTL_FROM_CLIENT, buf, &m);

		if (rc == -EAGAIN)
			return;
		if (rc <= 0) {
			client_gone(h);
			return;
		}
		on_message(h, &m);
	}
}

static void pass_on(struct host *h, const struct prep_message *m)
{
	if (m->kind == PREP_NOTE)
		outbox_put_numbers(&h->out, CTL_NOTE, 0, 0, m->text);
	else if (m->kind == PREP_PROGRESS)
		outbox_put_numbers(&h->out, CTL_PROGRESS, m->done, m->total, m->text);
	else
		host_stage(h, m->stage);
}

static void begin(struct host *h)
{
	struct err e = ERR_INIT;
	int rc = prep_end(h->prep, &h->built, &e);

	h->prep = NULL;
	loop_set_timer(h->loop, h->prep_patience, 0, 0);
	if (h->killed || h->orphaned) {
		host_leave(h, h->setup.c.exec ? 128 + SIGKILL : 0, "");
	} else if (rc || guest_start(h, &e)) {
		host_fail(h, &e);
	} else {
		h->phase = HOST_RUNNING;
	}
}

static void prep_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;
	bool finished;
	struct prep_message *all = prep_messages(h->prep, &finished);

	(void)fd;
	(void)events;
	for (const struct prep_message *m = all; m; m = m->next)
		pass_on(h, m);
	prep_messages_free(all);
	if (finished) {
		tap_want(&h->prep_tap, 0);
		h->prep_tap.fd = -1; /* prep_end() closes it */
		begin(h);
	}
}

static bool said_everything(const struct host *h)
{
	return (outbox_empty(&h->out) || h->orphaned) &&
	       (!h->to_client.len || h->client.fd < 0 || h->orphaned);
}

void host_rearm(void *user)
{
	struct host *h = user;
	struct guest *g = &h->guest;
	bool running = h->phase == HOST_RUNNING;

	if (h->phase == HOST_LEAVING && said_everything(h)) {
		loop_stop(h->loop);
		return;
	}
	tap_want(&h->control, EPOLLIN | (outbox_empty(&h->out) ? 0 : EPOLLOUT));
	tap_want(&h->client,
		(guest_console_input_wanted(h) ? EPOLLIN : 0) | (h->to_client.len ? EPOLLOUT : 0));
	tap_want(&h->prep_tap, EPOLLIN);
	if (!running)
		return;
	tap_want(&g->exit, EPOLLIN);
	tap_want(&g->control, h->out.bytes < OUTBOX_HIGH ? EPOLLIN : 0);
	tap_want(&g->log, EPOLLIN);
	tap_want(&g->errs, EPOLLIN);
	tap_want(&g->bulk, (guest_port_wanted(h) ? EPOLLIN : 0) | (g->to_port.len ? EPOLLOUT : 0));
	tap_want(&g->console,
		(pipebuf_room(&h->to_client) ? EPOLLIN : 0) | (h->to_guest.len ? EPOLLOUT : 0));
}

static int read_setup(struct host *h, int config_fd, struct err *e)
{
	cleanup_str struct str bytes = STR_INIT;
	int rc = file_read_fd(config_fd, VM_CONFIG_BYTES_MAX, &bytes);

	if (rc)
		return err_sys(e, rc, "cannot read the configuration of the VM");
	return vm_config_decode(str_get(&bytes), bytes.len, &h->setup, e);
}

static int start(struct host *h, int config_fd, struct err *e)
{
	int rc = read_setup(h, config_fd, e);

	if (rc)
		return rc;
	h->rows = h->setup.c.rows;
	h->cols = h->setup.c.cols;
	h->prep = prep_start(&h->setup.c, h->ops, e);
	if (!h->prep)
		return -EAGAIN;
	tap_init(&h->prep_tap, h->loop, prep_fd(h->prep), prep_event, h);
	h->prep_patience = loop_add_timer(h->loop, 0, 0, patience_event, h);
	return 0;
}

static void init_host(struct host *h, int control_fd, int console_fd, const struct vm_host_ops *ops)
{
	const int fds[] = {control_fd, console_fd};

	*h = (struct host){.ops = ops, .built.payload.fd = -1, .built.kernel_fd = -1};
	h->prep_tap.fd = h->guest.exit.fd = h->guest.log.fd = h->guest.bulk.fd = -1;
	h->guest.errs.fd = h->guest.console.fd = h->guest.control.fd = -1;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fcntl(fds[i], F_SETFD, FD_CLOEXEC); /* the engine must not hold them */
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	outbox_init(&h->out, control_fd);
	prctl(PR_SET_NAME, "ktstr-vm");
	signal(SIGPIPE, SIG_IGN);
}

int vm_host_main(int config_fd, int control_fd, int console_fd, const struct vm_host_ops *ops)
{
	struct err e = ERR_INIT;
	struct host h;
	int rc;

	init_host(&h, control_fd, console_fd, ops);
	h.loop = loop_new(&e);
	if (!h.loop)
		return 1;
	tap_init(&h.control, h.loop, control_fd, control_event, &h);
	tap_init(&h.client, h.loop, console_fd, client_console_event, &h);
	loop_before_sleep(h.loop, host_rearm, &h);
	if (start(&h, config_fd, &e))
		host_fail(&h, &e);
	rc = loop_run(h.loop, &e);
	guest_release(&h);
	tap_close(&h.control);
	tap_close(&h.client);
	outbox_release(&h.out);
	pipebuf_release(&h.to_client);
	pipebuf_release(&h.to_guest);
	prep_result_release(&h.built);
	loop_free(h.loop);
	vm_setup_release(&h.setup);
	return rc ? 1 : 0;
}
