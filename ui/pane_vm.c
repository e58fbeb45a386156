/*
 * One guest and its terminal: the child process's events and bytes come in through the loop, keys
 * go back. Everything that takes time happens in the child.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/json_in.h"
#include "src/base/utf8.h"
#include "ui/panes.h"
#include "ui/vm_view.h"

/* ---- what the child tells ------------------------------------------------------------------- */

static void on_note(struct vm_view *w, const struct vm_event *ev)
{
	cleanup_str struct str line = STR_INIT;

	if (w->notes.n >= VM_NOTES)
		return;
	utf8_sanitize(&line, ev->text, strlen(ev->text), false);
	strv_push(&w->notes, str_get(&line));
}

static void on_progress(struct vm_view *w, const struct vm_event *ev)
{
	str_clear(&w->doing);
	utf8_sanitize(&w->doing, ev->text, strlen(ev->text), false);
	w->done = ev->done;
	w->total = ev->total;
}

static void take_text(struct str *to, const struct json *o, const char *key)
{
	const char *s = json_get_text(o, key, NULL);

	if (!s)
		return;
	str_clear(to);
	utf8_sanitize(to, s, strlen(s), false);
}

static void on_info(struct vm_view *w, const struct vm_event *ev)
{
	struct json *o = json_parse(ev->text, ev->size, NULL);

	take_text(&w->release, o, "kernel");
	take_text(&w->release, o, "release");
	take_text(&w->origin, o, "origin");
	take_text(&w->accel, o, "accel");
	w->memory_mib = json_get_uint(o, "memory_mib", w->memory_mib);
	w->vcpus = json_get_uint(o, "vcpus", w->vcpus);
	json_free(o);
}

static void on_stage(struct vm_view *w, const struct vm_event *ev)
{
	if (ev->stage > VM_STAGE_ENDED)
		return;
	w->stage = ev->stage;
	w->stage_at[ev->stage] = ev->at_ns ? ev->at_ns : 1;
	str_clear(&w->doing);
	vm_look_for_prompt(w);
}

static void on_exit_event(struct vm_view *w, const struct vm_event *ev)
{
	w->over = true;
	vm_command_over(&w->run);
	w->status = ev->status;
	w->ended = clock_mono_ns();
	str_clear(&w->reason);
	utf8_sanitize(&w->reason, ev->text, strlen(ev->text), true);
	if (w->mode == VM_INPUT)
		vm_set_mode(w, VM_COMMAND);
	if (pane_focused(w->host))
		return; /* the pane says it itself */
	w->rang = true;
	if (w->reason.len)
		app_message(pane_app(w->host), APP_ALERT, "VM#%d ended: %.*s",
			pane_number(w->host) - pane_vm.number + 1,
			(int)strcspn(str_get(&w->reason), "\n"), str_get(&w->reason));
}

static void on_event(struct vm_view *w, const struct vm_event *ev)
{
	switch (ev->kind) {
	case VM_EVENT_NOTE:
		on_note(w, ev);
		break;
	case VM_EVENT_PROGRESS:
		on_progress(w, ev);
		break;
	case VM_EVENT_STAGE:
		on_stage(w, ev);
		break;
	case VM_EVENT_INFO:
		on_info(w, ev);
		break;
	case VM_EVENT_TOPOLOGY:
		w->shaped = ev->status != 0;
		break;
	case VM_EVENT_EXIT:
		on_exit_event(w, ev);
		break;
	case VM_EVENT_RUN_STDOUT:
	case VM_EVENT_RUN_STDERR:
	case VM_EVENT_RUN_EXIT:
		vm_command_event(&w->run, ev);
		if (w->box)
			pane_dirty(w->box);
		break;
	case VM_EVENT_DMESG:
	case VM_EVENT_STDOUT:
	case VM_EVENT_STDERR:
	case VM_EVENT_POWER:
		vm_power_event(w, ev);
		break;
	case VM_EVENT_REPORT:
		break;
	}
}

static void on_control(void *user, int fd, uint32_t events)
{
	struct vm_view *w = user;
	struct vm_event ev;
	int rc;

	(void)fd;
	(void)events;
	while ((rc = vm_next_event(w->vm, &ev)) > 0)
		on_event(w, &ev);
	if (rc < 0 || w->over) {
		loop_del_fd(app_loop(pane_app(w->host)), w->control);
		w->control = NULL;
	}
	pane_dirty(w->host);
}

/* ---- size ----------------------------------------------------------------------------------- */

static void on_size_timer(void *user)
{
	struct vm_view *w = user;

	if (!w->over)
		vm_resize(w->vm, (uint16_t)vt_rows(w->vt), (uint16_t)vt_cols(w->vt));
}

/* The picture follows at once; the guest is told when the size has settled. */
static void resized(void *self, int rows, int cols)
{
	struct vm_view *w = self;

	w->rows = rows;
	w->cols = cols;
	vt_resize(w->vt, rows, cols);
	if (w->mode == VM_COPY)
		vm_set_mode(w, VM_COMMAND);
	vm_live(w);
	w->matched = false;
	loop_set_timer(app_loop(pane_app(w->host)), w->size_timer, VM_RESIZE_MS * NS_PER_MS, 0);
}

/* ---- life ----------------------------------------------------------------------------------- */

static bool has_name(const struct strv *env, const char *name)
{
	for (size_t i = 0; i < env->n; i++)
		if (str_starts(env->v[i], name))
			return true;
	return false;
}

/* The guest's usual greeting and prompt name the escape key of `ktstr shell`, which does nothing
 * here. */
static struct vm *start(const struct vm_config *asked, struct err *e)
{
	struct vm_config c = *asked;
	struct strv env = STRV_INIT;
	struct vm *vm;

	strv_copy(&env, &c.env);
	if (!has_name(&env, "PS1="))
		strv_push(&env, "PS1=\\w # ");
	strv_push(&env, "KTSTR_DASHBOARD=1");
	c.env = env;
	/* Whatever terminal we run on, the guest's is ours. */
	c.term = "xterm-256color";
	c.colorterm = "truecolor";
	vm = vm_start(&c, e);
	strv_release(&env);
	return vm;
}

static void vm_pane_close(void *self)
{
	struct vm_view *w = self;
	struct loop *l = app_loop(pane_app(w->host));

	loop_del_fd(l, w->control);
	loop_del_fd(l, w->console);
	loop_del_timer(l, w->size_timer);
	loop_del_timer(l, w->prefix_timer);
	vm_free(w->vm);
	vt_free(w->vt);
	str_release(&w->release);
	str_release(&w->origin);
	str_release(&w->accel);
	str_release(&w->reason);
	str_release(&w->doing);
	str_release(&w->to_guest);
	str_release(&w->find);
	vm_command_release(&w->run);
	strv_release(&w->notes);
	free(w->buf);
	free(w);
}

static int watch(struct vm_view *w, struct err *e)
{
	struct loop *l = app_loop(pane_app(w->host));

	w->control = loop_add_fd(l, vm_control_fd(w->vm), EPOLLIN, on_control, w, e);
	if (!w->control)
		return -e->code;
	w->console = loop_add_fd(l, vm_console_fd(w->vm), EPOLLIN, vm_on_console, w, e);
	if (!w->console)
		return -e->code;
	w->size_timer = loop_add_timer(l, 0, 0, on_size_timer, w);
	w->prefix_timer = loop_add_timer(l, 0, 0, vm_on_prefix_timer, w);
	return 0;
}

static void *vm_open(struct pane *host, const void *arg, struct err *e)
{
	const struct vm_config *c = arg;
	struct vt *vt = vt_new(c->rows ? c->rows : 24, c->cols ? c->cols : 80, VT_SCROLLBACK, e);
	struct vm *vm = vt ? start(c, e) : NULL;
	struct vm_view *w;

	if (!vm) {
		vt_free(vt);
		return NULL;
	}
	w = xcalloc(1, sizeof(*w));
	w->host = host;
	w->buf = xmalloc(VM_READ);
	w->vt = vt;
	w->vm = vm;
	w->topology = c->topology;
	w->vcpus = c->topology.vcpus;
	w->memory_mib = c->memory_mib;
	w->mode = VM_INPUT;
	w->started = clock_mono_ns();
	if (watch(w, e)) {
		vm_pane_close(w);
		return NULL;
	}
	return w;
}

static bool busy(const void *self)
{
	const struct vm_view *w = self;

	return !w->over && !w->prompted;
}

static int failed(const void *self, struct err *e)
{
	const struct vm_view *w = self;
	const char *why = str_get(&w->reason);

	if (!w->over || w->prompted)
		return 0;
	err_set(e, EIO, "the guest did not boot: %s", *why ? why : "it ended before its prompt");
	return w->status ? w->status : 1;
}

const struct pane_ops pane_vm = {
	.id = "vm",
	.name = "Guest",
	.number = PANE_GUESTS,
	.guest = true,
	.open = vm_open,
	.close = vm_pane_close,
	.resized = resized,
	.action = vm_action,
	.captures = vm_captures,
	.input = vm_input,
	.mouse = vm_mouse,
	.find = vm_find,
	.draw = vm_draw,
	.status = vm_status,
	.keys = vm_keys,
	.sections = vm_key_sections,
	.json = vm_json,
	.busy = busy,
	.failed = failed,
};
