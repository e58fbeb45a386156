/*
 * The guest's root file system while it is being put together: which path holds what, and who asked
 * for it. Nothing is read before tree_write(), which writes everything in the order of the paths.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "vmm/payload/cpio.h"

struct tree;

struct tree *tree_new(void);
void tree_free(struct tree *t);

/*
 * Each takes a path relative to the guest's root. -EEXIST with a sentence that names both sources
 * when the path is taken, -EINVAL for what cpio_check_path() refuses and for paths that start with
 * ".ktstr_" (ours, see tree_reserved()).
 */
int tree_dir(struct tree *t, const char *path, mode_t mode, struct err *e);
/* A file of this machine; `st` is what stat(2) said of it, tree_home() finds it by that. */
int tree_file(
	struct tree *t, const char *path, const char *host, const struct stat *st, struct err *e);
/* The bytes are borrowed until tree_write(). */
int tree_bytes(
	struct tree *t, const char *path, mode_t mode, const void *bytes, size_t n, struct err *e);
/* The same with a heap string that the tree takes over. */
int tree_text(struct tree *t, const char *path, mode_t mode, struct str *text, struct err *e);
/* For the files of our own with reserved names. */
int tree_reserved(struct tree *t, const char *path, struct str *text, struct err *e);
int tree_link(struct tree *t, const char *path, const char *target, struct err *e);
int tree_chardev(struct tree *t, const char *path, mode_t mode, unsigned major, unsigned minor,
	struct err *e);

bool tree_has(const struct tree *t, const char *path);
/* Whether nothing is there and no file is in the way. */
bool tree_free_at(const struct tree *t, const char *path);
/* Where this file of this machine (by device and inode) already lies; NULL = nowhere. Borrowed. */
const char *tree_home(const struct tree *t, const struct stat *st);
/* What a path leads to, following one link of ours; NULL when it is not there. Borrowed. */
const char *tree_resolve(const struct tree *t, const char *path);

/* Whether init mounts something over this path, so that what lies there is never seen. */
bool tree_is_hidden(const char *path);

int tree_write(const struct tree *t, struct cpio *c, struct err *e);
