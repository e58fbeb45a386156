#include "vmm/payload/closure.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"

/* What the functions below hand on to each other. */
struct walk {
	const struct search_env *env;
	struct closure_cache *cache;
	struct closure *out;
	struct strv asked; /* sonames that became settled since the last attempt began */
};

void closure_cache_release(struct closure_cache *c)
{
	for (size_t i = 0; i < c->files.cap; i++) {
		struct closure_file *f = c->files.slots[i].value;

		if (f) {
			obj_dynamic_release(&f->dyn);
			dlopens_release(&f->opens);
		}
		free(f);
	}
	map_release(&c->files);
}

static bool runs_in_guest(struct obj_kind k)
{
	return (k.class == ELFCLASS64 && k.machine == EM_X86_64) ||
	       (k.class == ELFCLASS32 && k.machine == EM_386);
}

static int read_file(int fd, const char *path, struct closure_file *out, struct err *e)
{
	struct obj_kind kind;
	struct obj *o;
	int rc = obj_peek(fd, &kind);

	if (rc < 0)
		return err_sys(e, rc, "cannot read '%s'", path);
	/* the kernel's own machine runs everywhere: a BPF object is data for whoever loads it */
	out->kind = rc == 0 || kind.machine == EM_BPF ? CLOSURE_NOT_ELF : CLOSURE_FOREIGN;
	if (rc == 0 || !runs_in_guest(kind))
		return 0;
	o = obj_open_fd(fd, path, e);
	if (!o)
		return -EBADMSG;
	rc = obj_dynamic(o, &out->dyn, e);
	if (!rc)
		dlopens_read(o, &out->opens);
	obj_close(o);
	if (rc)
		return rc;
	if (out->dyn.interp)
		out->kind = CLOSURE_PROGRAM;
	else
		out->kind = out->dyn.needed.n || out->opens.any.n ? CLOSURE_SHARED : CLOSURE_STATIC;
	return 0;
}

const struct closure_file *closure_file(struct closure_cache *c, const char *real, struct err *e)
{
	struct closure_file *f = map_get(&c->files, real);
	cleanup_close int fd = -1;

	if (f)
		return f;
	fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		err_sys(e, errno, "cannot read '%s'", real);
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	if (read_file(fd, real, f, e)) {
		free(f);
		return NULL;
	}
	*map_at(&c->files, real) = f;
	return f;
}

static void object_free(struct closure_object *o)
{
	search_found_release(&o->found);
	free(o->origin);
	free(o->real);
	free(o);
}

void closure_release(struct closure *c)
{
	for (size_t i = 0; i < c->objects.n; i++)
		object_free(c->objects.v[i]);
	free(c->objects.v);
	map_release(&c->names);
	strv_release(&c->missing);
	strv_release(&c->interpreter_dirs);
	*c = (struct closure){0};
}

/* Takes what `found` owns over, also on failure. */
static int load(struct walk *w, const struct search_object *loader, const char *real,
	struct search_found found, struct err *e)
{
	struct closure_object *o = xcalloc(1, sizeof(*o));
	const struct closure_file *f;

	o->found = found;
	o->real = xstrdup(real);
	o->origin = file_dir(found.path ? found.path : real);
	o->so.loader = loader;
	o->so.origin = o->origin;
	f = closure_file(w->cache, real, e);
	if (!f) {
		object_free(o);
		return -EBADMSG;
	}
	o->so.dyn = &f->dyn;
	o->opens = &f->opens;
	vec_push(&w->out->objects, o);
	return 0;
}

/* What a settled name leads to in `names`: its address counts. */
static const char settled;

static int need(struct walk *w, const struct search_object *by, const char *soname, struct err *e)
{
	cleanup_free char *real = NULL;
	struct search_found found;

	if (map_get(&w->out->names, soname))
		return 0;
	*map_at(&w->out->names, soname) = (void *)&settled;
	strv_push(&w->asked, soname);
	if (!search_library(w->env, by, &w->out->interpreter_dirs, soname, &found)) {
		strv_push(&w->out->missing, soname);
		return 0;
	}
	real = realpath(found.path, NULL);
	return load(w, by, real ? real : found.path, found, e);
}

/* Grows the list of objects while it goes through it. */
static int walk_needed(struct walk *w, size_t from, struct err *e)
{
	int rc = 0;

	for (size_t i = from; i < w->out->objects.n && !rc; i++) {
		const struct search_object *so = &w->out->objects.v[i]->so;

		for (size_t k = 0; k < so->dyn->needed.n && !rc; k++)
			rc = need(w, so, so->dyn->needed.v[k], e);
	}
	return rc;
}

/* Forgets the last attempt. Before it nothing was missing. */
static void take_back(struct walk *w, size_t objects)
{
	while (w->out->objects.n > objects)
		object_free(w->out->objects.v[--w->out->objects.n]);
	for (size_t i = 0; i < w->asked.n; i++)
		*map_at(&w->out->names, w->asked.v[i]) = NULL;
	strv_release(&w->out->missing);
}

/* With everything that it needs, or not at all: it would not open in the guest. */
static bool open_one(struct walk *w, const struct search_object *by, const char *soname)
{
	size_t before = w->out->objects.n;

	strv_release(&w->asked);
	if (need(w, by, soname, NULL) == 0 && walk_needed(w, before, NULL) == 0 &&
		!w->out->missing.n)
		return true;
	take_back(w, before);
	return false;
}

/* Grows the list of objects as well: what is opened opens others. */
static void walk_opened(struct walk *w)
{
	for (size_t i = 0; i < w->out->objects.n; i++) {
		const struct closure_object *o = w->out->objects.v[i];

		for (size_t k = 0; k < o->opens->any.n; k++) {
			const struct strv *any = &o->opens->any.v[k];

			for (size_t n = 0; n < any->n; n++)
				if (open_one(w, &o->so, any->v[n]))
					break;
		}
	}
}

static bool standard_interpreter(const char *path, const char *real)
{
	static const char *const known[] = {
		"/lib64/ld-linux-x86-64.so.2",
		"/lib/ld-linux.so.2",
		"/lib/ld-linux-aarch64.so.1",
		"/lib/ld-linux-armhf.so.3",
		"/lib/ld-musl-x86_64.so.1",
		"/lib/ld-musl-aarch64.so.1",
		"/libexec/ld-elf.so.1",
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(path, known[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		cleanup_free char *known_real = realpath(known[i], NULL);

		if (known_real && strcmp(real, known_real) == 0)
			return true;
	}
	return false;
}

/* A linker that somebody brought along has its libraries around it, and may need some itself. One
 * that is not there at all is for the caller to find out. */
static int own_interpreter(struct walk *w, const char *path, struct err *e)
{
	cleanup_free char *real = realpath(path, NULL);
	cleanup_free char *dir = file_dir(path), *above = file_dir(dir);

	if (!real || standard_interpreter(path, real))
		return 0;
	strv_push(&w->out->interpreter_dirs, dir);
	strv_take(&w->out->interpreter_dirs, file_join(above, "lib"));
	strv_take(&w->out->interpreter_dirs, file_join(above, "lib64"));
	return load(w, NULL, real, (struct search_found){.path = xstrdup(path)}, e);
}

int closure_walk(const struct search_env *env, struct closure_cache *cache, const char *real,
	struct closure *out, struct err *e)
{
	struct walk w = {.env = env, .cache = cache, .out = out};
	const char *interp;
	int rc;

	*out = (struct closure){0};
	rc = load(&w, NULL, real, (struct search_found){0}, e);
	if (rc)
		return rc;
	interp = out->objects.v[0]->so.dyn->interp;
	if (interp)
		rc = own_interpreter(&w, interp, e);
	if (!rc)
		rc = walk_needed(&w, 0, e);
	if (!rc && !out->missing.n)
		walk_opened(&w);
	strv_release(&w.asked);
	return rc;
}
