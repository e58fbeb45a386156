/* One guest, one QEMU process. */
#include "vmm/engine.h"

#include <errno.h>
#include <sys/socket.h>

#include "src/base/spawn.h"
#include "vmm/qemu/argv.h"
#include "vmm/qemu/cpus.h"
#include "vmm/qemu/facts.h"
#include "vmm/qemu/qmp.h"
#include "vmm/qemu/tsc.h"
#include "vmm/qemu/vmlinux.h"

/* An xAPIC id has eight bits, the last of which means everybody; more would need a kernel-side
 * interrupt chip with x2APIC and an interrupt remapper. */
enum { APIC_ID_MAX = 254 };

int qemu_check_topology(const struct vm_topology *t, struct err *e)
{
	unsigned cores = vm_topology_max_cores(t), threads = vm_topology_max_threads(t);
	cleanup_str struct str shape = STR_INIT;

	if (qemu_id_max(t) <= APIC_ID_MAX)
		return 0;
	vm_topology_spell(t, &shape);
	err_set(e, EINVAL,
		"topology %.64s needs interrupt ids up to %u, and QEMU has them up to %d",
		str_get(&shape), qemu_id_max(t), APIC_ID_MAX);
	if (t->vcpus > APIC_ID_MAX + 1)
		return err_hint(e, "more than 255 vCPUs run under KVM only: --accel kvm");
	return err_hint(e,
		"%s that are powers of two waste no ids: %u cores x %u threads take as many as "
		"%u x %u",
		vm_topology_is_uniform(t) ? "cores and threads" : "a largest cache and core", cores,
		threads, 1U << qemu_bits(cores), 1U << qemu_bits(threads));
}

static int check(const struct vm_config *c, struct err *e)
{
	cleanup_free char *program = qemu_program(e);

	return program ? qemu_check_topology(&c->topology, e) : -ENOENT;
}

/* The descriptors that argv names keep their numbers; everything else is closed in QEMU. */
enum { NAMED_FDS = 8 };

static size_t inherit(const struct engine_request *q, struct spawn_fd *fds)
{
	const int named[] = {q->kernel_fd > 0 ? q->kernel_fd : -1, q->initrd_fd, q->log_fd,
		q->bulk_fd, q->virtio ? q->console_fd : -1, q->disk_fd, q->control_fd};
	size_t n = 0, locks = q->placement ? q->placement->nlocks : 0;

	fds[n++] = (struct spawn_fd){q->stderr_fd, 2};
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (named[i] >= 0)
			fds[n++] = (struct spawn_fd){named[i], named[i]};
	/* A lock lasts as long as its last descriptor: the reservation dies with QEMU. */
	for (size_t i = 0; i < locks; i++)
		fds[n++] = (struct spawn_fd){q->placement->locks[i], q->placement->locks[i]};
	return n;
}

static pid_t start(const struct engine_request *q, struct err *e)
{
	cleanup_strv struct strv argv = STRV_INIT;
	cleanup_free struct spawn_fd *fds =
		xcalloc(NAMED_FDS + (q->placement ? q->placement->nlocks : 0), sizeof(*fds));
	struct qemu_facts facts;
	struct spawn s = {.fds = fds, .new_session = true, .die_with_parent = true};
	int rc = qemu_check_topology(&q->config->topology, e);
	pid_t pid;

	if (rc)
		return rc;
	rc = qemu_facts_find(&facts, e);
	if (rc)
		return rc;
	qemu_argv(q, &facts, &argv);
	s.argv = (const char *const *)argv.v;
	s.nfds = inherit(q, fds);
	pid = spawn_start(&s, e);
	qemu_facts_release(&facts);
	return pid;
}

static void lacks(enum vm_accel accel, const struct vm_placement *p, struct strv *notes)
{
	if (accel == VM_ACCEL_TCG && (p->keep_running || p->realtime_hint))
		strv_push(notes, "performance_mode: under software emulation there are no exits to "
				 "save and no hint that CPUs are real");
}

static const char *const modules[] = {"virtio_pci", "virtio_console", "virtio_blk"};

static const struct strv *wanted_modules(bool disk)
{
	/* the list is read only; struct strv has no const in it because others of its kind grow */
	static const struct strv lists[2] = {
		{.v = (char **)modules, .n = ARRAY_LEN(modules) - 1},
		{.v = (char **)modules, .n = ARRAY_LEN(modules)},
	};

	return &lists[disk];
}

/* KVM runs the image's own loader fast enough, and QEMU has no faster way past it. */
static int unpack(const struct vm_kernel *k, const struct vm_config *c, enum vm_accel accel)
{
	return accel == VM_ACCEL_TCG && !c->kaslr ? qemu_vmlinux(k->image, k->cache) : -1;
}

/*
 * An emulated CPU that is interrupted while it measures its counter against emulated timers takes
 * it for several times slower or faster than it is, and keeps that: its clock runs off.
 */
static void add_words(enum vm_accel accel, struct str *line)
{
	unsigned khz = accel == VM_ACCEL_TCG ? qemu_tsc_khz() : 0;

	if (khz)
		str_printf(line, " tsc_early_khz=%u", khz);
}

const struct engine engine_qemu = {
	.id = "qemu",
	.name = "QEMU",
	.transport = "virtio_pci",
	.vcpu_thread = "CPU %u/",
	.control_type = SOCK_STREAM,
	.check = check,
	.wanted_modules = wanted_modules,
	.unpack = unpack,
	.add_words = add_words,
	.start = start,
	.lacks = lacks,
	.tell = qmp_tell,
	.hear = qmp_hear,
};
