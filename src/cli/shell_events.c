/* What the guest's child process tells: notes, progress, stages, output, the end. */
#include "src/cli/shell_state.h"

#include <errno.h>

#include "src/base/json_in.h"
#include "src/base/rawtty.h"
#include "src/base/utf8.h"

static void on_info(struct session *s, const struct vm_event *ev)
{
	struct json *info = json_parse(ev->text, ev->size, NULL);
	cleanup_str struct str line = STR_INIT;
	const char *release = json_get_text(info, "release", NULL);

	if (!release)
		release = json_get_text(info, "kernel", "unknown");
	if (s->interactive) {
		str_printf(&line, "kernel %s (%s), ", release,
			json_get_text(info, "origin", "unknown origin"));
		vm_topology_format(&s->config->topology, &line);
		str_printf(&line, ", %llu MiB",
			(unsigned long long)json_get_uint(info, "memory_mib", 0));
		shell_note(s, line.s);
	}
	str_clear(&line);
	str_printf(
		&line, "booting Linux %s%s", release, s->interactive ? ", Ctrl-A x ends it" : "");
	shell_show_status(s, line.s);
	json_free(info);
}

static void on_stage(struct session *s, const struct vm_event *ev)
{
	s->stage = ev->stage;
	if (ev->stage == VM_STAGE_PAYLOAD)
		shell_show_status(s, "packing the initramfs");
	else if (ev->stage == VM_STAGE_BOOTING)
		shell_take_terminal(s);
	else if (ev->stage >= VM_STAGE_PROMPT)
		shell_clear_status(s);
}

static void on_progress(struct session *s, const struct vm_event *ev)
{
	shell_show_progress(s, ev->text, ev->done, ev->total);
}

/* The kernel's console is foreign text: it must not drive our terminal. */
static void on_dmesg(struct session *s, const struct vm_event *ev)
{
	cleanup_str struct str clean = STR_INIT;

	str_clear(&s->dmesg);
	progress_clear(&s->progress, &s->dmesg);
	for (size_t i = 0; i < ev->size; i++)
		if (ev->text[i] != '\r')
			str_addc(&clean, ev->text[i] ? ev->text[i] : ' ');
	if (rawtty_active()) {
		cleanup_str struct str plain = STR_INIT;

		utf8_sanitize(&plain, str_get(&clean), clean.len, true);
		for (size_t i = 0; i < plain.len; i++) {
			if (plain.s[i] == '\n')
				str_addc(&s->dmesg, '\r');
			str_addc(&s->dmesg, plain.s[i]);
		}
	} else {
		utf8_sanitize(&s->dmesg, str_get(&clean), clean.len, true);
	}
	s->event_bytes = str_get(&s->dmesg);
	s->event_left = s->dmesg.len;
	s->event_to = &s->errs;
}

static void on_output(struct session *s, const struct vm_event *ev)
{
	shell_clear_status(s);
	s->event_bytes = ev->text;
	s->event_left = ev->size;
	s->event_to = ev->kind == VM_EVENT_STDOUT ? &s->out : &s->errs;
}

static void on_end(struct session *s, const struct vm_event *ev)
{
	s->ended = true;
	if (s->killed)
		return;
	s->status = ev->status;
	str_append(&s->reason, ev->text, ev->size);
}

/* What is only of interest to somebody who asked for it. */
static void on_nothing(struct session *s, const struct vm_event *ev)
{
	(void)s;
	(void)ev;
}

static void on_event(struct session *s, const struct vm_event *ev)
{
	static void (*const handlers[])(struct session *, const struct vm_event *) = {
		[VM_EVENT_PROGRESS] = on_progress,
		[VM_EVENT_STAGE] = on_stage,
		[VM_EVENT_INFO] = on_info,
		[VM_EVENT_DMESG] = on_dmesg,
		[VM_EVENT_STDOUT] = on_output,
		[VM_EVENT_STDERR] = on_output,
		[VM_EVENT_POWER] = on_nothing,
		[VM_EVENT_REPORT] = on_nothing,
		[VM_EVENT_TOPOLOGY] = on_nothing,
		[VM_EVENT_EXIT] = on_end,
	};

	shell_facts_take(&s->facts, ev);
	if (ev->kind == VM_EVENT_NOTE)
		shell_note(s, ev->text);
	else if (!s->killed || ev->kind == VM_EVENT_EXIT)
		handlers[ev->kind](s, ev);
}

void shell_write_event(struct session *s)
{
	while (s->event_left) {
		size_t n = outstream_write(s->event_to, s->event_bytes, s->event_left);

		if (!n)
			return;
		s->event_bytes += n;
		s->event_left -= n;
		shell_check_stdout(s);
	}
}

void shell_take_events(struct session *s)
{
	struct vm_event ev;

	while (!s->ended && !s->event_left && vm_next_event(s->vm, &ev) == 1) {
		on_event(s, &ev);
		shell_write_event(s);
	}
}
