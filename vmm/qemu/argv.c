#include "vmm/qemu/argv.h"

#include "vmm/proto.h"
#include "vmm/qemu/cpus.h"
#include "vmm/qemu/numa.h"

static void option(struct strv *out, const char *name, const char *value)
{
	strv_push(out, name);
	strv_push(out, value);
}

static void optionf(struct strv *out, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void optionf(struct strv *out, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strv_push(out, name);
	strv_take(out, xvasprintf(fmt, ap));
	va_end(ap);
}

/* Nothing that was not asked for: no default devices, no configuration of the user, no monitor. */
static void bare(const struct qemu_facts *f, struct strv *out)
{
	strv_push(out, "-no-user-config");
	strv_push(out, "-nodefaults");
	option(out, "-display", "none");
	option(out, "-monitor", "none");
	strv_push(out, "-no-reboot"); /* a reboot of the guest is the end */
	if (f->bios)
		option(out, "-bios", f->bios);
	if (f->sandbox)
		option(out, "-sandbox",
			"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

/*
 * Under emulation an Intel vendor, because QEMU shows the threads of a core only to guests that do
 * not take it for an AMD; and without the features that make the kernel copy and clear memory byte
 * by byte (`rep movsb` is one emulated step per byte, 11 % of a boot) or walk a fifth level of page
 * tables. Under KVM the vendor must be the host's, since it decides how a guest calls KVM. There
 * Linux takes the LLCs of a first-generation Zen to be groups of eight ids, whatever CPUID says, so
 * such a host is shown as the model after it; and some hosts announce a register of CPU bugs that
 * they then refuse to set, which guests without mitigations do not miss. Each LLC is a die of the
 * one package: the L3 of QEMU's caches is shared by a die.
 *
 * QEMU's own interrupt controllers lose interrupts that are addressed to a set of CPUs when one of
 * them is behind a gap in the interrupt ids, and guests of up to eight CPUs address sets: they hang
 * as soon as they have several CPUs. Linux addresses one CPU at a time on machines that say in
 * their tables that they are this one.
 */
static void machine(const struct engine_request *q, const struct qemu_facts *f, struct strv *out)
{
	static const char physical[] = ",x-oem-id=IBM,x-oem-table-id=EXA";
	const struct vm_topology *t = &q->config->topology;
	const struct vm_placement *p = q->placement;
	cleanup_free char *model =
		q->accel == VM_ACCEL_TCG
			? xstrdup(f->cpu ? f->cpu : "max,vendor=GenuineIntel,-erms,-fsrm,-la57")
			: xasprintf("host,host-cache-info=off,arch-capabilities=off%s%s%s",
				  f->topoext ? ",topoext=on" : "", f->zen1 ? ",model=49" : "",
				  p && p->realtime_hint ? ",kvm-hint-dedicated=on" : "");

	optionf(out, "-machine", "q35,usb=off,vmport=off,graphics=off%s",
		q->accel == VM_ACCEL_TCG && qemu_ids_have_gaps(t) ? physical : "");
	option(out, "-accel", q->accel == VM_ACCEL_TCG ? "tcg,thread=multi" : "kvm");
	option(out, "-cpu", model);
	qemu_cpus(t, model, out);
	optionf(out, "-m", "%uM", q->memory_mib);
	qemu_numa(t, p, q->memory_mib, out);
}

/* Threads that carry their numbers in their names, so that they can be pinned; under KVM a CPU that
 * idles or spins stays in the guest. */
static void performance(const struct engine_request *q, struct strv *out)
{
	const struct vm_placement *p = q->placement;

	if (!p || !p->vcpu_cpus)
		return;
	option(out, "-name", "ktstr,debug-threads=on");
	if (p->keep_running && q->accel != VM_ACCEL_TCG)
		option(out, "-overcommit", "cpu-pm=on");
}

static void kernel(const struct engine_request *q, struct strv *out)
{
	if (q->kernel_fd > 0)
		optionf(out, "-kernel", "/proc/self/fd/%d", q->kernel_fd);
	else
		option(out, "-kernel", q->kernel->image);
	optionf(out, "-initrd", "/proc/self/fd/%d", q->initrd_fd);
	option(out, "-append", q->cmdline);
}

/* Where it is told to pause, and more: see qmp.c. */
static void control(const struct engine_request *q, struct strv *out)
{
	if (q->control_fd <= 0)
		return;
	optionf(out, "-chardev", "socket,id=control,fd=%d", q->control_fd);
	option(out, "-mon", "chardev=control,mode=control");
}

static void socket_chardev(struct strv *out, const char *id, int fd)
{
	optionf(out, "-chardev", "socket,id=%s,fd=%d", id, fd);
}

/* COM1 is the kernel's console. The framed port is a virtio port where the guest has drivers, else
 * COM2, and then the terminal's bytes travel in frames too. */
static void ports(const struct engine_request *q, struct strv *out)
{
	socket_chardev(out, "log", q->log_fd);
	option(out, "-serial", "chardev:log");
	socket_chardev(out, "bulk", q->bulk_fd);
	if (!q->virtio) {
		option(out, "-serial", "chardev:bulk");
		return;
	}
	option(out, "-device", "virtio-serial-pci,max_ports=3");
	option(out, "-device", "virtserialport,nr=1,chardev=bulk,name=" PROTO_PORT_BULK);
	socket_chardev(out, "console", q->console_fd);
	option(out, "-device", "virtserialport,nr=2,chardev=console,name=" PROTO_PORT_CONSOLE);
}

/* The format is said, never guessed from what a guest wrote there; the file is thrown away, so its
 * writes need not reach a disk, and nobody else has it, so there is nothing to lock. */
static void disk(const struct engine_request *q, struct strv *out)
{
	if (q->disk_fd < 0)
		return;
	optionf(out, "-add-fd", "fd=%d,set=1", q->disk_fd);
	option(out, "-blockdev",
		"driver=file,node-name=disk-file,filename=/dev/fdset/1,locking=off,"
		"cache.no-flush=on,discard=unmap");
	option(out, "-blockdev", "driver=raw,node-name=disk,file=disk-file,discard=unmap");
	option(out, "-device", "virtio-blk-pci,drive=disk,serial=ktstr-virtio-blk");
}

void qemu_argv(const struct engine_request *q, const struct qemu_facts *f, struct strv *out)
{
	strv_push(out, f->program);
	bare(f, out);
	machine(q, f, out);
	performance(q, out);
	kernel(q, out);
	ports(q, out);
	control(q, out);
	disk(q, out);
}
