#include "vmm/payload/include.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/map.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "vmm/payload/note.h"

enum {
	DEPTH_MAX = 128,
	FILES_MAX = 1 << 20,
};

/* One argument, found. */
struct target {
	char *path;
	char *name; /* its last component: what it is called in the guest */
	struct stat st;
};

struct walk {
	const struct payload_note *notes;
	struct include_list *out;
	struct stat above[DEPTH_MAX]; /* folders that the walk is in, to notice loops */
	unsigned depth;
};

static const char *kind_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "no file";
	}
}

/* The last component with trailing slashes and "/." passed over; NULL when there is none. */
static char *last_component(const char *path)
{
	cleanup_free char *copy = xstrdup(path);
	size_t n = strlen(copy);
	const char *base;

	while (n > 1 && (copy[n - 1] == '/' || (copy[n - 1] == '.' && copy[n - 2] == '/')))
		copy[--n] = '\0';
	base = file_base(copy);
	if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return NULL;
	return xstrdup(base);
}

/* Said before anything is packed. */
static int check_size(const char *path, const struct stat *st, struct err *e)
{
	if (!S_ISREG(st->st_mode) || st->st_size <= UINT32_MAX)
		return 0;
	return err_set(e, EFBIG, "'%s' has 4 GiB or more, which an initramfs cannot hold", path);
}

static void target_release(struct target *t)
{
	free(t->path);
	free(t->name);
	*t = (struct target){0};
}

static int find(const char *arg, struct target *t, struct err *e)
{
	bool explicit = strchr(arg, '/');

	if (stat(arg, &t->st) == 0) {
		t->path = xstrdup(arg);
		return 0;
	}
	if (explicit && errno != ENOENT)
		return err_sys(e, errno, "--include-files %s", arg);
	if (explicit)
		return err_set(e, ENOENT, "--include-files path not found: %s", arg);
	t->path = *arg ? spawn_find(arg) : NULL;
	if (!t->path || stat(t->path, &t->st))
		return err_set(e, ENOENT, "-i %s: not found in filesystem or PATH", arg);
	return 0;
}

static int resolve(const char *arg, struct target *t, struct err *e)
{
	int rc;

	*t = (struct target){0};
	rc = find(arg, t, e);
	if (rc)
		goto out;
	t->name = last_component(t->path);
	if (!S_ISREG(t->st.st_mode) && !S_ISDIR(t->st.st_mode))
		rc = err_set(e, EINVAL,
			"--include-files %s is %s; only regular files and folders can be included",
			arg, kind_name(t->st.st_mode));
	else if (!t->name)
		rc = err_set(e, EINVAL, "-i %s: include directory has no name", arg);
	else
		rc = check_size(t->path, &t->st, e);
out:
	if (rc)
		target_release(t);
	return rc;
}

static int add_file(
	struct walk *w, const char *host, const char *guest, const struct stat *st, struct err *e)
{
	if (w->out->files.n == FILES_MAX)
		return err_set(e, E2BIG, "-i: more than %d files", FILES_MAX);
	if (check_size(host, st, e))
		return -EFBIG;
	vec_push(&w->out->files, (struct include_file){.host = xstrdup(host),
					 .guest = xstrdup(guest),
					 .st = *st,
					 .named = w->depth == 0});
	return 0;
}

static int visible(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int bytewise(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int names_in(const char *dir, struct strv *out, struct err *e)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, visible, bytewise);

	if (n < 0)
		return err_sys(e, errno, "cannot read folder '%s'", dir);
	for (int i = 0; i < n; i++) {
		strv_push(out, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static bool leads_back(const struct walk *w, const struct stat *st)
{
	for (unsigned i = 0; i < w->depth; i++)
		if (w->above[i].st_ino == st->st_ino && w->above[i].st_dev == st->st_dev)
			return true;
	return false;
}

static int walk_dir(
	struct walk *w, const char *host, const char *guest, const struct stat *st, struct err *e);

static int walk_entry(struct walk *w, const char *host, const char *guest, struct err *e)
{
	struct stat st;

	if (stat(host, &st) && errno == ENOENT) {
		payload_say(w->notes, "-i: '%s' leads nowhere and is left out", host);
		return 0;
	}
	if (stat(host, &st))
		return err_sys(e, errno, "cannot read '%s'", host);
	if (S_ISREG(st.st_mode))
		return add_file(w, host, guest, &st, e);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (leads_back(w, &st)) {
		payload_say(w->notes, "-i: '%s' leads back to where it lies and is left out", host);
		return 0;
	}
	return walk_dir(w, host, guest, &st, e);
}

/* Links are followed; a folder inside of itself is not entered again. */
static int walk_dir(
	struct walk *w, const char *host, const char *guest, const struct stat *st, struct err *e)
{
	cleanup_strv struct strv names = STRV_INIT;
	int rc;

	if (w->depth == DEPTH_MAX)
		return err_set(e, ELOOP, "-i: '%s' lies too deep", host);
	rc = names_in(host, &names, e);
	w->above[w->depth++] = *st;
	for (size_t i = 0; i < names.n && !rc; i++) {
		cleanup_free char *h = file_join(host, names.v[i]);
		cleanup_free char *g = file_join(guest, names.v[i]);

		rc = walk_entry(w, h, g, e);
	}
	w->depth--;
	return rc;
}

static int walk_target(struct walk *w, const struct target *t, struct err *e)
{
	cleanup_free char *guest = file_join(INCLUDE_DIR, t->name);
	size_t before = w->out->files.n;
	int rc;

	if (S_ISREG(t->st.st_mode))
		return add_file(w, t->path, guest, &t->st, e);
	rc = walk_dir(w, t->path, guest, &t->st, e);
	if (!rc && w->out->files.n == before)
		payload_say(
			w->notes, "warning: -i %s: directory contains no regular files", t->path);
	return rc;
}

static int duplicate(const char *guest, const char *a, const char *b, struct err *e)
{
	return err_set(
		e, EEXIST, "duplicate include path '%s': provided by both %s and %s", guest, a, b);
}

static int check_duplicates(const struct include_list *l, struct err *e)
{
	struct map seen = {0};
	int rc = 0;

	for (size_t i = 0; i < l->files.n && !rc; i++) {
		const struct include_file *f = &l->files.v[i];

		if (!map_add(&seen, f->guest, f->host))
			rc = duplicate(f->guest, map_get(&seen, f->guest), f->host, e);
	}
	map_release(&seen);
	return rc;
}

int include_resolve(const struct strv *args, const struct payload_note *notes,
	struct include_list *out, struct err *e)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	int rc = 0;

	*out = (struct include_list){0};
	w->notes = notes;
	w->out = out;
	for (size_t i = 0; i < args->n && !rc; i++) {
		struct target t;

		rc = resolve(args->v[i], &t, e);
		if (!rc)
			rc = walk_target(w, &t, e);
		target_release(&t);
	}
	free(w);
	if (!rc)
		rc = check_duplicates(out, e);
	if (rc)
		include_release(out);
	return rc;
}

int include_folder(const char *dir, const char *guest, struct include_list *out, struct err *e)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	struct stat st;
	int rc;

	*out = (struct include_list){0};
	w->out = out;
	rc = stat(dir, &st) ? err_sys(e, errno, "cannot read folder '%s'", dir)
			    : walk_dir(w, dir, guest, &st, e);
	free(w);
	if (rc)
		include_release(out);
	return rc;
}

void include_release(struct include_list *l)
{
	for (size_t i = 0; i < l->files.n; i++) {
		free(l->files.v[i].host);
		free(l->files.v[i].guest);
	}
	free(l->files.v);
	*l = (struct include_list){0};
}

/* Two folders of one name may complement each other, which takes a walk to find out; a file may
 * not share its name with anything. */
int payload_check_includes(const struct strv *include, struct err *e)
{
	struct map files = {0}, dirs = {0};
	int rc = 0;

	for (size_t i = 0; i < include->n && !rc; i++) {
		cleanup_free char *guest = NULL;
		const char *other;
		struct target t;

		rc = resolve(include->v[i], &t, e);
		if (rc)
			break;
		guest = file_join(INCLUDE_DIR, t.name);
		other = map_get(&files, guest);
		if (!other && S_ISREG(t.st.st_mode))
			other = map_get(&dirs, guest);
		if (other)
			rc = duplicate(guest, other, t.path, e);
		else
			map_add(S_ISREG(t.st.st_mode) ? &files : &dirs, guest, include->v[i]);
		target_release(&t);
	}
	map_release(&files);
	map_release(&dirs);
	return rc;
}
