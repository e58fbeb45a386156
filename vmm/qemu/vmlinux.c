#include "vmm/qemu/vmlinux.h"

#include <elf.h>
#include <string.h>

#include "vmm/kernel_file.h"

enum { NOTE_PHYS32_ENTRY = 18 }; /* XEN_ELFNOTE_PHYS32_ENTRY: the PVH entry */

/* Whether a segment of notes tells a PVH entry: name "Xen", a 32-bit (or 64-bit) address. */
static bool notes_have_entry(const unsigned char *p, uint64_t n)
{
	while (n >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr h;
		uint64_t whole;

		memcpy(&h, p, sizeof(h));
		whole = sizeof(h) + (((uint64_t)h.n_namesz + 3) & ~3ULL) +
			(((uint64_t)h.n_descsz + 3) & ~3ULL);
		if (whole > n)
			return false;
		if (h.n_type == NOTE_PHYS32_ENTRY && h.n_namesz == 4 &&
			memcmp(p + sizeof(h), "Xen", 4) == 0)
			return true;
		p += whole;
		n -= whole;
	}
	return false;
}

bool qemu_has_pvh_entry(const void *elf, size_t n)
{
	const unsigned char *p = elf;
	Elf64_Ehdr h;

	if (n < sizeof(h))
		return false;
	memcpy(&h, p, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_ident[EI_CLASS] != ELFCLASS64 ||
		h.e_ident[EI_DATA] != ELFDATA2LSB || h.e_machine != EM_X86_64 ||
		h.e_phentsize != sizeof(Elf64_Phdr) || h.e_phoff > n ||
		h.e_phnum > (n - h.e_phoff) / sizeof(Elf64_Phdr))
		return false;
	for (unsigned i = 0; i < h.e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, p + h.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_NOTE && ph.p_offset <= n && ph.p_filesz <= n - ph.p_offset &&
			notes_have_entry(p + ph.p_offset, ph.p_filesz))
			return true;
	}
	return false;
}

int qemu_vmlinux(const char *image, const char *cache)
{
	return kernel_file_unpacked(image, cache, qemu_has_pvh_entry);
}
