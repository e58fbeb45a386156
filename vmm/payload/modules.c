#include "vmm/payload/modules.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "vmm/payload/elf.h"

enum {
	UNPACKED_MAX = 512 << 20, /* the largest of a distribution's has 40 MiB, with symbols 300 */
	PICKS_MAX = 999,	  /* three digits give the load order */
	NAME_MAX_BYTES = 64,	  /* MODULE_NAME_LEN of the kernel is 56 */
	DEPTH_MAX = 64,
};

struct pick {
	const struct modindex *index;
	struct module_picks *out;
	struct map done;   /* names that are picked, or being picked */
	size_t most, left; /* bytes that may be unpacked, in all and still */
};

static void split(const char *list, const char *parts, struct strv *out)
{
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, parts);

		if (n && n < NAME_MAX_BYTES)
			strv_take(out, xstrndup(p, n));
		p += n + (p[n] != '\0');
	}
}

/* "pre: a b post: c" */
static void split_soft(const char *text, struct module_needs *out)
{
	struct strv words = STRV_INIT, *to = NULL;

	split(text, " \t", &words);
	for (size_t i = 0; i < words.n; i++) {
		if (strcmp(words.v[i], "pre:") == 0)
			to = &out->before;
		else if (strcmp(words.v[i], "post:") == 0)
			to = &out->after;
		else if (to)
			strv_push(to, words.v[i]);
	}
	strv_release(&words);
}

void module_needs_parse(const char *modinfo, size_t n, struct module_needs *out)
{
	*out = (struct module_needs){.depends = STRV_INIT};
	while (n) {
		const char *end = memchr(modinfo, '\0', n);

		if (!end)
			return;
		if (str_starts(modinfo, "depends="))
			split(modinfo + 8, ",", &out->depends);
		else if (str_starts(modinfo, "softdep="))
			split_soft(modinfo + 8, out);
		n -= (size_t)(end + 1 - modinfo);
		modinfo = end + 1;
	}
}

void module_needs_release(struct module_needs *m)
{
	strv_release(&m->depends);
	strv_release(&m->before);
	strv_release(&m->after);
}

static int read_object(struct obj *o, const char *path, struct module_needs *needs, struct err *e)
{
	cleanup_str struct str info = STR_INIT;
	struct obj_kind kind;
	int rc;

	if (!obj_relocatable(o, &kind))
		return err_set(e, EBADMSG, "'%s' is not a kernel module", path);
	if (kind.class != ELFCLASS64 || kind.machine != EM_X86_64)
		return err_set(e, EBADMSG, "the kernel module '%s' is for another machine", path);
	rc = obj_section(o, ".modinfo", &info, e);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return err_set(e, EBADMSG, "'%s' is not a kernel module: it has no .modinfo", path);
	module_needs_parse(str_get(&info), info.len, needs);
	if (needs->depends.n + needs->before.n + needs->after.n > PICKS_MAX)
		return err_set(e, E2BIG, "the kernel module '%s' needs more than %d others", path,
			PICKS_MAX);
	return 0;
}

/* Within what is left for all. */
static int unpack(struct pick *p, int fd, struct module_pick *m, struct err *e)
{
	size_t max = p->left < UNPACKED_MAX ? p->left : UNPACKED_MAX;
	int rc = arc_decompress(fd, m->path, max, &m->bytes, e);

	if (rc == -EFBIG && max == p->left)
		return err_set(e, E2BIG,
			"with '%s' the kernel modules unpack to more than %zu MiB: name fewer with "
			"--modules-load, or install them stripped",
			m->path, p->most >> 20);
	p->left -= rc ? 0 : m->bytes.len;
	return rc;
}

/* Fills in what a pick holds of its file, and what the module needs. */
static int read_module(
	struct pick *p, struct module_pick *m, struct module_needs *needs, struct err *e)
{
	cleanup_close int fd = open(m->path, O_RDONLY | O_CLOEXEC);
	struct obj *o;
	int rc;

	if (fd < 0 || fstat(fd, &m->st))
		return err_sys(e, errno, "cannot read the kernel module '%s'", m->path);
	if (str_ends(m->path, ".ko")) {
		o = obj_open_fd(fd, m->path, e);
	} else {
		rc = unpack(p, fd, m, e);
		if (rc)
			return rc;
		o = obj_open_bytes(str_get(&m->bytes), m->bytes.len, m->path, e);
	}
	if (!o)
		return -EBADMSG;
	rc = read_object(o, m->path, needs, e);
	obj_close(o);
	return rc;
}

static void pick_release(struct module_pick *m)
{
	free(m->name);
	free(m->path);
	str_release(&m->bytes);
}

static int pick(struct pick *p, const char *name, unsigned depth, struct err *e);

/* Soft ones are taken where the tree has them: they may also be names of something else. */
static int pick_soft(struct pick *p, const struct strv *names, unsigned depth, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < names->n && !rc; i++)
		if (modindex_file(p->index, names->v[i]))
			rc = pick(p, names->v[i], depth, e);
	return rc;
}

static int pick_depends(
	struct pick *p, const char *name, const struct strv *names, unsigned depth, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < names->n && !rc; i++) {
		if (modindex_is_builtin(p->index, names->v[i]))
			continue;
		if (!modindex_file(p->index, names->v[i]))
			return err_set(e, ENOENT,
				"the kernel module '%s' needs '%s', which is not in '%s'", name,
				names->v[i], p->index->dir);
		rc = pick(p, names->v[i], depth, e);
	}
	return rc;
}

/* Its dependencies, then itself. The name is in the tree. */
static int pick(struct pick *p, const char *name, unsigned depth, struct err *e)
{
	const char *file = modindex_file(p->index, name);
	struct module_needs needs = {.depends = STRV_INIT};
	struct module_pick m = {.name = module_name(file)};
	int rc;

	if (!map_add(&p->done, m.name, NULL)) {
		pick_release(&m);
		return 0;
	}
	m.path = file_join(p->index->dir, file);
	rc = depth == DEPTH_MAX
		     ? err_set(e, ELOOP, "the kernel module '%s' needs too many others", m.name)
		     : read_module(p, &m, &needs, e);
	if (!rc)
		rc = pick_soft(p, &needs.before, depth + 1, e);
	if (!rc)
		rc = pick_depends(p, m.name, &needs.depends, depth + 1, e);
	if (!rc && p->out->list.n == PICKS_MAX)
		rc = err_set(e, E2BIG, "more than %d kernel modules", PICKS_MAX);
	if (rc)
		pick_release(&m);
	else
		vec_push(&p->out->list, m);
	if (!rc)
		rc = pick_soft(p, &needs.after, depth + 1, e);
	module_needs_release(&needs);
	return rc;
}

static int unknown(const struct modindex *x, const char *name, struct err *e)
{
	const char *near;

	if (!x->dir)
		return err_set(e, ENOENT,
			"cannot load the kernel module '%s': the kernel has no folder of modules",
			name);
	err_set(e, ENOENT, "there is no kernel module '%s' in '%s'", name, x->dir);
	near = modindex_nearest(x, name);
	return near ? err_hint(e, "did you mean '%s'?", near) : -ENOENT;
}

int modules_pick(const struct modindex *x, const struct strv *want, const struct strv *load,
	size_t most, struct module_picks *out, struct err *e)
{
	struct pick p = {.index = x, .out = out, .most = most, .left = most};
	int rc = 0;

	*out = (struct module_picks){.missing = STRV_INIT};
	for (size_t i = 0; want && i < want->n && !rc; i++) {
		if (modindex_is_builtin(x, want->v[i]))
			continue;
		if (modindex_file(x, want->v[i]))
			rc = pick(&p, want->v[i], 0, e);
		else
			strv_push(&out->missing, want->v[i]);
	}
	for (size_t i = 0; load && i < load->n && !rc; i++) {
		if (modindex_is_builtin(x, load->v[i]))
			continue;
		rc = modindex_file(x, load->v[i]) ? pick(&p, load->v[i], 0, e)
						  : unknown(x, load->v[i], e);
	}
	map_release(&p.done);
	if (rc)
		module_picks_release(out);
	return rc;
}

void module_picks_release(struct module_picks *p)
{
	for (size_t i = 0; i < p->list.n; i++)
		pick_release(&p->list.v[i]);
	free(p->list.v);
	strv_release(&p->missing);
	*p = (struct module_picks){.missing = STRV_INIT};
}

int modules_place(const struct module_picks *p, struct tree *t, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < p->list.n && !rc; i++) {
		const struct module_pick *m = &p->list.v[i];
		cleanup_free char *path = xasprintf("modules/%03zu-%s.ko", i, m->name);
		struct stat st = m->st;

		st.st_mode = S_IFREG | 0644;
		rc = m->bytes.len ? tree_bytes(t, path, 0644, m->bytes.s, m->bytes.len, e)
				  : tree_file(t, path, m->path, &st, e);
	}
	return rc;
}
