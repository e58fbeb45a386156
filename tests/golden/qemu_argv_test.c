/*
 * The command line of QEMU for machines of several shapes, one option a line, compared with
 * tests/golden/qemu/NAME.txt. UPDATE=1 rewrites these.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "vmm/qemu/argv.h"

struct row {
	const char *name;
	const char *topology;
	uint32_t memory_mib;
	enum vm_accel accel;
	bool serial, disk, plain; /* plain: a QEMU without qboot and seccomp */
	bool topoext, zen1;
	int kernel_fd;
	bool perf, pages, bound; /* performance mode, with huge pages, with memory nodes */
};

static const struct row rows[] = {
	{.name = "tcg-1-1-1-1", .topology = "1,1,1,1", .memory_mib = 284, .accel = VM_ACCEL_TCG},
	{.name = "tcg-1-2-4-2-unpacked",
		.topology = "1,2,4,2",
		.memory_mib = 512,
		.accel = VM_ACCEL_TCG,
		.kernel_fd = 9},
	{.name = "tcg-2-4-2-2-disk",
		.topology = "2,4,2,2",
		.memory_mib = 512,
		.accel = VM_ACCEL_TCG,
		.disk = true},
	{.name = "tcg-4-4-1-1-uneven",
		.topology = "4,4,1,1",
		.memory_mib = 303,
		.accel = VM_ACCEL_TCG},
	{.name = "tcg-serial-plain",
		.topology = "1,1,1,1",
		.memory_mib = 256,
		.accel = VM_ACCEL_TCG,
		.serial = true,
		.plain = true},
	{.name = "tcg-unequal",
		.topology = "2c2t+1c1t/1c2t/mem",
		.memory_mib = 512,
		.accel = VM_ACCEL_TCG},
	{.name = "tcg-one-cache-and-memory",
		.topology = "3c1t/mem",
		.memory_mib = 512,
		.accel = VM_ACCEL_TCG},
	{.name = "kvm-1-1-3-2", .topology = "1,1,3,2", .memory_mib = 300, .accel = VM_ACCEL_KVM},
	{.name = "kvm-zen1-1-4-2-2",
		.topology = "1,4,2,2",
		.memory_mib = 300,
		.accel = VM_ACCEL_KVM,
		.topoext = true,
		.zen1 = true},
	{.name = "kvm-amd-2-2-4-2",
		.topology = "2,2,4,2",
		.memory_mib = 8192,
		.accel = VM_ACCEL_KVM,
		.topoext = true},
	{.name = "kvm-perf",
		.topology = "1,1,2,1",
		.memory_mib = 300,
		.accel = VM_ACCEL_QEMU_KVM,
		.perf = true,
		.pages = true},
	{.name = "kvm-perf-nodes",
		.topology = "2,2,1,1",
		.memory_mib = 304,
		.accel = VM_ACCEL_QEMU_KVM,
		.perf = true,
		.pages = true,
		.bound = true},
	{.name = "tcg-perf-bound",
		.topology = "1,1,1,1",
		.memory_mib = 300,
		.accel = VM_ACCEL_TCG,
		.perf = true,
		.bound = true},
};

static void render(const struct row *r, struct str *out)
{
	char image[] = "/boot/vmlinuz-6.1.0";
	struct vm_config c = {0};
	struct cpuset cpu = CPUSET_INIT, nodes[2] = {CPUSET_INIT, CPUSET_INIT};
	const struct vm_placement p = {.vcpu_cpus = &cpu,
		.nvcpus = 1,
		.hugepages = r->pages,
		.node_mems = r->bound ? nodes : NULL,
		.keep_running = true,
		.realtime_hint = true};
	const struct vm_kernel k = {.image = image};
	const struct qemu_facts f = {
		.program = "/usr/bin/qemu-system-x86_64",
		.bios = r->plain ? NULL : "/usr/share/qemu/qboot.rom",
		.sandbox = !r->plain,
		.topoext = r->topoext,
		.zen1 = r->zen1,
	};
	const struct engine_request q = {
		.config = &c,
		.kernel = &k,
		.kernel_fd = r->kernel_fd ? r->kernel_fd : -1,
		.accel = r->accel,
		.memory_mib = r->memory_mib,
		.virtio = !r->serial,
		.cmdline = "console=ttyS0 quiet",
		.initrd_fd = 10,
		.disk_fd = r->disk ? 11 : -1,
		.log_fd = 12,
		.bulk_fd = 13,
		.console_fd = r->serial ? -1 : 14,
		.stderr_fd = 2,
		.placement = r->perf ? &p : NULL,
	};
	cleanup_strv struct strv argv = STRV_INIT;

	if (vm_topology_parse(r->topology, &c.topology, NULL))
		abort();
	cpuset_parse_list(&nodes[0], "0-1,3", NULL);
	cpuset_parse_list(&nodes[1], "2", NULL);
	qemu_argv(&q, &f, &argv);
	cpuset_release(&nodes[0]);
	cpuset_release(&nodes[1]);
	for (size_t i = 0; i < argv.n; i++) {
		bool value = i > 0 && argv.v[i][0] != '-';

		str_printf(out, "%s%s", i == 0 ? "" : value ? " " : "\n", argv.v[i]);
	}
	str_addc(out, '\n');
}

static bool matches(const char *name, const struct str *got)
{
	cleanup_free char *path = xasprintf("tests/golden/qemu/%s.txt", name);
	cleanup_str struct str want = STR_INIT;
	struct err e = ERR_INIT;
	int rc = getenv("UPDATE") ? file_replace(path, str_get(got), got->len, 0644, &e)
				  : file_read(path, 1 << 20, &want, &e);

	if (rc) {
		printf("# %s\n", e.msg);
		return false;
	}
	if (getenv("UPDATE") || strcmp(str_get(&want), str_get(got)) == 0)
		return true;
	printf("# got:\n%s", str_get(got));
	return false;
}

int main(void)
{
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str got = STR_INIT;
		bool good;

		render(&rows[i], &got);
		good = matches(rows[i].name, &got);
		printf("%s %zu - argv of %s\n", good ? "ok" : "not ok", i + 1, rows[i].name);
		bad += !good;
	}
	return bad != 0;
}
