#include "vmm/payload/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/map.h"
#include "src/base/mem.h"

enum kind { DIRECTORY, FILE_OF_HOST, BYTES, LINK, CHARDEV };

struct node {
	char *path;
	char *source; /* file on this machine, or target of a link; NULL = neither */
	struct str text;
	const void *bytes;
	size_t size;
	int64_t mtime;
	mode_t mode;
	unsigned major, minor;
	enum kind kind;
};

struct tree {
	VEC(struct node *) nodes;
	struct map by_path; /* -> struct node */
	struct map dirs;    /* every folder that some path needs */
	struct map inodes;  /* "dev:ino" -> struct node */
};

struct tree *tree_new(void)
{
	return xcalloc(1, sizeof(struct tree));
}

static void node_free(struct node *n)
{
	free(n->path);
	free(n->source);
	str_release(&n->text);
	free(n);
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nodes.n; i++)
		node_free(t->nodes.v[i]);
	free(t->nodes.v);
	map_release(&t->by_path);
	map_release(&t->dirs);
	map_release(&t->inodes);
	free(t);
}

static const char *provider(const struct node *n)
{
	return n->source ? n->source : "ktstr itself";
}

/* The node that is a file where `path` needs a folder, or the one at the path itself. */
static const struct node *in_the_way(const struct tree *t, const char *path)
{
	const struct node *n;

	for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		cleanup_free char *parent = xstrndup(path, (size_t)(s - path));

		n = map_get(&t->by_path, parent);
		if (n && n->kind != DIRECTORY)
			return n;
	}
	return map_get(&t->by_path, path);
}

static int refuse(const struct node *a, const struct node *b, struct err *e)
{
	return err_set(e, EEXIST, "duplicate include path '%s': provided by both %s and %s",
		b->path, provider(a), provider(b));
}

/* Takes the node over, also when it is refused. */
static int add(struct tree *t, struct node *n, struct err *e)
{
	int rc = cpio_check_path(n->path, e);
	const struct node *other = in_the_way(t, n->path);

	if (!rc && other)
		rc = refuse(other, n, e);
	if (!rc && n->kind != DIRECTORY && map_has(&t->dirs, n->path))
		rc = err_set(e, EEXIST, "'%s' (%s) is also the name of a folder in the guest",
			n->path, provider(n));
	if (rc) {
		node_free(n);
		return rc;
	}
	for (const char *s = strchr(n->path, '/'); s; s = strchr(s + 1, '/')) {
		cleanup_free char *parent = xstrndup(n->path, (size_t)(s - n->path));

		map_add(&t->dirs, parent, NULL);
	}
	map_add(&t->by_path, n->path, n);
	vec_push(&t->nodes, n);
	return 0;
}

static struct node *node_new(const char *path, enum kind kind, mode_t mode)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->path = xstrdup(path);
	n->kind = kind;
	n->mode = mode & 07777;
	return n;
}

static int reserved(const char *path, struct err *e)
{
	if (!str_starts(path, ".ktstr_"))
		return 0;
	return err_set(e, EINVAL, "'%s': names that start with .ktstr_ are ktstr's own", path);
}

int tree_dir(struct tree *t, const char *path, mode_t mode, struct err *e)
{
	int rc = reserved(path, e);

	return rc ? rc : add(t, node_new(path, DIRECTORY, mode), e);
}

struct inode_key {
	char s[48];
};

static struct inode_key key_of(const struct stat *st)
{
	struct inode_key k;

	snprintf(k.s, sizeof(k.s), "%" PRIxMAX ":%" PRIxMAX, (uintmax_t)st->st_dev,
		(uintmax_t)st->st_ino);
	return k;
}

int tree_file(
	struct tree *t, const char *path, const char *host, const struct stat *st, struct err *e)
{
	struct node *n;
	int rc = reserved(path, e);

	if (rc)
		return rc;
	n = node_new(path, FILE_OF_HOST, st->st_mode);
	n->source = xstrdup(host);
	n->mtime = st->st_mtime;
	rc = add(t, n, e);
	if (!rc)
		map_add(&t->inodes, key_of(st).s, n);
	return rc;
}

int tree_bytes(
	struct tree *t, const char *path, mode_t mode, const void *bytes, size_t n, struct err *e)
{
	struct node *node;
	int rc = reserved(path, e);

	if (rc)
		return rc;
	node = node_new(path, BYTES, mode);
	node->bytes = bytes;
	node->size = n;
	return add(t, node, e);
}

static struct node *text_node(const char *path, mode_t mode, struct str *text)
{
	struct node *n = node_new(path, BYTES, mode);

	n->text = *text;
	*text = (struct str)STR_INIT;
	n->bytes = str_get(&n->text);
	n->size = n->text.len;
	return n;
}

int tree_text(struct tree *t, const char *path, mode_t mode, struct str *text, struct err *e)
{
	int rc = reserved(path, e);

	return rc ? rc : add(t, text_node(path, mode, text), e);
}

int tree_reserved(struct tree *t, const char *path, struct str *text, struct err *e)
{
	return add(t, text_node(path, 0644, text), e);
}

int tree_link(struct tree *t, const char *path, const char *target, struct err *e)
{
	struct node *n;
	int rc = reserved(path, e);

	if (rc)
		return rc;
	n = node_new(path, LINK, 0777);
	n->source = xstrdup(target);
	return add(t, n, e);
}

int tree_chardev(struct tree *t, const char *path, mode_t mode, unsigned major, unsigned minor,
	struct err *e)
{
	struct node *n = node_new(path, CHARDEV, mode);

	n->major = major;
	n->minor = minor;
	return add(t, n, e);
}

bool tree_has(const struct tree *t, const char *path)
{
	return map_has(&t->by_path, path);
}

bool tree_free_at(const struct tree *t, const char *path)
{
	return !in_the_way(t, path) && !map_has(&t->dirs, path);
}

const char *tree_home(const struct tree *t, const struct stat *st)
{
	const struct node *n = map_get(&t->inodes, key_of(st).s);

	return n ? n->path : NULL;
}

const char *tree_resolve(const struct tree *t, const char *path)
{
	const struct node *n = map_get(&t->by_path, path);

	if (n && n->kind == LINK && n->source[0] == '/')
		return n->source + 1;
	return n ? n->path : NULL;
}

bool tree_is_hidden(const char *path)
{
	static const char *const mounts[] = {"proc", "sys", "dev", "tmp", "run"};

	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		size_t n = strlen(mounts[i]);

		if (strncmp(path, mounts[i], n) == 0 && (path[n] == '/' || !path[n]))
			return true;
	}
	return false;
}

static int write_file(
	const struct node *n, const struct cpio_meta *m, struct cpio *c, struct err *e)
{
	/* O_NONBLOCK: a FIFO that took the file's place since must not stop us. */
	cleanup_close int fd = open(n->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_sys(e, errno, "cannot read '%s'", n->source);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "'%s' is no longer a regular file", n->source);
	return cpio_file(c, m, fd, (uint64_t)st.st_size, e);
}

static int write_node(const struct node *n, struct cpio *c, struct err *e)
{
	const struct cpio_meta m = {.path = n->path, .mode = n->mode, .mtime = n->mtime};

	switch (n->kind) {
	case DIRECTORY:
		return cpio_dir(c, &m, e);
	case FILE_OF_HOST:
		return write_file(n, &m, c, e);
	case LINK:
		return cpio_symlink(c, &m, n->source, e);
	case CHARDEV:
		return cpio_chardev(c, &m, n->major, n->minor, e);
	case BYTES:
		break;
	}
	return cpio_bytes(c, &m, n->bytes, n->size, e);
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->path, (*(struct node *const *)b)->path);
}

int tree_write(const struct tree *t, struct cpio *c, struct err *e)
{
	cleanup_free struct node **sorted = xreallocarray(NULL, t->nodes.n, sizeof(*sorted));
	int rc = 0;

	if (!t->nodes.n)
		return 0;
	memcpy(sorted, t->nodes.v, t->nodes.n * sizeof(*sorted));
	qsort(sorted, t->nodes.n, sizeof(*sorted), by_path);
	for (size_t i = 0; i < t->nodes.n && !rc; i++)
		rc = write_node(sorted[i], c, e);
	return rc;
}
