/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/elf_make.h"
#include "tests/lib/skip.h"
#include "vmm/payload/busybox.h"
#include "vmm/payload/embed.h"
#include "vmm/payload/payload.h"
#include "vmm/proto.h"

struct work {
	char *dir;
	struct strv include, conf;
	struct payload_request q;
	struct payload p;
	struct str archive;
	struct err e;
};

static int setup(void **state)
{
	struct work *w = xcalloc(1, sizeof(*w));
	char dir[] = "/var/tmp/ktstr-payload-XXXXXX";

	assert_non_null(mkdtemp(dir));
	w->dir = xstrdup(dir);
	w->p.fd = -1;
	w->q.include = &w->include;
	w->q.conf = &w->conf;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct work *w = *state;

	payload_release(&w->p);
	file_remove_tree(w->dir, NULL);
	strv_release(&w->include);
	strv_release(&w->conf);
	str_release(&w->archive);
	free(w->dir);
	free(w);
	return 0;
}

static void need_busybox(void)
{
	cleanup_free char *path = payload_busybox(NULL);

	if (!path)
		skip_because("no static busybox");
}

static void build(struct work *w)
{
	int rc = payload_build(&w->q, NULL, &w->p, &w->e);

	if (rc)
		print_error("%s\n", w->e.msg);
	assert_int_equal(rc, 0);
	str_clear(&w->archive);
	lseek(w->p.fd, 0, SEEK_SET);
	assert_int_equal(file_read_fd(w->p.fd, 256 << 20, &w->archive), 0);
	assert_int_equal(w->archive.len, w->p.size);
}

struct entry {
	const char *name, *data;
	size_t size;
	unsigned mode;
};

static size_t field(const char *header, unsigned i)
{
	char digits[9] = {0};

	memcpy(digits, header + 6 + (size_t)8 * i, 8);
	return strtoul(digits, NULL, 16);
}

/* The entry at *at; false behind the last. */
static bool next(const struct str *a, size_t *at, struct entry *out)
{
	const char *h = a->s + *at;

	assert_true(*at + 110 < a->len);
	assert_memory_equal(h, "070701", 6);
	out->mode = (unsigned)field(h, 1);
	out->size = field(h, 6);
	out->name = h + 110;
	*at = (*at + 110 + field(h, 11) + 3) & ~(size_t)3;
	out->data = a->s + *at;
	*at = (*at + out->size + 3) & ~(size_t)3;
	return strcmp(out->name, "TRAILER!!!") != 0;
}

static bool find(const struct str *a, const char *name, struct entry *out)
{
	for (size_t at = 0; next(a, &at, out);)
		if (strcmp(out->name, name) == 0)
			return true;
	return false;
}

static void a_plain_shell_has_what_it_takes(void **state)
{
	static const struct {
		const char *path;
		unsigned mode;
	} rows[] = {
		{"init", 0100755},
		{"bin/busybox", 0100755},
		{"bin/sh", 0120777},
		{"bin/ls", 0120777},
		{"dev/console", 0020600},
		{"tmp", 0041777},
		{"proc", 0040555},
		{PROTO_CONF_PATH + 1, 0100644},
		{PROTO_INIT_OK_PATH + 1, 0100444},
	};
	struct work *w = *state;
	struct entry it;

	need_busybox();
	build(w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(find(&w->archive, rows[i].path, &it));
		assert_int_equal(it.mode, rows[i].mode);
	}
	assert_true(find(&w->archive, "init", &it));
	assert_int_equal(it.size, embed_init_size);
	assert_memory_equal(it.data, embed_init, it.size);
	assert_memory_equal(it.data, "\177ELF", 4);
}

static void the_sentinel_is_the_last_entry(void **state)
{
	struct work *w = *state;
	char last[64] = "";
	struct entry it;

	need_busybox();
	build(w);
	for (size_t at = 0; next(&w->archive, &at, &it);)
		snprintf(last, sizeof(last), "%s", it.name);
	assert_string_equal(last, PROTO_INIT_OK_PATH + 1);
}

static void late(void *user, const struct payload *known, struct strv *conf)
{
	(void)user;
	strv_pushf(conf, "missing=%zu", known->missing.n);
}

static void records_are_written_as_they_are(void **state)
{
	struct work *w = *state;
	cleanup_strv struct strv want = STRV_INIT;
	struct entry it;

	need_busybox();
	strv_push(&w->conf, "exec=echo a\nb");
	strv_push(&want, "virtio_pci");
	w->q.want = &want;
	w->q.late_conf = late;
	w->q.user = w;
	build(w);
	assert_true(find(&w->archive, PROTO_CONF_PATH + 1, &it));
	assert_int_equal(it.size, 24);
	assert_memory_equal(it.data, "exec=echo a\nb\0missing=1\0", 24);
	assert_true(strv_has(&w->p.missing, "virtio_pci"));
}

static void equal_requests_give_equal_archives(void **state)
{
	struct work *w = *state;
	cleanup_str struct str first = STR_INIT;
	cleanup_free char *tool = spawn_find("sh");

	need_busybox();
	strv_push(&w->include, tool);
	build(w);
	str_append(&first, w->archive.s, w->archive.len);
	payload_release(&w->p);
	build(w);
	assert_int_equal(first.len, w->archive.len);
	assert_memory_equal(first.s, w->archive.s, first.len);
}

static void includes_are_listed(void **state)
{
	struct work *w = *state;
	cleanup_free char *path = file_join(w->dir, "file");
	struct entry it;

	need_busybox();
	assert_int_equal(file_replace(path, "content", 7, 0640, &w->e), 0);
	strv_push(&w->include, path);
	build(w);
	assert_int_equal(w->p.includes.n, 1);
	assert_string_equal(w->p.includes.v[0], "include-files/file");
	assert_true(find(&w->archive, "include-files/file", &it));
	assert_int_equal(it.mode, 0100640);
	assert_int_equal(it.size, 7);
	assert_memory_equal(it.data, "content", 7);
}

static void our_own_names_are_kept(void **state)
{
	struct work *w = *state;
	cleanup_free char *dir = file_join(w->dir, ".ktstr_x"), *file = file_join(dir, "f");

	/* below include-files/ a name is anybody's */
	need_busybox();
	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(file, "", 0, 0644, NULL), 0);
	strv_push(&w->include, dir);
	build(w);
	assert_string_equal(w->p.includes.v[0], "include-files/.ktstr_x/f");
}

static void assert_busybox(const char *path, const char *message, const char *hint)
{
	struct err e = ERR_INIT;

	setenv("KTSTR_BUSYBOX_PATH", path, 1);
	assert_null(payload_busybox(&e));
	unsetenv("KTSTR_BUSYBOX_PATH");
	assert_non_null(strstr(e.msg, message));
	assert_true(!hint || strstr(e.hint, hint));
}

static void a_busybox_must_be_static(void **state)
{
	struct work *w = *state;
	cleanup_free char *path = file_join(w->dir, "busybox"), *found = NULL;
	cleanup_str struct str dynamic = STR_INIT, library = STR_INIT;

	assert_busybox("/nowhere/busybox", "'/nowhere/busybox': No such file", NULL);
	elf_make_dynamic(&dynamic, &(struct elf_make){.interp = "/lib64/ld-linux-x86-64.so.2"});
	elf_make_file(path, &dynamic);
	assert_busybox(path, "not a static program", NULL);
	elf_make_dynamic(&library, &(struct elf_make){0});
	elf_make_file(path, &library);
	setenv("KTSTR_BUSYBOX_PATH", path, 1);
	found = payload_busybox(&w->e);
	unsetenv("KTSTR_BUSYBOX_PATH");
	assert_string_equal(found, path);
}

static void a_busybox_must_know_its_commands(void **state)
{
	struct work *w = *state;
	cleanup_free char *path = file_join(w->dir, "busybox");
	cleanup_strv struct strv names = STRV_INIT;
	static const char script[] = "#!/bin/sh\necho ls\n";

	assert_int_equal(file_replace(path, script, sizeof(script) - 1, 0755, NULL), 0);
	assert_int_equal(busybox_commands(path, &names, &w->e), -EINVAL);
	assert_non_null(strstr(w->e.msg, "not a busybox"));
}

static void failures_leave_nothing_open(void **state)
{
	struct work *w = *state;

	strv_push(&w->include, "./nowhere");
	assert_true(payload_build(&w->q, NULL, &w->p, &w->e) < 0);
	assert_int_equal(w->p.fd, -1);
	assert_true(w->e.msg[0]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_plain_shell_has_what_it_takes),
		T(the_sentinel_is_the_last_entry),
		T(records_are_written_as_they_are),
		T(equal_requests_give_equal_archives),
		T(includes_are_listed),
		T(our_own_names_are_kept),
		T(a_busybox_must_be_static),
		T(a_busybox_must_know_its_commands),
		T(failures_leave_nothing_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
