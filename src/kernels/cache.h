/*
 * The kernel cache as a reader sees it (spec/host 4.4 to 4.8): folders named by key, each with an
 * image and metadata.json; those under `.distro` were unpacked from packages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"
#include "src/kernels/metadata.h"

#define KCACHE_PACKAGED ".distro"
#define KCACHE_LOCKS	".locks"
#define KCACHE_ARCH	"x86_64"

enum kcache_kconfig { KCONFIG_UNTRACKED, KCONFIG_MATCHES, KCONFIG_STALE };

struct kcache_entry {
	char *key;   /* the folder's name */
	char *dir;   /* its path */
	char *image; /* path of the boot image; NULL in a corrupt entry */
	bool packaged;
	bool corrupt;
	struct metadata meta;	     /* empty in a corrupt entry */
	struct metadata_fault fault; /* of a corrupt one */
};

struct kcache {
	VEC(struct kcache_entry) entries;
};

/* Reads one entry; a corrupt one is a result, not a failure. -ENOENT: there is no such folder. */
int kcache_read(const char *root, const char *key, bool packaged, struct kcache_entry *out);
void kcache_entry_release(struct kcache_entry *entry);

/* All entries in list order: valid ones newest first, corrupt ones last. A missing root is empty.
 */
int kcache_scan(const char *root, bool packaged, struct kcache *out, struct err *e);
/* Built and packaged ones together, in the same order. */
int kcache_scan_all(const char *root, struct kcache *out, struct err *e);
void kcache_release(struct kcache *c);

/* Against the hashes of what this program configures kernels with, one for each base. */
enum kcache_kconfig kcache_kconfig(const struct metadata *m);
