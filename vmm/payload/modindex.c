#include "vmm/payload/modindex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"

enum {
	DEPTH_MAX = 32,
	FILES_MAX = 100000, /* a distribution's tree has 4000 to 7000 */
	BUILTIN_MAX = 16 << 20,
};

struct walk {
	struct modindex *out;
	struct str path; /* of the folder that is being read, relative, with a slash at its end */
	unsigned depth;
};

static void normalise(char *name)
{
	for (; *name; name++)
		if (*name == '-')
			*name = '_';
}

char *module_name(const char *path)
{
	static const char *const ends[] = {".ko", ".ko.xz", ".ko.gz", ".ko.zst"};
	const char *base = file_base(path);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char *name;

		if (!str_ends(base, ends[i]) || strlen(base) == strlen(ends[i]))
			continue;
		name = xstrndup(base, strlen(base) - strlen(ends[i]));
		normalise(name);
		return name;
	}
	return NULL;
}

/* Like depmod: what was added to a distribution's tree comes before what it came with. */
static int rank(const char *path)
{
	if (str_starts(path, "updates/"))
		return 2;
	return str_starts(path, "kernel/") ? 0 : 1;
}

static void take(struct walk *w, const char *name)
{
	cleanup_free char *module = module_name(name);
	cleanup_free char *path = NULL;
	void **at;

	if (!module || w->out->files.n >= FILES_MAX)
		return;
	path = xasprintf("%s%s", str_get(&w->path), name);
	at = map_at(&w->out->files, module);
	if (*at && (rank(*at) > rank(path) || (rank(*at) == rank(path) && strcmp(*at, path) <= 0)))
		return;
	free(*at);
	*at = take_ptr(path);
}

static void walk(struct walk *w, int parent, const char *name);

/* Links are not followed: `build` and `source` lead to whole kernel trees. */
static void visit(struct walk *w, int dir, const struct dirent *d)
{
	unsigned char type = d->d_type;
	struct stat st;

	if (d->d_name[0] == '.')
		return;
	if (type == DT_UNKNOWN && fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
	if (type == DT_REG)
		take(w, d->d_name);
	else if (type == DT_DIR)
		walk(w, dir, d->d_name);
}

static void walk(struct walk *w, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t len = w->path.len;
	const struct dirent *d;

	if (!dir || w->depth == DEPTH_MAX) {
		if (dir)
			closedir(dir);
		else if (fd >= 0)
			close(fd);
		return;
	}
	w->depth++;
	str_printf(&w->path, "%s/", name);
	while ((d = readdir(dir)))
		visit(w, fd, d);
	w->path.len = len;
	w->path.s[len] = '\0';
	w->depth--;
	closedir(dir);
}

static int walk_all(struct modindex *x, struct err *e)
{
	struct walk w = {.out = x, .path = STR_INIT};
	DIR *dir = opendir(x->dir);
	const struct dirent *d;

	if (!dir)
		return err_sys(e, errno, "cannot read the folder of kernel modules '%s'", x->dir);
	str_add(&w.path, "");
	while ((d = readdir(dir)))
		visit(&w, dirfd(dir), d);
	closedir(dir);
	str_release(&w.path);
	return 0;
}

static void read_builtin(struct modindex *x)
{
	cleanup_free char *path = file_join(x->dir, "modules.builtin");
	cleanup_str struct str text = STR_INIT;
	char *save = NULL;

	if (file_read(path, BUILTIN_MAX, &text, NULL) || !text.s)
		return;
	for (char *line = strtok_r(text.s, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		cleanup_free char *name = module_name(line);

		if (name)
			map_add(&x->builtin, name, NULL);
	}
}

int modindex_open(const char *dir, struct modindex *out, struct err *e)
{
	int rc;

	*out = (struct modindex){0};
	if (!dir)
		return 0;
	out->dir = xstrdup(dir);
	rc = walk_all(out, e);
	if (rc)
		modindex_release(out);
	else
		read_builtin(out);
	return rc;
}

void modindex_release(struct modindex *x)
{
	for (size_t i = 0; i < x->files.cap; i++)
		free(x->files.slots[i].value);
	map_release(&x->files);
	map_release(&x->builtin);
	free(x->dir);
	*x = (struct modindex){0};
}

const char *modindex_file(const struct modindex *x, const char *name)
{
	cleanup_free char *copy = xstrdup(name);

	normalise(copy);
	return map_get(&x->files, copy);
}

bool modindex_is_builtin(const struct modindex *x, const char *name)
{
	cleanup_free char *copy = xstrdup(name);

	normalise(copy);
	return map_has(&x->builtin, copy);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *modindex_nearest(const struct modindex *x, const char *name)
{
	cleanup_free const char **names = xcalloc(x->files.n, sizeof(*names));
	cleanup_free char *copy = xstrdup(name);
	size_t n = 0;

	normalise(copy);
	for (size_t i = 0; i < x->files.cap; i++)
		if (x->files.slots[i].key)
			names[n++] = x->files.slots[i].key;
	qsort(names, n, sizeof(*names), compare); /* so that the answer is always the same */
	return str_nearest(copy, names, n);
}
