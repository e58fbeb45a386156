/*
 * Programs of this machine, packed, unpacked into a folder and run there with that folder as their
 * root: they find their libraries and interpreters without anything else. Needs cpio(1), and root
 * for mounts of our own.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/base/zst.h"
#include "tests/lib/skip.h"
#include "ui/vt.h"
#include "vmm/payload/elf.h"
#include "vmm/payload/payload.h"

struct work {
	char *dir, *root;
	struct strv include, notes;
	struct err e;
};

static void note(void *user, const char *text)
{
	strv_push(&((struct work *)user)->notes, text);
}

static int setup(void **state)
{
	struct work *w = xcalloc(1, sizeof(*w));
	char dir[] = "/var/tmp/ktstr-chroot-XXXXXX";

	assert_non_null(mkdtemp(dir));
	w->dir = realpath(dir, NULL);
	w->root = file_join(w->dir, "root");
	assert_int_equal(mkdir(w->root, 0755), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct work *w = *state;

	file_remove_tree(w->dir, NULL);
	strv_release(&w->include);
	strv_release(&w->notes);
	free(w->root);
	free(w->dir);
	free(w);
	return 0;
}

static void put(const struct work *w, const char *path, const char *text)
{
	cleanup_free char *full = file_join(w->dir, path), *dir = file_dir(full);

	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(full, text, strlen(text), 0755, NULL), 0);
}

static void include(struct work *w, const char *path)
{
	strv_take(&w->include, file_join(w->dir, path));
}

/* Status of a shell command, with what it said. */
static int shell(const char *command, int in, struct str *out)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	const struct spawn_fd fds[] = {{.from = in, .to = 0}, {.from = 2, .to = 2}};
	const struct spawn s = {.argv = argv, .fds = fds, .nfds = ARRAY_LEN(fds)};

	return spawn_capture(&s, 1 << 20, out, NULL, NULL);
}

/* cpio, a static busybox, and the right to mount: $ORIGIN is found through /proc. */
static bool can_unpack(void)
{
	cleanup_free char *cpio = spawn_find("cpio"), *busybox = payload_busybox(NULL);
	cleanup_str struct str out = STR_INIT;

	return cpio && busybox && shell("unshare -m mount --bind /proc /proc", -1, &out) == 0;
}

static void unpack(struct work *w)
{
	const struct payload_request q = {.include = &w->include};
	const struct payload_note n = {.user = w, .note = note};
	cleanup_free char *command = xasprintf("cd '%s' && cpio --quiet -idm", w->root);
	cleanup_str struct str out = STR_INIT;
	struct payload p;
	int rc;

	rc = payload_build(&q, &n, &p, &w->e);
	if (rc)
		print_error("%s\n", w->e.msg);
	assert_int_equal(rc, 0);
	lseek(p.fd, 0, SEEK_SET);
	rc = shell(command, p.fd, &out);
	payload_release(&p);
	assert_int_equal(rc, 0);
}

/* Runs a command of the guest's shell inside and compares what it says. */
static void assert_says(struct work *w, const char *command, const char *want)
{
	cleanup_free char *all = xasprintf(
		"unshare -m sh -c 'mount --bind /proc \"$1\"/proc && shift && exec \"$@\"' sh '%s' "
		"chroot '%s' /bin/busybox env -i PATH=/include-files:/bin:/usr/bin "
		"/bin/busybox sh -c '%s'",
		w->root, w->root, command);
	cleanup_str struct str out = STR_INIT;
	int rc = shell(all, -1, &out);

	if (rc)
		print_error("%s: status %d\n", command, rc);
	assert_int_equal(rc, 0);
	if (!str_starts(str_get(&out), want))
		print_error("%s: %s\n", command, str_get(&out));
	assert_true(str_starts(str_get(&out), want));
}

static void a_program_by_its_bare_name(void **state)
{
	struct work *w = *state;
	cleanup_free char *strace = spawn_find("strace");

	if (!strace)
		skip_because("no strace");
	strv_push(&w->include, "strace");
	unpack(w);
	assert_says(w, "strace --version", "strace -- version");
	assert_int_equal(w->notes.n, 0);
}

static void scripts(void **state)
{
	struct work *w = *state;
	cleanup_free char *bash = spawn_find("bash");

	if (!bash || !file_exists("/bin/bash"))
		skip_because("no bash");
	put(w, "one", "#!/bin/bash\na=(x y)\necho ${a[1]}\n");
	put(w, "two", "#!/usr/bin/env bash\necho $BASH\n");
	put(w, "three", "#!/usr/bin/env -S bash -eu\necho $-\n");
	put(w, "four", "#!/bin/sh\necho sh\n");
	include(w, "one");
	include(w, "two");
	include(w, "three");
	include(w, "four");
	unpack(w);
	assert_says(w, "one", "y\n");
	assert_says(w, "two", "/bin/bash\n");
	assert_says(w, "three", "eh");
	assert_says(w, "four", "sh\n");
	assert_says(w, "readlink /bin/ls", "/bin/busybox\n");
}

/* app/bin/prog finds app/lib/libown.so by $ORIGIN; false without a compiler. */
static bool compile(const struct work *w, const char *app)
{
	cleanup_free char *cc = spawn_find("cc");
	cleanup_free char *command =
		xasprintf("cd '%s' && mkdir -p %s/bin %s/lib && "
			  "echo 'const char *own(void) { return \"%s speaks\"; }' >own.c && "
			  "echo '#include <stdio.h>\nconst char *own(void);\n"
			  "int main(void) { return puts(own()) < 0; }' >prog.c && "
			  "cc -shared -fPIC -o %s/lib/libown.so own.c && "
			  "cc -o %s/bin/prog-%s prog.c -L%s/lib -lown -Wl,-rpath,'$ORIGIN/../lib' "
			  "-Wl,--enable-new-dtags",
			w->dir, app, app, app, app, app, app, app);
	cleanup_str struct str out = STR_INIT;

	if (!cc)
		return false;
	assert_int_equal(shell(command, -1, &out), 0);
	return true;
}

static void a_program_with_a_library_beside_it(void **state)
{
	struct work *w = *state;

	if (!compile(w, "app"))
		skip_because("no C compiler");
	include(w, "app/bin/prog-app");
	unpack(w);
	assert_says(w, "prog-app", "app speaks\n");
	assert_int_equal(w->notes.n, 0);
}

static void a_folder_with_both(void **state)
{
	struct work *w = *state;

	if (!compile(w, "one") || !compile(w, "two"))
		skip_because("no C compiler");
	include(w, "one");
	include(w, "two");
	unpack(w);
	assert_says(w, "/include-files/one/bin/prog-one", "one speaks\n");
	assert_says(w, "/include-files/two/bin/prog-two", "two speaks\n");
	assert_int_equal(w->notes.n, 0);
}

/* What this program says where these libraries are not installed: run by the next test. */
static int without_libraries(void)
{
	struct str unpacked = STR_INIT;
	struct err e = ERR_INIT;

	if (obj_open_bytes("", 0, "x", &e))
		return 1;
	printf("%s; %s\n", e.msg, e.hint);
	if (arc_decompress(-1, "x", 1, &unpacked, &e) != -ENOENT)
		return 1;
	printf("%s; %s\n", e.msg, e.hint);
	if (zst_in_new(-1, 1, &e))
		return 1;
	printf("%s; %s\n", e.msg, e.hint);
	if (vt_new(24, 80, 1, &e))
		return 1;
	printf("%s; %s\n", e.msg, e.hint);
	return 0;
}

/* Takes such a library out again; false: it had not come along. */
static bool take_out(const struct work *w, const char *library)
{
	cleanup_free char *command =
		xasprintf("find '%s' -name '%s*' -print -delete | grep -q .", w->root, library);
	cleanup_str struct str out = STR_INIT;

	return shell(command, -1, &out) == 0;
}

static void libraries_that_are_opened_late_are_named(void **state)
{
	static const char *const along[] = {"libelf.so", "libzstd.so", "libvterm.so"};
	struct work *w = *state;

	strv_push(&w->include, "/proc/self/exe");
	unpack(w);
	for (size_t i = 0; i < ARRAY_LEN(along); i++)
		assert_true(take_out(w, along[i]));
	assert_false(take_out(w, "libarchive.so")); /* large */
	assert_says(w, "exe --without-libraries",
		"reading programs and kernel modules needs the library libelf, which is not "
		"installed; Debian, Ubuntu: apt-get install libelf1; Fedora: dnf install "
		"elfutils-libelf\n"
		"unpacking needs the library libarchive, which is not installed; Debian, Ubuntu: "
		"apt-get install libarchive13; Fedora: dnf install libarchive\n"
		"zstd compression needs the library libzstd, which is not installed; Debian, "
		"Ubuntu: apt-get install libzstd1; Fedora: dnf install libzstd\n"
		"a guest's screen needs the library libvterm, which is not installed; Debian, "
		"Ubuntu: apt-get install libvterm0; Fedora: dnf install libvterm\n");
}

static void scripts_with_modules(void **state)
{
	struct work *w = *state;

	if (!file_exists("/usr/bin/python3") || !file_exists("/usr/bin/perl"))
		skip_because("no python3 or no perl");
	put(w, "x.py", "#!/usr/bin/python3\nimport json, ctypes\nprint(json.dumps({\"a\": 1}))\n");
	put(w, "y.pl", "#!/usr/bin/perl -w\nuse strict; use POSIX; print floor(2.5), \"\\n\";\n");
	include(w, "x.py");
	include(w, "y.pl");
	unpack(w);
	assert_says(w, "x.py", "{\"a\": 1}\n");
	assert_says(w, "y.pl", "2\n");
	assert_int_equal(w->notes.n, 2);
}

static void curses_programs_find_their_terminal(void **state)
{
	struct work *w = *state;
	cleanup_free char *tput = spawn_find("tput");

	if (!tput)
		skip_because("no tput");
	include(w, "none"); /* a folder that is there but empty */
	assert_int_equal(file_mkdirs(w->include.v[0], 0755, NULL), 0);
	strv_push(&w->include, "tput");
	unpack(w);
	assert_says(w, "TERM=xterm-256color tput colors", "256\n");
	assert_says(w, "TERM=linux tput colors", "8\n");
}

static void lscpu_is_there_unasked(void **state)
{
	struct work *w = *state;
	cleanup_free char *lscpu = spawn_find("lscpu");

	if (!lscpu)
		skip_because("no lscpu");
	unpack(w);
	assert_says(w, "lscpu --version", "lscpu from util-linux");
}

int main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_program_by_its_bare_name),
		T(scripts),
		T(a_program_with_a_library_beside_it),
		T(a_folder_with_both),
		T(libraries_that_are_opened_late_are_named),
		T(scripts_with_modules),
		T(curses_programs_find_their_terminal),
		T(lscpu_is_there_unasked),
	};

	if (argc > 1 && strcmp(argv[1], "--without-libraries") == 0)
		return without_libraries();
	if (!can_unpack()) {
		printf("ok 1 - programs run in the archive # SKIP needs cpio, a static busybox and "
		       "the right to mount\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
