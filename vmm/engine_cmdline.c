/* The guest's kernel command line (spec/vmm 3.4), as far as it means something to a stock kernel.
 */
#include "vmm/engine.h"

#include <errno.h>
#include <string.h>

/* COMMAND_LINE_SIZE of x86 is 2048 with its NUL; what is longer is cut silently by the kernel. */
enum { CMDLINE_MAX = 2047 };

/* When a word is there. OWN: on our own monitor; SERIAL: there, when the second serial port is;
 * SINGLE: one CPU, or one to begin with; TIERS: some nodes have memory only. */
enum when { ALWAYS, QUIET, DMESG, TCG, OWN, SERIAL, NOT_OWN, LATE, SINGLE, TIERS, NO_TIERS };

struct word {
	const char *text;
	enum when when;
};

/*
 * The kernel takes the last word of a kind, so --append can undo each of these. Shares are of the
 * instructions that the host executes to boot Debian's 6.1 cloud kernel under emulation.
 */
static const struct word words[] = {
	{.text = "console=ttyS0"},
	{.text = "rdinit=/init"},
	/* a panic reboots at once, and that by a way that ends the engine: by triple fault, or
	 * where a triple fault shall be known for the crash that it is, by the keyboard controller
	 */
	{.text = "panic=-1"},
	{.text = "reboot=t", .when = NOT_OWN},
	{.text = "reboot=k", .when = OWN},
	/* warnings and worse still reach the console */
	{.text = "quiet", .when = QUIET},
	{.text = "loglevel=7", .when = DMESG},
	/* a kernel that dies before it has a console says why */
	{.text = "earlyprintk=ttyS0,115200", .when = DMESG},
	/* guests run trusted code; page table isolation alone costs every system call */
	{.text = "mitigations=off"},
	/* counted on by engine_memory_mib() */
	{.text = "initramfs_options=size=90%"},
	/* nothing waits for entropy */
	{.text = "random.trust_cpu=on"},
	/* 64 MiB that no device of ours needs */
	{.text = "swiotlb=noforce"},
	/* pages stay where the workload put them, but for those that move between tiers of memory
	 */
	{.text = "numa_balancing=disable", .when = NO_TIERS},
	{.text = "numa_balancing=enable", .when = TIERS},
	/* what schedulers are measured by */
	{.text = "delayacct"},
	{.text = "sysctl.kernel.sched_schedstats=1"},
	/* self-tests of ciphers: 18 % */
	{.text = "cryptomgr.notests=1"},
	/* that bus has no devices to look for, nothing is described by PNP, and there is no further
	 * port */
	{.text = "pci=conf1,noearly", .when = OWN},
	{.text = "pnpacpi=off", .when = OWN},
	{.text = "8250.nr_uarts=1", .when = OWN},
	{.text = "8250.nr_uarts=2", .when = SERIAL},
	/* no keyboard, no mouse: do not look for them */
	{.text = "i8042.noaux"},
	{.text = "i8042.nokbd"},
	/* a kernel that has terminals of the old kind makes 512 devices for them */
	{.text = "pty.legacy_count=0"},
	/* the timers are wired right */
	{.text = "no_timer_check"},
	/* clearing memory that is written next: 4 % where each store is emulated, and twice the
	 * work for a page that the host has just cleared */
	{.text = "init_on_alloc=0"},
	/*
	 * One counter for all CPUs: not to be compared with slower clocks that jitter (its rate is
	 * measured out here, below), nor between CPUs, which spin for milliseconds each to do so
	 * and may share one of the host's. Where the host's counter cannot be trusted KVM does not
	 * call it invariant, and its own clock is used.
	 */
	{.text = "tsc=reliable"},
	/* code that is made for many CPUs stays as it is on one: to take out each lock prefix costs
	 * a tenth of the way to init, with a switch of page tables for every one */
	{.text = "noreplace-smp", .when = SINGLE},
	/* see engine_starts_cpus_late() */
	{.text = "maxcpus=1", .when = LATE},
	/* an emulated CPU may stand still for seconds */
	{.text = "nowatchdog", .when = TCG},
	{.text = "rcupdate.rcu_cpu_stall_suppress=1", .when = TCG},
};

static bool wanted(const struct word *w, const struct vm_config *c, const struct engine_boot *b)
{
	switch (w->when) {
	case QUIET:
		return !c->dmesg;
	case DMESG:
		return c->dmesg;
	case TCG:
		return b->accel == VM_ACCEL_TCG;
	case OWN:
		return b->accel == VM_ACCEL_KVM;
	case SERIAL:
		return b->accel == VM_ACCEL_KVM && !b->virtio;
	case NOT_OWN:
		return b->accel != VM_ACCEL_KVM;
	case LATE:
		return b->late_cpus;
	case SINGLE:
		return b->late_cpus || c->topology.vcpus == 1;
	case TIERS:
		return !c->topology.node_llcs[c->topology.nodes - 1];
	case NO_TIERS:
		return c->topology.node_llcs[c->topology.nodes - 1];
	case ALWAYS:
		break;
	}
	return true;
}

const char *engine_cpus_changed_by(const struct vm_config *c)
{
	static const char *const changing[] = {"maxcpus=", "nr_cpus=", "possible_cpus=", "nosmp",
		"nosmt", "numa=", "noapic", "nolapic", "acpi=", "disable_cpu_apicid="};

	for (size_t i = 0; i < c->append.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(changing); k++)
			if (strstr(c->append.v[i], changing[k]))
				return c->append.v[i];
	return NULL;
}

bool engine_starts_cpus_late(const struct vm_config *c, unsigned host_cpus)
{
	return c->topology.vcpus > host_cpus && !engine_cpus_changed_by(c);
}

/* A word of --append that would end the line or start another one is refused. */
static int check_word(const char *w, struct err *e)
{
	for (const char *p = w; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(e, EINVAL,
				"--append: a kernel argument holds a control character (byte "
				"0x%02x)",
				(unsigned char)*p);
	return 0;
}

static int add_appended(const struct vm_config *c, struct str *line, struct err *e)
{
	for (size_t i = 0; i < c->append.n; i++) {
		if (check_word(c->append.v[i], e))
			return -EINVAL;
		str_printf(line, " %s", c->append.v[i]);
	}
	if (line->len <= CMDLINE_MAX)
		return 0;
	err_set(e, E2BIG, "the kernel command line is %zu bytes long and the kernel takes %d",
		line->len, CMDLINE_MAX);
	return err_hint(e, "shorten --append by %zu bytes", line->len - CMDLINE_MAX);
}

static void add_ours(const struct vm_config *c, const struct engine_boot *b, struct str *line)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (wanted(&words[i], c, b))
			str_printf(line, "%s%s", line->len ? " " : "", words[i].text);
}

char *engine_cmdline(const struct vm_config *c, const struct engine_boot *b, struct err *e)
{
	const struct engine *engine = engine_of(b->accel);
	cleanup_str struct str line = STR_INIT;

	add_ours(c, b, &line);
	if (engine->add_words)
		engine->add_words(b->accel, &line);
	/* the places that an unequal shape leaves empty under QEMU will not be plugged later */
	if (!vm_topology_is_uniform(&c->topology))
		str_printf(&line, " possible_cpus=%u", c->topology.vcpus);
	return add_appended(c, &line, e) ? NULL : str_steal(&line);
}

/* On the engine with the shortest line of those that it may be. */
int vm_check_append(const struct vm_config *c, struct err *e)
{
	const enum vm_accel accel = c->accel == VM_ACCEL_AUTO ? VM_ACCEL_KVM : c->accel;
	cleanup_str struct str line = STR_INIT;

	add_ours(c, &(struct engine_boot){.accel = accel, .virtio = true}, &line);
	return add_appended(c, &line, e);
}
