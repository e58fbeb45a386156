#include "probes/ctprof/elftls.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/mem.h"

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64, R_TPOFF = R_X86_64_TPOFF64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64, R_TPOFF = R_AARCH64_TLS_TPREL };
#else
enum { MACHINE = EM_NONE, R_TPOFF = 0 };
#endif

/* Bounds: the kernel itself takes no program headers beyond 64 KiB; browsers have a few hundred
 * thousand symbols and relocations. */
enum { PHDRS_MAX = 1024, SHDRS_MAX = 4096, ENTRIES_MAX = 64 << 20, PIECE = 64 * 1024 };

struct elf {
	int fd;
	Elf64_Ehdr head;
	Elf64_Shdr *sections; /* head.e_shnum of them */
	struct elf_tls *out;
	char *piece; /* PIECE bytes */
};

static bool read_at(int fd, void *to, size_t n, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, to, n, (off_t)at) == (ssize_t)n;
}

static bool is_ours(const Elf64_Ehdr *h)
{
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
	       h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_machine == MACHINE &&
	       (h->e_type == ET_EXEC || h->e_type == ET_DYN) &&
	       h->e_phentsize == sizeof(Elf64_Phdr) && h->e_phnum <= PHDRS_MAX;
}

static void take_segment(const Elf64_Phdr *p, bool *loaded, bool *interp, struct elf_tls *out)
{
	if (p->p_type == PT_TLS) {
		out->memsz = p->p_memsz;
		out->align = p->p_align ? p->p_align : 1;
	} else if (p->p_type == PT_INTERP) {
		*interp = true;
	} else if (p->p_type == PT_LOAD && !*loaded) {
		out->vaddr0 = p->p_vaddr & ~4095ULL;
		*loaded = true;
	}
}

static int read_segments(struct elf *f)
{
	bool loaded = false, interp = false;

	for (unsigned i = 0; i < f->head.e_phnum; i++) {
		Elf64_Phdr p;

		if (!read_at(f->fd, &p, sizeof(p), f->head.e_phoff + i * sizeof(p)))
			return -ENOEXEC;
		take_segment(&p, &loaded, &interp, f->out);
	}
	f->out->shared = f->head.e_type == ET_DYN && !interp;
	return 0;
}

static int read_sections(struct elf *f)
{
	size_t n = f->head.e_shnum;

	if (n > SHDRS_MAX || f->head.e_shentsize != sizeof(Elf64_Shdr))
		n = 0;
	f->head.e_shnum = (Elf64_Half)n;
	f->sections = xcalloc(n, sizeof(*f->sections));
	if (n && !read_at(f->fd, f->sections, n * sizeof(*f->sections), f->head.e_shoff))
		f->head.e_shnum = 0;
	return 0;
}

/* The string at `offset` of a string table; cut off to the buffer. */
static bool string_at(struct elf *f, unsigned table, uint64_t offset, char *to, size_t size)
{
	const Elf64_Shdr *s = &f->sections[table];
	ssize_t n;

	if (table >= f->head.e_shnum || offset >= s->sh_size || s->sh_offset > INT64_MAX - offset)
		return false;
	n = pread(f->fd, to, size - 1, (off_t)(s->sh_offset + offset));
	to[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Calls back for every entry of a section, until it says so. */
static void each_entry(struct elf *f, const Elf64_Shdr *s, size_t size,
	bool (*take)(struct elf *f, const Elf64_Shdr *s, const void *entry))
{
	uint64_t left = s->sh_size < ENTRIES_MAX ? s->sh_size : ENTRIES_MAX, at = s->sh_offset;

	if (s->sh_entsize != size)
		return;
	while (left >= size) {
		size_t n = left < PIECE ? left : PIECE;

		n -= n % size;
		if (!read_at(f->fd, f->piece, n, at))
			return;
		for (size_t i = 0; i < n; i += size)
			if (take(f, s, f->piece + i))
				return;
		at += n;
		left -= n;
	}
}

static bool ends_in(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && strcmp(s + n - k, suffix) == 0;
}

/* "tsd_tls", or that with a prefix before an underscore: "je_tsd_tls", "_rjem_je_tsd_tls". */
static bool is_tsd(const char *name)
{
	return strcmp(name, "tsd_tls") == 0 ||
	       (ends_in(name, "_tsd_tls") && strlen(name) > strlen("_tsd_tls"));
}

static bool take_symbol(struct elf *f, const Elf64_Shdr *s, const void *entry)
{
	Elf64_Sym y;
	char name[128];

	memcpy(&y, entry, sizeof(y));
	if (ELF64_ST_TYPE(y.st_info) != STT_TLS || y.st_shndx == SHN_UNDEF ||
		!string_at(f, s->sh_link, y.st_name, name, sizeof(name)) || !is_tsd(name) ||
		y.st_value >= f->out->memsz)
		return false;
	f->out->has_symbol = true;
	f->out->symbol = y.st_value;
	f->out->size = y.st_size;
	return true;
}

static bool take_export(struct elf *f, const Elf64_Shdr *s, const void *entry)
{
	Elf64_Sym y;
	char name[128];

	memcpy(&y, entry, sizeof(y));
	if (ELF64_ST_TYPE(y.st_info) != STT_FUNC || y.st_shndx == SHN_UNDEF ||
		!string_at(f, s->sh_link, y.st_name, name, sizeof(name)))
		return false;
	f->out->looks_like = ends_in(name, "mallctl");
	return f->out->looks_like;
}

/* The loader puts "where this symbol is from the thread pointer" into the word. */
static bool take_relocation(struct elf *f, const Elf64_Shdr *s, const void *entry)
{
	struct elf_tls *out = f->out;
	uint64_t of = 0;
	Elf64_Rela r;
	Elf64_Sym y;

	memcpy(&r, entry, sizeof(r));
	if (ELF64_R_TYPE(r.r_info) != R_TPOFF)
		return false;
	if (ELF64_R_SYM(r.r_info)) { /* of a symbol, which must be this file's */
		if (s->sh_link >= f->head.e_shnum ||
			!read_at(f->fd, &y, sizeof(y),
				f->sections[s->sh_link].sh_offset +
					ELF64_R_SYM(r.r_info) * sizeof(y)) ||
			y.st_shndx == SHN_UNDEF)
			return false;
		of = y.st_value;
	}
	out->has_slot = true;
	out->slot = r.r_offset;
	out->slot_of = of + (uint64_t)r.r_addend;
	return true;
}

static void read_tables(struct elf *f, Elf64_Word type, size_t size,
	bool (*take)(struct elf *f, const Elf64_Shdr *s, const void *entry))
{
	for (unsigned i = 0; i < f->head.e_shnum; i++)
		if (f->sections[i].sh_type == type)
			each_entry(f, &f->sections[i], size, take);
}

/* The debug file's name; its first bytes up to a zero. */
static void take_debuglink(struct elf *f, const Elf64_Shdr *s)
{
	char name[32];

	if (!string_at(f, f->head.e_shstrndx, s->sh_name, name, sizeof(name)) ||
		strcmp(name, ".gnu_debuglink") != 0)
		return;
	string_at(f, (unsigned)(s - f->sections), 0, f->out->debuglink, sizeof(f->out->debuglink));
	if (strchr(f->out->debuglink, '/')) /* a name, not a way out of the folders looked into */
		f->out->debuglink[0] = '\0';
}

static void take_note(struct elf *f, const Elf64_Shdr *s)
{
	unsigned char id[64];
	Elf64_Nhdr n;
	char gnu[4];

	if (s->sh_size < sizeof(n) + 4 || !read_at(f->fd, &n, sizeof(n), s->sh_offset) ||
		n.n_type != NT_GNU_BUILD_ID || n.n_namesz != 4 || n.n_descsz == 0 ||
		n.n_descsz > sizeof(id) || !read_at(f->fd, gnu, 4, s->sh_offset + sizeof(n)) ||
		memcmp(gnu, "GNU", 4) != 0 ||
		!read_at(f->fd, id, n.n_descsz, s->sh_offset + sizeof(n) + 4))
		return;
	for (unsigned i = 0; i < n.n_descsz; i++)
		snprintf(f->out->build_id + i * 2, 3, "%02x", id[i]);
}

static void read_links(struct elf *f)
{
	for (unsigned i = 0; i < f->head.e_shnum; i++) {
		if (f->sections[i].sh_type == SHT_PROGBITS)
			take_debuglink(f, &f->sections[i]);
		else if (f->sections[i].sh_type == SHT_NOTE && !f->out->build_id[0])
			take_note(f, &f->sections[i]);
	}
}

static void read_inside(struct elf *f)
{
	read_sections(f);
	read_tables(f, SHT_SYMTAB, sizeof(Elf64_Sym), take_symbol);
	if (!f->out->has_symbol)
		read_tables(f, SHT_DYNSYM, sizeof(Elf64_Sym), take_symbol);
	read_tables(f, SHT_DYNSYM, sizeof(Elf64_Sym), take_export);
	if (!f->out->has_symbol && !f->out->looks_like)
		return;
	if (f->out->shared)
		read_tables(f, SHT_RELA, sizeof(Elf64_Rela), take_relocation);
	read_links(f);
}

int elf_tls_read(int fd, struct elf_tls *out)
{
	struct elf f = {.fd = fd, .out = out};
	int rc;

	*out = (struct elf_tls){0};
	if (!read_at(fd, &f.head, sizeof(f.head), 0) || !is_ours(&f.head))
		return -ENOEXEC;
	rc = read_segments(&f);
	if (rc < 0 || out->memsz == 0) /* no thread-local storage, no such data */
		return rc;
	f.piece = xmalloc(PIECE);
	read_inside(&f);
	free(f.piece);
	free(f.sections);
	return 0;
}

/* "5.3.0-0-g" and hexadecimal digits: what jemalloc's build writes into every copy. */
static bool is_version(const char *s, size_t n, size_t *len)
{
	size_t i = 0;

	for (int part = 0; part < 3; part++) {
		size_t from = i;

		while (i < n && s[i] >= '0' && s[i] <= '9')
			i++;
		if (i == from || i == n || s[i] != (part < 2 ? '.' : '-'))
			return false;
		i++;
	}
	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	if (n - i < 10 || s[i] != '-' || s[i + 1] != 'g')
		return false;
	i += 2;
	while (i < n && ((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
		i++;
	*len = i;
	return i < n && s[i] == '\0';
}

static bool find_version(const char *s, size_t n, char *to, size_t size)
{
	for (const char *p = s; (p = memchr(p, '-', n - (size_t)(p - s))); p++) {
		const char *start = p;
		size_t len;

		while (start > s && p - start < 12 &&
			(start[-1] == '.' || (start[-1] >= '0' && start[-1] <= '9')))
			start--;
		if (!is_version(start, n - (size_t)(start - s), &len) || len >= size)
			continue;
		memcpy(to, start, len);
		to[len] = '\0';
		return true;
	}
	return false;
}

void elf_tls_version(int fd, struct elf_tls *out)
{
	enum { OVERLAP = 128 };
	char *piece = xmalloc(PIECE);
	uint64_t at = 0;
	ssize_t n;

	while ((n = pread(fd, piece, PIECE, (off_t)at)) > OVERLAP) {
		if (find_version(piece, (size_t)n, out->version, sizeof(out->version)))
			break;
		at += (uint64_t)n - OVERLAP;
		if (n < PIECE)
			break;
	}
	free(piece);
}
