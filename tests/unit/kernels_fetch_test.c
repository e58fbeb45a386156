/*
 * Fetching the distribution's kernel, with a package manager of our own making: shell scripts named
 * apt-get and apt-cache at the head of PATH serve what a test put into the folder `apt`.
 *
 *   apt/show/NAME    the stanza that apt-cache show prints, with the system's package lists
 *   apt/fresh/NAME   the same, with lists that apt-get update fetched
 *   apt/pool/FILE    what apt-get download NAME=VERSION copies: NAME_VERSION_amd64.deb
 *   apt/half         a fifo: the script writes half a file, then says so there, then waits for ...
 *   apt/go           ... a fifo to be opened for writing
 *   apt/broken       when it exists, apt-get update complains in the end
 *   apt/log          one line a call
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/resolve.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/skip.h"

#define IMAGE	"linux-image-6.1.0-9-cloud-amd64"
#define RELEASE "6.1.0-9-cloud-amd64"

static const char apt_cache[] =
	"#!/bin/sh\n"
	"apt=${0%/*}/..; list=show\n"
	"echo \"apt-cache $*\" >>$apt/log\n"
	"for a; do case $a in Dir::State::lists=*)\n"
	"	list=none; [ -e \"${a#*=}/fetched\" ] && list=fresh;; esac; done\n"
	"rc=100\n"
	"for a; do [ -f $apt/$list/$a ] && cat $apt/$list/$a && echo && rc=0; done\n"
	"exit $rc\n";

static const char apt_get[] =
	"#!/bin/sh\n"
	"apt=${0%/*}/..; lists=\n"
	"echo \"apt-get $*\" >>$apt/log\n"
	"for a; do case $a in Dir::State::lists=*) lists=${a#*=};; esac; done\n"
	"for a; do case $a in\n"
	"update)\n"
	"	[ -d $apt/fresh ] || { echo 'E: cannot reach anything' >&2; exit 100; }\n"
	"	[ -d $lists/partial ] && : >$lists/fetched\n"
	"	[ -e $apt/broken ] && { echo 'E: one archive is broken' >&2; exit 100; }\n"
	"	exit 0;;\n"
	"*=*-*) ;;\n"
	"esac; done\n"
	"for a; do case $a in linux-*=*)\n"
	"	file=${a%%=*}_${a#*=}_amd64.deb\n"
	"	[ -f $apt/pool/$file ] || { echo \"E: Failed to fetch http://x/$file  404  Not "
	"Found\" >&2; exit 100; }\n"
	"	if [ -p $apt/half ]; then\n"
	"		head -c 2000 $apt/pool/$file >$file\n"
	"		exec 3>$apt/half; echo half >&3\n"
	"		read x <$apt/go\n"
	"	fi\n"
	"	cat $apt/pool/$file >$file || exit 100;;\n"
	"esac; done\n";

struct ground {
	char *dir, *host, *cache;
	struct place place;
	struct fixture_report r;
	struct kernel k;
	struct err e;
};

static void script(const char *dir, const char *name, const char *text)
{
	cleanup_free char *path = xasprintf("%s/apt/bin/%s", dir, name);

	fixture_write(path, text, strlen(text));
	assert_int_equal(chmod(path, 0755), 0);
}

static void stanza(struct ground *g, const char *list, const char *name, const char *version,
	const char *depends)
{
	cleanup_free char *path = xasprintf("apt/%s/%s", list, name);
	cleanup_free char *text = xasprintf(
		"Package: %s\nVersion: %s\nArchitecture: amd64\nDepends: %s\nSize: 4000\n", name,
		version, depends);

	fixture_text(g->dir, path, text);
}

static void pool(struct ground *g, const char *name, const char *version, size_t payload)
{
	cleanup_free char *path = xasprintf("%s/apt/pool/%s_%s_amd64.deb", g->dir, name, version);

	fixture_kernel_deb(path, name, version, RELEASE, payload, "gzip");
}

/* Debian's names: a meta package that depends on the image. */
static void debian(struct ground *g, const char *list, const char *version)
{
	stanza(g, list, "linux-image-cloud-amd64", version, IMAGE " (= 1)");
	stanza(g, list, "linux-image-amd64", version, "linux-image-6.1.0-9-amd64 (= 1)");
	stanza(g, list, IMAGE, version,
		"kmod, linux-base (>= 4.3~), initramfs-tools | linux-initramfs-tool");
}

static int make_ground(void **state)
{
	struct ground *g = xcalloc(1, sizeof(*g));
	cleanup_free char *path = NULL;

	g->dir = fixture_dir();
	g->host = file_join(g->dir, "host");
	g->cache = file_join(g->dir, "cache");
	g->place = (struct place){
		.prefix = g->host, .cwd = g->host, .release = "none", .cache_dir = g->cache};
	fixture_report_init(&g->r);
	script(g->dir, "apt-get", apt_get);
	script(g->dir, "apt-cache", apt_cache);
	path = xasprintf("%s/apt/bin:/usr/local/bin:/usr/bin:/bin", g->dir);
	setenv("PATH", path, 1);
	*state = g;
	return 0;
}

static int remove_ground(void **state)
{
	struct ground *g = *state;

	kernel_release(&g->k);
	fixture_report_release(&g->r);
	fixture_remove(g->dir);
	free(g->host);
	free(g->cache);
	free(g);
	return 0;
}

static int resolve(struct ground *g, const char *id)
{
	kernel_release(&g->k);
	fixture_report_release(&g->r);
	err_clear(&g->e);
	return resolve_at(&g->place, &(struct kernel_wish){.id = id}, &g->r.report, &g->k, &g->e);
}

/* How many lines of the log hold the words. */
static int logged(struct ground *g, const char *words)
{
	cleanup_free char *path = file_join(g->dir, "apt/log");
	cleanup_str struct str text = STR_INIT;
	int n = 0;

	if (file_read(path, 1 << 20, &text, NULL))
		return 0;
	for (const char *at = str_get(&text); (at = strstr(at, words)); at++)
		n++;
	return n;
}

/* What the cache holds, leaving locks aside: "name name ". */
static char *listing(const char *root)
{
	cleanup_strv struct strv names = STRV_INIT;
	struct str out = STR_INIT;
	DIR *dir = opendir(root);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0 &&
			strcmp(d->d_name, ".locks") != 0)
			strv_push(&names, d->d_name);
	if (dir)
		closedir(dir);
	strv_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		str_printf(&out, "%s ", names.v[i]);
	return str_steal(&out);
}

static void expect_listing(const char *root, const char *expected)
{
	cleanup_free char *names = listing(root);

	assert_string_equal(names, expected);
}

static void expect_fetched(struct ground *g, const char *id)
{
	int rc = resolve(g, id);

	if (rc)
		fail_msg("%s (%s)", g->e.msg, g->e.hint);
	assert_true(str_ends(g->k.image, "cache/.distro/" RELEASE "/bzImage"));
	assert_true(str_ends(g->k.modules, "cache/.distro/" RELEASE "/lib/modules/" RELEASE));
	assert_string_equal(g->k.release, RELEASE);
	assert_string_equal(g->k.origin, "distribution package");
	expect_listing(g->cache, ".distro ");
}

static void expect_failure(struct ground *g, const char *words)
{
	assert_true(resolve(g, "distro") < 0);
	if (!strstr(g->e.msg, words))
		fail_msg("'%s' lacks '%s'", g->e.msg, words);
	expect_listing(g->cache, "");
}

/* ---- what is fetched ------------------------------------------------------------------------ */

static void the_cloud_kernel_is_fetched_once(void **state)
{
	struct ground *g = *state;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 1000);
	expect_fetched(g, "distro");
	assert_true(fixture_noted(&g->r, IMAGE " 6.1.99-1 (3.9K) with apt-get into "));
	assert_int_equal(g->r.notes.n, 1);
	assert_int_equal(logged(g, "apt-get"), 1);
	assert_int_equal(logged(g, "update"), 0);
	assert_true(str_starts(g->r.what, "unpacking " IMAGE));
	assert_true(g->r.done > 0 && g->r.done <= g->r.total);
	expect_fetched(g, "distro");
	expect_fetched(g, NULL);
	assert_int_equal(logged(g, "apt-get"), 1);
	assert_int_equal(g->r.notes.n, 0);
}

/* KTSTR_FETCH=stable: the package manager is not asked, unless what it once brought is here. */
static void another_kind_can_be_chosen(void **state)
{
	struct ground *g = *state;

	debian(g, "show", "6.1.9-1");
	pool(g, IMAGE, "6.1.9-1", 100000);
	g->place.fetch = "stable";
	assert_true(resolve(g, NULL) < 0);
	assert_non_null(strstr(g->e.msg, "kernels are not built from here"));
	assert_int_equal(logged(g, "apt"), 0);
	g->place.fetch = "distro";
	expect_fetched(g, NULL);
	g->place.fetch = "stable";
	expect_fetched(g, NULL);
}

static void metadata_say_where_it_came_from(void **state)
{
	struct ground *g = *state;
	cleanup_free char *path = file_join(g->cache, ".distro/" RELEASE "/metadata.json");
	cleanup_str struct str text = STR_INIT;

	setenv("KTSTR_TEST_NOW", "1735689600", 1);
	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 1000);
	expect_fetched(g, NULL);
	unsetenv("KTSTR_TEST_NOW");
	assert_int_equal(file_read(path, 10000, &text, NULL), 0);
	assert_non_null(strstr(str_get(&text), "\"version\": \"6.1.99\""));
	assert_non_null(strstr(str_get(&text), "\"type\": \"package\""));
	assert_non_null(strstr(str_get(&text), "\"manager\": \"apt\""));
	assert_non_null(strstr(str_get(&text), "\"name\": \"" IMAGE "\""));
	assert_non_null(strstr(str_get(&text), "\"built_at\": \"2025-01-01T00:00:00Z\""));
}

/* Ubuntu's kernels come in two packages. */
static void modules_of_their_own_come_along(void **state)
{
	static const char image[] = "linux-image-6.8.0-31-generic",
			  modules[] = "linux-modules-6.8.0-31-generic";
	const struct fixture_file module = {
		.path = "./lib/modules/6.8.0-31-generic/kernel/m.ko", .text = "m"};
	struct ground *g = *state;
	cleanup_free char *image_path =
		xasprintf("%s/apt/pool/%s_6.8.0-31.31_amd64.deb", g->dir, image);
	cleanup_free char *modules_path =
		xasprintf("%s/apt/pool/%s_6.8.0-31.31_amd64.deb", g->dir, modules);
	cleanup_str struct str bytes = STR_INIT;

	stanza(g, "show", "linux-image-generic", "1",
		"linux-image-6.8.0-31-generic, linux-modules-extra-6.8.0-31-generic");
	stanza(g, "show", "linux-image-virtual", "1", image);
	stanza(g, "show", image, "6.8.0-31.31", "kmod, linux-base, linux-modules-6.8.0-31-generic");
	stanza(g, "show", modules, "6.8.0-31.31", "wireless-regdb");
	fixture_bzimage(&bytes, "6.8.0-31-generic", 100);
	{
		const struct fixture_file file = {.path = "./boot/vmlinuz-6.8.0-31-generic",
			.text = bytes.s,
			.size = bytes.len};

		fixture_deb_file(image_path,
			"Package: linux-image-6.8.0-31-generic\nVersion: "
			"6.8.0-31.31\nArchitecture: amd64\n",
			&file, 1, NULL);
	}
	fixture_deb_file(modules_path,
		"Package: linux-modules-6.8.0-31-generic\nVersion: 6.8.0-31.31\nArchitecture: "
		"amd64\n",
		&module, 1, NULL);
	if (resolve(g, "distro"))
		fail_msg("%s", g->e.msg);
	assert_string_equal(g->k.release, "6.8.0-31-generic");
	assert_true(str_ends(g->k.modules, "lib/modules/6.8.0-31-generic"));
	assert_true(fixture_noted(&g->r,
		"linux-image-6.8.0-31-generic and linux-modules-6.8.0-31-generic "
		"6.8.0-31.31 (7.8K)"));
	assert_int_equal(logged(g, "apt-get"), 1);
}

static void without_lists_a_private_update_runs_first(void **state)
{
	struct ground *g = *state;

	debian(g, "fresh", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 1000);
	expect_fetched(g, NULL);
	assert_int_equal(g->r.notes.n, 2);
	assert_non_null(strstr(g->r.notes.v[0],
		"fetching package lists with apt-get update into a private folder"));
	assert_non_null(strstr(g->r.notes.v[1], "fetching the distribution's kernel " IMAGE));
	assert_int_equal(logged(g, " update"), 1);
	/* private lists and caches, hooks of the system cleared */
	assert_int_equal(logged(g, "Dir::Cache="), logged(g, "Dir::State::lists="));
	assert_int_equal(logged(g, "apt.conf"), logged(g, "Dir::State::lists="));
}

static void lists_out_of_date_are_renewed(void **state)
{
	struct ground *g = *state;

	debian(g, "show", "6.1.98-1");
	debian(g, "fresh", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 1000);
	expect_fetched(g, "distro");
	assert_true(fixture_noted(&g->r, "package lists are out of date"));
	assert_true(fixture_noted(&g->r, "6.1.99-1"));
	assert_int_equal(logged(g, "download"), 2);
}

/* A third party's archive that is gone must not keep the kernel away. */
static void broken_archives_do_not_matter(void **state)
{
	struct ground *g = *state;

	debian(g, "fresh", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 1000);
	fixture_text(g->dir, "apt/broken", "");
	expect_fetched(g, "distro");
	assert_true(fixture_noted(&g->r, "apt-get update failed: one archive is broken"));
}

/* What somebody damaged in the cache is fetched anew. */
static void damaged_entries_are_replaced(void **state)
{
	struct ground *g = *state;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 1000);
	expect_fetched(g, "distro");
	fixture_text(g->cache, ".distro/" RELEASE "/bzImage", "hello");
	expect_fetched(g, NULL);
	fixture_text(g->cache, ".distro/" RELEASE "/metadata.json", "{");
	expect_fetched(g, "distro");
	assert_int_equal(logged(g, "apt-get"), 3);
}

/* ---- what goes wrong ------------------------------------------------------------------------ */

static void failures_carry_apts_words(void **state)
{
	struct ground *g = *state;

	expect_failure(g, "apt-get update failed: cannot reach anything");
	assert_true(resolve(g, NULL) < 0);
	assert_true(
		str_starts(g->e.msg, "no kernel found on this machine, and none fetched: apt-get"));
	debian(g, "fresh", "6.1.99-1");
	expect_failure(g, "apt-get could not fetch " IMAGE ": Failed to fetch http://x/");
	assert_int_equal(logged(g, "download"), 1); /* fresh lists are not renewed again */
}

static void distributions_without_a_known_kernel_say_so(void **state)
{
	struct ground *g = *state;

	stanza(g, "fresh", "hello", "1", "");
	expect_failure(g, "the package lists know none of the kernels linux-image-cloud-amd64");
	/* a meta package without an image behind it is none */
	stanza(g, "fresh", "linux-image-cloud-amd64", "1", "linux-image-cloud-armhf");
	expect_failure(g, "the package lists know none");
	stanza(g, "fresh", "linux-image-cloud-amd64", "1", IMAGE);
	expect_failure(g, "the package lists know none");
}

static void corrupt_packages_are_refused_by_name(void **state)
{
	struct ground *g = *state;
	cleanup_free char *path = file_join(g->dir, "apt/pool/" IMAGE "_6.1.99-1_amd64.deb");
	cleanup_str struct str bytes = STR_INIT;

	debian(g, "show", "6.1.99-1");
	fixture_text(g->dir, "apt/pool/" IMAGE "_6.1.99-1_amd64.deb", "<html>no</html>");
	expect_failure(g, IMAGE "_6.1.99-1_amd64.deb' is damaged or not in a known format");
	pool(g, IMAGE, "6.1.99-1", 100000);
	assert_int_equal(file_read(path, 1 << 20, &bytes, NULL), 0);
	fixture_write(path, bytes.s, bytes.len / 2);
	expect_failure(g, IMAGE "_6.1.99-1_amd64.deb' is damaged");
	/* some other package under the right name */
	fixture_kernel_deb(path, "linux-image-other", "6.1.99-1", RELEASE, 10, NULL);
	expect_failure(g, "apt-get left no package file of " IMAGE);
}

/* ---- being stopped -------------------------------------------------------------------------- */

static void make_fifos(struct ground *g, char **half, char **go)
{
	*half = file_join(g->dir, "apt/half");
	*go = file_join(g->dir, "apt/go");
	assert_int_equal(mkfifo(*half, 0600), 0);
	assert_int_equal(mkfifo(*go, 0600), 0);
}

/* Reads until the end: the writer has gone. */
static void wait_for_end(int fd)
{
	char buf[64];
	ssize_t n;

	do
		n = read(fd, buf, sizeof(buf));
	while (n > 0 || (n < 0 && errno == EINTR));
	assert_int_equal(n, 0);
}

static void cancelled_downloads_leave_nothing(void **state)
{
	struct ground *g = *state;
	cleanup_free char *half = NULL, *go = NULL;
	cleanup_close int fd = -1;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 100000);
	make_fifos(g, &half, &go);
	fd = open(half, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	g->r.cancel_what = "downloading";
	expect_failure(g, "cancelled while downloading " IMAGE);
	assert_int_equal(g->e.code, ECANCELED);
	assert_int_equal(g->r.done, 2000); /* the growing file was seen */
	assert_int_equal(g->r.total, 4000);
	/* the helper's whole process group is gone: nobody holds the other end */
	fcntl(fd, F_SETFL, 0);
	wait_for_end(fd);
}

static void cancelled_unpacking_leaves_nothing(void **state)
{
	struct ground *g = *state;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 100000);
	g->r.cancel_what = "unpacking";
	expect_failure(g, "cancelled while unpacking");
	assert_int_equal(g->e.code, ECANCELED);
	g->r.cancel_what = NULL;
	expect_fetched(g, "distro");
}

/* A child that resolves `distro` and ends with 0 or 1. */
static pid_t start(struct ground *g)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(resolve(g, "distro") != 0);
	return pid;
}

static int status_of(pid_t pid)
{
	int st;

	assert_int_equal(waitpid(pid, &st, 0), pid);
	return st;
}

static void killed_downloads_leave_nothing_half_written(void **state)
{
	struct ground *g = *state;
	cleanup_free char *half = NULL, *go = NULL, *staging = NULL;
	cleanup_close int fd = -1;
	char word[8];
	pid_t pid;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 100000);
	make_fifos(g, &half, &go);
	pid = start(g);
	fd = open(half, O_RDONLY | O_CLOEXEC); /* until the script opens its end */
	assert_true(read(fd, word, sizeof(word)) > 0);
	kill(pid, SIGKILL);
	assert_true(WIFSIGNALED(status_of(pid)));
	wait_for_end(fd); /* the package manager dies with its parent */
	staging = xasprintf(".tmp-distro-%d ", pid);
	expect_listing(g->cache, staging);
	/* the next one sweeps and succeeds */
	assert_int_equal(remove(half), 0);
	expect_fetched(g, "distro");
}

static void killed_downloads_spare_what_is_there(void **state)
{
	struct ground *g = *state;
	cleanup_free char *half = NULL, *go = NULL;
	cleanup_close int fd = -1;
	char word[8];
	pid_t pid;

	fixture_text(g->cache, "key/metadata.json", "{}");
	fixture_text(g->cache, ".distro/6.0/metadata.json", "{}");
	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 100000);
	make_fifos(g, &half, &go);
	pid = start(g);
	fd = open(half, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, word, sizeof(word)) > 0);
	kill(pid, SIGKILL);
	status_of(pid);
	wait_for_end(fd);
	{
		cleanup_free char *packaged = file_join(g->cache, ".distro");
		cleanup_free char *expected = xasprintf(".distro .tmp-distro-%d key ", pid);

		expect_listing(g->cache, expected);
		expect_listing(packaged, "6.0 ");
	}
}

static bool note_to_pipe(int fd, const char *text)
{
	return write(fd, text, strlen(text)) > 0;
}

static void tell_waiting(void *user, const char *text)
{
	if (str_starts(text, "waiting for another ktstr"))
		note_to_pipe(*(int *)user, "w");
}

/* Two at once: the second one waits for the first and takes what it made. */
static void two_at_once_fetch_once(void **state)
{
	struct ground *g = *state;
	cleanup_free char *half = NULL, *go = NULL;
	cleanup_close int fd = -1;
	int ends[2];
	char word[8];
	pid_t first, second;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 100000);
	make_fifos(g, &half, &go);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	first = start(g);
	fd = open(half, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, word, sizeof(word)) > 0);
	second = fork();
	if (second == 0) {
		const struct kernel_report report = {.user = &ends[1], .note = tell_waiting};

		_exit(resolve_at(&g->place, &(struct kernel_wish){0}, &report, &g->k, &g->e) != 0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], word, 1), 1); /* it waits */
	close(ends[0]);
	close(open(go, O_WRONLY | O_CLOEXEC)); /* the first one may go on */
	assert_int_equal(status_of(first), 0);
	assert_int_equal(status_of(second), 0);
	assert_int_equal(logged(g, "download"), 1);
	expect_fetched(g, "distro");
}

/* ---- full disks ----------------------------------------------------------------------------- */

/* No file may grow beyond the limit; the package itself is small enough. */
static void unpacking_without_room_leaves_nothing(void **state)
{
	struct ground *g = *state;
	pid_t pid;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 4 << 20); /* zeros: some KiB when packed */
	pid = fork();
	if (pid == 0) {
		struct rlimit limit = {1 << 20, 1 << 20};

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(resolve(g, "distro") == -EFBIG && strstr(g->e.msg, "bzImage") &&
					strstr(g->e.hint, "KTSTR_CACHE_DIR")
				? 0
				: 1);
	}
	assert_int_equal(status_of(pid), 0);
	expect_listing(g->cache, "");
	expect_fetched(g, "distro");
}

/* A cache on a file system of its own that is too small; 77 = such a thing may not be mounted here.
 */
static int on_small_disk(struct ground *g, const char *options)
{
	int rc;

	fixture_mkdir(g->cache, ".");
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("tmpfs", g->cache, "tmpfs", 0, options))
		return 77;
	rc = resolve(g, "distro");
	{
		cleanup_free char *names = listing(g->cache);

		if (rc >= 0 || *names)
			fprintf(stderr, "rc %d: %s; left: %s\n", rc, g->e.msg, names);
		return rc < 0 && !*names && strstr(g->e.hint, "KTSTR_CACHE_DIR") ? 0 : 1;
	}
}

static void expect_small_disk(struct ground *g, const char *options)
{
	pid_t pid = fork();
	int st;

	if (pid == 0)
		_exit(on_small_disk(g, options));
	st = status_of(pid);
	if (WIFEXITED(st) && WEXITSTATUS(st) == 77)
		skip_because("needs the right to mount");
	assert_int_equal(st, 0);
}

static void full_disks_while_unpacking_leave_nothing(void **state)
{
	struct ground *g = *state;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 4 << 20);
	expect_small_disk(g, "size=1m");
}

/* The download itself does not fit: apt-get fails, and its own words are passed on. */
static void full_disks_while_downloading_leave_nothing(void **state)
{
	struct ground *g = *state;

	debian(g, "show", "6.1.99-1");
	pool(g, IMAGE, "6.1.99-1", 16 << 20);
	expect_small_disk(g, "size=8k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_ground, remove_ground)
		TEST(the_cloud_kernel_is_fetched_once),
		TEST(another_kind_can_be_chosen),
		TEST(metadata_say_where_it_came_from),
		TEST(modules_of_their_own_come_along),
		TEST(without_lists_a_private_update_runs_first),
		TEST(lists_out_of_date_are_renewed),
		TEST(broken_archives_do_not_matter),
		TEST(damaged_entries_are_replaced),
		TEST(failures_carry_apts_words),
		TEST(distributions_without_a_known_kernel_say_so),
		TEST(corrupt_packages_are_refused_by_name),
		TEST(cancelled_downloads_leave_nothing),
		TEST(cancelled_unpacking_leaves_nothing),
		TEST(killed_downloads_leave_nothing_half_written),
		TEST(killed_downloads_spare_what_is_there),
		TEST(two_at_once_fetch_once),
		TEST(unpacking_without_room_leaves_nothing),
		TEST(full_disks_while_unpacking_leave_nothing),
		TEST(full_disks_while_downloading_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
