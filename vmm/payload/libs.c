#include "vmm/payload/libs.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "vmm/payload/note.h"

/* A file that the guest gets, under the name by which it was found. */
struct wish {
	char *real;	   /* canonical path on this machine */
	char *found;	   /* path by which it was found, its folder canonical */
	struct strv links; /* further guest paths that must lead to it */
	const char *home;  /* where the regular file lies in the guest; the tree's */
	struct obj_kind kind;
	bool by_default; /* found in the cache or in a standard folder */
	bool by_name;	 /* the guest's linker has nothing but the name to find it by */
	bool fixed;	 /* `found` must work in the guest, nothing else will do */
};

struct libs {
	const struct search_env *env;
	const struct payload_note *notes;
	struct closure_cache cache;
	struct map wished; /* found path -> struct wish */
	VEC(struct wish *) wishes;
};

/*
 * Where the linkers of the guest look without being told, by machine: the folders that Debian's,
 * Fedora's and Arch's glibc and musl were built with. A linker passes over files of another class.
 */
static const struct {
	struct obj_kind kind;
	const char *dirs[3];
} default_dirs[] = {
	{.kind = {.class = ELFCLASS64, .machine = EM_X86_64},
		.dirs = {"lib64", "lib/x86_64-linux-gnu", "usr/lib"}},
	{.kind = {.class = ELFCLASS32, .machine = EM_386}, .dirs = {"lib", "lib/i386-linux-gnu"}},
};

struct libs *libs_new(const struct search_env *env, const struct payload_note *notes)
{
	struct libs *l = xcalloc(1, sizeof(*l));

	l->env = env;
	l->notes = notes;
	return l;
}

void libs_free(struct libs *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->wishes.n; i++) {
		free(l->wishes.v[i]->real);
		free(l->wishes.v[i]->found);
		strv_release(&l->wishes.v[i]->links);
		free(l->wishes.v[i]);
	}
	free(l->wishes.v);
	map_release(&l->wished);
	closure_cache_release(&l->cache);
	free(l);
}

static struct wish *wish_for(struct libs *l, const char *real, const char *found, struct obj_kind k)
{
	void **at = map_at(&l->wished, found);
	struct wish *w = *at;

	if (w)
		return w;
	*at = w = xcalloc(1, sizeof(*w));
	w->real = xstrdup(real);
	w->found = xstrdup(found);
	w->kind = k;
	vec_push(&l->wishes, w);
	return w;
}

/* The path without "." and ".." components and without a leading slash; heap. */
static char *normal(const char *path)
{
	struct str out = STR_INIT;

	str_add(&out, "");
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (out.len && out.s[--out.len] != '/')
				;
			out.s[out.len] = '\0';
		} else if (n && !(n == 1 && p[0] == '.')) {
			if (out.len)
				str_addc(&out, '/');
			str_append(&out, p, n);
		}
		p += n + (p[n] == '/');
	}
	return str_steal(&out);
}

/*
 * The program lies elsewhere in the guest than here, so what it finds relative to itself must be
 * found relative to its new place too.
 */
static void relocate(struct wish *wish, const struct closure_object *o, const char *guest)
{
	cleanup_free char *origin = file_dir(guest);
	cleanup_strv struct strv dirs = STRV_INIT;

	if (!strstr(o->found.element, "ORIGIN"))
		return;
	search_expand(o->found.element, origin, o->so.dyn->kind, &dirs);
	for (size_t i = 0; i < dirs.n; i++) {
		cleanup_free char *path = file_join(dirs.v[i], file_base(o->found.path));
		char *clean = normal(path);

		if (strv_has(&wish->links, clean))
			free(clean);
		else
			strv_take(&wish->links, clean);
	}
}

/* A file that has to be reached under just this path. */
static int wish_at(struct libs *l, const char *path, const char *also, struct err *e)
{
	cleanup_free char *real = realpath(path, NULL);
	struct wish *w;

	if (!real)
		return err_sys(e, errno, "'%s'", path);
	if (path[0] != '/' || tree_is_hidden(path + 1))
		return err_set(e, EINVAL,
			"'%s' cannot be at that place in the guest, where something is mounted",
			path);
	w = wish_for(l, real, path, (struct obj_kind){0});
	w->fixed = true;
	if (also && !strv_has(&w->links, also))
		strv_push(&w->links, also);
	return 0;
}

static int missing(const struct closure *c, const char *host, struct err *e)
{
	cleanup_str struct str names = STR_INIT;

	for (size_t i = 0; i < c->missing.n; i++)
		str_printf(&names, "%s%s", i ? ", " : "", c->missing.v[i]);
	err_set(e, ENOENT, "%s: missing shared libraries: %s", host, str_get(&names));
	return err_hint(e, "install them, or name their folder in LD_LIBRARY_PATH");
}

/* Nothing is missing: everything that was found is wished for. */
static int commit(
	struct libs *l, const struct closure *c, const char *host, const char *guest, struct err *e)
{
	const struct closure_object *program = c->objects.v[0];
	int rc = 0;

	if (program->so.dyn->interp)
		rc = wish_at(l, program->so.dyn->interp, NULL, e);
	if (rc)
		return err_prefix(e, "%s: its dynamic linker", host);
	for (size_t i = 1; i < c->objects.n && !rc; i++) {
		const struct closure_object *o = c->objects.v[i];
		enum search_via via = o->found.via;
		struct wish *w = wish_for(l, o->real, o->found.path, o->so.dyn->kind);

		w->by_default |= via == SEARCH_CACHE || via == SEARCH_STANDARD;
		w->by_name |= via == SEARCH_LIBRARY_PATH || via == SEARCH_INTERPRETER;
		if (o->found.said_by == &program->so)
			relocate(w, o, guest);
	}
	return rc;
}

int libs_add(
	struct libs *l, const char *host, const char *guest, enum closure_kind *kind, struct err *e)
{
	cleanup_free char *real = realpath(host, NULL);
	const struct closure_file *f;
	struct closure c;
	int rc;

	if (!real)
		return err_sys(e, errno, "cannot read '%s'", host);
	f = closure_file(&l->cache, real, e);
	if (!f)
		return -EBADMSG;
	if (kind)
		*kind = f->kind;
	if (f->kind != CLOSURE_PROGRAM && f->kind != CLOSURE_SHARED)
		return 0;
	rc = closure_walk(l->env, &l->cache, real, &c, e);
	if (!rc && c.missing.n)
		rc = missing(&c, host, e);
	if (!rc)
		rc = commit(l, &c, host, guest, e);
	closure_release(&c);
	return rc;
}

int libs_add_at(struct libs *l, const char *path, const char *also, struct err *e)
{
	cleanup_free char *real = realpath(path, NULL);
	int rc;

	if (!real)
		return err_sys(e, errno, "cannot read '%s'", path);
	rc = libs_add(l, real, real + 1, NULL, e);
	return rc ? rc : wish_at(l, path, also, e);
}

bool libs_add_named(struct libs *l, const char *soname)
{
	const struct obj_dynamic dyn = {.kind = {.class = ELFCLASS64, .machine = EM_X86_64}};
	const struct search_object nobody = {.dyn = &dyn, .origin = "/"};
	cleanup_free char *real = NULL;
	struct search_found found;
	bool ok;

	if (!search_library(l->env, &nobody, NULL, soname, &found))
		return false;
	real = realpath(found.path, NULL);
	ok = real && libs_add(l, real, real + 1, NULL, NULL) == 0;
	if (ok)
		wish_for(l, real, found.path, dyn.kind)->by_default = true;
	search_found_release(&found);
	return ok;
}

bool libs_uses(const struct libs *l, const char *prefix)
{
	for (size_t i = 0; i < l->wishes.n; i++)
		if (str_starts(file_base(l->wishes.v[i]->found), prefix))
			return true;
	return false;
}

/* A free path for a file that cannot lie where it does here. */
static char *substitute_home(const struct tree *t, const char *real)
{
	char *path = xasprintf("usr/lib/ktstr/%s", file_base(real));

	for (unsigned i = 1; !tree_free_at(t, path); i++) {
		free(path);
		path = xasprintf("usr/lib/ktstr/%u/%s", i, file_base(real));
	}
	return path;
}

/* The regular file, once; everything else leads to it. */
static int place_home(struct wish *w, struct tree *t, struct err *e)
{
	const char *path = w->real + 1;
	cleanup_free char *other = NULL;
	struct stat st;
	int rc;

	if (stat(w->real, &st))
		return err_sys(e, errno, "cannot read '%s'", w->real);
	w->home = tree_home(t, &st);
	if (w->home)
		return 0;
	if (tree_is_hidden(path) || !tree_free_at(t, path)) {
		other = substitute_home(t, w->real);
		path = other;
	}
	st.st_mode = S_IFREG | 0755;
	rc = tree_file(t, path, w->real, &st, e);
	if (!rc)
		w->home = tree_home(t, &st);
	return rc;
}

/* Makes `path` lead to the file where nothing else lies. False when something else does, or when
 * the guest would not see it. */
static bool lead(const struct wish *w, struct tree *t, const char *path)
{
	cleanup_free char *target = xasprintf("/%s", w->home);
	const char *there = tree_resolve(t, path);

	if (tree_is_hidden(path))
		return false;
	if (there)
		return strcmp(there, w->home) == 0;
	return tree_free_at(t, path) && tree_link(t, path, target, NULL) == 0;
}

static int place_found(struct wish *w, struct tree *t, struct err *e)
{
	cleanup_free char *path = normal(w->found);

	if (lead(w, t, path))
		return 0;
	if (w->fixed)
		return err_set(e, EEXIST, "'%s' in the guest is something else already", w->found);
	w->by_name = true;
	return 0;
}

static void conflict(const struct libs *l, const struct wish *w, struct tree *t, const char *path)
{
	const char *other = tree_resolve(t, path);

	payload_say(l->notes, "two files are called '%s': in the guest '/%s' is '/%s', not '%s'",
		file_base(w->found), path, other ? other : path, w->real);
}

static void place_aliases(const struct libs *l, const struct wish *w, struct tree *t)
{
	bool told = false;

	for (size_t i = 0; i < w->links.n; i++)
		if (!lead(w, t, w->links.v[i]) && !tree_is_hidden(w->links.v[i]))
			conflict(l, w, t, w->links.v[i]);
	for (size_t i = 0; i < ARRAY_LEN(default_dirs); i++) {
		if (!obj_same_kind(default_dirs[i].kind, w->kind))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(default_dirs[i].dirs); k++) {
			const char *dir = default_dirs[i].dirs[k];
			cleanup_free char *path = dir ? file_join(dir, file_base(w->found)) : NULL;

			if (!path || lead(w, t, path) || !w->by_name || told)
				continue;
			conflict(l, w, t, path);
			told = true;
		}
	}
}

int libs_place(struct libs *l, struct tree *t, struct err *e)
{
	int rc = 0;

	/* True places first, then the names that standard libraries go by, then those of others:
	 * a library that somebody brought along must not take a system library's name. */
	for (size_t i = 0; i < l->wishes.n && !rc; i++)
		rc = place_home(l->wishes.v[i], t, e);
	for (size_t i = 0; i < l->wishes.n && !rc; i++)
		rc = place_found(l->wishes.v[i], t, e);
	for (int by_default = 1; by_default >= 0 && !rc; by_default--)
		for (size_t i = 0; i < l->wishes.n; i++)
			if (l->wishes.v[i]->by_default == by_default)
				place_aliases(l, l->wishes.v[i], t);
	return rc;
}
