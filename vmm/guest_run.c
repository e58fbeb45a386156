/* The engine's process: started with the guest's descriptors, watched, stopped, judged. */
#include "vmm/host_state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/json_out.h"
#include "src/base/sock.h"
#include "src/base/spawn.h"
#include "vmm/disk.h"
#include "vmm/kvm/probe.h"
#include "vmm/verdict.h"

/* Until init answers: how long the guest may be silent before a person is told so. */
#define WATCHDOG_NS (30 * NS_PER_SEC)
/* A guest that is not up by then makes us doubt what runs it: most are up in a fraction of it. */
#define DOUBT_NS (5 * NS_PER_SEC)
enum { WATCHDOG_NOTES = 3, QUOTED_LINES = 12, COMPLAINTS = 6 };
/* From a panic on: for the rest of what the kernel says of it. */
#define PANIC_NS (2 * NS_PER_SEC)

/* The engine's ends of the guest's descriptors. */
struct ends {
	int log, bulk, console, errs, disk, control;
};

static void close_ends(struct ends *p)
{
	const int fds[] = {p->log, p->bulk, p->console, p->errs, p->disk, p->control};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* One socket pair: ours does not block, the engine's is as it is for anybody. */
static int socket_pair(int type, int *ours, int *theirs)
{
	int s[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, s))
		return -errno;
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	*ours = s[0];
	*theirs = s[1];
	return 0;
}

static void exit_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;

	(void)fd;
	(void)events;
	h->guest.engine_status = spawn_wait(h->guest.pid);
	h->guest.pid = 0;
	tap_close(&h->guest.exit);
	vm_placement_release(&h->built.placement); /* nothing runs there any more */
	guest_check_end(h);
}

/* A kernel that is told not to reboot after a panic (--append panic=0) stays for ever. */
static void log_feed(struct guest *g, struct loop *loop, const char *bytes, size_t n)
{
	bool before = g->con.panic != NULL;

	conlog_feed(&g->con, bytes, n);
	if (g->con.panic && !before)
		loop_set_timer(loop, g->farewell, PANIC_NS, 0);
}

static void log_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;
	char buf[16384];
	ssize_t n = sock_recv(fd, buf, sizeof(buf), 0);

	(void)events;
	if (n > 0) {
		host_stage(h, VM_STAGE_LINUX);
		log_feed(&h->guest, h->loop, buf, (size_t)n);
		if (h->setup.c.dmesg)
			outbox_put_log(&h->out, buf, (size_t)n);
	} else if (n != -EAGAIN) {
		tap_close(&h->guest.log);
		guest_check_end(h);
	}
}

static void errs_event(void *user, int fd, uint32_t events)
{
	struct host *h = user;
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)events;
	if (n > 0) {
		conlog_feed(&h->guest.complaints, buf, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		tap_close(&h->guest.errs);
		guest_check_end(h);
	}
}

static void timeout_event(void *user)
{
	struct host *h = user;

	if (h->guest.has_status || h->phase != HOST_RUNNING)
		return;
	h->guest.timed_out = true;
	guest_stop(h);
}

static void watchdog_event(void *user)
{
	struct host *h = user;
	struct guest *g = &h->guest;
	const char *line = conlog_newest(&g->con);

	if (g->ready || h->phase != HOST_RUNNING || g->silent_periods++ >= WATCHDOG_NOTES)
		return;
	host_note(h, "no sign of the guest's init after %llu s (stage: %s)%s%s",
		(unsigned long long)(g->silent_periods * WATCHDOG_NS / NS_PER_SEC),
		vm_stage_name(h->stage), line ? "; its console's last line: " : "",
		line ? line : "; its console is silent");
}

/* A KVM that was insisted on though it cannot boot a kernel: who waits for it should know. */
static void doubt_event(void *user)
{
	struct host *h = user;
	cleanup_str struct str why = STR_INIT;

	if (h->guest.ready || h->phase != HOST_RUNNING)
		return;
	if (engine_doubts_accel(KVM_DEVICE, h->setup.c.accel, &why))
		host_note(h, "%s", str_get(&why));
}

static void farewell_event(void *user)
{
	guest_stop(user);
}

static int open_streams(struct host *h, struct ends *engine, struct err *e)
{
	int ours[4] = {-1, -1, -1, -1}, errs[2] = {-1, -1};
	struct guest *g = &h->guest;
	int rc = socket_pair(SOCK_STREAM, &ours[0], &engine->log);

	if (!rc)
		rc = socket_pair(SOCK_STREAM, &ours[1], &engine->bulk);
	if (!rc && h->built.virtio)
		rc = socket_pair(SOCK_STREAM, &ours[2], &engine->console);
	if (!rc)
		rc = socket_pair(h->built.engine->control_type, &ours[3], &engine->control);
	if (!rc && pipe2(errs, O_CLOEXEC))
		rc = -errno;
	if (!rc)
		fcntl(errs[0], F_SETFL, O_NONBLOCK);
	engine->errs = errs[1];
	tap_init(&g->log, h->loop, ours[0], log_event, h);
	tap_init(&g->bulk, h->loop, ours[1], guest_port_event, h);
	tap_init(&g->console, h->loop, ours[2], guest_console_event, h);
	tap_init(&g->errs, h->loop, errs[0], errs_event, h);
	tap_init(&g->control, h->loop, ours[3], guest_control_event, h);
	if (rc)
		return err_sys(e, rc, "cannot create the guest's sockets");
	engine->disk = h->setup.c.disk_bytes ? disk_open(h->setup.c.disk_bytes, e) : -1;
	return h->setup.c.disk_bytes && engine->disk < 0 ? engine->disk : 0;
}

static void send_info(struct host *h)
{
	const struct prep_result *b = &h->built;
	const struct vm_topology *t = &h->setup.c.topology;
	cleanup_str struct str text = STR_INIT;
	struct json_out j;

	json_init(&j, &text, false);
	json_object(&j);
	json_key_str(&j, "engine", b->engine->id);
	json_key_str(&j, "accel", b->accel.accel == VM_ACCEL_TCG ? "tcg" : "kvm");
	json_key_str(&j, "why", b->accel.why);
	json_key_str(&j, "kernel", b->kernel.image);
	json_key_str(&j, "release", b->kernel.release);
	json_key_str(&j, "origin", b->kernel.origin);
	json_key_u64(&j, "memory_mib", b->memory_mib);
	json_key_u64(&j, "vcpus", t->vcpus);
	json_key_u64(&j, "initrd_bytes", b->payload.size);
	json_key_bool(&j, "virtio", b->virtio);
	json_key(&j, "reservation");
	json_object(&j);
	reserve_json(&b->reservation, &j);
	json_object_end(&j);
	json_object_end(&j);
	outbox_put(&h->out, CTL_INFO, text.s, text.len);
}

/* The engine's process begins where it may run; so do all of its threads. */
static void confine(struct host *h)
{
	const struct cpuset *cpus = &h->built.placement.cpus;
	int rc = cpuset_empty(cpus) ? 0 : cpuset_confine(0, cpus);

	if (rc)
		host_note(h, "the guest cannot be kept on its CPUs: %s", strerror(-rc));
}

static int start_engine(struct host *h, const struct ends *engine, struct err *e)
{
	const struct prep_result *b = &h->built;
	const struct engine_request q = {
		.config = &h->setup.c,
		.kernel = &b->kernel,
		.kernel_fd = b->kernel_fd,
		.accel = b->accel.accel,
		.memory_mib = b->memory_mib,
		.virtio = b->virtio,
		.cmdline = b->cmdline,
		.initrd_fd = b->payload.fd,
		.disk_fd = engine->disk,
		.log_fd = engine->log,
		.bulk_fd = engine->bulk,
		.console_fd = engine->console,
		.stderr_fd = engine->errs,
		.control_fd = engine->control,
		.report = h->guest.report,
		.placement = &b->placement,
	};
	pid_t pid;
	int pidfd;

	confine(h);
	pid = b->engine->start(&q, e);
	if (pid < 0)
		return pid;
	h->guest.pid = pid;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		int code = errno;

		kill(pid, SIGKILL);
		spawn_wait(pid);
		h->guest.pid = 0;
		return err_sys(e, code, "cannot watch the engine's process");
	}
	tap_init(&h->guest.exit, h->loop, pidfd, exit_event, h);
	return 0;
}

int guest_start(struct host *h, struct err *e)
{
	struct ends engine = {-1, -1, -1, -1, -1, -1};
	struct guest *g = &h->guest;
	int rc = open_streams(h, &engine, e);

	g->report = guest_report_new();
	if (!rc && !g->report)
		rc = err_sys(e, ENOMEM, "cannot share memory with the engine");

	host_stage(h, VM_STAGE_BOOTING);
	if (!rc)
		rc = start_engine(h, &engine, e);
	close_ends(&engine);
	if (rc)
		return rc;
	g->started = true;
	send_info(h);
	guest_pin(h);
	/* Archive and kernel are the engine's now; copies of them would only hold memory. */
	close(h->built.payload.fd);
	h->built.payload.fd = -1;
	if (h->built.kernel_fd >= 0)
		close(h->built.kernel_fd);
	h->built.kernel_fd = -1;
	g->watchdog = loop_add_timer(h->loop, WATCHDOG_NS, WATCHDOG_NS, watchdog_event, h);
	if (h->setup.c.exec && h->setup.c.exec_timeout_ns)
		g->timeout =
			loop_add_timer(h->loop, h->setup.c.exec_timeout_ns, 0, timeout_event, h);
	g->farewell = loop_add_timer(h->loop, 0, 0, farewell_event, h);
	g->doubt = loop_add_timer(h->loop, DOUBT_NS, 0, doubt_event, h);
	return 0;
}

void guest_stop(struct host *h)
{
	if (h->guest.stopped || !h->guest.pid)
		return;
	h->guest.stopped = true;
	kill(h->guest.pid, SIGKILL);
}

void guest_abandon(struct host *h)
{
	guest_stop(h);
	tap_close(&h->guest.bulk);
	tap_close(&h->guest.console);
	guest_check_end(h);
}

static void judge(struct host *h)
{
	const struct guest *g = &h->guest;
	cleanup_str struct str text = STR_INIT;
	struct verdict_facts f = {
		.exec = h->setup.c.exec != NULL,
		.stage = h->stage,
		.killed = h->killed,
		.timed_out = g->timed_out,
		.timeout_ns = h->setup.c.exec_timeout_ns,
		.has_status = g->has_status,
		.status = g->status,
		.ending = g->ending,
		.init_failed = g->init_failed,
		.broken = g->broken,
		.engine_status = g->engine_status,
		.engine_killed = g->stopped,
		.engine_name = h->built.engine->name,
		.panic = g->con.panic,
		.memory = g->con.memory,
		.difference = g->topology.difference.len ? g->topology.difference.s : NULL,
	};
	int status;

	conlog_last(&g->con, QUOTED_LINES, &f.console_lines);
	conlog_last(&g->complaints, COMPLAINTS, &f.engine_lines);
	status = verdict(&f, &text);
	strv_release(&f.console_lines);
	strv_release(&f.engine_lines);
	guest_report_send(h);
	host_leave(h, status, str_get(&text));
}

void guest_check_end(struct host *h)
{
	struct guest *g = &h->guest;

	if (h->phase != HOST_RUNNING || !g->started || g->pid || g->exit.fd >= 0)
		return;
	if (g->log.fd >= 0 || g->bulk.fd >= 0 || g->errs.fd >= 0 || g->console.fd >= 0)
		return;
	tap_close(&g->control); /* another process may hold it: nothing comes after the verdict */
	judge(h);
}

void guest_release(struct host *h)
{
	struct guest *g = &h->guest;

	if (g->pid) {
		kill(g->pid, SIGKILL);
		spawn_wait(g->pid);
	}
	tap_close(&g->exit);
	tap_close(&g->log);
	tap_close(&g->bulk);
	tap_close(&g->console);
	tap_close(&g->errs);
	tap_close(&g->control);
	guest_report_free(g->report);
	conlog_release(&g->con);
	conlog_release(&g->complaints);
	proto_parser_release(&g->parser);
	guest_topology_release(&g->topology);
	str_release(&g->to_port);
	free(g->init_failed);
}
