#include "vmm/kvm/arch/x86_64/loader.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "src/base/mem.h"
#include "vmm/kvm/arch/x86_64/layout.h"

/* Offsets in a bzImage. */
enum {
	SETUP_SECTS = 0x1f1,  /* u8, 0 means 4 */
	JUMP = 0x201,	      /* u8, length of the header behind 0x202 */
	MAGIC = 0x202,	      /* "HdrS" */
	VERSION = 0x206,      /* u16 */
	LOADFLAGS = 0x211,    /* u8 */
	INITRD_MAX = 0x22c,   /* u32 */
	XLOADFLAGS = 0x236,   /* u16 */
	CMDLINE_SIZE = 0x238, /* u32 */
	PREF_ADDRESS = 0x258, /* u64 */
	INIT_SIZE = 0x260,    /* u32 */
	HEADER_END = 0x264,

	VERSION_MIN = 0x20c,  /* has xloadflags */
	LOADED_HIGH = 1 << 0, /* of loadflags */
	KERNEL_64 = 1 << 0,   /* of xloadflags: an entry at 0x200 for 64-bit mode */
	ENTRY_64 = 0x200,
};

/* What a kernel without a header of its own takes (COMMAND_LINE_SIZE and its NUL), and where any
 * 64-bit kernel finds its initramfs. */
enum { ELF_CMDLINE_MAX = 2047, ELF_INITRD_MAX = 0x7fffffff };

#define MIB	  0x100000ULL
#define HUGE_PAGE (2 * MIB)

static uint64_t le(const unsigned char *p, unsigned width)
{
	uint64_t v = 0;

	while (width--)
		v = v << 8 | p[width];
	return v;
}

static int refuse(struct err *e, const char *name, const char *why)
{
	return err_set(e, ENOEXEC, "the kernel %s cannot be started: %s", name, why);
}

/* Above the first MiB and below the devices. */
static bool in_low_memory(uint64_t gpa, uint64_t size)
{
	return gpa >= HIGH_START && gpa < HOLE_START && size <= HOLE_START - gpa;
}

static int plan_image(const unsigned char *p, size_t n, uint64_t file_size, const char *name,
	struct loader_plan *out, struct err *e)
{
	uint64_t code = ((p[SETUP_SECTS] ? p[SETUP_SECTS] : 4U) + 1) * 512ULL;
	uint64_t at = le(p + PREF_ADDRESS, 8), need = le(p + INIT_SIZE, 4);
	size_t header_end = MAGIC + p[JUMP];

	(void)n;
	if (le(p + VERSION, 2) < VERSION_MIN)
		return refuse(e, name, "its boot protocol is older than 2.12 (Linux 3.8)");
	if (!(p[LOADFLAGS] & LOADED_HIGH) || !(p[XLOADFLAGS] & KERNEL_64))
		return refuse(e, name, "it has no 64-bit entry");
	if (code + ENTRY_64 >= file_size)
		return refuse(e, name, "the file ends within its boot code");
	if (header_end < HEADER_END || header_end > SETUP_HEADER_AT + SETUP_HEADER_MAX)
		return refuse(e, name, "its header has an impossible length");
	if (need < file_size - code)
		need = file_size - code;
	if (!in_low_memory(at, need))
		return refuse(e, name, "it wants to lie where no memory is");
	*out = (struct loader_plan){
		.segment[0] = {.offset = code,
			.file_size = file_size - code,
			.gpa = at,
			.size = file_size - code},
		.n = 1,
		.start = at,
		.end = at + need,
		.entry = at + ENTRY_64,
		.initrd_max = le(p + INITRD_MAX, 4),
		.header_size = header_end - SETUP_HEADER_AT,
		.cmdline_max = (uint32_t)le(p + CMDLINE_SIZE, 4),
	};
	memcpy(out->header, p + SETUP_HEADER_AT, out->header_size);
	return 0;
}

static bool overlaps(const struct loader_plan *plan, const struct loader_segment *s)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (s->gpa < plan->segment[i].gpa + plan->segment[i].size &&
			plan->segment[i].gpa < s->gpa + s->size)
			return true;
	return false;
}

static int add_segment(const Elf64_Phdr *ph, uint64_t file_size, const char *name,
	struct loader_plan *out, struct err *e)
{
	const struct loader_segment s = {
		.offset = ph->p_offset,
		.file_size = ph->p_filesz,
		.gpa = ph->p_paddr,
		.size = ph->p_memsz,
	};

	if (s.size == 0)
		return 0;
	if (s.file_size > s.size || s.offset > file_size || s.file_size > file_size - s.offset)
		return refuse(e, name, "a segment reaches beyond the end of the file");
	if (!in_low_memory(s.gpa, s.size))
		return refuse(e, name, "a segment wants to lie where no memory is");
	if (out->n == LOADER_SEGMENTS || overlaps(out, &s))
		return refuse(e, name, "its segments overlap, or there are too many");
	if (out->n == 0 || s.gpa < out->start)
		out->start = s.gpa;
	if (s.gpa + s.size > out->end)
		out->end = s.gpa + s.size;
	out->segment[out->n++] = s;
	return 0;
}

static int check_elf(const Elf64_Ehdr *h, size_t n, const char *name, struct err *e)
{
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
		h->e_machine != EM_X86_64)
		return refuse(e, name, "it is an ELF file, but not for x86-64");
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return refuse(e, name, "it is an ELF file, but no program");
	if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phoff > n ||
		h->e_phnum > (n - h->e_phoff) / sizeof(Elf64_Phdr))
		return refuse(e, name, "its program headers are damaged");
	return 0;
}

static bool is_loaded(const struct loader_plan *plan, uint64_t gpa)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (gpa >= plan->segment[i].gpa &&
			gpa - plan->segment[i].gpa < plan->segment[i].file_size)
			return true;
	return false;
}

static int plan_elf(const unsigned char *p, size_t n, uint64_t file_size, const char *name,
	struct loader_plan *out, struct err *e)
{
	Elf64_Ehdr h;
	int rc;

	memcpy(&h, p, sizeof(h));
	rc = check_elf(&h, n, name, e);
	*out = (struct loader_plan){
		.entry = h.e_entry,
		.initrd_max = ELF_INITRD_MAX,
		.cmdline_max = ELF_CMDLINE_MAX,
	};
	for (unsigned i = 0; i < h.e_phnum && !rc; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, p + h.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_LOAD)
			rc = add_segment(&ph, file_size, name, out, e);
	}
	if (!rc && !is_loaded(out, out->entry))
		rc = refuse(e, name, "its entry lies outside of its segments");
	return rc;
}

int loader_plan(const void *head, size_t n, uint64_t file_size, const char *name,
	struct loader_plan *out, struct err *e)
{
	const unsigned char *p = head;

	if (n > file_size)
		n = (size_t)file_size;
	if (n >= sizeof(Elf64_Ehdr) && memcmp(p, ELFMAG, SELFMAG) == 0)
		return plan_elf(p, n, file_size, name, out, e);
	if (n >= HEADER_END && memcmp(p + MAGIC, "HdrS", 4) == 0)
		return n >= SETUP_HEADER_AT + SETUP_HEADER_MAX
			       ? plan_image(p, n, file_size, name, out, e)
			       : refuse(e, name, "the file ends within its header");
	return refuse(e, name, "it is neither a bzImage nor an ELF file");
}

static unsigned long long mib(uint64_t bytes)
{
	return bytes / MIB + (bytes % MIB != 0);
}

int loader_initrd(
	const struct loader_plan *p, uint64_t ram_end, uint64_t size, uint64_t *at, struct err *e)
{
	uint64_t start = (p->end + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uint64_t limit = p->initrd_max < HOLE_START ? p->initrd_max + 1 : HOLE_START;
	uint64_t room = limit > start ? limit - start : 0;

	if (size > room)
		return err_set(e, E2BIG,
			"the initramfs has %llu MiB, and this kernel takes %llu at most: fewer or "
			"smaller files with --include-files",
			mib(size), (unsigned long long)(room / MIB));
	if (start + size > ram_end)
		return err_set(e, ENOMEM,
			"kernel and initramfs need %llu MiB below %llu MiB, and the guest has "
			"less: more with --memory-mib",
			mib(start + size), mib(limit));
	*at = ((ram_end < limit ? ram_end : limit) - size) & ~(HUGE_PAGE - 1);
	return 0;
}
