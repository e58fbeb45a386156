/* The bytes of a guest's terminal: what it says goes into the emulator, what is typed to the guest.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "ui/vm_view.h"

/* ---- to the guest --------------------------------------------------------------------------- */

static void watch_console(struct vm_view *w)
{
	if (w->console)
		loop_set_events(app_loop(pane_app(w->host)), w->console,
			EPOLLIN | (w->to_guest.len ? EPOLLOUT : 0));
}

static void flush(struct vm_view *w)
{
	size_t done = 0;

	while (w->console && done < w->to_guest.len) {
		ssize_t n =
			write(vm_console_fd(w->vm), w->to_guest.s + done, w->to_guest.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done) {
		memmove(w->to_guest.s, w->to_guest.s + done, w->to_guest.len - done);
		w->to_guest.len -= done;
	}
	watch_console(w);
}

void vm_send(struct vm_view *w, const void *bytes, size_t n)
{
	if (!n || !w->console)
		return;
	if (w->to_guest.len + n > VM_TO_GUEST_MAX) {
		app_message(pane_app(w->host), APP_WARN,
			"the guest does not read its terminal: what was typed is lost");
		return;
	}
	str_append(&w->to_guest, bytes, n);
	flush(w);
}

void vm_send_answers(struct vm_view *w)
{
	char buf[4096];
	size_t n;

	while ((n = vt_take_output(w->vt, buf, sizeof(buf))))
		vm_send(w, buf, n);
}

/* ---- from the guest ------------------------------------------------------------------------- */

static void close_console(struct vm_view *w)
{
	loop_del_fd(app_loop(pane_app(w->host)), w->console);
	w->console = NULL;
	w->gone = true;
	str_clear(&w->to_guest);
}

void vm_look_for_prompt(struct vm_view *w)
{
	struct ui_cell a, b;
	int row, col;

	if (w->prompted || w->stage < VM_STAGE_PROMPT)
		return;
	vt_cursor(w->vt, &row, &col, NULL);
	w->prompted = col > 1 && vt_cell(w->vt, row, col - 1, &a) &&
		      vt_cell(w->vt, row, col - 2, &b) && (a.ch[0] == ' ' || !a.ch[0]) &&
		      (b.ch[0] == '#' || b.ch[0] == '$');
}

static void noticed(struct vm_view *w)
{
	bool seen = pane_focused(w->host);

	if (vt_bells(w->vt) != w->bells) {
		w->bells = vt_bells(w->vt);
		w->rang |= !seen;
		app_bell(pane_app(w->host));
	}
	w->activity |= !seen;
	pane_dirty(w->host);
}

static void take_bytes(struct vm_view *w, const char *bytes, size_t n)
{
	vt_feed(w->vt, bytes, n);
	w->spoke = true;
	vm_keep_places(w);
}

/* As much as there is, for a few milliseconds: then keys and other panes have their turn. */
void vm_on_console(void *user, int fd, uint32_t events)
{
	struct vm_view *w = user;
	uint64_t until = clock_mono_ns() + VM_PARSE_MS * NS_PER_MS;
	bool fed = false;

	if (events & EPOLLOUT)
		flush(w);
	while (events & ~(uint32_t)EPOLLOUT) {
		ssize_t n = read(fd, w->buf, VM_READ);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			close_console(w);
			break;
		}
		take_bytes(w, w->buf, (size_t)n);
		fed = true;
		if (clock_mono_ns() >= until)
			break;
	}
	if (fed) {
		vm_send_answers(w);
		vm_look_for_prompt(w);
	}
	noticed(w);
}
