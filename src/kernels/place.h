/*
 * Where kernels are looked for: the environment, the current folder and the machine's own folders
 * as one value, so that nothing below asks the process, and tests stand on ground of their own.
 */
#pragma once

#include "src/base/err.h"

struct place {
	const char *prefix;  /* before /boot, /lib/modules, /etc; "" = this machine */
	const char *cwd;     /* relative paths start here; "" = the process's */
	const char *release; /* uname -r */
	const char *program; /* our own binary, which builds kernels; NULL = none are built */
	/* the environment; NULL = not set */
	const char *kernel;	   /* KTSTR_KERNEL */
	const char *fetch;	   /* KTSTR_FETCH */
	const char *cache_dir;	   /* KTSTR_CACHE_DIR */
	const char *xdg_cache;	   /* XDG_CACHE_HOME */
	const char *home;	   /* HOME */
	const char *mirror;	   /* KTSTR_KERNEL_MIRROR */
	const char *releases_url;  /* KTSTR_RELEASES_URL */
	const char *stable_tree;   /* KTSTR_STABLE_TREE */
	const char *keyring;	   /* KTSTR_KEYRING */
	const char *store_timeout; /* KTSTR_CACHE_STORE_LOCK_TIMEOUT */
};

struct place_storage {
	char release[128];
};
/* This process on this machine; what it holds is borrowed from the environment and `storage`. */
struct place place_host(struct place_storage *storage);

/* prefix + path; heap. */
char *place_path(const struct place *p, const char *path);
/* A person's path: relative ones start at cwd; heap. */
char *place_relative(const struct place *p, const char *path);
/* The cache root (spec/host 4.3), always absolute where cwd is; heap, or NULL with a sentence. */
char *place_cache_root(const struct place *p, struct err *e);
