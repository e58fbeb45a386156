/* Kernels taken out of images of our own making: each compression, and what must be refused. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/skip.h"
#include "vmm/kernel_store.h"
#include "vmm/qemu/vmlinux.h"

enum { PVH = 18, NOTE_SIZE = 12 + 4 + 4, FILLER = 70000 };

/* An ELF file with one segment of notes: one of another type, then one of this. */
static void elf_make(struct str *out, uint32_t type, const char *name)
{
	const uint32_t other[5] = {4, 4, 6, 0x006e6558, 0};
	const uint32_t note[3] = {4, 4, type};
	Elf64_Ehdr h = {
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	const Elf64_Phdr ph = {
		.p_type = PT_NOTE,
		.p_offset = sizeof(h) + sizeof(ph),
		.p_filesz = 2 * NOTE_SIZE,
	};

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	str_append(out, &h, sizeof(h));
	str_append(out, &ph, sizeof(ph));
	str_append(out, other, sizeof(other));
	str_append(out, note, sizeof(note));
	str_append(out, name, 4);
	str_append(out, "\0\0\0\1", 4);
	for (uint32_t i = 0; i < FILLER; i++)
		str_addc(out, (char)(i * i >> 7));
}

static void put_le32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> (8 * i));
}

/* A bzImage with two setup sectors and this payload at 0x100 of the protected-mode code. */
static void image_make(struct str *out, const struct str *payload)
{
	enum { SECTS = 2, CODE = (SECTS + 1) * 512, AT = 0x100 };
	char *p = str_reserve(out, CODE + AT);

	memset(p, 0, CODE + AT);
	p[0x1f1] = SECTS;
	memcpy(p + 0x202, "HdrS", 4);
	p[0x206] = 0x0f;
	p[0x207] = 0x02;
	put_le32(p + 0x248, AT);
	put_le32(p + 0x24c, (uint32_t)payload->len);
	out->len += CODE + AT;
	str_append(out, payload->s, payload->len);
}

struct files {
	char dir[32];
	char *plain, *image;
};

static void files_make(struct files *f)
{
	strcpy(f->dir, "/tmp/ktstr-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->plain = xasprintf("%s/plain", f->dir);
	f->image = xasprintf("%s/image", f->dir);
}

static void files_free(struct files *f)
{
	file_remove_tree(f->dir, NULL);
	free(f->plain);
	free(f->image);
}

/* Packs `plain` with a program that writes to its stdout; false when that is not installed. */
static bool compress(
	const struct files *f, const char *program, const struct str *plain, struct str *out)
{
	const char *const argv[] = {program, "-c", f->plain, NULL};
	const struct spawn s = {.argv = argv};
	cleanup_free char *found = spawn_find(program);

	if (!found)
		return false;
	assert_int_equal(file_replace(f->plain, plain->s, plain->len, 0600, NULL), 0);
	assert_int_equal(spawn_capture(&s, 16 << 20, out, NULL, NULL), 0);
	assert_true(out->len > 0);
	return true;
}

static int unpack(const struct files *f, const struct str *image)
{
	assert_int_equal(file_replace(f->image, image->s, image->len, 0600, NULL), 0);
	return qemu_vmlinux(f->image, NULL);
}

static void one_compression(const struct files *f, const char *program, bool size_behind)
{
	cleanup_str struct str elf = STR_INIT, packed = STR_INIT, image = STR_INIT, got = STR_INIT;
	char size[4];
	int fd;

	elf_make(&elf, PVH, "Xen");
	if (!compress(f, program, &elf, &packed))
		return;
	put_le32(size, (uint32_t)elf.len);
	if (size_behind)
		str_append(&packed, size, sizeof(size));
	image_make(&image, &packed);
	fd = unpack(f, &image);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(fd, 16 << 20, &got), 0);
	close(fd);
	assert_int_equal(got.len, elf.len);
	assert_memory_equal(got.s, elf.s, elf.len);
}

static void every_compression(void **state)
{
	struct files f;

	(void)state;
	if (arc_available(NULL))
		skip_because("no libarchive");
	files_make(&f);
	one_compression(&f, "gzip", false);
	one_compression(&f, "xz", true);
	one_compression(&f, "bzip2", true);
	one_compression(&f, "zstd", true);
	files_free(&f);
}

static void refuse(const struct files *f, struct str *image)
{
	assert_int_equal(unpack(f, image), -1);
	str_release(image);
}

static void what_cannot_be_started_is_left_alone(void **state)
{
	cleanup_str struct str elf = STR_INIT, packed = STR_INIT;
	struct str image = STR_INIT;
	struct files f;

	(void)state;
	files_make(&f);
	assert_int_equal(qemu_vmlinux("/nonexistent", NULL), -1);
	elf_make(&elf, PVH + 1, "Xen");
	assert_true(compress(&f, "gzip", &elf, &packed));
	image_make(&image, &packed); /* no PVH entry */
	refuse(&f, &image);
	image_make(&image, &elf); /* not compressed */
	refuse(&f, &image);
	image_make(&image, &packed);
	image.s[0x203] = 'x'; /* no header */
	refuse(&f, &image);
	image_make(&image, &packed);
	image.s[0x206] = 7; /* too old a protocol */
	refuse(&f, &image);
	image_make(&image, &packed);
	put_le32(image.s + 0x24c, UINT32_MAX);
	refuse(&f, &image);
	image_make(&image, &packed);
	put_le32(image.s + 0x248, UINT32_MAX);
	refuse(&f, &image);
	image_make(&image, &packed);
	image.len = 0x220;
	refuse(&f, &image);
	image_make(&image, &packed);
	image.len -= packed.len / 2; /* cut off */
	refuse(&f, &image);
	files_free(&f);
}

/* One that comes unpacked is not read to its end for what the store may have of it. */
static void an_elf_file_is_not_looked_for(void **state)
{
	cleanup_str struct str elf = STR_INIT;
	cleanup_free char *cache = NULL;
	struct files f;
	int fd;

	(void)state;
	files_make(&f);
	cache = file_join(f.dir, "cache");
	elf_make(&elf, PVH, "Xen");
	assert_int_equal(file_replace(f.image, elf.s, elf.len, 0600, NULL), 0);
	fd = open(f.image, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	kernel_store_keep(cache, fd, fd);
	close(fd);
	assert_int_equal(qemu_vmlinux(f.image, cache), -1);
	files_free(&f);
}

static void the_entry_is_a_note_of_xen(void **state)
{
	cleanup_str struct str good = STR_INIT, type = STR_INIT, name = STR_INIT;

	(void)state;
	elf_make(&good, PVH, "Xen");
	elf_make(&type, 17, "Xen");
	elf_make(&name, PVH, "GNU");
	assert_true(qemu_has_pvh_entry(good.s, good.len));
	assert_false(qemu_has_pvh_entry(type.s, type.len));
	assert_false(qemu_has_pvh_entry(name.s, name.len));
	for (size_t n = 0; n < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 2 * NOTE_SIZE; n++)
		assert_false(qemu_has_pvh_entry(good.s, n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_compression),
		cmocka_unit_test(what_cannot_be_started_is_left_alone),
		cmocka_unit_test(an_elf_file_is_not_looked_for),
		cmocka_unit_test(the_entry_is_a_note_of_xen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
