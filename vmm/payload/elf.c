#include "vmm/payload/elf.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/lazylib.h"
#include "src/base/mem.h"

/* Everything that is used of libelf: one row makes a typed pointer and its lookup. */
#define CALLS(X)                                                                                   \
	X(elf_begin)                                                                               \
	X(elf_end)                                                                                 \
	X(elf_errmsg)                                                                              \
	X(elf_getdata_rawchunk)                                                                    \
	X(elf_getphdrnum)                                                                          \
	X(elf_getshdrstrndx)                                                                       \
	X(elf_kind)                                                                                \
	X(elf_memory)                                                                              \
	X(elf_nextscn)                                                                             \
	X(elf_strptr)                                                                              \
	X(elf_version)                                                                             \
	X(gelf_fsize)                                                                              \
	X(gelf_getdyn)                                                                             \
	X(gelf_getehdr)                                                                            \
	X(gelf_getphdr)                                                                            \
	X(gelf_getshdr)

LAZYLIB_CALLS(CALLS);
LAZYLIB_FILES("elf", "libelf.so.1");

static const struct lazylib library = {
	.files = files,
	.name = "libelf",
	.purpose = "reading programs and kernel modules",
	.debian = "libelf1",
	.fedora = "elfutils-libelf",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

/* Far above anything seen: a browser's dynamic string table has 1 MiB. */
enum {
	DYNAMIC_MAX = 1 << 20,
	STRINGS_MAX = 64 << 20,
	SECTION_MAX = 1 << 20, /* of a module's .modinfo: text of a few KiB */
	NEEDED_MAX = 4096,
};

struct obj {
	struct calls lib;
	Elf *elf;
	GElf_Ehdr head;
	char *name;
};

static int load(struct calls *lib, struct err *e)
{
	int rc = lazylib_open(&library, lib, e);

	if (!rc)
		lib->elf_version(EV_CURRENT);
	return rc;
}

bool obj_same_kind(struct obj_kind a, struct obj_kind b)
{
	return a.class == b.class && a.machine == b.machine;
}

int obj_peek(int fd, struct obj_kind *out)
{
	unsigned char head[20];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0)
		return -errno;
	if (n < (ssize_t)sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0 ||
		head[EI_DATA] != ELFDATA2LSB)
		return 0;
	out->class = head[EI_CLASS];
	out->machine = (uint16_t)(head[18] | head[19] << 8);
	return 1;
}

static int damaged(struct obj *o, struct err *e)
{
	const char *why = o->lib.elf_errmsg(-1);

	return err_set(e, EBADMSG, "'%s' is a damaged ELF file: %s", o->name,
		why ? why : "a table points outside of it");
}

static struct obj *start(struct obj *o, struct err *e)
{
	if (!o->elf || o->lib.elf_kind(o->elf) != ELF_K_ELF ||
		!o->lib.gelf_getehdr(o->elf, &o->head)) {
		damaged(o, e);
		obj_close(o);
		return NULL;
	}
	return o;
}

static struct obj *prepare(const char *name, struct err *e)
{
	struct obj *o = xcalloc(1, sizeof(*o));

	o->name = xstrdup(name);
	if (load(&o->lib, e)) {
		obj_close(o);
		return NULL;
	}
	return o;
}

struct obj *obj_open_fd(int fd, const char *name, struct err *e)
{
	struct obj *o = prepare(name, e);

	if (!o)
		return NULL;
	o->elf = o->lib.elf_begin(fd, ELF_C_READ, NULL);
	return start(o, e);
}

struct obj *obj_open_bytes(const void *bytes, size_t n, const char *name, struct err *e)
{
	struct obj *o = prepare(name, e);

	if (!o)
		return NULL;
	/* libelf takes a pointer to writable bytes, and writes to them only when asked to. */
	o->elf = n ? o->lib.elf_memory((char *)bytes, n) : NULL;
	return start(o, e);
}

void obj_close(struct obj *o)
{
	if (!o)
		return;
	if (o->elf)
		o->lib.elf_end(o->elf);
	free(o->name);
	free(o);
}

/* A piece of the file, libelf's until obj_close(); NULL when it does not lie in the file. */
static Elf_Data *chunk(struct obj *o, uint64_t offset, uint64_t size, uint64_t max, Elf_Type type)
{
	if (offset > INT64_MAX || size == 0 || size > max)
		return NULL;
	return o->lib.elf_getdata_rawchunk(o->elf, (int64_t)offset, size, type);
}

/* The program headers that count. */
struct layout {
	bool has_dynamic, has_interp;
	GElf_Phdr dynamic, interp;
};

static int read_layout(struct obj *o, struct layout *out, struct err *e)
{
	size_t n = 0;

	/* A table that is cut short, libelf shortens without a word. */
	if (o->lib.elf_getphdrnum(o->elf, &n) ||
		(o->head.e_phnum != PN_XNUM && n < o->head.e_phnum))
		return damaged(o, e);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!o->lib.gelf_getphdr(o->elf, (int)i, &ph))
			return damaged(o, e);
		if (ph.p_type == PT_DYNAMIC && !out->has_dynamic) {
			out->dynamic = ph;
			out->has_dynamic = true;
		} else if (ph.p_type == PT_INTERP && !out->has_interp) {
			out->interp = ph;
			out->has_interp = true;
		}
	}
	return 0;
}

/* Where an address of the loaded object lies in its file; UINT64_MAX when nowhere. */
static uint64_t file_offset(struct obj *o, uint64_t address)
{
	size_t n = 0;

	o->lib.elf_getphdrnum(o->elf, &n);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!o->lib.gelf_getphdr(o->elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		if (address >= ph.p_vaddr && address - ph.p_vaddr < ph.p_filesz)
			return ph.p_offset + (address - ph.p_vaddr);
	}
	return UINT64_MAX;
}

static int read_interp(struct obj *o, const GElf_Phdr *ph, char **out, struct err *e)
{
	const Elf_Data *d = chunk(o, ph->p_offset, ph->p_filesz, PATH_MAX, ELF_T_BYTE);

	if (!d || !memchr(d->d_buf, '\0', d->d_size) || !*(const char *)d->d_buf)
		return damaged(o, e);
	*out = xstrdup(d->d_buf);
	return 0;
}

/* The dynamic section as raw values, before names are looked up. */
struct raw {
	uint64_t strtab, strsz, rpath, runpath, flags_1;
	bool has_rpath, has_runpath;
	VEC(uint64_t) needed;
};

static int read_raw(struct obj *o, const GElf_Phdr *ph, struct raw *out, struct err *e)
{
	Elf_Data *d = chunk(o, ph->p_offset, ph->p_filesz, DYNAMIC_MAX, ELF_T_DYN);
	size_t each = o->lib.gelf_fsize(o->elf, ELF_T_DYN, 1, EV_CURRENT);
	GElf_Dyn dyn;

	if (!d || !each)
		return damaged(o, e);
	for (size_t i = 0; i < d->d_size / each; i++) {
		if (!o->lib.gelf_getdyn(d, (int)i, &dyn))
			return damaged(o, e);
		switch (dyn.d_tag) {
		case DT_NULL:
			return 0;
		case DT_NEEDED:
			if (out->needed.n == NEEDED_MAX)
				return damaged(o, e);
			vec_push(&out->needed, dyn.d_un.d_val);
			break;
		case DT_STRTAB:
			out->strtab = dyn.d_un.d_ptr;
			break;
		case DT_STRSZ:
			out->strsz = dyn.d_un.d_val;
			break;
		case DT_RPATH:
			out->rpath = dyn.d_un.d_val;
			out->has_rpath = true;
			break;
		case DT_RUNPATH:
			out->runpath = dyn.d_un.d_val;
			out->has_runpath = true;
			break;
		case DT_FLAGS_1:
			out->flags_1 = dyn.d_un.d_val;
			break;
		default:
			break;
		}
	}
	return 0;
}

/* The string at an offset of the table; NULL when it does not end inside. */
static const char *string(const Elf_Data *strings, uint64_t at)
{
	const char *base = strings->d_buf;

	if (at >= strings->d_size || !memchr(base + at, '\0', strings->d_size - at))
		return NULL;
	return base + at;
}

static int read_strings(
	struct obj *o, const struct raw *raw, struct obj_dynamic *out, struct err *e)
{
	const Elf_Data *strings;
	const char *s;

	if (!raw->needed.n && !raw->has_rpath && !raw->has_runpath)
		return 0;
	strings = chunk(o, file_offset(o, raw->strtab), raw->strsz, STRINGS_MAX, ELF_T_BYTE);
	if (!strings)
		return damaged(o, e);
	for (size_t i = 0; i < raw->needed.n; i++) {
		s = string(strings, raw->needed.v[i]);
		if (!s || !*s || strlen(s) >= PATH_MAX)
			return damaged(o, e);
		strv_push(&out->needed, s);
	}
	if (raw->has_rpath && (s = string(strings, raw->rpath)))
		out->rpath = xstrdup(s);
	if (raw->has_runpath && (s = string(strings, raw->runpath)))
		out->runpath = xstrdup(s);
	if ((raw->has_rpath && !out->rpath) || (raw->has_runpath && !out->runpath))
		return damaged(o, e);
	return 0;
}

int obj_dynamic(struct obj *o, struct obj_dynamic *out, struct err *e)
{
	struct layout l = {0};
	struct raw raw = {0};
	int rc;

	*out = (struct obj_dynamic){
		.kind = {.class = o->head.e_ident[EI_CLASS], .machine = o->head.e_machine}};
	rc = read_layout(o, &l, e);
	if (!rc && l.has_interp)
		rc = read_interp(o, &l.interp, &out->interp, e);
	if (!rc && l.has_dynamic) {
		out->dynamic = true;
		rc = read_raw(o, &l.dynamic, &raw, e);
	}
	if (!rc)
		rc = read_strings(o, &raw, out, e);
	out->nodeflib = raw.flags_1 & DF_1_NODEFLIB;
	free(raw.needed.v);
	if (rc)
		obj_dynamic_release(out);
	return rc;
}

void obj_dynamic_release(struct obj_dynamic *d)
{
	free(d->interp);
	free(d->rpath);
	free(d->runpath);
	strv_release(&d->needed);
	*d = (struct obj_dynamic){0};
}

bool obj_notes(struct obj *o, size_t *at, size_t max, struct obj_notes *out)
{
	GElf_Phdr ph;

	while (*at < INT_MAX && o->lib.gelf_getphdr(o->elf, (int)*at, &ph)) {
		const Elf_Data *d = NULL;

		++*at;
		if (ph.p_type == PT_NOTE)
			d = chunk(o, ph.p_offset, ph.p_filesz, max, ELF_T_BYTE);
		if (!d)
			continue;
		*out = (struct obj_notes){d->d_buf, d->d_size, ph.p_align == 8 ? 8 : 4};
		return true;
	}
	return false;
}

bool obj_relocatable(struct obj *o, struct obj_kind *kind)
{
	kind->class = o->head.e_ident[EI_CLASS];
	kind->machine = o->head.e_machine;
	return o->head.e_type == ET_REL;
}

int obj_section(struct obj *o, const char *section, struct str *out, struct err *e)
{
	Elf_Scn *scn = NULL;
	size_t names = 0;

	if (o->lib.elf_getshdrstrndx(o->elf, &names))
		return damaged(o, e);
	while ((scn = o->lib.elf_nextscn(o->elf, scn))) {
		const Elf_Data *d;
		const char *name;
		GElf_Shdr sh;

		if (!o->lib.gelf_getshdr(scn, &sh))
			return damaged(o, e);
		name = o->lib.elf_strptr(o->elf, names, sh.sh_name);
		if (!name || strcmp(name, section) != 0 || sh.sh_type == SHT_NOBITS)
			continue;
		if (sh.sh_size > SECTION_MAX)
			return err_set(e, E2BIG, "'%s' has a section %s of more than %d MiB",
				o->name, section, SECTION_MAX >> 20);
		d = chunk(o, sh.sh_offset, sh.sh_size, SECTION_MAX, ELF_T_BYTE);
		if (!d)
			return damaged(o, e);
		str_append(out, d->d_buf, d->d_size);
		return 1;
	}
	return 0;
}
