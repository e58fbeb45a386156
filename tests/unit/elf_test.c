/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "tests/lib/elf_make.h"
#include "vmm/payload/dlopens.h"
#include "vmm/payload/elf.h"

static const struct elf_make everything = {
	.interp = "/lib64/ld.so",
	.rpath = "/a:$ORIGIN",
	.runpath = "$ORIGIN/../lib",
	.nodeflib = true,
	.needed = {"libone.so.1", "libtwo.so"},
};

static void read_bytes(const struct str *bytes, struct obj_dynamic *d)
{
	struct err e = ERR_INIT;
	struct obj *o = obj_open_bytes(bytes->s, bytes->len, "made", &e);

	assert_non_null(o);
	assert_int_equal(obj_dynamic(o, d, &e), 0);
	obj_close(o);
}

static void what_an_object_states_is_read(void **state)
{
	static const uint16_t machines[] = {EM_X86_64, EM_386, EM_AARCH64};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		struct elf_make m = everything;
		cleanup_str struct str bytes = STR_INIT;
		struct obj_dynamic d;

		m.machine = machines[i];
		elf_make_dynamic(&bytes, &m);
		read_bytes(&bytes, &d);
		assert_int_equal(d.kind.machine, machines[i]);
		assert_int_equal(d.kind.class, machines[i] == EM_386 ? ELFCLASS32 : ELFCLASS64);
		assert_true(d.dynamic && d.nodeflib);
		assert_string_equal(d.interp, "/lib64/ld.so");
		assert_string_equal(d.rpath, "/a:$ORIGIN");
		assert_string_equal(d.runpath, "$ORIGIN/../lib");
		assert_int_equal(d.needed.n, 2);
		assert_string_equal(d.needed.v[0], "libone.so.1");
		assert_string_equal(d.needed.v[1], "libtwo.so");
		obj_dynamic_release(&d);
	}
}

static void absent_is_absent(void **state)
{
	cleanup_str struct str bytes = STR_INIT;
	struct obj_dynamic d;

	(void)state;
	elf_make_dynamic(&bytes, &(struct elf_make){0});
	read_bytes(&bytes, &d);
	assert_true(d.dynamic);
	assert_false(d.nodeflib);
	assert_null(d.interp);
	assert_null(d.rpath);
	assert_null(d.runpath);
	assert_int_equal(d.needed.n, 0);
	obj_dynamic_release(&d);
}

static void this_program_needs_libc(void **state)
{
	cleanup_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct err e = ERR_INIT;
	struct obj_kind kind;
	struct obj_dynamic d;
	struct obj *o;

	(void)state;
	assert_int_equal(obj_peek(fd, &kind), 1);
	o = obj_open_fd(fd, "self", &e);
	assert_non_null(o);
	assert_int_equal(obj_dynamic(o, &d, &e), 0);
	assert_true(obj_same_kind(kind, d.kind));
	assert_non_null(d.interp);
	assert_true(file_exists(d.interp));
	assert_true(strv_has(&d.needed, "libc.so.6"));
	obj_dynamic_release(&d);
	obj_close(o);
}

/* "a|b c": the lists, and what is to choose from in each. */
static void lists_of(const struct str *bytes, struct str *out)
{
	struct obj *o = obj_open_bytes(bytes->s, bytes->len, "made", NULL);
	struct dlopens d;

	assert_non_null(o);
	dlopens_read(o, &d);
	for (size_t i = 0; i < d.any.n; i++)
		for (size_t k = 0; k < d.any.v[i].n; k++)
			str_printf(out, "%s%s", k ? "|" : &" "[!i], d.any.v[i].v[k]);
	dlopens_release(&d);
	obj_close(o);
}

static void assert_lists(const struct elf_make *m, const char *expected)
{
	cleanup_str struct str bytes = STR_INIT, lists = STR_INIT;

	elf_make_dynamic(&bytes, m);
	lists_of(&bytes, &lists);
	assert_string_equal(str_get(&lists), expected);
}

static void what_an_object_opens_is_read(void **state)
{
	static const uint16_t machines[] = {EM_X86_64, EM_386};
	cleanup_str struct str notes = STR_INIT;

	(void)state;
	elf_make_note(&notes, "GNU", 3, "12345", 5);
	elf_make_dlopen(
		&notes, "[{\"soname\":[\"a\",\"b\"]},{\"feature\":\"x\",\"soname\":[\"c\"]}]");
	elf_make_dlopen(&notes, "[{\"soname\":[\"d\"],\"priority\":\"recommended\"}]");
	elf_make_dlopen(&notes, "[{\"soname\":[\"left\"],\"priority\":\"suggested\"}]");
	for (size_t i = 0; i < ARRAY_LEN(machines); i++)
		assert_lists(
			&(struct elf_make){.machine = machines[i], .notes = &notes}, "a|b c d");
}

static void a_note_that_says_nothing_is_passed_over(void **state)
{
	static const char *const texts[] = {"", "[", "null", "[[]]", "[null, 1, \"a\"]", "{}",
		"{\"soname\":[\"a\"]}", "[{\"soname\":\"a\"}]", "[{\"soname\":[]}]",
		"[{\"soname\":[\"\", 3, null, {}]}]", "[{\"soname\":{\"a\":\"a\"}}]"};
	static const char good[] = "[{\"soname\":[\"a\"]}]";
	cleanup_str struct str notes = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		elf_make_dlopen(&notes, texts[i]);
	elf_make_note(&notes, "FDX", 0x407c0c0a, good, sizeof(good));
	elf_make_note(&notes, "FD", 0x407c0c0a, good, sizeof(good));
	elf_make_note(&notes, "FDO", 0x407c0c0b, good, sizeof(good));
	elf_make_dlopen(&notes, "[{\"soname\":[\"good\"]}]");
	assert_lists(&(struct elf_make){.notes = &notes}, "good");
}

/* Sizes that lead out of the segment end it, and a segment that is far too large is not read. */
static void notes_are_bounded(void **state)
{
	static const uint32_t sizes[] = {20, 1U << 31, UINT32_MAX - 2, UINT32_MAX};
	cleanup_str struct str notes = STR_INIT;

	(void)state;
	for (size_t at = 0; at < 8; at += 4)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			str_clear(&notes);
			elf_make_dlopen(&notes, "[]");
			memcpy(notes.s + at, &sizes[i], sizeof(sizes[i]));
			assert_lists(&(struct elf_make){.notes = &notes}, "");
		}
	str_clear(&notes);
	elf_make_dlopen(&notes, "[{\"soname\":[\"a\"]}]");
	str_append(&notes, "\4\0\0", 3); /* the next one is cut short */
	assert_lists(&(struct elf_make){.notes = &notes}, "a");
	str_repeat(&notes, '\0', 1 << 16);
	assert_lists(&(struct elf_make){.notes = &notes}, "");
}

/* This program is linked with what reads ELF files: the note of LAZYLIB_FILES, as it was linked. */
static void this_program_opens_libelf(void **state)
{
	cleanup_str struct str self = STR_INIT, lists = STR_INIT;

	(void)state;
	assert_int_equal(file_read("/proc/self/exe", 64 << 20, &self, NULL), 0);
	lists_of(&self, &lists);
	assert_non_null(strstr(str_get(&lists), "libelf.so.1"));
}

static void what_is_no_elf_file_is_told_apart(void **state)
{
	static const char *const texts[] = {"", "\177ELF", "#!/bin/sh\necho a b c d e f\n",
		/* big-endian */ "\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\2\0\25"};
	static const size_t sizes[] = {0, 4, 27, 20};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_close int fd = file_memfd("x");
		struct obj_kind kind;

		assert_int_equal(file_write_fd(fd, texts[i], sizes[i]), 0);
		assert_int_equal(obj_peek(fd, &kind), 0);
	}
	assert_int_equal(obj_peek(-1, &(struct obj_kind){0}), -EBADF);
}

/* Every shorter version of a good file is either refused by name or read. */
static void a_cut_file_is_refused_by_name(void **state)
{
	cleanup_str struct str bytes = STR_INIT;
	unsigned refused = 0;

	(void)state;
	elf_make_dynamic(&bytes, &everything);
	for (size_t n = 0; n < bytes.len; n++) {
		struct err e = ERR_INIT;
		struct obj *o = obj_open_bytes(bytes.s, n, "cut.so", &e);
		struct obj_dynamic d;

		if (o && obj_dynamic(o, &d, &e) == 0) {
			obj_dynamic_release(&d);
		} else {
			assert_non_null(strstr(e.msg, "cut.so"));
			refused++;
		}
		obj_close(o);
	}
	assert_int_equal(refused, bytes.len);
}

static void sections_of_modules_are_found(void **state)
{
	static const char *const info[] = {"name=virtio", "depends=", NULL};
	cleanup_str struct str bytes = STR_INIT, section = STR_INIT;
	struct err e = ERR_INIT;
	struct obj_kind kind;
	struct obj *o;

	(void)state;
	elf_make_module(&bytes, info);
	o = obj_open_bytes(bytes.s, bytes.len, "virtio.ko", &e);
	assert_non_null(o);
	assert_true(obj_relocatable(o, &kind));
	assert_int_equal(kind.machine, EM_X86_64);
	assert_int_equal(obj_section(o, ".nothing", &section, &e), 0);
	assert_int_equal(obj_section(o, ".modinfo", &section, &e), 1);
	assert_int_equal(section.len, 21);
	assert_memory_equal(section.s, "name=virtio\0depends=\0", 21);
	obj_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_object_states_is_read),
		cmocka_unit_test(absent_is_absent),
		cmocka_unit_test(this_program_needs_libc),
		cmocka_unit_test(what_an_object_opens_is_read),
		cmocka_unit_test(a_note_that_says_nothing_is_passed_over),
		cmocka_unit_test(notes_are_bounded),
		cmocka_unit_test(this_program_opens_libelf),
		cmocka_unit_test(what_is_no_elf_file_is_told_apart),
		cmocka_unit_test(a_cut_file_is_refused_by_name),
		cmocka_unit_test(sections_of_modules_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
