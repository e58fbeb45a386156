#include "vmm/payload/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "vmm/payload/busybox.h"
#include "vmm/payload/cpio.h"
#include "vmm/payload/embed.h"
#include "vmm/payload/extras.h"
#include "vmm/payload/include.h"
#include "vmm/payload/libs.h"
#include "vmm/payload/modules.h"
#include "vmm/payload/tree.h"
#include "vmm/proto.h"

/* Everything that is put together; released as a whole. */
struct build {
	const struct payload_request *q;
	const struct payload_note *notes;
	struct tree *tree;
	struct search_env env;
	struct libs *libs;
	struct modindex index;
	struct module_picks picks;
	struct include_list includes;
	struct strv commands; /* of the busybox */
	bool utf8;	      /* programs that know locales can have C.UTF-8 */
};

static void build_release(struct build *b)
{
	tree_free(b->tree);
	libs_free(b->libs);
	search_env_release(&b->env);
	module_picks_release(&b->picks);
	modindex_release(&b->index);
	include_release(&b->includes);
	strv_release(&b->commands);
}

/* Folders and nodes that are needed before anything is mounted. The kernel opens dev/console for
 * init's first three descriptors. */
static int add_skeleton(struct tree *t, struct err *e)
{
	static const struct {
		const char *path;
		mode_t mode;
	} dirs[] = {
		{"bin", 0755},
		{"dev", 0755},
		{"etc", 0755},
		{"proc", 0555},
		{"root", 0700},
		{"run", 0755},
		{"sys", 0555},
		{"tmp", 01777},
	};
	static const struct {
		const char *path;
		mode_t mode;
		unsigned major, minor;
	} nodes[] = {
		{"dev/console", 0600, 5, 1},
		{"dev/null", 0666, 1, 3},
		{"dev/kmsg", 0644, 1, 11},
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(dirs) && !rc; i++)
		rc = tree_dir(t, dirs[i].path, dirs[i].mode, e);
	for (size_t i = 0; i < ARRAY_LEN(nodes) && !rc; i++)
		rc = tree_chardev(
			t, nodes[i].path, nodes[i].mode, nodes[i].major, nodes[i].minor, e);
	return rc;
}

static int add_system(struct build *b, struct err *e)
{
	cleanup_free char *busybox = payload_busybox(e);
	struct stat st;
	int rc;

	if (!busybox)
		return -ENOENT;
	if (stat(busybox, &st))
		return err_sys(e, errno, "cannot read '%s'", busybox);
	st.st_mode = S_IFREG | 0755;
	rc = busybox_commands(busybox, &b->commands, e);
	if (!rc)
		rc = add_skeleton(b->tree, e);
	if (!rc)
		rc = tree_bytes(b->tree, "init", 0755, embed_init, embed_init_size, e);
	return rc ? rc : tree_file(b->tree, "bin/busybox", busybox, &st, e);
}

/* After everything else, so that an interpreter called /bin/sh keeps its name. */
static int link_commands(struct build *b, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < b->commands.n && !rc; i++) {
		cleanup_free char *path = file_join("bin", b->commands.v[i]);

		if (tree_free_at(b->tree, path))
			rc = tree_link(b->tree, path, "/bin/busybox", e);
	}
	return rc;
}

static int add_includes(struct build *b, struct err *e)
{
	int rc;

	if (!b->q->include || !b->q->include->n)
		return 0;
	rc = include_resolve(b->q->include, b->notes, &b->includes, e);
	if (!rc)
		rc = include_pack(&b->includes, b->notes, b->tree, b->libs, e);
	if (rc)
		return rc;
	extras_terminfo(b->tree, getenv("TERM"));
	if (libs_uses(b->libs, "libc.so.")) {
		b->utf8 = extras_locale(b->tree);
		/* glibc opens it by name when a thread ends or is cancelled. */
		libs_add_named(b->libs, "libgcc_s.so.1");
	}
	return 0;
}

static int add_modules(struct build *b, struct err *e)
{
	int rc = modindex_open(b->q->modules, &b->index, e);

	if (!rc)
		rc = modules_pick(
			&b->index, b->q->want, b->q->load, MODULES_BYTES_MAX, &b->picks, e);
	return rc ? rc : modules_place(&b->picks, b->tree, e);
}

static void summarise(const struct build *b, struct payload *out)
{
	for (size_t i = 0; i < b->picks.list.n; i++)
		strv_push(&out->modules, b->picks.list.v[i].name);
	strv_copy(&out->missing, &b->picks.missing);
	for (size_t i = 0; i < b->includes.files.n; i++)
		strv_push(&out->includes, b->includes.files.v[i].guest);
}

static int add_conf(struct build *b, const struct payload *known, struct err *e)
{
	cleanup_strv struct strv records = STRV_INIT;
	struct str text = STR_INIT;

	/* First, so that what the user says about the environment comes after it and wins. */
	if (b->utf8)
		strv_push(&records, PROTO_CONF_ENV "=LANG=C.UTF-8");
	if (b->q->conf)
		strv_copy(&records, b->q->conf);
	if (b->q->late_conf)
		b->q->late_conf(b->q->user, known, &records);
	for (size_t i = 0; i < records.n; i++)
		str_append(&text, records.v[i], strlen(records.v[i]) + 1);
	return tree_reserved(b->tree, &PROTO_CONF_PATH[1], &text, e);
}

static int write_archive(const struct build *b, struct payload *out, struct err *e)
{
	const struct cpio_meta last = {.path = &PROTO_INIT_OK_PATH[1], .mode = 0444};
	struct cpio *c;
	int rc;

	out->fd = file_memfd("ktstr-initramfs");
	if (out->fd < 0)
		return err_sys(e, out->fd, "cannot create a memory file for the initramfs");
	c = cpio_new(out->fd);
	rc = tree_write(b->tree, c, e);
	if (!rc)
		rc = cpio_bytes(c, &last, NULL, 0, e);
	if (!rc)
		rc = cpio_finish(c, &out->size, e);
	cpio_free(c);
	return rc;
}

static int build(struct build *b, struct payload *out, struct err *e)
{
	int rc = add_system(b, e);

	if (!rc)
		rc = add_includes(b, e);
	if (!rc)
		rc = add_modules(b, e);
	if (rc)
		return rc;
	extras_lscpu(b->tree, b->libs);
	rc = libs_place(b->libs, b->tree, e);
	if (!rc)
		rc = link_commands(b, e);
	if (rc)
		return rc;
	summarise(b, out);
	rc = add_conf(b, out, e);
	return rc ? rc : write_archive(b, out, e);
}

int payload_build(const struct payload_request *q, const struct payload_note *n,
	struct payload *out, struct err *e)
{
	struct build b = {.q = q, .notes = n, .tree = tree_new()};
	int rc;

	*out = (struct payload){.fd = -1};
	search_env_init(&b.env);
	b.libs = libs_new(&b.env, n);
	rc = build(&b, out, e);
	build_release(&b);
	if (rc)
		payload_release(out);
	return rc;
}

void payload_release(struct payload *p)
{
	if (p->fd >= 0)
		close(p->fd);
	strv_release(&p->modules);
	strv_release(&p->missing);
	strv_release(&p->includes);
	*p = (struct payload){.fd = -1};
}
