#include "vmm/payload/search.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/base/mem.h"

static const char *const standard_dirs[] = {
	"/lib",
	"/usr/lib",
	"/lib64",
	"/usr/lib64",
	"/usr/local/lib",
	"/usr/local/lib64",
	"/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu",
	"/lib/i386-linux-gnu",
	"/usr/lib/i386-linux-gnu",
	"/lib/aarch64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu",
	NULL,
};

/* What $LIB and $PLATFORM stand for: glibc sets them when it is built, Debian and Fedora choose
 * different folders for the same machine. */
static const struct token_row {
	uint8_t class;
	uint16_t machine;
	const char *platform;
	const char *lib[3];
} tokens[] = {
	{.class = ELFCLASS64,
		.machine = EM_X86_64,
		.platform = "x86_64",
		.lib = {"lib64", "lib/x86_64-linux-gnu", "lib"}},
	{.class = ELFCLASS32,
		.machine = EM_386,
		.platform = "i686",
		.lib = {"lib", "lib/i386-linux-gnu"}},
	{.class = ELFCLASS64,
		.machine = EM_AARCH64,
		.platform = "aarch64",
		.lib = {"lib64", "lib/aarch64-linux-gnu", "lib"}},
};
static const struct token_row any_machine = {.platform = "", .lib = {"lib64", "lib"}};

void search_env_init(struct search_env *env)
{
	env->library_path = getenv("LD_LIBRARY_PATH");
	env->dirs = standard_dirs;
	ldcache_open("/etc/ld.so.cache", &env->cache);
}

void search_env_release(struct search_env *env)
{
	ldcache_release(&env->cache);
}

void search_found_release(struct search_found *f)
{
	free(f->path);
	free(f->element);
	*f = (struct search_found){0};
}

static const struct token_row *row_of(struct obj_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		if (tokens[i].class == kind.class && tokens[i].machine == kind.machine)
			return &tokens[i];
	return &any_machine;
}

/* The length of $NAME or ${NAME} at s, 0 when it is something else. */
static size_t token_length(const char *s, const char *name)
{
	bool braced = s[1] == '{';
	size_t n = strlen(name);

	if (s[0] != '$' || strncmp(s + 1 + braced, name, n) != 0)
		return 0;
	if (braced)
		return s[2 + n] == '}' ? n + 3 : 0;
	/* A longer word is no token, as for the linker. */
	return s[1 + n] == '/' || !s[1 + n] ? n + 1 : 0;
}

/* One expansion, with this value for $LIB; true when the element has a $LIB. */
static bool expand(const char *element, const char *origin, const char *platform, const char *lib,
	struct str *out)
{
	bool used = false;

	for (const char *p = element; *p;) {
		size_t n;

		if ((n = token_length(p, "ORIGIN"))) {
			str_add(out, origin);
		} else if ((n = token_length(p, "LIB"))) {
			str_add(out, lib);
			used = true;
		} else if ((n = token_length(p, "PLATFORM"))) {
			str_add(out, platform);
		} else {
			str_addc(out, *p);
			n = 1;
		}
		p += n;
	}
	return used;
}

void search_expand(const char *element, const char *origin, struct obj_kind kind, struct strv *out)
{
	const struct token_row *row = row_of(kind);

	for (size_t i = 0; i < ARRAY_LEN(row->lib) && row->lib[i]; i++) {
		struct str dir = STR_INIT;
		bool used = expand(element, origin, row->platform, row->lib[i], &dir);

		strv_take(out, str_steal(&dir));
		if (!used)
			break;
	}
}

/* Whether the file is a library that an object of this kind can load. */
static bool fits(const char *path, struct obj_kind kind)
{
	/* O_NONBLOCK: the name may lead to a FIFO. */
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct obj_kind k;
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && obj_peek(fd, &k) == 1 &&
	       obj_same_kind(k, kind);
}

/* dir/name with the folder made canonical; the name stays as it is, links included. */
static char *canonical_dir(const char *path)
{
	const char *base = file_base(path);
	cleanup_free char *dir = xstrndup(path, (size_t)(base - path));
	cleanup_free char *real = realpath(*dir ? dir : ".", NULL);

	return real ? file_join(real, base) : NULL;
}

static bool take(
	const char *path, struct obj_kind kind, enum search_via via, struct search_found *out)
{
	if (strlen(path) >= PATH_MAX || !fits(path, kind))
		return false;
	out->path = canonical_dir(path);
	out->via = via;
	return out->path;
}

static bool in_dir(const char *dir, const char *soname, struct obj_kind kind, enum search_via via,
	struct search_found *out)
{
	cleanup_free char *path = file_join(*dir ? dir : ".", soname);

	return take(path, kind, via, out);
}

/* A list with ':' (LD_LIBRARY_PATH also takes ';'); an empty element is the current folder. */
static bool in_list(const char *list, const char *soname, const struct search_object *by,
	enum search_via via, struct search_found *out)
{
	const char *ends = via == SEARCH_LIBRARY_PATH ? ":;" : ":";

	if (!*list) /* for the linker an empty list is none, an empty element the current folder */
		return false;
	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ends);
		cleanup_free char *element = xstrndup(p, n);
		cleanup_strv struct strv dirs = STRV_INIT;

		search_expand(element, by->origin, by->dyn->kind, &dirs);
		for (size_t i = 0; i < dirs.n; i++) {
			if (!in_dir(dirs.v[i], soname, by->dyn->kind, via, out))
				continue;
			if (via == SEARCH_RPATH || via == SEARCH_RUNPATH) {
				out->said_by = by;
				out->element = take_ptr(element);
			}
			return true;
		}
		p += n;
		if (!*p)
			return false;
	}
}

/* RPATH of the object and of everything that led to it; an object with a RUNPATH has none. */
static bool in_rpaths(
	const struct search_object *from, const char *soname, struct search_found *out)
{
	if (from->dyn->runpath)
		return false;
	for (const struct search_object *o = from; o; o = o->loader)
		if (o->dyn->rpath && !o->dyn->runpath &&
			in_list(o->dyn->rpath, soname, o, SEARCH_RPATH, out))
			return true;
	return false;
}

static bool in_defaults(const struct search_env *env, const char *soname, struct obj_kind kind,
	struct search_found *out)
{
	const char *path;

	for (size_t at = 0; (path = ldcache_next(&env->cache, soname, &at));)
		if (take(path, kind, SEARCH_CACHE, out))
			return true;
	for (size_t i = 0; env->dirs[i]; i++)
		if (in_dir(env->dirs[i], soname, kind, SEARCH_STANDARD, out))
			return true;
	return false;
}

bool search_library(const struct search_env *env, const struct search_object *from,
	const struct strv *interpreter_dirs, const char *soname, struct search_found *out)
{
	const struct obj_dynamic *dyn = from->dyn;

	*out = (struct search_found){0};
	if (strchr(soname, '/')) {
		cleanup_strv struct strv names = STRV_INIT;

		search_expand(soname, from->origin, dyn->kind, &names);
		/* Relative to wherever the program is started: nobody can know. */
		return names.n && names.v[0][0] == '/' &&
		       take(names.v[0], dyn->kind, SEARCH_PATH, out);
	}
	if (in_rpaths(from, soname, out))
		return true;
	if (env->library_path && in_list(env->library_path, soname, from, SEARCH_LIBRARY_PATH, out))
		return true;
	if (dyn->runpath && in_list(dyn->runpath, soname, from, SEARCH_RUNPATH, out))
		return true;
	for (size_t i = 0; interpreter_dirs && i < interpreter_dirs->n; i++)
		if (in_dir(interpreter_dirs->v[i], soname, dyn->kind, SEARCH_INTERPRETER, out))
			return true;
	return !dyn->nodeflib && in_defaults(env, soname, dyn->kind, out);
}
