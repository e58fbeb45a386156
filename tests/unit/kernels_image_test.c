#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/image.h"
#include "tests/lib/kernel_fixture.h"

static int probe(const struct str *bytes, struct image_info *info, struct err *e)
{
	cleanup_close int fd = file_memfd("image");

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, str_get(bytes), bytes->len), 0);
	err_clear(e);
	return image_probe_fd(fd, "x/vmlinuz", info, e);
}

static void refused(const struct str *bytes, const char *words)
{
	struct image_info info;
	struct err e = ERR_INIT;

	assert_int_equal(probe(bytes, &info, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "x/vmlinuz"));
	if (!strstr(e.msg, words))
		fail_msg("'%s' lacks '%s'", e.msg, words);
}

static void bzimages_are_read(void **state)
{
	cleanup_str struct str image = STR_INIT;
	struct image_info info;
	struct err e = ERR_INIT;

	(void)state;
	fixture_bzimage(&image, "6.1.0-51-cloud-amd64", 1000);
	assert_int_equal(probe(&image, &info, &e), 0);
	assert_int_equal(info.kind, IMAGE_BZIMAGE);
	assert_string_equal(info.release, "6.1.0-51-cloud-amd64");
	assert_int_equal(info.init_size, 0x3378000);
	/* a signature may follow */
	str_repeat(&image, 'S', 1500);
	assert_int_equal(probe(&image, &info, &e), 0);
}

static void headers_that_lie_are_refused(void **state)
{
	static const struct {
		size_t at;
		char byte;
		const char *words;
	} rows[] = {
		{0x1f6, 0x7f, "cut off"}, /* syssize beyond the file */
		{0x207, 0x01, "too old"}, /* protocol 1.x */
		{0x206, 0x0b, "2.11"},	  /* just too old */
		{0x211, 0x00, "zImage"},  /* loaded low */
		{0x236, 0x02, "32-bit kernel"},
		{0x202, 'X', "not a kernel image"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str image = STR_INIT;

		fixture_bzimage(&image, "6.1.0", 1000);
		image.s[rows[i].at] = rows[i].byte;
		refused(&image, rows[i].words);
	}
}

static void every_cut_is_noticed(void **state)
{
	cleanup_str struct str image = STR_INIT;
	struct image_info info;
	struct err e = ERR_INIT;

	(void)state;
	fixture_bzimage(&image, "6.1.0", 256);
	for (image.len--; image.len; image.len--)
		assert_true(probe(&image, &info, &e) < 0);
	image.len = 0x240;
	refused(&image, "cut off");
}

static void odd_release_strings_are_unknown(void **state)
{
	static const char *const bad[] = {"../../etc", "a/b", ".hidden", "", " x", "6.1\x1b[m"};
	char copy[IMAGE_RELEASE_MAX];
	cleanup_str struct str image = STR_INIT;
	cleanup_free char *longest = NULL;
	struct image_info info;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(image_release_copy(copy, bad[i], strlen(bad[i]) + 1));
		assert_string_equal(copy, "");
	}
	assert_false(image_release_copy(copy, "6.1", 3)); /* no end in sight */
	assert_true(image_release_copy(copy, "6.1 x", 4));
	longest = xcalloc(1, 200);
	memset(longest, '6', 150);
	assert_false(image_release_copy(copy, longest, 200));

	fixture_bzimage(&image, "../../etc", 64);
	assert_int_equal(probe(&image, &info, &e), 0);
	assert_string_equal(info.release, "");
	memset(image.s + 0x20e, 0xff, 2); /* the string lies beyond the file */
	assert_int_equal(probe(&image, &info, &e), 0);
	assert_string_equal(info.release, "");
}

static void vmlinux_is_read(void **state)
{
	cleanup_str struct str image = STR_INIT;
	struct image_info info;
	struct err e = ERR_INIT;

	(void)state;
	fixture_vmlinux(&image, "6.12.3+");
	assert_int_equal(probe(&image, &info, &e), 0);
	assert_int_equal(info.kind, IMAGE_VMLINUX);
	assert_string_equal(info.release, "6.12.3+");
	assert_int_equal(info.init_size, 0);
}

/* The banner may lie anywhere in a big segment, across the borders of what is read at once too. */
static void banners_are_found_across_reads(void **state)
{
	const size_t around = (1 << 20) - (sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));

	(void)state;
	for (size_t pad = around - 40; pad < around + 40; pad += 7) {
		cleanup_str struct str small = STR_INIT, big = STR_INIT;
		const size_t head = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
		struct image_info info;
		struct err e = ERR_INIT;
		uint64_t size;

		fixture_vmlinux(&small, "6.12.3");
		str_append(&big, small.s, head);
		str_repeat(&big, '\0', pad);
		str_append(&big, small.s + head, small.len - head);
		size = big.len - head;
		memcpy(big.s + sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), &size, 8);
		assert_int_equal(probe(&big, &info, &e), 0);
		assert_string_equal(info.release, "6.12.3");
	}
}

static void other_elf_files_are_refused(void **state)
{
	static const struct {
		size_t at;
		char byte;
		const char *words;
	} rows[] = {
		{EI_CLASS, ELFCLASS32, "another processor"},
		{offsetof(Elf64_Ehdr, e_machine), (char)EM_AARCH64, "another processor"},
		{offsetof(Elf64_Ehdr, e_type), ET_REL, "kernel module"},
		{offsetof(Elf64_Ehdr, e_phnum), 0, "segment table"},
		{offsetof(Elf64_Ehdr, e_phnum), 70, "segment table"},
		{offsetof(Elf64_Ehdr, e_phnum), 60, "cut off"},
		{offsetof(Elf64_Ehdr, e_phoff) + 7, (char)0xff, "cut off"},
		{sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_type), PT_INTERP, "a program"},
		{sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_type), PT_NOTE, "without kernel code"},
		{sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz) + 3, 1, "cut off"},
		{sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset) + 7, (char)0xff, "cut off"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str image = STR_INIT;

		fixture_vmlinux(&image, "6.12.3");
		image.s[rows[i].at] = rows[i].byte;
		refused(&image, rows[i].words);
	}
	{
		cleanup_str struct str image = STR_INIT;

		str_append(&image, ELFMAG, 4);
		refused(&image, "cut off");
	}
}

static void strangers_are_named(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *words;
	} rows[] = {
		{"\x1f\x8b\x08", 3, "a gzip file"},
		{"\xfd"
		 "7zXZ\0",
			6, "an xz file"},
		{"\x28\xb5\x2f\xfd", 4, "a zstd file"},
		{"!<arch>\n", 8, "end in .deb"},
		{"\xed\xab\xee\xdb", 4, "an RPM package"},
		{"070701", 6, "an initramfs"},
		{"#!/bin/sh\n", 10, "a script"},
		{"hello\n", 6, "a text file"},
		{"\x01\x02\x03", 3, "unknown format"},
		{"MZ\x90\x00", 4, "an EFI program"},
	};
	cleanup_str struct str arm = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str bytes = STR_INIT;

		str_append(&bytes, rows[i].bytes, rows[i].n);
		refused(&bytes, rows[i].words);
	}
	str_repeat(&arm, '\0', 0x38);
	str_add(&arm, "ARM\x64");
	refused(&arm, "an arm64 kernel");
}

static void what_is_no_file_is_refused(void **state)
{
	cleanup_str struct str empty = STR_INIT;
	char *dir = fixture_dir();
	cleanup_free char *fifo = file_join(dir, "fifo"), *gone = file_join(dir, "gone");
	struct image_info info;
	struct err e = ERR_INIT;

	(void)state;
	refused(&empty, "is empty");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(image_probe(fifo, &info, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "not a regular file"));
	assert_int_equal(image_probe(dir, &info, &e), -EINVAL);
	assert_int_equal(image_probe(gone, &info, &e), -ENOENT);
	assert_non_null(strstr(e.msg, gone));
	fixture_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bzimages_are_read),
		cmocka_unit_test(headers_that_lie_are_refused),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(odd_release_strings_are_unknown),
		cmocka_unit_test(vmlinux_is_read),
		cmocka_unit_test(banners_are_found_across_reads),
		cmocka_unit_test(other_elf_files_are_refused),
		cmocka_unit_test(strangers_are_named),
		cmocka_unit_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
