/* ELF as in the System V ABI, edition 4.1, and elf.h; every offset is checked against the file. */
#include "src/kernels/strip.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SECTIONS_MAX = 4096, SHT_CREL_TYPE = 0x40000014 };

enum fate { DROP, KEEP, KEEP_HEADER, KEEP_EMPTY };

struct input {
	const unsigned char *p;
	size_t n;
	Elf64_Ehdr h;
	Elf64_Shdr s[SECTIONS_MAX];
	unsigned fate[SECTIONS_MAX];
	unsigned number[SECTIONS_MAX]; /* in the output; 0 = none */
	size_t count;
};

static bool inside(const struct input *in, uint64_t at, uint64_t n)
{
	return at <= in->n && n <= in->n - at;
}

static const char *name_of(const struct input *in, const Elf64_Shdr *s)
{
	const Elf64_Shdr *names = &in->s[in->h.e_shstrndx];
	const char *at;

	if (s->sh_name >= names->sh_size)
		return "";
	at = (const char *)in->p + names->sh_offset + s->sh_name;
	return memchr(at, '\0', names->sh_size - s->sh_name) ? at : "";
}

static int refuse(const char *why, struct err *e)
{
	return err_set(e, EINVAL, "vmlinux cannot be stripped: %s", why);
}

static int read_headers(struct input *in, struct err *e)
{
	if (in->n < sizeof(in->h))
		return refuse("it is too short", e);
	memcpy(&in->h, in->p, sizeof(in->h));
	if (memcmp(in->h.e_ident, ELFMAG, SELFMAG) != 0 || in->h.e_ident[EI_CLASS] != ELFCLASS64 ||
		in->h.e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse("it is no 64-bit ELF file", e);
	in->count = in->h.e_shnum;
	if (!in->count || in->count > SECTIONS_MAX || in->h.e_shentsize != sizeof(Elf64_Shdr) ||
		in->h.e_shstrndx >= in->count ||
		!inside(in, in->h.e_shoff, in->count * sizeof(Elf64_Shdr)))
		return refuse("its section headers are out of bounds", e);
	memcpy(in->s, in->p + in->h.e_shoff, in->count * sizeof(Elf64_Shdr));
	in->s[0] = (Elf64_Shdr){0}; /* the null section, whatever it says */
	for (size_t i = 1; i < in->count; i++)
		if (in->s[i].sh_type != SHT_NOBITS &&
			!inside(in, in->s[i].sh_offset, in->s[i].sh_size))
			return refuse("a section is out of bounds", e);
	if (in->h.e_shstrndx == SHN_UNDEF || in->s[in->h.e_shstrndx].sh_type == SHT_NOBITS)
		return refuse("its sections have no names", e);
	return 0;
}

static enum fate fate_of(const struct input *in, size_t i)
{
	static const char *const whole[] = {".symtab", ".strtab", ".bss", ".BTF", ".rodata"};
	static const char *const hollow[] = {".data", ".data..percpu", ".init.data"};
	const Elf64_Shdr *s = &in->s[i];
	const char *name = name_of(in, s);

	if (i == 0 || i == in->h.e_shstrndx)
		return KEEP;
	if (s->sh_type == SHT_REL || s->sh_type == SHT_RELA || s->sh_type == SHT_RELR ||
		s->sh_type == SHT_CREL_TYPE)
		return KEEP_EMPTY;
	for (size_t k = 0; k < ARRAY_LEN(whole); k++)
		if (strcmp(name, whole[k]) == 0)
			return KEEP;
	for (size_t k = 0; k < ARRAY_LEN(hollow); k++)
		if (strcmp(name, hollow[k]) == 0)
			return KEEP_HEADER;
	return s->sh_flags & SHF_EXECINSTR ? KEEP_HEADER : DROP;
}

/* For a file without symbols, whose readers may want anything: what takes most space goes. */
static enum fate coarse_fate_of(const struct input *in, size_t i)
{
	static const char *const gone[] = {".debug_", ".comment", ".rel", ".crel"};
	const char *name = name_of(in, &in->s[i]);

	for (size_t k = 0; i && i != in->h.e_shstrndx && k < ARRAY_LEN(gone); k++)
		if (str_starts(name, gone[k]))
			return DROP;
	return KEEP;
}

/* Numbers the sections that stay, in their order; true when symbols are among them. */
static bool decide(struct input *in, enum fate (*fate)(const struct input *in, size_t i))
{
	unsigned next = 0;
	bool symbols = false;

	memset(in->number, 0, sizeof(in->number));
	for (size_t i = 0; i < in->count; i++) {
		in->fate[i] = fate(in, i);
		if (in->fate[i] != DROP)
			in->number[i] = next++;
		symbols |= in->fate[i] == KEEP && in->s[i].sh_type == SHT_SYMTAB &&
			   in->s[i].sh_size > sizeof(Elf64_Sym);
	}
	return symbols;
}

static void align(struct str *out, size_t base, uint64_t to)
{
	/* Files are not mapped: more than a cache line of alignment is waste. */
	size_t a = to && to <= 64 && !(to & (to - 1)) ? (size_t)to : 8;

	while ((out->len - base) % a)
		str_addc(out, '\0');
}

/* A symbol of a section that went is absolute now: its address is what it is read for. */
static void renumber(const struct input *in, char *symbols, size_t n)
{
	for (size_t at = 0; at + sizeof(Elf64_Sym) <= n; at += sizeof(Elf64_Sym)) {
		Elf64_Sym y;

		memcpy(&y, symbols + at, sizeof(y));
		if (y.st_shndx == SHN_UNDEF || y.st_shndx >= SHN_LORESERVE)
			continue;
		if (y.st_shndx >= in->count || in->fate[y.st_shndx] == DROP)
			y.st_shndx = SHN_ABS;
		else
			y.st_shndx = (Elf64_Half)in->number[y.st_shndx];
		memcpy(symbols + at, &y, sizeof(y));
	}
}

static unsigned new_number(const struct input *in, uint32_t old)
{
	return old < in->count && in->fate[old] != DROP ? in->number[old] : 0;
}

static void write_section(
	const struct input *in, size_t i, struct str *out, size_t base, Elf64_Shdr *s)
{
	size_t at;

	*s = in->s[i];
	if (i == 0)
		return;
	s->sh_link = new_number(in, s->sh_link);
	if (in->fate[i] == KEEP_EMPTY) {
		s->sh_type = SHT_PROGBITS;
		s->sh_size = 0;
		s->sh_info = 0;
	}
	if (in->fate[i] == KEEP_HEADER)
		s->sh_type = SHT_NOBITS;
	align(out, base, s->sh_addralign);
	at = out->len;
	s->sh_offset = at - base;
	if (in->fate[i] != KEEP || s->sh_type == SHT_NOBITS)
		return;
	str_append(out, in->p + in->s[i].sh_offset, in->s[i].sh_size);
	if (s->sh_type == SHT_SYMTAB)
		renumber(in, out->s + at, s->sh_size);
}

static void write_all(const struct input *in, struct str *out)
{
	size_t base = out->len;
	Elf64_Ehdr h = in->h;
	VEC(Elf64_Shdr) sections = {0};

	str_append(out, &h, sizeof(h));
	for (size_t i = 0; i < in->count; i++) {
		Elf64_Shdr s;

		if (in->fate[i] == DROP)
			continue;
		write_section(in, i, out, base, &s);
		vec_push(&sections, s);
	}
	align(out, base, sizeof(uint64_t));
	/* Nobody loads it: without program headers nothing points at bytes that are gone. */
	h.e_phoff = h.e_phnum = 0;
	h.e_shoff = out->len - base;
	h.e_shnum = (Elf64_Half)sections.n;
	h.e_shstrndx = (Elf64_Half)new_number(in, in->h.e_shstrndx);
	str_append(out, sections.v, sections.n * sizeof(*sections.v));
	memcpy(out->s + base, &h, sizeof(h));
	free(sections.v);
}

int strip_vmlinux(const unsigned char *elf, size_t n, struct str *out, struct err *e)
{
	struct input *in = xcalloc(1, sizeof(*in));
	int rc;

	in->p = elf;
	in->n = n;
	rc = read_headers(in, e);
	if (!rc) {
		if (!decide(in, fate_of))
			decide(in, coarse_fate_of);
		write_all(in, out);
	}
	free(in);
	return rc;
}
