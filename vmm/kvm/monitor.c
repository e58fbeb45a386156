#include "vmm/kvm/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/str.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/confine.h"
#include "vmm/kvm/descriptors.h"
#include "vmm/kvm/machine.h"

struct monitor {
	struct machine m;
	int control;	 /* -1 = none */
	bool owes_pause; /* an answer is due once all vCPUs wait */
};

static void answer(struct monitor *x, enum engine_news_kind kind, const char *why)
{
	struct monitor_answer a = {.kind = (uint8_t)kind};

	snprintf(a.why, sizeof(a.why), "%s", why);
	send(x->control, &a, sizeof(a), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_wake(void *user, int fd, uint32_t events)
{
	struct monitor *x = user;
	uint64_t count;

	(void)events;
	(void)!read(fd, &count, sizeof(count));
	if (atomic_load(&x->m.end) != MACHINE_RUNS)
		loop_stop(x->m.loop);
	if (x->owes_pause && machine_is_parked(&x->m)) {
		x->owes_pause = false;
		answer(x, ENGINE_PAUSED, "");
	}
}

static void obey(struct monitor *x, const struct monitor_order *o)
{
	switch (o->verb) {
	case ENGINE_PAUSE:
		x->owes_pause = true;
		machine_pause(&x->m);
		break;
	case ENGINE_RESUME:
		machine_resume(&x->m);
		x->owes_pause = false;
		answer(x, ENGINE_RESUMED, "");
		break;
	case ENGINE_NMI:
		arch_nmi(&x->m);
		break;
	case ENGINE_SYSRQ:
		arch_sysrq(&x->m, (unsigned char)o->key);
		break;
	case ENGINE_RESET:
		machine_end(&x->m, MACHINE_RESET);
		break;
	default:
		answer(x, ENGINE_REFUSED, "it does not know that order");
		break;
	}
}

static void on_control(void *user, int fd, uint32_t events)
{
	struct monitor *x = user;
	struct monitor_order o;
	ssize_t n = recv(fd, &o, sizeof(o), MSG_DONTWAIT);

	(void)events;
	if (n == sizeof(o))
		obey(x, &o);
	else if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		machine_end(&x->m, MACHINE_TOLD); /* nobody is left to run it for */
}

/* Standard descriptors, and what the request names; the client's and the kernel's others are shut.
 */
static int keep_only(const struct engine_request *q, struct err *e)
{
	size_t nlocks = q->placement ? q->placement->nlocks : 0;
	cleanup_free int *keep = xcalloc(nlocks + 10, sizeof(*keep));
	const int named[] = {0, 1, 2, q->kernel_fd, q->initrd_fd, q->disk_fd, q->log_fd, q->bulk_fd,
		q->console_fd, q->control_fd};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), rc;
	size_t n = 0;

	if (null < 0)
		return err_sys(e, errno, "cannot open /dev/null");
	for (int fd = 0; fd < 2; fd++)
		dup2(null, fd);
	dup2(q->stderr_fd, 2);
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (named[i] > 2 || i < 3)
			keep[n++] = named[i];
	for (size_t i = 0; i < nlocks; i++)
		keep[n++] = q->placement->locks[i];
	rc = descriptors_close_others(keep, n);
	return rc ? err_sys(e, rc, "cannot close the descriptors of the monitor's parent") : 0;
}

static int enter_process(const struct engine_request *q, int parent, struct err *e)
{
	const int streams[] = {q->log_fd, q->bulk_fd, q->console_fd};
	sigset_t none;

	atomic_store(&q->report->at[ENGINE_STARTED], clock_mono_ns());
	prctl(PR_SET_NAME, "ktstr-kvm");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		return err_set(e, ECANCELED, "the process that started the monitor is gone");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		if (streams[i] >= 0)
			fcntl(streams[i], F_SETFL, O_NONBLOCK);
	return keep_only(q, e);
}

static int listen_to(struct monitor *x, struct err *e)
{
	if (!loop_add_fd(x->m.loop, x->m.wake, EPOLLIN, on_wake, x, e))
		return -ENOMEM;
	if (x->control > 0 && !loop_add_fd(x->m.loop, x->control, EPOLLIN, on_control, x, e))
		return -ENOMEM;
	return 0;
}

/* Everything is open: from here on the process has no way to anything else. */
static int confine(struct monitor *x, struct err *e)
{
	struct stat disk = {.st_size = 0};
	struct confine_limits l = {.threads = x->m.nvcpus};

	if (x->m.q->disk_fd >= 0 && fstat(x->m.q->disk_fd, &disk))
		return err_sys(e, errno, "cannot look at the disk's file");
	l.file_bytes = (uint64_t)disk.st_size;
	x->m.confined = !confine_is_off();
	return confine_process(&l, e);
}

static int run(struct monitor *x, const struct engine_request *q, int parent, struct err *e)
{
	int rc = enter_process(q, parent, e);

	if (!rc)
		rc = machine_build(&x->m, q, e);
	x->control = q->control_fd;
	if (!rc)
		rc = listen_to(x, e);
	if (!rc)
		rc = confine(x, e);
	if (!rc)
		rc = machine_start(&x->m, e);
	return rc ? rc : loop_run(x->m.loop, e);
}

/* Without stdio, which asks after files in ways that a confined process may not. */
static void complain(const struct err *e)
{
	cleanup_str struct str line = STR_INIT;
	size_t done = 0;
	ssize_t n;

	str_printf(&line, "%s\n%s%s", e->msg, e->hint, e->hint[0] ? "\n" : "");
	do {
		n = write(2, line.s + done, line.len - done);
		done += n > 0 ? (size_t)n : 0;
	} while (done < line.len && (n > 0 || errno == EINTR));
}

void monitor_main(const struct engine_request *q, int parent)
{
	struct err e = ERR_INIT;
	struct monitor x = {.control = -1, .m = {.kvm = -1, .vm = -1, .wake = -1}};
	int rc = run(&x, q, parent, &e);

	machine_stop(&x.m);
	if (!rc && atomic_load(&x.m.end) == MACHINE_FAILED) {
		e = x.m.failure;
		rc = -EIO;
	}
	if (rc)
		complain(&e);
	_exit(rc ? EXIT_FAILURE : EXIT_SUCCESS);
}
