/* The guest's kernel command line (spec/vmm 3.4), as far as it means something to a stock kernel.
 */
#include "vmm/engine.h"

#include <errno.h>
#include <string.h>

/* COMMAND_LINE_SIZE of x86 is 2048 with its NUL; what is longer is cut silently by the kernel. */
enum { CMDLINE_MAX = 2047 };

struct word {
	const char *text;
	bool tcg_only;	 /* makes sense only where the CPU is emulated */
	bool quiet_only; /* not with --dmesg */
	bool dmesg_only;
};

/*
 * Boot times below: Debian's 6.1 cloud kernel under emulation, to init, of about 2.7 s. The last
 * word of a kind wins in the kernel, so that --append can undo each of these.
 */
static const struct word words[] = {
	{.text = "console=ttyS0"},
	{.text = "rdinit=/init"},
	{.text = "panic=-1"},		       /* reboot at once ... */
	{.text = "reboot=t"},		       /* ... by triple fault, which ends the engine */
	{.text = "quiet", .quiet_only = true}, /* warnings and worse still reach the console */
	{.text = "loglevel=7", .dmesg_only = true},
	{.text = "mitigations=off"},		/* trusted code; page table isolation is dear */
	{.text = "initramfs_options=size=90%"}, /* counted on by engine_memory_mib() */
	{.text = "random.trust_cpu=on"},	/* nothing waits for entropy */
	{.text = "swiotlb=noforce"},		/* 64 MiB that no device of ours needs */
	{.text = "numa_balancing=disable"},	/* pages stay where the workload put them */
	{.text = "delayacct"},			/* what schedulers are measured by */
	{.text = "sysctl.kernel.sched_schedstats=1"},
	{.text = "cryptomgr.notests=1"}, /* self-tests of ciphers: 0.3 s */
	{.text = "i8042.noaux"},	 /* no keyboard, no mouse: do not look for them */
	{.text = "i8042.nokbd"},
	{.text = "no_timer_check"}, /* emulated timers are wired right, and slow */
	{.text = "tsc=reliable",
		.tcg_only = true},		  /* not compared with slower clocks that jitter */
	{.text = "nowatchdog", .tcg_only = true}, /* an emulated CPU may stand still for seconds */
	{.text = "rcupdate.rcu_cpu_stall_suppress=1", .tcg_only = true},
};

static bool wanted(const struct word *w, const struct vm_config *c, enum vm_accel accel)
{
	return (!w->tcg_only || accel == VM_ACCEL_TCG) && (!w->quiet_only || !c->dmesg) &&
	       (!w->dmesg_only || c->dmesg);
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

char *engine_cmdline(const struct vm_config *c, bool virtio, enum vm_accel accel, struct err *e)
{
	cleanup_str struct str line = STR_INIT;

	(void)virtio;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (wanted(&words[i], c, accel))
			str_printf(&line, "%s%s", line.len ? " " : "", words[i].text);
	for (size_t i = 0; i < c->append.n; i++) {
		if (check_word(c->append.v[i], e))
			return NULL;
		str_printf(&line, " %s", c->append.v[i]);
	}
	if (line.len > CMDLINE_MAX) {
		err_set(e, E2BIG,
			"the kernel command line is %zu bytes long and the kernel takes %d",
			line.len, CMDLINE_MAX);
		err_hint(e, "shorten --append by %zu bytes", line.len - CMDLINE_MAX);
		return NULL;
	}
	return str_steal(&line);
}

static const char *const disk_modules[] = {"virtio_pci", "virtio_console", "virtio_blk"};

const struct strv *engine_wanted_modules(bool disk)
{
	/* the list is read only; struct strv has no const in it because others of its kind grow */
	static const struct strv lists[2] = {
		{.v = (char **)disk_modules, .n = ARRAY_LEN(disk_modules) - 1},
		{.v = (char **)disk_modules, .n = ARRAY_LEN(disk_modules)},
	};

	return &lists[disk];
}
