#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/kernels/deb822.h"
#include "src/kernels/package.h"
#include "src/kernels/packaged.h"
#include "tests/lib/kernel_fixture.h"

#define CONTROL "Package: linux-image-6.1\nVersion: 6.1-2\nArchitecture: amd64\n"

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = fixture_dir();
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	fixture_remove(dir);
	return 0;
}

/* ---- control stanzas ------------------------------------------------------------------------ */

static void stanzas_are_read(void **state)
{
	const char *at =
		"\n\nPackage: a\nVersion:  1:2-3 \r\nSize: 26713492\nDescription: x\n more: text\n"
		" Package: no\n\nNot: one\n\npackage: b\nArchitecture: arm64\nDepends: c (>= 1), d "
		"| "
		"e:any\nSize: -5";
	cleanup_strv struct strv names = STRV_INIT;
	struct deb822 p;

	(void)state;
	assert_true(deb822_next(&at, &p));
	assert_string_equal(p.package, "a");
	assert_string_equal(p.version, "1:2-3");
	assert_int_equal(p.size, 26713492);
	assert_string_equal(p.depends, "");
	deb822_release(&p);
	assert_true(deb822_next(&at, &p));
	assert_string_equal(p.package, "b");
	assert_string_equal(p.architecture, "arm64");
	assert_int_equal(p.size, 0);
	deb822_depends(p.depends, &names);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "c");
	assert_string_equal(names.v[1], "d");
	assert_string_equal(names.v[2], "e");
	deb822_release(&p);
	assert_false(deb822_next(&at, &p));
}

static void sizes_do_not_overflow(void **state)
{
	const char *at = "Package: a\nSize: 99999999999999999999999999\n";
	struct deb822 p;

	(void)state;
	assert_true(deb822_next(&at, &p));
	assert_int_equal(p.size, 0);
	deb822_release(&p);
}

/* ---- names ---------------------------------------------------------------------------------- */

static void names_are_placed(void **state)
{
	static const struct {
		const char *path;
		enum package_place place;
		const char *inside, *release;
	} rows[] = {
		{"./boot/vmlinuz-6.1.0-5-cloud-amd64", PACKAGE_IMAGE, "bzImage",
			"6.1.0-5-cloud-amd64"},
		{"boot//vmlinuz-6.1", PACKAGE_IMAGE, "bzImage", "6.1"},
		{"./boot/config-6.1", PACKAGE_OTHER, "config", "6.1"},
		{"./lib/modules/6.1/kernel/a.ko", PACKAGE_OTHER, "lib/modules/6.1/kernel/a.ko",
			"6.1"},
		{"./usr/lib/modules/6.1/modules.order", PACKAGE_OTHER,
			"lib/modules/6.1/modules.order", "6.1"},
		{"./boot/System.map-6.1", PACKAGE_SKIP, "", ""},
		{"./boot/vmlinuz-6.1/x", PACKAGE_SKIP, "", ""},
		{"./boot/vmlinuz-", PACKAGE_SKIP, "", ""},
		{"./boot/vmlinuz-.x", PACKAGE_SKIP, "", ""},
		{"./lib/modules/6.1", PACKAGE_SKIP, "", ""},
		{"./lib/modules/6.1/", PACKAGE_SKIP, "", ""},
		{"./lib/modules/.x/a.ko", PACKAGE_SKIP, "", ""},
		{"./usr/share/doc/x", PACKAGE_SKIP, "", ""},
		{"./", PACKAGE_SKIP, "", ""},
		{"", PACKAGE_SKIP, "", ""},
		{"./lib/modules/6.1/..x/a.ko", PACKAGE_OTHER, "lib/modules/6.1/..x/a.ko", "6.1"},
	};
	cleanup_str struct str inside = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char release[IMAGE_RELEASE_MAX] = "";

		if (package_place(rows[i].path, &inside, release) != rows[i].place)
			fail_msg("'%s'", rows[i].path);
		assert_string_equal(str_get(&inside), rows[i].inside);
		if (*rows[i].release)
			assert_string_equal(release, rows[i].release);
	}
}

/* ---- unpacking ------------------------------------------------------------------------------ */

/* Unpacks DIR/x.deb into DIR/out. */
static int unpack(struct err *e)
{
	cleanup_free char *path = file_join(dir, "x.deb"), *out = file_join(dir, "out");
	struct package p;
	int rc;

	file_remove_tree(out, NULL);
	err_clear(e);
	rc = package_open(path, &p, e);
	if (rc)
		return rc;
	rc = package_unpack(&p, out, NULL, e);
	package_release(&p);
	return rc;
}

static void make(const char *control, const struct fixture_file *files, size_t n)
{
	cleanup_free char *path = file_join(dir, "x.deb");

	fixture_deb_file(path, control, files, n, NULL);
}

static bool out_has(const char *path)
{
	cleanup_free char *full = xasprintf("%s/out/%s", dir, path);
	struct stat st;

	return lstat(full, &st) == 0;
}

static void every_packer_is_understood(void **state)
{
	static const char *const packers[] = {NULL, "gzip", "xz", "zstd"};
	cleanup_free char *path = file_join(dir, "x.deb");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		cleanup_free char *program = packers[i] ? spawn_find(packers[i]) : NULL;
		struct err e = ERR_INIT;

		if (packers[i] && !program)
			continue;
		fixture_kernel_deb(path, "linux-image-6.1", "6.1-2", "6.1", 100000, packers[i]);
		if (unpack(&e))
			fail_msg("%s: %s", packers[i] ? packers[i] : "tar", e.msg);
		assert_true(out_has("bzImage"));
		assert_true(out_has("config"));
		assert_true(out_has("lib/modules/6.1/kernel/drivers/x.ko"));
		assert_false(out_has("usr"));
	}
}

static void links_lead_nowhere(void **state)
{
	static const struct fixture_file files[] = {
		{.path = "./lib/modules/6.1/build", .type = '2', .link = "/etc"},
		{.path = "./lib/modules/6.1/kernel/a.ko", .text = "a"},
		{.path = "./lib/modules/6.1/kernel/b.ko",
			.type = '1',
			.link = "./lib/modules/6.1/kernel/a.ko"},
	};
	static const struct fixture_file through[] = {
		{.path = "./lib/modules/6.1/kernel", .type = '2', .link = "/tmp"},
		{.path = "./lib/modules/6.1/kernel/a.ko", .text = "a"},
	};
	struct err e = ERR_INIT;

	(void)state;
	make(CONTROL, files, ARRAY_LEN(files));
	assert_int_equal(unpack(&e), 0);
	assert_false(out_has("lib/modules/6.1/build"));
	assert_true(out_has("lib/modules/6.1/kernel/b.ko"));
	make(CONTROL, through, ARRAY_LEN(through));
	assert_int_equal(unpack(&e), 0);
	{
		cleanup_free char *folder = xasprintf("%s/out/lib/modules/6.1/kernel", dir);
		struct stat st;

		assert_int_equal(lstat(folder, &st), 0);
		assert_true(S_ISDIR(st.st_mode)); /* a folder of ours, the link was never made */
	}
}

static void expect_refused(const struct fixture_file *file, const char *words)
{
	struct err e = ERR_INIT;

	make(CONTROL, file, 1);
	assert_true(unpack(&e) < 0);
	assert_non_null(strstr(e.msg, "x.deb"));
	if (!strstr(e.msg, words))
		fail_msg("'%s' lacks '%s'", e.msg, words);
}

static void unsafe_packages_are_refused(void **state)
{
	static const struct fixture_file twice[] = {{.path = "./boot/vmlinuz-6.1", .text = "a"},
		{.path = "./boot/vmlinuz-6.2", .text = "b"}};
	struct err e = ERR_INIT;

	(void)state;
	expect_refused(&(struct fixture_file){.path = "../../evil", .text = "x"},
		"unusable name '../../evil'");
	expect_refused(
		&(struct fixture_file){.path = "./lib/modules/6.1/../../../evil", .text = "x"},
		"unusable name");
	expect_refused(
		&(struct fixture_file){
			.path = "./lib/modules/6.1/a.ko", .type = '1', .link = "/etc/passwd"},
		"outside of its kernel");
	expect_refused(
		&(struct fixture_file){
			.path = "./lib/modules/6.1/a.ko", .type = '1', .link = "./etc/passwd"},
		"outside of its kernel");
	make(CONTROL, twice, 2);
	assert_int_equal(unpack(&e), -EINVAL);
	assert_non_null(strstr(e.msg, "twice"));
}

static void control_data_are_checked(void **state)
{
	static const struct {
		const char *control, *words;
	} rows[] = {
		{"Version: 1\n", "does not say its name"},
		{"Package: a\nArchitecture: arm64\n", "is for arm64 machines"},
		{"Package: a\n", "is for unnamed machines"},
	};
	const struct fixture_file file = {.path = "./x", .text = "x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;

		make(rows[i].control, &file, 1);
		assert_int_equal(unpack(&e), -EINVAL);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("'%s' lacks '%s'", e.msg, rows[i].words);
	}
}

static void damage_is_reported_by_name(void **state)
{
	cleanup_free char *path = file_join(dir, "x.deb");
	cleanup_str struct str bytes = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	fixture_kernel_deb(path, "linux-image-6.1", "6.1-2", "6.1", 300000, "gzip");
	assert_int_equal(file_read(path, 1 << 20, &bytes, NULL), 0);
	for (size_t i = bytes.len - 400; i < bytes.len - 100; i++)
		bytes.s[i] ^= 0x55;
	fixture_write(path, bytes.s, bytes.len);
	assert_int_equal(unpack(&e), -EBADMSG);
	assert_non_null(strstr(e.msg, "x.deb"));
	assert_non_null(strstr(e.msg, "is damaged"));
}

/* All but the zeros at the very end of the data archive has to be there. */
static void every_cut_is_noticed(void **state)
{
	cleanup_free char *path = file_join(dir, "x.deb");
	cleanup_str struct str bytes = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	fixture_kernel_deb(path, "linux-image-6.1", "6.1-2", "6.1", 3000, NULL);
	assert_int_equal(file_read(path, 1 << 20, &bytes, NULL), 0);
	assert_int_equal(unpack(&e), 0);
	for (size_t n = 0; n + 1536 < bytes.len; n += 97) {
		fixture_write(path, bytes.s, n);
		if (unpack(&e) >= 0)
			fail_msg("%zu bytes of %zu", n, bytes.len);
		assert_non_null(strstr(e.msg, "x.deb"));
	}
}

static void other_archives_are_refused(void **state)
{
	static const struct {
		size_t at;
		const char *bytes, *words;
	} rows[] = {
		{0, "!<arxh>", "not in a known format"},
		{8 + 58, "xx", "x.deb"},
		{8 + 48, "9999999999", "x.deb"},
		{8, "something-else", "archive of something else"},
		{8 + 60 + 4, "wontrol.tar", "it has no control.tar"},
	};
	cleanup_free char *path = file_join(dir, "x.deb");
	cleanup_str struct str bytes = STR_INIT;

	(void)state;
	fixture_kernel_deb(path, "linux-image-6.1", "6.1-2", "6.1", 3000, NULL);
	assert_int_equal(file_read(path, 1 << 20, &bytes, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str bad = STR_INIT;
		struct err e = ERR_INIT;

		str_append(&bad, bytes.s, bytes.len);
		memcpy(bad.s + rows[i].at, rows[i].bytes, strlen(rows[i].bytes));
		fixture_write(path, bad.s, bad.len);
		assert_true(unpack(&e) < 0);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("row %zu: '%s' lacks '%s'", i, e.msg, rows[i].words);
	}
}

/* ---- entries from files --------------------------------------------------------------------- */

struct from_file {
	struct fixture_report r;
	struct err e;
	char *release;
	int rc;
};

static struct from_file from_file(const char *name)
{
	cleanup_free char *path = file_join(dir, name), *root = file_join(dir, "cache");
	struct from_file f = {.e = ERR_INIT};

	fixture_report_init(&f.r);
	f.r.report.user = &f.r;
	f.rc = packaged_from_file(root, path, &f.r.report, &f.release, &f.e);
	return f;
}

/* The reporter's address changed on return: nothing may be called with it any more. */
static void done(struct from_file *f)
{
	free(f->release);
	fixture_report_release(&f->r);
}

static void files_are_unpacked_once(void **state)
{
	cleanup_free char *path = file_join(dir, "linux-image-6.1_1_amd64.deb");
	struct from_file f;

	(void)state;
	fixture_kernel_deb(path, "linux-image-6.1", "6.1-2", "6.1", 1000, NULL);
	f = from_file(file_base(path));
	assert_int_equal(f.rc, 0);
	assert_string_equal(f.release, "6.1");
	assert_true(fixture_noted(&f.r, "unpacking linux-image-6.1_1_amd64.deb"));
	done(&f);
	f = from_file(file_base(path));
	assert_int_equal(f.rc, 0);
	assert_int_equal(f.r.notes.n, 0);
	done(&f);
	/* the same name and version with other contents is another package */
	fixture_kernel_deb(path, "linux-image-6.1", "6.1-2", "6.1", 2000, NULL);
	f = from_file(file_base(path));
	assert_int_equal(f.rc, 0);
	assert_true(fixture_noted(&f.r, "unpacking"));
	done(&f);
}

static void modules_may_come_beside(void **state)
{
	static const char modules_control[] =
		"Package: linux-modules-6.1\nVersion: 6.1-2\nArchitecture: amd64\n";
	const struct fixture_file module = {.path = "./lib/modules/6.1/kernel/m.ko", .text = "m"};
	cleanup_free char *image_path = file_join(dir, "linux-image-unsigned-6.1_6.1-2_amd64.deb");
	cleanup_free char *modules_path = file_join(dir, "linux-modules-6.1_6.1-2_amd64.deb");
	cleanup_free char *tree = file_join(dir, "cache/.distro/6.1/lib/modules/6.1/kernel/m.ko");
	cleanup_str struct str image = STR_INIT;
	struct from_file f;

	(void)state;
	fixture_bzimage(&image, "6.1", 100);
	{
		const struct fixture_file file = {
			.path = "./boot/vmlinuz-6.1", .text = image.s, .size = image.len};

		fixture_deb_file(image_path,
			"Package: linux-image-unsigned-6.1\nVersion: 6.1-2\nArchitecture: amd64\n",
			&file, 1, NULL);
	}
	f = from_file(file_base(image_path));
	assert_int_equal(f.rc, 0);
	assert_true(fixture_noted(&f.r, "they come in linux-modules-6.1"));
	done(&f);
	assert_false(file_exists(tree));
	fixture_deb_file(modules_path, modules_control, &module, 1, NULL);
	f = from_file(file_base(image_path));
	assert_int_equal(f.rc, 0);
	assert_false(fixture_noted(&f.r, "they come in"));
	assert_true(file_exists(tree));
	done(&f);
	/* the modules alone are no kernel */
	f = from_file(file_base(modules_path));
	assert_int_equal(f.rc, -EINVAL);
	assert_non_null(strstr(f.e.msg, "holds no kernel"));
	assert_non_null(strstr(f.e.hint, "linux-image-6.1"));
	done(&f);
}

/* Fedora's way: the image in the module tree of NAME-core, the modules in packages of their own. */
static void rpms_are_unpacked(void **state)
{
	static const char *const packers[] = {NULL, "gzip", "xz", "zstd"};
	const struct fixture_file module = {
		.path = "./lib/modules/6.11/kernel/m.ko.xz", .text = "m"};
	const struct fixture_file later = {
		.path = "./lib/modules/6.11/kernel/n.ko.xz", .text = "n"};
	cleanup_free char *core = file_join(dir, "kernel-core-6.11.4-301.fc41.x86_64.rpm");
	cleanup_free char *modules = file_join(dir, "kernel-modules-6.11.4-301.fc41.x86_64.rpm");
	cleanup_free char *more = file_join(dir, "kernel-modules-core-6.11.4-301.fc41.x86_64.rpm");
	cleanup_free char *old = file_join(dir, "kernel-modules-6.11.4-300.fc41.x86_64.rpm");
	cleanup_free char *tree = file_join(dir, "cache/.distro/6.11/lib/modules/6.11/kernel");
	cleanup_free char *one = file_join(tree, "m.ko.xz"), *other = file_join(tree, "n.ko.xz");
	cleanup_str struct str image = STR_INIT;
	struct from_file f;

	(void)state;
	fixture_bzimage(&image, "6.11", 100);
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		const struct fixture_file files[] = {
			{.path = "./lib/modules/6.11", .type = '5'},
			{.path = "./lib/modules/6.11/build", .type = '2', .link = "/usr/src/x"},
			{.path = "./lib/modules/6.11/vmlinuz", .text = image.s, .size = image.len},
			{.path = "./lib/modules/6.11/config", .text = "CONFIG_X=y\n"},
			{.path = "./usr/share/licenses/kernel-core/COPYING", .text = "words"},
		};

		fixture_rpm(core, "kernel-core", "6.11.4-301.fc41", "x86_64", files,
			ARRAY_LEN(files), packers[i]);
		f = from_file(file_base(core));
		if (f.rc)
			fail_msg("%s: %s", packers[i] ? packers[i] : "plain", f.e.msg);
		assert_string_equal(f.release, "6.11");
		done(&f);
	}
	f = from_file(file_base(core));
	assert_true(fixture_noted(&f.r, "kernel-modules"));
	done(&f);
	fixture_rpm(old, "kernel-modules", "6.11.4-300.fc41", "x86_64", &later, 1, NULL);
	fixture_rpm(modules, "kernel-modules", "6.11.4-301.fc41", "x86_64", &later, 1, "zstd");
	fixture_rpm(more, "kernel-modules-core", "6.11.4-301.fc41", "x86_64", &module, 1, "xz");
	f = from_file(file_base(core));
	assert_int_equal(f.rc, 0);
	assert_false(fixture_noted(&f.r, "holds no modules"));
	assert_true(file_exists(one) && file_exists(other));
	done(&f);
	f = from_file(file_base(core));
	assert_false(fixture_noted(&f.r, "unpacking"));
	done(&f);
	f = from_file(file_base(modules));
	assert_int_equal(f.rc, -EINVAL);
	assert_non_null(strstr(f.e.hint, "-core"));
	done(&f);
}

static void bad_rpms_are_refused(void **state)
{
	static const struct {
		size_t at;
		const char *bytes, *words;
	} rows[] = {
		{96, "\xff", "a header is missing or cut off"},
		{96 + 8, "\x7f", "a header is longer than what is there"},
		{96 + 12, "\x7f", "a header is longer than what is there"},
		{144, "\xff", "a header is missing or cut off"},
		{144 + 16 + 3, "\x01", "it does not say its name, version and architecture"},
		{144 + 16 + 8, "\x01", "it does not say its name, version and architecture"},
	};
	cleanup_free char *path = file_join(dir, "kernel-core-6.11.4-1.rpm");
	const struct fixture_file file = {.path = "./boot/vmlinuz-6.11", .text = "x"};
	cleanup_str struct str bytes = STR_INIT;
	struct package p;
	struct err e = ERR_INIT;

	(void)state;
	fixture_rpm(path, "kernel-core", "6.11.4-1", "aarch64", &file, 1, NULL);
	assert_int_equal(package_open(path, &p, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "is for aarch64 machines"));
	fixture_rpm(path, "kernel-core", "6.11.4-1", "x86_64", &file, 1, NULL);
	assert_int_equal(file_read(path, 1 << 20, &bytes, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_str struct str bad = STR_INIT;

		str_append(&bad, bytes.s, bytes.len);
		bad.s[rows[i].at] = rows[i].bytes[0];
		fixture_write(path, bad.s, bad.len);
		assert_int_equal(package_open(path, &p, &e), -EBADMSG);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("row %zu: '%s' lacks '%s'", i, e.msg, rows[i].words);
	}
	for (size_t n = 0; n < 300; n++) { /* cut off anywhere in its head */
		fixture_write(path, bytes.s, n);
		if (!package_open(path, &p, &e))
			package_release(&p);
	}
}

/* Newest Debian: what people name holds neither image nor modules. */
static void images_may_be_a_package_of_their_own(void **state)
{
	static const char version[] = "Version: 7.2-1\nArchitecture: amd64\n";
	cleanup_free char *named = file_join(dir, "linux-image-7.2_7.2-1_amd64.deb");
	cleanup_free char *binary = file_join(dir, "linux-binary-7.2_7.2-1_amd64.deb");
	cleanup_free char *other = file_join(dir, "linux-binary-7.2_7.2-0_amd64.deb");
	cleanup_free char *control = xasprintf("Package: linux-image-7.2\n%s", version);
	const struct fixture_file doc = {.path = "./usr/share/doc/x", .text = "x"};
	struct from_file f;

	(void)state;
	fixture_deb_file(named, control, &doc, 1, NULL);
	fixture_kernel_deb(other, "linux-binary-7.2", "7.2-0", "7.2", 100, NULL);
	f = from_file(file_base(named));
	assert_int_equal(f.rc, -EINVAL);
	assert_non_null(strstr(f.e.hint, "linux-binary-7.2"));
	done(&f);
	fixture_kernel_deb(binary, "linux-binary-7.2", "7.2-1", "7.2", 100, NULL);
	f = from_file(file_base(named));
	assert_int_equal(f.rc, 0);
	assert_string_equal(f.release, "7.2");
	done(&f);
}

static void images_may_come_in_the_tree(void **state)
{
	cleanup_free char *path = file_join(dir, "linux-image-6.19.deb");
	cleanup_str struct str image = STR_INIT;
	struct from_file f;

	(void)state;
	fixture_bzimage(&image, "6.19", 100);
	{
		const struct fixture_file files[] = {
			{.path = "./usr/lib/modules/6.19/vmlinuz",
				.text = image.s,
				.size = image.len},
			{.path = "./usr/lib/modules/6.19/kernel/m.ko", .text = "m"},
		};

		fixture_deb_file(path, CONTROL, files, 2, NULL);
	}
	f = from_file(file_base(path));
	assert_int_equal(f.rc, 0);
	assert_string_equal(f.release, "6.19");
	done(&f);
}

static void strange_packages_leave_nothing(void **state)
{
	const struct fixture_file bin = {.path = "./bin/busybox", .text = "x"};
	const struct fixture_file fake = {.path = "./boot/vmlinuz-6.1", .text = "not a kernel"};
	cleanup_free char *path = file_join(dir, "busybox.deb"),
			  *entries = file_join(dir, "cache/.distro");
	struct from_file f;

	(void)state;
	fixture_deb_file(
		path, "Package: busybox\nVersion: 1\nArchitecture: amd64\n", &bin, 1, NULL);
	f = from_file("busybox.deb");
	assert_int_equal(f.rc, -EINVAL);
	assert_non_null(strstr(f.e.msg, "busybox.deb' (busybox) holds no kernel"));
	done(&f);
	fixture_deb_file(path, CONTROL, &fake, 1, NULL);
	f = from_file("busybox.deb");
	assert_int_equal(f.rc, -EINVAL);
	assert_non_null(strstr(f.e.msg, "busybox.deb"));
	assert_non_null(strstr(f.e.msg, "a text file"));
	done(&f);
	fixture_write(path, "hello", 5);
	f = from_file("busybox.deb");
	assert_int_equal(f.rc, -EBADMSG);
	assert_non_null(strstr(f.e.msg, "busybox.deb"));
	done(&f);
	assert_false(file_exists(entries));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
		TEST(every_cut_is_noticed),
		TEST(other_archives_are_refused),
		TEST(stanzas_are_read),
		TEST(sizes_do_not_overflow),
		TEST(names_are_placed),
		TEST(every_packer_is_understood),
		TEST(links_lead_nowhere),
		TEST(unsafe_packages_are_refused),
		TEST(control_data_are_checked),
		TEST(damage_is_reported_by_name),
		TEST(files_are_unpacked_once),
		TEST(modules_may_come_beside),
		TEST(rpms_are_unpacked),
		TEST(bad_rpms_are_refused),
		TEST(images_may_be_a_package_of_their_own),
		TEST(images_may_come_in_the_tree),
		TEST(strange_packages_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
