#include "tests/lib/kernel_fixture.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fixture: %s: %s\n", what, strerror(errno));
	abort();
}

char *fixture_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/ktstr-kernels-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	must(mkdtemp(dir) != NULL, dir);
	return dir;
}

void fixture_remove(char *dir)
{
	file_remove_tree(dir, NULL);
	free(dir);
}

void fixture_write(const char *path, const void *bytes, size_t n)
{
	cleanup_free char *folder = xstrndup(path, (size_t)(file_base(path) - path));

	if (*folder)
		must(file_mkdirs(folder, 0755, NULL) == 0, folder);
	must(file_replace(path, bytes, n, 0644, NULL) == 0, path);
}

void fixture_text(const char *dir, const char *path, const char *text)
{
	cleanup_free char *full = file_join(dir, path);

	fixture_write(full, text, strlen(text));
}

void fixture_mkdir(const char *dir, const char *path)
{
	cleanup_free char *full = file_join(dir, path);

	must(file_mkdirs(full, 0755, NULL) == 0, full);
}

/* ---- images --------------------------------------------------------------------------------- */

static void put(char *at, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		at[i] = (char)(v >> (8 * i));
}

void fixture_bzimage(struct str *out, const char *release, size_t payload)
{
	enum { SECTS = 3 };
	size_t paragraphs = (payload + 15) / 16, size = (SECTS + 1) * 512 + paragraphs * 16;
	char *p = xcalloc(1, size);

	p[0] = 'M';
	p[1] = 'Z';
	p[0x1f1] = SECTS;
	put(p + 0x1f4, paragraphs, 4);
	put(p + 0x1fe, 0xaa55, 2);
	memcpy(p + 0x202, "HdrS", 4);
	put(p + 0x206, 0x20f, 2);
	put(p + 0x20e, 0x400 - 0x200, 2);
	p[0x211] = 1;
	put(p + 0x236, 3, 2);
	put(p + 0x260, 0x3378000, 4);
	snprintf(p + 0x400, 256, "%s (builder@host) #1 SMP", release);
	str_append(out, p, size);
	free(p);
}

void fixture_vmlinux(struct str *out, const char *release)
{
	cleanup_str struct str text = STR_INIT;
	Elf64_Ehdr eh = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	Elf64_Phdr ph = {
		.p_type = PT_LOAD,
		.p_offset = sizeof(eh) + sizeof(ph),
		.p_vaddr = 0xffffffff81000000ULL,
		.p_paddr = 0x1000000,
	};

	str_printf(&text, "code%cLinux version %%s (%%s)%cmore%cLinux version %s (b@h) #1%c", 0, 0,
		0, release, 0);
	ph.p_filesz = ph.p_memsz = text.len;
	str_append(out, &eh, sizeof(eh));
	str_append(out, &ph, sizeof(ph));
	str_append(out, text.s, text.len);
}

void fixture_image(const char *dir, const char *path, const char *release)
{
	cleanup_free char *full = file_join(dir, path);
	cleanup_str struct str image = STR_INIT;

	fixture_bzimage(&image, release, 64);
	fixture_write(full, image.s, image.len);
}

/* ---- packages ------------------------------------------------------------------------------- */

static void tar_member(struct str *out, const struct fixture_file *f, size_t size)
{
	char h[512] = {0};
	unsigned sum = 0;

	snprintf(h, 100, "%s", f->path);
	snprintf(h + 100, 8, "%07o", f->type == '5' ? 0755 : 0644);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	snprintf(h + 124, 12, "%011zo", size);
	snprintf(h + 136, 12, "%011o", 0);
	h[156] = f->type ? f->type : '0';
	if (f->link)
		snprintf(h + 157, 100, "%s", f->link);
	memcpy(h + 257, "ustar\00000", 8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	str_append(out, h, sizeof(h));
	if (f->text)
		str_append(out, f->text, size);
	else
		str_repeat(out, '\0', size);
	str_repeat(out, '\0', (512 - size % 512) % 512);
}

void fixture_tar(struct str *out, const struct fixture_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tar_member(out, &files[i],
			files[i].size	? files[i].size
			: files[i].text ? strlen(files[i].text)
					: 0);
	str_repeat(out, '\0', 1024);
}

static void ar_member(struct str *out, const char *name, const void *bytes, size_t n)
{
	str_printf(out, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", name, 0, 0, 0, 0100644, n);
	str_append(out, bytes, n);
	if (n & 1)
		str_addc(out, '\n');
}

static void deb(struct str *out, const char *control, const struct str *data, const char *data_name)
{
	const struct fixture_file file = {.path = "./control", .text = control};
	cleanup_str struct str packed = STR_INIT;

	fixture_tar(&packed, &file, 1);
	str_add(out, "!<arch>\n");
	ar_member(out, "debian-binary", "2.0\n", 4);
	ar_member(out, "control.tar", packed.s, packed.len);
	ar_member(out, data_name, data->s, data->len);
}

void fixture_deb(struct str *out, const char *control, const struct fixture_file *files, size_t n)
{
	cleanup_str struct str data = STR_INIT;

	fixture_tar(&data, files, n);
	deb(out, control, &data, "data.tar");
}

void fixture_pack(const char *packer, struct str *data)
{
	const char *argv[] = {packer, "-c", NULL};
	cleanup_str struct str out = STR_INIT;
	cleanup_close int in = file_memfd("data.tar");

	must(in >= 0 && file_write_fd(in, data->s, data->len) == 0 && lseek(in, 0, SEEK_SET) == 0,
		"memfd");
	must(spawn_capture(
		     &(struct spawn){.argv = argv, .fds = &(struct spawn_fd){in, 0}, .nfds = 1},
		     64 << 20, &out, NULL, NULL) == 0,
		packer);
	str_clear(data);
	str_append(data, out.s, out.len);
}

void fixture_deb_file(const char *path, const char *control, const struct fixture_file *files,
	size_t n, const char *packer)
{
	cleanup_free char *name = xasprintf("data.tar%s", !packer		    ? ""
							  : !strcmp(packer, "gzip") ? ".gz"
							  : !strcmp(packer, "xz")   ? ".xz"
										    : ".zst");
	cleanup_str struct str data = STR_INIT, out = STR_INIT;

	fixture_tar(&data, files, n);
	if (packer)
		fixture_pack(packer, &data);
	deb(&out, control, &data, name);
	fixture_write(path, out.s, out.len);
}

/* ---- RPM ------------------------------------------------------------------------------------ */

static void put_be32(struct str *out, uint32_t v)
{
	const unsigned char bytes[] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
		(unsigned char)(v >> 8), (unsigned char)v};

	str_append(out, (const char *)bytes, sizeof(bytes));
}

/* A header of texts; `tags` ends with 0. */
static void rpm_header(struct str *out, const uint32_t *tags, const char *const *texts)
{
	cleanup_str struct str entries = STR_INIT, data = STR_INIT;
	uint32_t n = 0;

	for (; tags[n]; n++) {
		put_be32(&entries, tags[n]);
		put_be32(&entries, 6);
		put_be32(&entries, (uint32_t)data.len);
		put_be32(&entries, 1);
		str_append(&data, texts[n], strlen(texts[n]) + 1);
	}
	str_append(out, "\x8e\xad\xe8\x01\0\0\0\0", 8);
	put_be32(out, n);
	put_be32(out, (uint32_t)data.len);
	str_append(out, str_get(&entries), entries.len);
	str_append(out, str_get(&data), data.len);
}

static void cpio_member(struct str *out, const struct fixture_file *f)
{
	size_t size = f->size ? f->size : f->text ? strlen(f->text) : 0;
	unsigned mode = f->type == '5' ? 040755 : f->type == '2' ? 0120777 : 0100644;
	const char *bytes = f->type == '2' ? f->link : f->text;

	if (f->type == '2')
		size = strlen(f->link);
	str_printf(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1U, mode,
		0U, 0U, 1U, 0U, size, 0U, 0U, 0U, 0U, strlen(f->path) + 1, 0U);
	str_append(out, f->path, strlen(f->path) + 1);
	str_repeat(out, '\0', (4 - (110 + strlen(f->path) + 1) % 4) % 4);
	str_append(out, bytes ? bytes : "", size);
	str_repeat(out, '\0', (4 - size % 4) % 4);
}

void fixture_rpm(const char *path, const char *name, const char *version, const char *arch,
	const struct fixture_file *files, size_t n, const char *packer)
{
	static const uint32_t signature[] = {269, 0}, tags[] = {1000, 1001, 1002, 1022, 1124, 0};
	const char *dash = strrchr(version, '-');
	cleanup_free char *upstream = xstrndup(version, (size_t)(dash - version));
	const char *const texts[] = {name, upstream, dash + 1, arch, "cpio"};
	cleanup_str struct str out = STR_INIT, data = STR_INIT;

	str_append(&out, "\xed\xab\xee\xdb", 4);
	str_repeat(&out, '\0', 92);
	rpm_header(&out, signature, (const char *const[]){"not looked at"});
	str_repeat(&out, '\0', (8 - out.len % 8) % 8);
	rpm_header(&out, tags, texts);
	for (size_t i = 0; i < n; i++)
		cpio_member(&data, &files[i]);
	cpio_member(&data, &(struct fixture_file){.path = "TRAILER!!!", .text = ""});
	if (packer)
		fixture_pack(packer, &data);
	str_append(&out, data.s, data.len);
	fixture_write(path, out.s, out.len);
}

/* --------------------------------------------------------------------------------------------- */

void fixture_kernel_deb(const char *path, const char *name, const char *version,
	const char *release, size_t payload, const char *packer)
{
	cleanup_free char *control =
		xasprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nDescription: a kernel\n",
			name, version);
	cleanup_free char *image = xasprintf("./boot/vmlinuz-%s", release);
	cleanup_free char *config = xasprintf("./boot/config-%s", release);
	cleanup_free char *module = xasprintf("./lib/modules/%s/kernel/drivers/x.ko", release);
	cleanup_str struct str bytes = STR_INIT;

	fixture_bzimage(&bytes, release, payload);
	{
		const struct fixture_file files[] = {
			{.path = "./", .text = "", .type = '5'},
			{.path = "./boot/", .text = "", .type = '5'},
			{.path = image, .text = bytes.s, .size = bytes.len},
			{.path = config, .text = "CONFIG_X=y\n"},
			{.path = module, .text = "a module"},
			{.path = "./usr/share/doc/kernel/copyright", .text = "words"},
		};

		fixture_deb_file(path, control, files, ARRAY_LEN(files), packer);
	}
}

/* ---- reports -------------------------------------------------------------------------------- */

static void take_note(void *user, const char *text)
{
	struct fixture_report *r = user;

	strv_push(&r->notes, text);
}

static bool take_progress(void *user, const char *what, uint64_t done, uint64_t total)
{
	struct fixture_report *r = user;

	snprintf(r->what, sizeof(r->what), "%s", what);
	r->done = done;
	r->total = total;
	return r->cancel_what && str_starts(what, r->cancel_what) && (done || r->cancel_uncounted);
}

void fixture_report_init(struct fixture_report *r)
{
	memset(r, 0, sizeof(*r));
	r->report = (struct kernel_report){r, take_note, take_progress};
}

void fixture_report_release(struct fixture_report *r)
{
	strv_release(&r->notes);
}

int fixture_noted(const struct fixture_report *r, const char *words)
{
	for (size_t i = 0; i < r->notes.n; i++)
		if (strstr(r->notes.v[i], words))
			return 1;
	return 0;
}
