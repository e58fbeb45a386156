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

static void toggle(void *user)
{
	vm_power_toggle(user);
}

static void nmi(void *user)
{
	struct vm_view *w = user;

	asked(w, "sent an NMI", vm_nmi(w->vm));
}

static void reset(void *user)
{
	struct vm_view *w = user;

	asked(w, "reset", vm_reset(w->vm));
}

static void off(void *user)
{
	struct vm_view *w = user;

	asked(w, "switched off", vm_kill(w->vm));
}

static void sysrq(struct vm_view *w, char key)
{
	asked(w, "sent a SysRq", vm_sysrq(w->vm, key));
}

static void sysrq_blocked(void *user)
{
	sysrq(user, 'w');
}

static void sysrq_cpus(void *user)
{
	sysrq(user, 'l');
}

static void sysrq_memory(void *user)
{
	sysrq(user, 'm');
}

static void sysrq_scx(void *user)
{
	sysrq(user, 'S');
}

static void sysrq_crash(void *user)
{
	sysrq(user, 'c');
}

static void sysrq_menu(void *user)
{
	static const struct app_choice choices[] = {
		{'w', "blocked tasks into the kernel log", sysrq_blocked},
		{'l', "where each CPU is", sysrq_cpus},
		{'m', "memory", sysrq_memory},
		{'s', "back to the kernel's own scheduler (sched_ext)", sysrq_scx},
		{'c', "crash the kernel", sysrq_crash},
		{'n', "nothing", NULL},
	};
	struct vm_view *w = user;

	app_confirm(pane_app(w->host), "SysRq", "The guest's kernel is to do:", choices,
		ARRAY_LEN(choices), w);
}

void vm_power_menu(struct vm_view *w)
{
	const struct app_choice choices[] = {
		{'p', w->paused ? "resume its CPUs" : "pause its CPUs", toggle},
		{'s', "SysRq: a request to its kernel", sysrq_menu},
		{'m', "NMI: an interrupt that cannot be masked", nmi},
		{'r', "reset, which ends it", reset},
		{'o', "power off at once", off},
		{'n', "nothing", NULL},
	};

	app_confirm(pane_app(w->host), "Power", "The guest:", choices, ARRAY_LEN(choices), w);
}

void vm_power_event(struct vm_view *w, const struct vm_event *ev)
{
	w->paused = ev->status == 0;
}
