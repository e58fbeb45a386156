#include "tests/lib/elf_make.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"

/* Addresses equal file offsets: one PT_LOAD covers the file. */
struct build {
	struct str strings, dynamic, interp;
	const struct str *notes;
	uint64_t strings_at, dynamic_at, interp_at, notes_at, size;
};

static size_t add_string(struct str *table, const char *s)
{
	size_t at = table->len;

	str_append(table, s, strlen(s) + 1);
	return at;
}

static void dyn(struct build *b, bool wide, int64_t tag, uint64_t value)
{
	Elf64_Dyn d64 = {.d_tag = tag, .d_un.d_val = value};
	Elf32_Dyn d32 = {.d_tag = (int32_t)tag, .d_un.d_val = (uint32_t)value};

	if (wide)
		str_append(&b->dynamic, &d64, sizeof(d64));
	else
		str_append(&b->dynamic, &d32, sizeof(d32));
}

static void fill_dynamic(struct build *b, const struct elf_make *m, bool wide)
{
	str_clear(&b->dynamic);
	str_clear(&b->strings);
	str_addc(&b->strings, '\0');
	for (size_t i = 0; i < ARRAY_LEN(m->needed) && m->needed[i]; i++)
		dyn(b, wide, DT_NEEDED, add_string(&b->strings, m->needed[i]));
	if (m->rpath)
		dyn(b, wide, DT_RPATH, add_string(&b->strings, m->rpath));
	if (m->runpath)
		dyn(b, wide, DT_RUNPATH, add_string(&b->strings, m->runpath));
	if (m->nodeflib)
		dyn(b, wide, DT_FLAGS_1, DF_1_NODEFLIB);
	dyn(b, wide, DT_STRTAB, b->strings_at);
	dyn(b, wide, DT_STRSZ, b->strings.len);
	dyn(b, wide, DT_NULL, 0);
}

static uint16_t segments(const struct build *b)
{
	return (uint16_t)(2 + !!b->interp.len + !!b->notes->len);
}

static void head64(struct str *out, const struct build *b, uint16_t machine)
{
	Elf64_Ehdr h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(h),
		.e_ehsize = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = segments(b)};
	const Elf64_Phdr ph[] = {{.p_type = PT_LOAD, .p_filesz = b->size, .p_memsz = b->size},
		{.p_type = PT_DYNAMIC, .p_offset = b->dynamic_at, .p_filesz = b->dynamic.len},
		{.p_type = PT_INTERP, .p_offset = b->interp_at, .p_filesz = b->interp.len},
		{.p_type = PT_NOTE,
			.p_offset = b->notes_at,
			.p_filesz = b->notes->len,
			.p_align = 4}};

	str_append(out, &h, sizeof(h));
	for (size_t i = 0; i < ARRAY_LEN(ph); i++)
		if (ph[i].p_filesz)
			str_append(out, &ph[i], sizeof(ph[i]));
}

static void head32(struct str *out, const struct build *b, uint16_t machine)
{
	Elf32_Ehdr h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
				EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(h),
		.e_ehsize = sizeof(h),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = segments(b)};
	const Elf32_Phdr ph[] = {
		{.p_type = PT_LOAD, .p_filesz = (uint32_t)b->size, .p_memsz = (uint32_t)b->size},
		{.p_type = PT_DYNAMIC,
			.p_offset = (uint32_t)b->dynamic_at,
			.p_filesz = (uint32_t)b->dynamic.len},
		{.p_type = PT_INTERP,
			.p_offset = (uint32_t)b->interp_at,
			.p_filesz = (uint32_t)b->interp.len},
		{.p_type = PT_NOTE,
			.p_offset = (uint32_t)b->notes_at,
			.p_filesz = (uint32_t)b->notes->len,
			.p_align = 4}};

	str_append(out, &h, sizeof(h));
	for (size_t i = 0; i < ARRAY_LEN(ph); i++)
		if (ph[i].p_filesz)
			str_append(out, &ph[i], sizeof(ph[i]));
}

void elf_make_note(struct str *out, const char *owner, uint32_t type, const char *text, size_t n)
{
	const uint32_t head[] = {(uint32_t)strlen(owner) + 1, (uint32_t)n, type};

	str_append(out, head, sizeof(head));
	str_append(out, owner, head[0]);
	str_repeat(out, '\0', -head[0] % 4);
	str_append(out, text, n);
	str_repeat(out, '\0', -head[1] % 4);
}

void elf_make_dlopen(struct str *out, const char *json)
{
	elf_make_note(out, "FDO", 0x407c0c0a, json, strlen(json) + 1);
}

void elf_make_dynamic(struct str *out, const struct elf_make *m)
{
	static const struct str nothing = STR_INIT;
	struct build b = {.notes = m->notes ? m->notes : &nothing};
	uint16_t machine = m->machine ? m->machine : EM_X86_64;
	bool wide = machine != EM_386;

	if (m->interp)
		str_append(&b.interp, m->interp, strlen(m->interp) + 1);
	b.dynamic_at = 512;
	fill_dynamic(&b, m, wide); /* for its size */
	b.interp_at = b.dynamic_at + b.dynamic.len;
	b.strings_at = b.interp_at + b.interp.len;
	fill_dynamic(&b, m, wide);
	b.notes_at = b.strings_at + b.strings.len;
	b.size = b.notes_at + b.notes->len;
	if (wide)
		head64(out, &b, machine);
	else
		head32(out, &b, machine);
	str_repeat(out, '\0', b.dynamic_at - out->len);
	str_append(out, b.dynamic.s, b.dynamic.len);
	str_append(out, b.interp.s, b.interp.len);
	str_append(out, b.strings.s, b.strings.len);
	str_append(out, str_get(b.notes), b.notes->len);
	str_release(&b.dynamic);
	str_release(&b.interp);
	str_release(&b.strings);
}

void elf_make_module(struct str *out, const char *const *info)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	struct str modinfo = STR_INIT;
	Elf64_Ehdr h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				EV_CURRENT},
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shoff = sizeof(h),
		.e_ehsize = sizeof(h),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
		.e_shstrndx = 2};
	Elf64_Shdr sh[3] = {{0}, {.sh_name = 1, .sh_type = SHT_PROGBITS},
		{.sh_name = 10, .sh_type = SHT_STRTAB, .sh_size = sizeof(names)}};

	for (; *info; info++)
		str_append(&modinfo, *info, strlen(*info) + 1);
	sh[1].sh_offset = sizeof(h) + sizeof(sh);
	sh[1].sh_size = modinfo.len;
	sh[2].sh_offset = sh[1].sh_offset + modinfo.len;
	str_append(out, &h, sizeof(h));
	str_append(out, sh, sizeof(sh));
	str_append(out, modinfo.s, modinfo.len);
	str_append(out, names, sizeof(names));
	str_release(&modinfo);
}

void elf_make_file(const char *path, const struct str *bytes)
{
	cleanup_free char *dir = file_dir(path);

	if (file_mkdirs(dir, 0755, NULL) || file_replace(path, bytes->s, bytes->len, 0755, NULL))
		abort();
}
