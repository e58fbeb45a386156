/* What is left of an ELF file for those who read its symbols and types. The file is this test's own
 * program: it has code, data, symbols and debug information. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/kernels/strip.h"

static struct str whole, stripped;

static int load(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	if (file_read("/proc/self/exe", 256 << 20, &whole, &e))
		return -1;
	return strip_vmlinux((const unsigned char *)whole.s, whole.len, &stripped, &e);
}

static int unload(void **state)
{
	(void)state;
	str_release(&whole);
	str_release(&stripped);
	return 0;
}

static bool section(const struct str *f, const char *name, Elf64_Shdr *out)
{
	Elf64_Ehdr h;
	Elf64_Shdr names;

	memcpy(&h, f->s, sizeof(h));
	memcpy(&names, f->s + h.e_shoff + (size_t)h.e_shstrndx * sizeof(names), sizeof(names));
	for (size_t i = 0; i < h.e_shnum; i++) {
		memcpy(out, f->s + h.e_shoff + i * sizeof(*out), sizeof(*out));
		if (strcmp(f->s + names.sh_offset + out->sh_name, name) == 0)
			return true;
	}
	return false;
}

/* A symbol's address, and the name of the section it is in. */
static uint64_t symbol(const struct str *f, const char *name, uint16_t *index)
{
	Elf64_Shdr symbols, names;

	assert_true(section(f, ".symtab", &symbols));
	assert_true(section(f, ".strtab", &names));
	for (size_t at = 0; at < symbols.sh_size; at += sizeof(Elf64_Sym)) {
		Elf64_Sym y;

		memcpy(&y, f->s + symbols.sh_offset + at, sizeof(y));
		if (strcmp(f->s + names.sh_offset + y.st_name, name) == 0 && y.st_value) {
			*index = y.st_shndx;
			return y.st_value;
		}
	}
	return 0;
}

static void sections_go_or_stay(void **state)
{
	Elf64_Shdr was, is;

	(void)state;
	assert_true(stripped.len < whole.len);
	assert_true(section(&whole, ".text", &was));
	assert_true(section(&stripped, ".text", &is));
	assert_int_equal(is.sh_type, SHT_NOBITS);
	assert_true(is.sh_addr == was.sh_addr && is.sh_size == was.sh_size);
	assert_true(section(&whole, ".rodata", &was));
	assert_true(section(&stripped, ".rodata", &is));
	assert_int_equal(is.sh_type, SHT_PROGBITS);
	assert_memory_equal(whole.s + was.sh_offset, stripped.s + is.sh_offset, was.sh_size);
	assert_true(section(&whole, ".debug_info", &was));
	assert_false(section(&stripped, ".debug_info", &is));
	assert_true(section(&whole, ".rela.dyn", &was));
	assert_true(section(&stripped, ".rela.dyn", &is));
	assert_int_equal(is.sh_type, SHT_PROGBITS);
	assert_int_equal(is.sh_size, 0);
}

static void symbols_are_where_they_were(void **state)
{
	static const char *const names[] = {"main", "strip_vmlinux", "stripped"};
	static const char *const in[] = {".text", ".text", ".bss"};
	uint16_t before, after;
	Elf64_Ehdr h;

	(void)state;
	memcpy(&h, stripped.s, sizeof(h));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint64_t want = symbol(&whole, names[i], &before);
		Elf64_Shdr by_index, by_name;

		assert_true(want != 0);
		assert_int_equal(symbol(&stripped, names[i], &after), want);
		assert_true(after < h.e_shnum);
		memcpy(&by_index, stripped.s + h.e_shoff + after * sizeof(by_index),
			sizeof(by_index));
		assert_true(section(&stripped, in[i], &by_name));
		assert_true(by_index.sh_addr == by_name.sh_addr);
	}
}

static void it_can_be_stripped_again(void **state)
{
	cleanup_str struct str again = STR_INIT;
	struct err e = ERR_INIT;
	uint16_t index;

	(void)state;
	assert_int_equal(
		strip_vmlinux((const unsigned char *)stripped.s, stripped.len, &again, &e), 0);
	assert_true(again.len <= stripped.len);
	assert_int_equal(symbol(&again, "main", &index), symbol(&whole, "main", &index));
}

/* A copy of the whole file whose symbol table is empty. Heap. */
static char *without_symbols(void)
{
	char *copy = xmalloc(whole.len);
	Elf64_Ehdr h;

	memcpy(copy, whole.s, whole.len);
	memcpy(&h, copy, sizeof(h));
	for (size_t i = 0; i < h.e_shnum; i++) {
		Elf64_Shdr s;

		memcpy(&s, copy + h.e_shoff + i * sizeof(s), sizeof(s));
		if (s.sh_type == SHT_SYMTAB)
			s.sh_size = 0;
		memcpy(copy + h.e_shoff + i * sizeof(s), &s, sizeof(s));
	}
	return copy;
}

/* Where nothing can be looked up by its name, the bytes are what is left to read. */
static void a_file_without_symbols_keeps_its_bytes(void **state)
{
	cleanup_free char *copy = without_symbols();
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;
	Elf64_Shdr was, is;

	(void)state;
	assert_int_equal(strip_vmlinux((const unsigned char *)copy, whole.len, &out, &e), 0);
	assert_true(out.len < whole.len);
	assert_true(section(&whole, ".text", &was));
	assert_true(section(&out, ".text", &is));
	assert_int_equal(is.sh_type, SHT_PROGBITS);
	assert_memory_equal(whole.s + was.sh_offset, out.s + is.sh_offset, was.sh_size);
	assert_true(section(&out, ".data", &is));
	assert_int_equal(is.sh_type, SHT_PROGBITS);
	assert_false(section(&out, ".debug_info", &is));
	assert_false(section(&out, ".comment", &is));
	assert_false(section(&out, ".rela.dyn", &is));
}

static void what_is_broken_is_refused(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;
	Elf64_Ehdr h;

	(void)state;
	memcpy(&h, whole.s, sizeof(h));
	assert_int_equal(strip_vmlinux((const unsigned char *)"MZ", 2, &out, &e), -EINVAL);
	assert_int_equal(
		strip_vmlinux((const unsigned char *)whole.s, whole.len / 2, &out, &e), -EINVAL);
	assert_int_equal(
		strip_vmlinux((const unsigned char *)whole.s, sizeof(h), &out, &e), -EINVAL);
	assert_int_equal(out.len, 0);
	assert_true(str_starts(e.msg, "vmlinux cannot be stripped: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_go_or_stay),
		cmocka_unit_test(symbols_are_where_they_were),
		cmocka_unit_test(it_can_be_stripped_again),
		cmocka_unit_test(a_file_without_symbols_keeps_its_bytes),
		cmocka_unit_test(what_is_broken_is_refused),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
