/*
 * metadata.json of a cache entry (spec/host 4.6), and what is wrong with one that cannot be read
 * (4.8). Packaged kernels add the source type `package` and the list of its packages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

enum metadata_source {
	METADATA_TARBALL,
	METADATA_GIT,
	METADATA_LOCAL,
	METADATA_PACKAGE,
};

/* A package file that went into a packaged kernel. */
struct metadata_package {
	char *name, *version;
	uint64_t size;			  /* bytes of the .deb */
	uint64_t mtime_secs, mtime_nsecs; /* of a file that was named; 0 when it was downloaded */
};

/* Strings are owned; NULL is JSON's null. */
struct metadata {
	enum metadata_source source;
	char *git_hash, *git_ref; /* git; git_hash also local */
	char *tree;		  /* local: source_tree_path */
	char *manager;		  /* package: "apt", or "file" for one that a person named */
	VEC(struct metadata_package) packages;

	char *version, *arch, *image_name, *config_hash, *built_at;
	char *kconfig_hash, *extra_kconfig_hash;
	bool has_vmlinux, vmlinux_stripped;
	bool has_vmlinux_origin; /* the next two are known */
	uint64_t vmlinux_size, vmlinux_mtime;
};

/* What ails an entry: `kind` (static) and a reason that begins as spec/host 4.8 says. */
struct metadata_fault {
	const char *kind;
	char reason[256];
};

/* 0, or -errno with the fault filled in. */
int metadata_parse(const char *text, size_t n, struct metadata *out, struct metadata_fault *f);
/* Reads DIR/metadata.json. */
int metadata_read(const char *dir, struct metadata *out, struct metadata_fault *f);
void metadata_write(const struct metadata *m, struct str *out);
void metadata_release(struct metadata *m);
const char *metadata_source_name(enum metadata_source s);
/* "2025-01-01T00:00:00Z"; heap. */
char *metadata_now(void);
