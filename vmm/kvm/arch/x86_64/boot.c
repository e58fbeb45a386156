/* Kernel, initramfs, command line and firmware tables into memory; the first vCPU at the kernel. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/arch/x86_64/acpi.h"
#include "vmm/kvm/arch/x86_64/arch.h"
#include "vmm/kvm/arch/x86_64/layout.h"
#include "vmm/kvm/arch/x86_64/loader.h"
#include "vmm/kvm/arch/x86_64/mptable.h"
#include "vmm/kvm/arch/x86_64/regs.h"
#include "vmm/kvm/arch/x86_64/zeropage.h"
#include "vmm/kvm/fill.h"
#include "vmm/kvm/machine.h"
#include "vmm/kvm/vcpu.h"
#include "vmm/virtio/mmio.h"

#define MIB 0x100000ULL

struct boot {
	struct machine *m;
	struct loader_plan plan;
	uint64_t initrd_at, initrd_size;
};

bool arch_kernel_startable(const void *elf, size_t n)
{
	struct loader_plan plan;

	return n > SELFMAG && memcmp(elf, ELFMAG, SELFMAG) == 0 &&
	       !loader_plan(elf, n, n, "", &plan, NULL);
}

/* The file to start, and its first bytes. */
static int plan_kernel(struct boot *b, int fd, struct err *e)
{
	const char *name = b->m->q->kernel->image;
	cleanup_free unsigned char *head = xmalloc(LOADER_HEAD);
	ssize_t n = pread(fd, head, LOADER_HEAD, 0);
	struct stat st;

	if (n < 0 || fstat(fd, &st))
		return err_sys(e, errno, "cannot read the kernel %s", name);
	return loader_plan(head, (size_t)n, (uint64_t)st.st_size, name, &b->plan, e);
}

static int load_kernel(struct boot *b, struct err *e)
{
	const struct engine_request *q = b->m->q;
	cleanup_close int own = -1;
	int fd = q->kernel_fd, rc;

	if (fd <= 0) {
		own = open(q->kernel->image, O_RDONLY | O_CLOEXEC);
		if (own < 0)
			return err_sys(e, errno, "cannot open the kernel %s", q->kernel->image);
		fd = own;
	}
	rc = plan_kernel(b, fd, e);
	for (unsigned i = 0; i < b->plan.n && !rc; i++) {
		const struct loader_segment *s = &b->plan.segment[i];

		rc = fill_copy(&b->m->mem, s->gpa, fd, s->offset, s->file_size);
	}
	if (rc == -EFAULT)
		return err_set(e, ENOMEM,
			"the kernel %s needs memory up to %llu MiB, and the guest has less: more "
			"with --memory-mib",
			q->kernel->image, (unsigned long long)(b->plan.end / MIB + 1));
	return rc && !(e && e->code) ? err_sys(e, rc, "cannot load the kernel %s", q->kernel->image)
				     : rc;
}

static int load_initrd(struct boot *b, struct err *e)
{
	uint64_t end = b->m->ram.range[0].gpa;
	struct stat st;
	int rc;

	for (unsigned i = 0; i < b->m->ram.n && b->m->ram.range[i].gpa == end; i++)
		end += b->m->ram.range[i].size;
	if (fstat(b->m->q->initrd_fd, &st))
		return err_sys(e, errno, "cannot look at the initramfs");
	b->initrd_size = (uint64_t)st.st_size;
	rc = loader_initrd(&b->plan, end, b->initrd_size, &b->initrd_at, e);
	if (rc)
		return rc;
	rc = fill_initrd(
		&b->m->mem, b->initrd_at, b->m->q->initrd_fd, b->initrd_size, b->m->ram.placed);
	return rc ? err_sys(e, rc, "cannot load the initramfs") : 0;
}

static int load_cmdline(struct boot *b, struct err *e)
{
	const char *line = b->m->q->cmdline;
	size_t n = strlen(line);

	if (n > b->plan.cmdline_max || n >= CMDLINE_ROOM)
		return err_set(e, E2BIG,
			"the kernel command line is %zu bytes long and this kernel takes %u: "
			"shorten --append",
			n, b->plan.cmdline_max);
	return gmem_write(&b->m->mem, CMDLINE_AT, line, n + 1) ? 0 : -EFAULT;
}

static int load_tables(struct boot *b, struct err *e)
{
	struct machine *m = b->m;
	cleanup_str struct str tables = STR_INIT;
	struct acpi_memory memory[RAM_RANGES_MAX];
	struct acpi_virtio virtio[DEVICE_KINDS];
	struct acpi_request q = {
		.topology = &m->q->config->topology,
		.memory = memory,
		.nmemory = m->ram.n,
		.virtio = virtio,
	};
	int rc;

	for (unsigned i = 0; i < m->ram.n; i++)
		memory[i] = (struct acpi_memory){
			m->ram.range[i].gpa, m->ram.range[i].size, m->ram.range[i].node};
	for (unsigned i = 0; i < DEVICE_KINDS; i++)
		if (m->dev.slot[i].device)
			virtio[q.nvirtio++] = (struct acpi_virtio){
				(uint32_t)m->dev.slot[i].base, VMMIO_SIZE, m->dev.slot[i].gsi};
	rc = acpi_build(&q, &tables, e);
	if (rc)
		return rc;
	return gmem_write(&m->mem, ACPI_BASE, tables.s, tables.len) ? 0 : -EFAULT;
}

/* Randomness from us, so that nothing in the guest waits for its own. */
static uint64_t load_seed(struct machine *m)
{
	enum { SETUP_RNG_SEED = 9, SEED = 32 };
	struct {
		uint64_t next;
		uint32_t type, len;
		unsigned char bytes[SEED];
	} data = {.type = SETUP_RNG_SEED, .len = SEED};

	if (getrandom(data.bytes, SEED, GRND_NONBLOCK) != SEED ||
		!gmem_write(&m->mem, RNG_SEED_AT, &data, sizeof(data)))
		return 0;
	explicit_bzero(data.bytes, SEED);
	return RNG_SEED_AT;
}

static int load_start(struct boot *b)
{
	struct machine *m = b->m;
	unsigned char page[ZERO_PAGE_SIZE];
	cleanup_str struct str found = STR_INIT;
	const struct zero_page_request q = {
		.plan = &b->plan,
		.ram = &m->ram,
		.initrd_at = b->initrd_at,
		.initrd_size = b->initrd_size,
		.setup_data = load_seed(m),
	};
	uint64_t *tables = gmem_at(&m->mem, PML4_AT, PD_AT + 4096 - PML4_AT);

	zero_page_make(&q, page);
	mptable_build(&found);
	if (!tables || !gmem_write(&m->mem, ZERO_PAGE_AT, page, sizeof(page)) ||
		!gmem_write(&m->mem, GDT_AT, regs_gdt, sizeof(regs_gdt)) ||
		!gmem_write(&m->mem, MPTABLE_AT, found.s, found.len))
		return -EFAULT;
	regs_page_tables(tables, tables + (PDPT_AT - PML4_AT) / 8, tables + (PD_AT - PML4_AT) / 8);
	return 0;
}

static int point_cpu(struct boot *b, struct err *e)
{
	struct vcpu *v = &b->m->vcpus[0];
	const struct kvm_regs r = regs_entry(b->plan.entry, ZERO_PAGE_AT);
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		return err_sys(e, errno, "KVM does not give the registers of the first CPU");
	regs_long_mode(&s);
	if (ioctl(v->fd, KVM_SET_SREGS, &s) || ioctl(v->fd, KVM_SET_REGS, &r))
		return err_sys(e, errno, "KVM does not take the registers of the first CPU");
	return 0;
}

int arch_boot(struct machine *m, struct err *e)
{
	struct boot b = {.m = m};
	uint64_t start = clock_cpu_ns();
	int rc = load_kernel(&b, e);

	if (!rc)
		rc = load_initrd(&b, e);
	atomic_store(&m->q->report->load_cpu_ns, clock_cpu_ns() - start);
	if (!rc)
		rc = load_cmdline(&b, e);
	if (!rc)
		rc = load_tables(&b, e);
	if (!rc)
		rc = load_start(&b);
	if (rc == -EFAULT && !(e && e->code))
		return err_set(e, ENOMEM, "the guest has no memory where its tables belong");
	return rc ? rc : point_cpu(&b, e);
}
