#include "ui/vm_command.h"

#include <stdlib.h>
#include <string.h>

enum { SLACK = 1000, TAB = 8 };

static void clear(struct vm_command *r)
{
	free(r->command);
	strv_release(&r->lines);
	str_clear(&r->open);
	str_clear(&r->refused);
	*r = (struct vm_command){.open = r->open, .refused = r->refused};
}

int vm_command_start(struct vm_command *r, struct vm *vm, const char *command)
{
	int rc = vm_run_command(vm, command);

	if (rc)
		return rc;
	clear(r);
	r->command = xstrdup(command);
	r->running = true;
	return 0;
}

static void end_line(struct vm_command *r)
{
	strv_push(&r->lines, str_get(&r->open));
	str_clear(&r->open);
	if (r->lines.n < VM_COMMAND_LINES + SLACK)
		return;
	for (size_t i = 0; i < SLACK; i++)
		free(r->lines.v[i]);
	r->lines.n -= SLACK;
	memmove(r->lines.v, r->lines.v + SLACK, (r->lines.n + 1) * sizeof(*r->lines.v));
	r->dropped += SLACK;
}

/* A NUL would end the line for everybody who reads it. */
static void add(struct vm_command *r, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' || r->open.len >= VM_COMMAND_LINE)
			end_line(r);
		if (bytes[i] == '\t')
			str_repeat(&r->open, ' ', TAB - r->open.len % TAB);
		else if (bytes[i] != '\n' && bytes[i] != '\r')
			str_addc(&r->open, bytes[i] ? bytes[i] : '?');
	}
}

void vm_command_event(struct vm_command *r, const struct vm_event *ev)
{
	if (ev->kind != VM_EVENT_RUN_EXIT) {
		add(r, ev->text, ev->size);
		return;
	}
	if (r->open.len)
		end_line(r);
	r->running = false;
	r->status = ev->status;
	str_clear(&r->refused);
	str_add(&r->refused, ev->text);
}

void vm_command_over(struct vm_command *r)
{
	if (!r->running)
		return;
	r->running = false;
	str_clear(&r->refused);
	str_add(&r->refused, "the guest has ended");
}

void vm_command_release(struct vm_command *r)
{
	clear(r);
	str_release(&r->open);
	str_release(&r->refused);
}
