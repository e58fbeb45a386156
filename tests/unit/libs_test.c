/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "tests/lib/elf_make.h"
#include "vmm/payload/libs.h"

/* A machine of our own: its folders and its search environment. */
struct work {
	char *dir; /* canonical */
	char *standard;
	const char *dirs[2];
	struct search_env env;
	struct strv notes;
	struct payload_note note;
	struct libs *l;
	struct tree *t;
	struct err e;
};

static void note(void *user, const char *text)
{
	strv_push(&((struct work *)user)->notes, text);
}

/* Not below /tmp: the guest mounts something there, which is a case of its own. */
static int setup(void **state)
{
	struct work *w = xcalloc(1, sizeof(*w));
	char dir[] = "/var/tmp/ktstr-libs-XXXXXX";

	assert_non_null(mkdtemp(dir));
	w->dir = realpath(dir, NULL);
	w->standard = file_join(w->dir, "standard");
	w->dirs[0] = w->standard;
	w->env.dirs = w->dirs;
	ldcache_parse("", 0, &w->env.cache);
	w->note = (struct payload_note){.user = w, .note = note};
	w->l = libs_new(&w->env, &w->note);
	w->t = tree_new();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct work *w = *state;

	file_remove_tree(w->dir, NULL);
	libs_free(w->l);
	tree_free(w->t);
	search_env_release(&w->env);
	strv_release(&w->notes);
	free(w->standard);
	free(w->dir);
	free(w);
	return 0;
}

static char *at(const struct work *w, const char *path)
{
	return file_join(w->dir, path);
}

static void make(const struct work *w, const char *path, const struct elf_make *m)
{
	cleanup_free char *full = at(w, path);
	cleanup_str struct str bytes = STR_INIT;

	elf_make_dynamic(&bytes, m);
	elf_make_file(full, &bytes);
}

/* An object that says so of itself; `json` as in the note. */
static void make_opening(
	const struct work *w, const char *path, const char *json, const struct elf_make *m)
{
	cleanup_str struct str notes = STR_INIT;
	struct elf_make with = *m;

	elf_make_dlopen(&notes, json);
	with.notes = &notes;
	make(w, path, &with);
}

static int add(struct work *w, const char *path, const char *guest)
{
	cleanup_free char *full = at(w, path);

	return libs_add(w->l, full, guest, NULL, &w->e);
}

/* The file of our machine that a guest path leads to. */
static void assert_leads(const struct work *w, const char *guest, const char *path)
{
	cleanup_free char *full = at(w, path);
	const char *home = tree_resolve(w->t, guest);
	struct stat st;

	assert_non_null(home);
	assert_int_equal(stat(full, &st), 0);
	assert_non_null(tree_home(w->t, &st));
	assert_string_equal(home, tree_home(w->t, &st));
}

static void place(struct work *w)
{
	assert_int_equal(libs_place(w->l, w->t, &w->e), 0);
}

static void assert_missing(struct work *w, const char *names)
{
	assert_non_null(strstr(w->e.msg, ": missing shared libraries: "));
	assert_string_equal(strstr(w->e.msg, "libraries: ") + 11, names);
}

static void the_whole_chain_is_packed(void **state)
{
	struct work *w = *state;

	make(w, "prog", &(struct elf_make){.needed = {"liba.so", "libb.so"}});
	make(w, "standard/liba.so", &(struct elf_make){.needed = {"libc.so"}});
	make(w, "standard/libb.so", &(struct elf_make){.needed = {"libc.so", "liba.so"}});
	make(w, "standard/libc.so", &(struct elf_make){.needed = {"libb.so"}});
	make(w, "standard/libd.so", &(struct elf_make){0});
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	place(w);
	assert_leads(w, "lib64/liba.so", "standard/liba.so");
	assert_leads(w, "lib/x86_64-linux-gnu/libb.so", "standard/libb.so");
	assert_leads(w, "usr/lib/libc.so", "standard/libc.so");
	assert_false(tree_has(w->t, "lib64/libd.so"));
	assert_true(libs_uses(w->l, "liba"));
	assert_false(libs_uses(w->l, "libd"));
}

static void missing_libraries_are_named_in_order(void **state)
{
	struct work *w = *state;

	make(w, "prog", &(struct elf_make){.needed = {"libx.so", "liba.so", "liby.so"}});
	make(w, "standard/liba.so", &(struct elf_make){.needed = {"libz.so", "libx.so"}});
	assert_int_equal(add(w, "prog", "include-files/prog"), -ENOENT);
	assert_missing(w, "libx.so, liby.so, libz.so");
	place(w);
	assert_false(tree_has(w->t, "lib64/liba.so"));
}

static void what_a_program_opens_comes_too(void **state)
{
	struct work *w = *state;

	make_opening(w, "prog", "[{\"soname\":[\"liba.so\"]}]",
		&(struct elf_make){.needed = {"libb.so"}});
	make_opening(w, "standard/libb.so", "[{\"soname\":[\"libc.so\"]}]", &(struct elf_make){0});
	make(w, "standard/liba.so", &(struct elf_make){.needed = {"libd.so"}});
	make_opening(w, "standard/libc.so",
		"[{\"soname\":[\"liba.so\"]},{\"soname\":[\"libe.so\"]}]", &(struct elf_make){0});
	make(w, "standard/libd.so", &(struct elf_make){0});
	make(w, "standard/libe.so", &(struct elf_make){0});
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	place(w);
	assert_leads(w, "lib64/liba.so", "standard/liba.so");
	assert_leads(w, "lib64/libc.so", "standard/libc.so");
	assert_leads(w, "lib64/libd.so", "standard/libd.so");
	assert_leads(w, "lib64/libe.so", "standard/libe.so");
	assert_int_equal(w->notes.n, 0);
}

static void the_first_that_is_there_is_opened(void **state)
{
	struct work *w = *state;

	make_opening(w, "prog", "[{\"soname\":[\"libx.so\",\"liba.so\",\"libb.so\"]}]",
		&(struct elf_make){.runpath = "$ORIGIN"});
	make(w, "liba.so", &(struct elf_make){0});
	make(w, "standard/libb.so", &(struct elf_make){0});
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	place(w);
	assert_leads(w, "include-files/liba.so", "liba.so");
	assert_false(tree_has(w->t, "lib64/libb.so"));
}

/* It would not open in the guest; what others need of it stays. */
static void what_cannot_be_opened_is_left_out(void **state)
{
	struct work *w = *state;
	cleanup_free char *damaged = at(w, "standard/libz.so");

	make_opening(w, "prog",
		"[{\"soname\":[\"libx.so\"]},{\"soname\":[\"liba.so\",\"libz.so\",\"libc.so\"]},"
		"{\"soname\":[\"libd.so\"]}]",
		&(struct elf_make){0});
	make(w, "standard/liba.so",
		&(struct elf_make){.needed = {"libb.so", "libd.so", "liby.so"}});
	make(w, "standard/libb.so", &(struct elf_make){0});
	make(w, "standard/libc.so", &(struct elf_make){0});
	make(w, "standard/libd.so", &(struct elf_make){0});
	make(w, "standard/libz.so", &(struct elf_make){0});
	assert_int_equal(truncate(damaged, 64), 0);
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	place(w);
	assert_false(tree_has(w->t, "lib64/liba.so"));
	assert_false(tree_has(w->t, "lib64/libb.so"));
	assert_false(tree_has(w->t, "lib64/libz.so"));
	assert_leads(w, "lib64/libc.so", "standard/libc.so");
	assert_leads(w, "lib64/libd.so", "standard/libd.so");
	assert_int_equal(w->notes.n, 0);
}

static void what_is_relative_to_the_program_follows_it(void **state)
{
	struct work *w = *state;
	cleanup_free char *lib = at(w, "app/lib/libown.so");

	make(w, "app/bin/prog",
		&(struct elf_make){.runpath = "$ORIGIN/../lib", .needed = {"libown.so"}});
	make(w, "app/lib/libown.so", &(struct elf_make){0});
	assert_int_equal(add(w, "app/bin/prog", "include-files/prog"), 0);
	place(w);
	/* $ORIGIN is /include-files in the guest */
	assert_leads(w, "lib/libown.so", "app/lib/libown.so");
	assert_leads(w, lib + 1, "app/lib/libown.so");
	assert_int_equal(w->notes.n, 0);
}

static void runpath_is_not_for_the_libraries_below(void **state)
{
	struct work *w = *state;

	make(w, "app/prog", &(struct elf_make){.runpath = "$ORIGIN", .needed = {"liba.so"}});
	make(w, "app/liba.so", &(struct elf_make){.needed = {"libb.so"}});
	make(w, "app/libb.so", &(struct elf_make){0});
	assert_int_equal(add(w, "app/prog", "include-files/prog"), -ENOENT);
	assert_missing(w, "libb.so");
}

static void rpath_is_inherited(void **state)
{
	struct work *w = *state;

	make(w, "app/prog", &(struct elf_make){.rpath = "${ORIGIN}/l", .needed = {"liba.so"}});
	make(w, "app/l/liba.so", &(struct elf_make){.needed = {"libb.so"}});
	make(w, "app/l/libb.so", &(struct elf_make){0});
	assert_int_equal(add(w, "app/prog", "include-files/prog"), 0);
	place(w);
	assert_leads(w, "include-files/l/libb.so", "app/l/libb.so");
}

static void rpath_counts_for_nothing_beside_a_runpath(void **state)
{
	struct work *w = *state;

	make(w, "app/prog",
		&(struct elf_make){
			.rpath = "$ORIGIN", .runpath = "/nowhere", .needed = {"liba.so"}});
	make(w, "app/liba.so", &(struct elf_make){0});
	assert_int_equal(add(w, "app/prog", "include-files/prog"), -ENOENT);
	assert_missing(w, "liba.so");
}

static void the_order_is_rpath_environment_runpath_standard(void **state)
{
	struct work *w = *state;
	cleanup_free char *env = at(w, "env");
	static const char *const from[] = {
		"rp/liba.so", "env/libb.so", "run/libc.so", "standard/libd.so"};
	static const char *const folders[] = {"rp", "env", "run", "standard"};
	static const char *const names[] = {"liba.so", "libb.so", "libc.so", "libd.so"};

	for (size_t n = 0; n < ARRAY_LEN(names); n++)
		for (size_t f = n; f < ARRAY_LEN(folders); f++) {
			cleanup_free char *path = file_join(folders[f], names[n]);

			make(w, path, &(struct elf_make){0});
		}
	w->env.library_path = env;
	make(w, "p1", &(struct elf_make){.rpath = "$ORIGIN/rp", .needed = {"liba.so", "libb.so"}});
	make(w, "p2",
		&(struct elf_make){.runpath = "$ORIGIN/run", .needed = {"libc.so", "libb.so"}});
	make(w, "p3", &(struct elf_make){.needed = {"libd.so"}});
	assert_int_equal(add(w, "p1", "include-files/p1"), 0);
	assert_int_equal(add(w, "p2", "include-files/p2"), 0);
	assert_int_equal(add(w, "p3", "include-files/p3"), 0);
	place(w);
	for (size_t n = 0; n < ARRAY_LEN(names); n++) {
		cleanup_free char *alias = file_join("lib64", names[n]);

		assert_leads(w, alias, from[n]);
	}
}

static void another_machine_s_library_is_passed_over(void **state)
{
	struct work *w = *state;
	cleanup_free char *env = at(w, "env");

	w->env.library_path = env;
	make(w, "env/liba.so", &(struct elf_make){.machine = EM_386});
	make(w, "standard/liba.so", &(struct elf_make){0});
	make(w, "prog", &(struct elf_make){.needed = {"liba.so"}});
	make(w, "prog32", &(struct elf_make){.machine = EM_386, .needed = {"liba.so"}});
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	assert_int_equal(add(w, "prog32", "include-files/prog32"), 0);
	place(w);
	assert_leads(w, "lib64/liba.so", "standard/liba.so");
	assert_leads(w, "lib/liba.so", "env/liba.so");
}

static void a_foreign_program_needs_nothing(void **state)
{
	struct work *w = *state;
	cleanup_free char *path = at(w, "arm");
	enum closure_kind kind = CLOSURE_PROGRAM;

	make(w, "arm", &(struct elf_make){.machine = EM_AARCH64, .needed = {"libx.so"}});
	assert_int_equal(libs_add(w->l, path, "include-files/arm", &kind, &w->e), 0);
	assert_int_equal(kind, CLOSURE_FOREIGN);
}

static void nodeflib_shuts_the_standard_folders(void **state)
{
	struct work *w = *state;

	make(w, "standard/liba.so", &(struct elf_make){0});
	make(w, "prog", &(struct elf_make){.nodeflib = true, .needed = {"liba.so"}});
	assert_int_equal(add(w, "prog", "include-files/prog"), -ENOENT);
	assert_missing(w, "liba.so");
}

static void an_interpreter_of_one_s_own_brings_its_folders(void **state)
{
	struct work *w = *state;
	cleanup_free char *interp = at(w, "sys/lib/ld.so");

	make(w, "sys/lib/ld.so", &(struct elf_make){.needed = {"libsys.so"}});
	make(w, "sys/lib64/libsys.so", &(struct elf_make){0});
	make(w, "prog", &(struct elf_make){.interp = interp, .needed = {"liba.so"}});
	make(w, "sys/lib/liba.so", &(struct elf_make){0});
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	place(w);
	assert_leads(w, interp + 1, "sys/lib/ld.so");
	assert_leads(w, "lib64/libsys.so", "sys/lib64/libsys.so");
	assert_leads(w, "lib64/liba.so", "sys/lib/liba.so");
}

static void a_missing_interpreter_is_said(void **state)
{
	struct work *w = *state;

	make(w, "prog", &(struct elf_make){.interp = "/nowhere/ld.so"});
	assert_int_equal(add(w, "prog", "include-files/prog"), -ENOENT);
	assert_non_null(strstr(w->e.msg, "/nowhere/ld.so"));
}

/* libfoo.so is a link to a link, as distributions install them: one regular file, all names. */
static void links_lead_to_one_file(void **state)
{
	struct work *w = *state;
	cleanup_free char *link = at(w, "standard/liba.so.1");
	cleanup_free char *real = at(w, "store/liba.so.1.2.3");

	make(w, "store/liba.so.1.2.3", &(struct elf_make){0});
	make(w, "prog", &(struct elf_make){.needed = {"liba.so.1"}});
	assert_int_equal(file_mkdirs(w->standard, 0755, NULL), 0);
	assert_int_equal(symlink("../store/liba.so.1.2.3", link), 0);
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	place(w);
	assert_string_equal(tree_resolve(w->t, link + 1), real + 1);
	assert_string_equal(tree_resolve(w->t, "lib64/liba.so.1"), real + 1);
	assert_string_equal(tree_resolve(w->t, real + 1), real + 1);
}

/* Two programs, each with a libown.so of its own: each finds its own, and the one conflict that
 * cannot be avoided is told. */
static void equal_names_are_told_when_they_collide(void **state)
{
	struct work *w = *state;

	make(w, "a/bin/p1", &(struct elf_make){.runpath = "$ORIGIN/../x", .needed = {"libown.so"}});
	make(w, "b/bin/p2", &(struct elf_make){.runpath = "$ORIGIN/../x", .needed = {"libown.so"}});
	make(w, "a/x/libown.so", &(struct elf_make){0});
	make(w, "b/x/libown.so", &(struct elf_make){0});
	assert_int_equal(add(w, "a/bin/p1", "include-files/p1"), 0);
	assert_int_equal(add(w, "b/bin/p2", "include-files/p2"), 0);
	place(w);
	assert_leads(w, "x/libown.so", "a/x/libown.so");
	assert_int_equal(w->notes.n, 1);
	assert_non_null(strstr(w->notes.v[0], "b/x/libown.so"));
}

static void a_standard_library_keeps_its_name(void **state)
{
	struct work *w = *state;

	make(w, "a/p1", &(struct elf_make){.runpath = "$ORIGIN", .needed = {"liba.so"}});
	make(w, "a/liba.so", &(struct elf_make){0});
	make(w, "p2", &(struct elf_make){.needed = {"liba.so"}});
	make(w, "standard/liba.so", &(struct elf_make){0});
	assert_int_equal(add(w, "a/p1", "include-files/p1"), 0);
	assert_int_equal(add(w, "p2", "include-files/p2"), 0);
	place(w);
	assert_leads(w, "lib64/liba.so", "standard/liba.so");
	assert_leads(w, "include-files/liba.so", "a/liba.so");
	assert_int_equal(w->notes.n, 0);
}

static void what_lies_below_a_mount_point_moves(void **state)
{
	struct work *w = *state;
	char dir[] = "/tmp/ktstr-libs-XXXXXX";
	cleanup_free char *lib = NULL;
	cleanup_str struct str bytes = STR_INIT;

	assert_non_null(mkdtemp(dir));
	lib = file_join(dir, "liba.so");
	elf_make_dynamic(&bytes, &(struct elf_make){0});
	elf_make_file(lib, &bytes);
	w->env.library_path = dir;
	make(w, "prog", &(struct elf_make){.needed = {"liba.so"}});
	assert_int_equal(add(w, "prog", "include-files/prog"), 0);
	place(w);
	assert_string_equal(tree_resolve(w->t, "lib64/liba.so"), "usr/lib/ktstr/liba.so");
	assert_false(tree_has(w->t, lib + 1));
	file_remove_tree(dir, NULL);
}

static void tokens_are_expanded(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"/x/$ORIGIN", "/x//o"},
		{"$ORIGIN/../lib", "/o/../lib"},
		{"${ORIGIN}lib", "/olib"},
		{"$ORIGINlib", "$ORIGINlib"},
		{"$PLATFORM/$LIB", "x86_64/lib64|x86_64/lib/x86_64-linux-gnu|x86_64/lib"},
		{"${LIB}", "lib64|lib/x86_64-linux-gnu|lib"},
		{"$", "$"},
		{"${", "${"},
		{"${ORIGIN", "${ORIGIN"},
	};
	const struct obj_kind kind = {.class = ELFCLASS64, .machine = EM_X86_64};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_strv struct strv dirs = STRV_INIT;
		cleanup_str struct str joined = STR_INIT;

		search_expand(rows[i].in, "/o", kind, &dirs);
		for (size_t k = 0; k < dirs.n; k++)
			str_printf(&joined, "%s%s", k ? "|" : "", dirs.v[k]);
		assert_string_equal(str_get(&joined), rows[i].out);
	}
}

/* One entry of the cache's new format. */
static void cache_entry(struct str *out, uint32_t key, uint32_t value, uint64_t hwcap)
{
	const uint32_t words[4] = {0x0303, key, value, 0};

	str_append(out, words, sizeof(words));
	str_append(out, &hwcap, sizeof(hwcap));
}

static void the_cache_is_read_without_special_cpus(void **state)
{
	static const char strings[] = "liba.so\0/hw/liba.so\0/plain/liba.so\0relative";
	const uint32_t base = 48 + 3 * 24;
	cleanup_str struct str file = STR_INIT;
	struct ldcache c;
	size_t next = 0;
	uint32_t n = 3;

	(void)state;
	str_add(&file, "glibc-ld.so.cache1.1");
	str_append(&file, &n, sizeof(n));
	str_repeat(&file, '\0', 24);
	cache_entry(&file, base, base + 8, 1ULL << 62);
	cache_entry(&file, base, base + 35, 0);
	cache_entry(&file, base, base + 20, 0);
	str_append(&file, strings, sizeof(strings));
	ldcache_parse(file.s, file.len, &c);
	assert_int_equal(c.n, 3);
	assert_string_equal(ldcache_next(&c, "liba.so", &next), "/plain/liba.so");
	assert_null(ldcache_next(&c, "liba.so", &next));
	ldcache_release(&c);
	n = 1000; /* more entries than the file has */
	memcpy(file.s + 20, &n, sizeof(n));
	ldcache_parse(file.s, file.len, &c);
	assert_int_equal(c.n, 0);
	ldcache_release(&c);
}

/* This machine's own cache: every library of this test program is found. */
static void this_machine_s_libraries_are_found(void **state)
{
	struct work *w = *state;
	struct search_env env;
	struct libs *l;
	enum closure_kind kind;

	search_env_init(&env);
	env.library_path = NULL;
	l = libs_new(&env, &w->note);
	assert_int_equal(libs_add(l, "/proc/self/exe", "include-files/self", &kind, &w->e), 0);
	assert_int_equal(kind, CLOSURE_PROGRAM);
	assert_int_equal(libs_place(l, w->t, &w->e), 0);
	assert_true(tree_has(w->t, "lib64/libc.so.6"));
	assert_false(libs_add_named(l, "libthis-is-nowhere.so.1"));
	libs_free(l);
	search_env_release(&env);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_whole_chain_is_packed),
		T(missing_libraries_are_named_in_order),
		T(what_a_program_opens_comes_too),
		T(the_first_that_is_there_is_opened),
		T(what_cannot_be_opened_is_left_out),
		T(what_is_relative_to_the_program_follows_it),
		T(runpath_is_not_for_the_libraries_below),
		T(rpath_is_inherited),
		T(rpath_counts_for_nothing_beside_a_runpath),
		T(the_order_is_rpath_environment_runpath_standard),
		T(another_machine_s_library_is_passed_over),
		T(a_foreign_program_needs_nothing),
		T(nodeflib_shuts_the_standard_folders),
		T(an_interpreter_of_one_s_own_brings_its_folders),
		T(a_missing_interpreter_is_said),
		T(links_lead_to_one_file),
		T(equal_names_are_told_when_they_collide),
		T(a_standard_library_keeps_its_name),
		T(what_lies_below_a_mount_point_moves),
		cmocka_unit_test(tokens_are_expanded),
		cmocka_unit_test(the_cache_is_read_without_special_cpus),
		T(this_machine_s_libraries_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
