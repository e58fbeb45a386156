#include "vmm/prep.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/cpuset.h"
#include "vmm/proto.h"

/* How often one phase's progress is passed on at most. */
#define PROGRESS_NS (50 * NS_PER_MS)

struct prep {
	const struct vm_config *config;
	const struct vm_host_ops *ops;
	pthread_t thread;
	int wake; /* eventfd */
	atomic_bool cancelled;
	pthread_mutex_t lock; /* guards the mailbox and `finished` */
	struct prep_message *head, **tail;
	bool finished;
	/* the thread's alone until it has been joined */
	uint64_t progress_at; /* of the last message passed on */
	struct prep_result result;
	struct err err;
	int rc;
};

static void wake(struct prep *p)
{
	uint64_t one = 1;

	(void)!write(p->wake, &one, sizeof(one));
}

static void post(struct prep *p, struct prep_message message)
{
	struct prep_message *m = xmalloc(sizeof(*m));

	*m = message;
	m->next = NULL;
	pthread_mutex_lock(&p->lock);
	*p->tail = m;
	p->tail = &m->next;
	pthread_mutex_unlock(&p->lock);
	wake(p);
}

static void note(void *user, const char *text)
{
	post(user, (struct prep_message){.kind = PREP_NOTE, .text = xstrdup(text)});
}

static bool progress(void *user, const char *what, uint64_t done, uint64_t total)
{
	struct prep *p = user;
	uint64_t now = clock_mono_ns();

	if (now - p->progress_at >= PROGRESS_NS || done == 0 || (total && done >= total)) {
		p->progress_at = now;
		post(p, (struct prep_message){
				.kind = PREP_PROGRESS,
				.text = xstrdup(what),
				.done = done,
				.total = total,
			});
	}
	return atomic_load(&p->cancelled);
}

static int stage(struct prep *p, enum vm_stage s)
{
	if (atomic_load(&p->cancelled))
		return err_set(&p->err, ECANCELED, "cancelled");
	post(p, (struct prep_message){.kind = PREP_STAGE, .stage = s});
	return 0;
}

/* How many CPUs the guest's run on. */
static unsigned host_cpus(const struct vm_config *c)
{
	cleanup_cpuset struct cpuset mine = CPUSET_INIT;
	unsigned n = cpuset_affinity(&mine) ? UINT_MAX : cpuset_count(&mine);

	return c->reserve.cap && c->reserve.cap < n ? c->reserve.cap : n;
}

static char *line(struct prep *p, bool virtio)
{
	const struct prep_result *r = &p->result;
	const struct engine_boot b = {r->accel.accel, virtio, r->late_cpus};

	return engine_cmdline(p->config, &b, &p->err);
}

/* What can be refused without work, before a kernel is fetched for nothing. */
static int check_cheap(struct prep *p)
{
	cleanup_free char *busybox = NULL, *cmdline = NULL;
	struct accel_choice *a = &p->result.accel;
	int rc = share_check(p->config, &p->err);

	if (!rc)
		rc = engine_choose_accel(p->config->accel, a, &p->err);
	if (rc)
		return rc;
	p->result.engine = engine_of(a->accel);
	rc = p->result.engine->check(p->config, &p->err);
	if (rc)
		return rc;
	busybox = payload_busybox(&p->err);
	if (!busybox)
		return p->err.code ? -p->err.code : -ENOENT;
	p->result.late_cpus = engine_starts_cpus_late(p->config, host_cpus(p->config));
	cmdline = line(p, true);
	if (!cmdline)
		return p->err.code ? -p->err.code : -EINVAL;
	rc = payload_check_includes(&p->config->include, &p->err);
	if (!rc && a->accel == VM_ACCEL_TCG) {
		cleanup_free char *text = xasprintf(
			"software emulation, fit for function, not for timing: %s", a->why);

		note(p, text);
	}
	if (!rc && p->result.engine->warning && p->result.engine->warning())
		note(p, p->result.engine->warning());
	return rc;
}

static int find_kernel(struct prep *p)
{
	const struct vm_report report = {.user = p, .note = note, .progress = progress};
	int rc = stage(p, VM_STAGE_KERNEL);

	if (!rc)
		rc = p->ops->resolve_kernel(p->config, &report, &p->result.kernel, &p->err);
	return rc;
}

/* Whether the guest will have its console ports: it says which drivers went in. */
static bool has_virtio(const struct engine *g, const struct payload *known)
{
	return !strv_has(&known->missing, "virtio_console") &&
	       !strv_has(&known->missing, g->transport);
}

static void late_conf(void *user, const struct payload *known, struct strv *conf)
{
	struct prep *p = user;

	p->result.virtio = p->result.kernel.modules && has_virtio(p->result.engine, known);
	strv_pushf(conf, PROTO_CONF_VIRTIO "=%d", p->result.virtio);
}

static void guest_conf(const struct vm_config *c, bool late_cpus, struct strv *conf)
{
	cleanup_str struct str shape = STR_INIT;

	if (c->exec)
		strv_pushf(conf, PROTO_CONF_EXEC "=%s", c->exec);
	for (size_t i = 0; i < c->env.n; i++)
		strv_pushf(conf, PROTO_CONF_ENV "=%s", c->env.v[i]);
	if (c->term)
		strv_pushf(conf, PROTO_CONF_TERM "=%s", c->term);
	if (c->colorterm)
		strv_pushf(conf, PROTO_CONF_COLORTERM "=%s", c->colorterm);
	strv_pushf(conf, PROTO_CONF_ROWS "=%u", c->rows ? c->rows : 24);
	strv_pushf(conf, PROTO_CONF_COLS "=%u", c->cols ? c->cols : 80);
	vm_topology_spell(&c->topology, &shape);
	strv_pushf(conf, PROTO_CONF_TOPOLOGY "=%s", str_get(&shape));
	str_clear(&shape);
	vm_topology_spell_offline(&c->topology, &shape);
	if (shape.len)
		strv_pushf(conf, PROTO_CONF_OFFLINE "=%s", shape.s);
	strv_pushf(conf, PROTO_CONF_LATE_CPUS "=%d", late_cpus);
}

/* Says once, in one line, why the guest is served over its serial port; that there is no module
 * tree was said when the kernel was looked for. */
static void explain_serial(struct prep *p)
{
	const struct vm_kernel *k = &p->result.kernel;
	cleanup_free char *text = NULL;

	if (p->result.virtio || !k->modules)
		return;
	text = xasprintf("no virtio console drivers under %s: the serial port serves instead, "
			 "slower",
		k->modules);
	note(p, text);
}

static int pack(struct prep *p)
{
	const struct vm_config *c = p->config;
	cleanup_strv struct strv conf = STRV_INIT;
	const struct payload_note say = {.user = p, .note = note};
	const struct payload_request q = {
		.modules = p->result.kernel.modules,
		.want = p->result.engine->wanted_modules(c->disk_bytes != 0),
		.load = &c->modules_load,
		.include = &c->include,
		.conf = &conf,
		.late_conf = late_conf,
		.user = p,
	};
	int rc = stage(p, VM_STAGE_PAYLOAD);

	if (rc)
		return rc;
	guest_conf(c, p->result.late_cpus, &conf);
	rc = payload_build(&q, &say, &p->result.payload, &p->err);
	if (rc)
		return rc;
	explain_serial(p);
	if (c->disk_bytes && strv_has(&p->result.payload.missing, "virtio_blk"))
		return err_set(&p->err, ENOENT,
			"--disk: the kernel %s has no virtio_blk driver, built in or as a module",
			p->result.kernel.image);
	return 0;
}

static int finish(struct prep *p)
{
	struct prep_result *r = &p->result;

	r->memory_mib = engine_memory_mib(
		r->payload.size, &r->kernel, p->config->topology.vcpus, p->config->memory_mib);
	r->cmdline = line(p, r->virtio);
	return r->cmdline ? 0 : (p->err.code ? -p->err.code : -EINVAL);
}

/* The kernel is unpacked while the payload is packed: neither needs the other. */
static void *unpack(void *user)
{
	struct prep *p = user;
	struct prep_result *r = &p->result;

	r->kernel_fd = r->engine->unpack(&r->kernel, p->config, r->accel.accel);
	return NULL;
}

static int pack_and_unpack(struct prep *p)
{
	pthread_t other;
	bool beside = pthread_create(&other, NULL, unpack, p) == 0;
	int rc = pack(p);

	if (beside)
		pthread_join(other, NULL);
	else
		unpack(p);
	return rc;
}

static bool is_cancelled(void *user)
{
	return atomic_load(&((struct prep *)user)->cancelled);
}

static void check_performance(struct prep *p)
{
	struct prep_result *r = &p->result;
	struct sysroot *host = sysroot_open(NULL, NULL);

	if (!host)
		return;
	share_check_pages(p->config, host, &r->memory_mib, &r->placement, &r->reservation.warnings);
	share_check_load(p->config, host, &r->reservation.warnings);
	sysroot_close(host);
}

/* The kernel's lock lasts as long as the guest, like those of its CPUs. */
static void hold_kernel(struct vm_kernel *k, struct vm_placement *p)
{
	if (!k->lock)
		return;
	p->locks = xreallocarray(p->locks, p->nlocks + 1, sizeof(*p->locks));
	p->locks[p->nlocks++] = k->lock;
	k->lock = 0;
}

/* Last, so that no CPU is withheld from others while we only get ready. */
static int take_share(struct prep *p)
{
	const struct reserve_context cx = {.user = p, .note = note, .cancelled = is_cancelled};
	struct reservation *r = &p->result.reservation;
	int rc = share_take(p->config, &cx, r, &p->result.placement, &p->err);

	if (!rc)
		hold_kernel(&p->result.kernel, &p->result.placement);
	if (!rc && r->mode == RESERVE_PERF)
		check_performance(p);
	for (size_t i = 0; !rc && i < r->warnings.n; i++)
		note(p, r->warnings.v[i]);
	return rc;
}

static void *run(void *user)
{
	struct prep *p = user;

	p->result.payload.fd = p->result.kernel_fd = -1;
	for (size_t i = 0; i < p->config->notes.n; i++)
		note(p, p->config->notes.v[i]);
	p->rc = check_cheap(p);
	if (!p->rc)
		p->rc = find_kernel(p);
	if (!p->rc)
		p->rc = pack_and_unpack(p);
	if (!p->rc)
		p->rc = finish(p);
	if (!p->rc)
		p->rc = take_share(p);
	pthread_mutex_lock(&p->lock);
	p->finished = true;
	pthread_mutex_unlock(&p->lock);
	wake(p);
	return NULL;
}

struct prep *prep_start(const struct vm_config *c, const struct vm_host_ops *ops, struct err *e)
{
	struct prep *p = xcalloc(1, sizeof(*p));
	int rc;

	p->config = c;
	p->ops = ops;
	p->tail = &p->head;
	pthread_mutex_init(&p->lock, NULL);
	p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = p->wake < 0 ? errno : pthread_create(&p->thread, NULL, run, p);
	if (!rc)
		return p;
	err_sys(e, rc, "cannot start the thread that prepares the guest");
	if (p->wake >= 0)
		close(p->wake);
	free(p);
	return NULL;
}

int prep_fd(const struct prep *p)
{
	return p->wake;
}

struct prep_message *prep_messages(struct prep *p, bool *finished)
{
	struct prep_message *all;
	uint64_t count;

	(void)!read(p->wake, &count, sizeof(count));
	pthread_mutex_lock(&p->lock);
	all = p->head;
	p->head = NULL;
	p->tail = &p->head;
	*finished = p->finished;
	pthread_mutex_unlock(&p->lock);
	return all;
}

void prep_messages_free(struct prep_message *m)
{
	while (m) {
		struct prep_message *next = m->next;

		free(m->text);
		free(m);
		m = next;
	}
}

void prep_cancel(struct prep *p)
{
	atomic_store(&p->cancelled, true);
}

int prep_end(struct prep *p, struct prep_result *out, struct err *e)
{
	int rc;

	pthread_join(p->thread, NULL);
	rc = p->rc;
	*out = p->result;
	if (rc && e)
		*e = p->err;
	prep_messages_free(p->head);
	close(p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return rc;
}

void prep_result_release(struct prep_result *r)
{
	vm_kernel_release(&r->kernel);
	payload_release(&r->payload);
	free(r->cmdline);
	vm_placement_release(&r->placement);
	reservation_release(&r->reservation);
	if (r->kernel_fd >= 0)
		close(r->kernel_fd);
	*r = (struct prep_result){.payload.fd = -1, .kernel_fd = -1};
}
