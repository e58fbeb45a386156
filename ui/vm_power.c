/* The front panel of a guest: pause, resume, SysRq, NMI, reset, off. */
#include <errno.h>
#include <string.h>

#include "ui/vm_view.h"

/* What could not be asked for is said; what was done comes back as an event. */
static void asked(struct vm_view *w, const char *what, int rc)
{
	if (rc)
		app_message(pane_app(w->host), APP_ALERT, "the guest cannot be %s: %s", what,
			strerror(-rc));
}

void vm_power_toggle(struct vm_view *w)
{
	if (w->paused)
		asked(w, "resumed", vm_resume(w->vm));
	else
		asked(w, "paused", vm_pause(w->vm));
}

static void act(void *user, char key)
{
	struct vm_view *w = user;

	if (key == 'p')
		vm_power_toggle(w);
	else if (key == 'm')
		asked(w, "sent an NMI", vm_nmi(w->vm));
	else if (key == 'r')
		asked(w, "reset", vm_reset(w->vm));
	else
		asked(w, "switched off", vm_kill(w->vm));
}

/* The letters are the kernel's, but for the one that people reach without Shift. */
static void sysrq(void *user, char key)
{
	struct vm_view *w = user;

	asked(w, "sent a SysRq", vm_sysrq(w->vm, key == 's' ? 'S' : key));
}

static void sysrq_menu(void *user, char key)
{
	static const struct app_choice choices[] = {
		{'w', "blocked tasks into the kernel log", sysrq},
		{'l', "where each CPU is", sysrq},
		{'m', "memory", sysrq},
		{'s', "back to the kernel's own scheduler (sched_ext)", sysrq},
		{'c', "crash the kernel", sysrq},
		{'n', "nothing", NULL},
	};
	struct vm_view *w = user;

	(void)key;
	app_confirm(pane_app(w->host), "SysRq", "The guest's kernel is to do:", choices,
		ARRAY_LEN(choices), w);
}

void vm_power_menu(struct vm_view *w)
{
	const struct app_choice choices[] = {
		{'p', w->paused ? "resume its CPUs" : "pause its CPUs", act},
		{'s', "SysRq: a request to its kernel", sysrq_menu},
		{'m', "NMI: an interrupt that cannot be masked", act},
		{'r', "reset, which ends it", act},
		{'o', "power off at once", act},
		{'n', "nothing", NULL},
	};

	app_confirm(pane_app(w->host), "Power", "The guest:", choices, ARRAY_LEN(choices), w);
}

void vm_power_event(struct vm_view *w, const struct vm_event *ev)
{
	w->paused = ev->status == 0;
}
