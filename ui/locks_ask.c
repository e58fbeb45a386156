/* What the locks pane asks of others: the topology pane to show CPUs, a person whether to signal
 * or how to sort, a dialog to explain. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ui/app.h"
#include "ui/locks_view.h"
#include "ui/panes.h"

/* ---- CPUs ------------------------------------------------------------------------------------ */

static void add_cpus(const struct topo *t, const struct locks_file *f, struct cpuset *out)
{
	if (f->kind == LOCKFILE_LLC && f->number < t->nllcs)
		cpuset_or(out, &t->llcs[f->number].cpus);
	if (f->kind == LOCKFILE_CPU && topo_cpu(t, f->number))
		cpuset_add(out, f->number);
}

/* What else this process holds of the machine: a cache entry has no CPUs, whoever uses it has. */
static void add_cpus_of(const struct topo *t, const struct locks *l, pid_t pid, struct cpuset *out)
{
	for (size_t i = 0; i < l->nfiles; i++)
		for (size_t k = 0; k < l->files[i].nholders; k++)
			if (l->files[i].holders[k].pid == pid)
				add_cpus(t, &l->files[i], out);
}

void locks_pane_show_cpus(struct locks_pane *w)
{
	const struct locks_item *it = locks_pane_current(w);
	const struct topo *t = w->snap ? w->snap->topo : NULL;
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	struct app *a = pane_app(w->host);

	if (!it || !t)
		return;
	add_cpus(t, it->row.f, &cpus);
	if (cpuset_empty(&cpus) && it->row.who)
		add_cpus_of(t, w->l, it->row.who->pid, &cpus);
	if (cpuset_empty(&cpus))
		app_message(a, APP_INFO, "no CPUs of this machine belong to this lock");
	else if (!app_show_cpus(a, &cpus))
		app_message(a, APP_INFO, "the topology pane is not open");
}

/* ---- signals --------------------------------------------------------------------------------- */

/* The descriptor was opened when the question was asked: another process of the same number that
 * comes meanwhile is not the one that was meant. */
static void send_signal(void *user, char key)
{
	struct locks_pane *w = user;
	struct app *a = pane_app(w->host);
	int signo = key == 'k' ? SIGKILL : SIGTERM;

	if (syscall(SYS_pidfd_send_signal, w->asked_fd, signo, NULL, 0) == 0)
		app_message(a, APP_INFO, "SIG%s sent to %d", sigabbrev_np(signo), (int)w->asked);
	else if (errno == ESRCH)
		app_message(a, APP_INFO, "%d has ended by itself", (int)w->asked);
	else
		app_message(
			a, APP_WARN, "%d cannot be signalled: %s", (int)w->asked, strerror(errno));
}

void locks_pane_signal(struct locks_pane *w)
{
	static const struct app_choice choices[] = {
		{'t', "send SIGTERM: it can put things in order", send_signal},
		{'k', "send SIGKILL: it ends at once", send_signal},
		{'n', "leave it alone", NULL},
	};
	const struct locks_item *it = locks_pane_current(w);
	const struct locks_who *who = it ? it->row.who : NULL;
	struct app *a = pane_app(w->host);
	char title[64];

	if (!who || who->pid <= 0 || !who->live) {
		app_message(a, APP_INFO, "there is no process to signal");
		return;
	}
	if (w->asked_fd >= 0)
		close(w->asked_fd);
	w->asked = who->pid;
	w->asked_fd = (int)syscall(SYS_pidfd_open, who->pid, 0);
	if (w->asked_fd < 0) {
		app_message(
			a, APP_WARN, "%d cannot be signalled: %s", (int)who->pid, strerror(errno));
		return;
	}
	snprintf(title, sizeof(title), "Signal %d?", (int)who->pid);
	app_confirm(a, title, who->cmdline, choices, ARRAY_LEN(choices), w);
}

/* ---- explanations ---------------------------------------------------------------------------- */

void locks_pane_explain(struct locks_pane *w)
{
	const struct locks_item *it = locks_pane_current(w);
	struct err e = ERR_INIT;

	if (it && !app_dialog(pane_app(w->host), &dialog_explain, it->row.f, &e))
		app_message(pane_app(w->host), APP_ALERT, "%s", e.msg);
}

/* ---- sorting --------------------------------------------------------------------------------- */

static void take_order(void *user, char key)
{
	for (size_t i = 0; i < locks_norders; i++)
		if (locks_orders[i].id[0] == key)
			locks_pane_order(user, i);
}

void locks_pane_ask_order(struct locks_pane *w)
{
	struct app_choice choices[16];
	size_t n = 0;

	for (; n < locks_norders; n++)
		choices[n] =
			(struct app_choice){locks_orders[n].id[0], locks_orders[n].id, take_order};
	choices[n++] = (struct app_choice){'q', "as it is", NULL};
	app_confirm(pane_app(w->host), "Sort", "The locks by:", choices, n, w);
}
