/*
 * Kernels to test with: small files of the right shape, and a ground (struct place) of their own,
 * so that no test depends on what this machine has in /boot. Whatever cannot be written ends the
 * program.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"
#include "src/kernels/kernels.h"
#include "src/kernels/place.h"

/* A temporary folder; removed by fixture_remove(). Heap, absolute. */
char *fixture_dir(void);
void fixture_remove(char *dir);
/* Writes DIR/PATH (printf-like PATH), making its folders. */
void fixture_write(const char *path, const void *bytes, size_t n);
void fixture_text(const char *dir, const char *path, const char *text);
/* DIR/PATH; a folder. */
void fixture_mkdir(const char *dir, const char *path);

/* Appends a bzImage of this release; `payload` bytes follow the setup code. */
void fixture_bzimage(struct str *out, const char *release, size_t payload);
/* Appends a vmlinux (ELF) with a banner of this release. */
void fixture_vmlinux(struct str *out, const char *release);
/* Writes DIR/PATH as a bzImage. */
void fixture_image(const char *dir, const char *path, const char *release);

/* A member of a package's data archive. */
struct fixture_file {
	const char *path;
	const char *text; /* contents; NULL with size = that many zero bytes */
	size_t size;	  /* 0 = strlen(text) */
	char type;	  /* tar's: 0 = '0' a file, '1' hard link, '2' symbolic link, '5' folder */
	const char *link;
};
/* Appends a tar archive. */
void fixture_tar(struct str *out, const struct fixture_file *files, size_t n);
/* Compresses it by the program itself (gzip, xz, zstd), so that what is read back is what the world
 * writes. */
void fixture_pack(const char *packer, struct str *data);
/* Appends a .deb with this control text and these files, uncompressed. */
void fixture_deb(struct str *out, const char *control, const struct fixture_file *files, size_t n);
/* The same as a file, its data archive packed by `packer` (gzip, xz, zstd; NULL = not at all). */
void fixture_deb_file(const char *path, const char *control, const struct fixture_file *files,
	size_t n, const char *packer);
/* A kernel package: boot/vmlinuz-R, boot/config-R and one module. */
void fixture_kernel_deb(const char *path, const char *name, const char *version,
	const char *release, size_t payload, const char *packer);

/* A .rpm of this name, version ("6.1-2") and architecture, its archive packed by `packer`. */
void fixture_rpm(const char *path, const char *name, const char *version, const char *arch,
	const struct fixture_file *files, size_t n, const char *packer);

/* What a resolution said. */
struct fixture_report {
	struct kernel_report report; /* hand this over */
	struct strv notes;
	char what[128];		 /* of the last progress */
	uint64_t done, total;	 /* of the last progress */
	const char *cancel_what; /* cancel when `what` begins so and something is done */
	bool cancel_uncounted;	 /* ... or nothing is counted */
};
void fixture_report_init(struct fixture_report *r);
void fixture_report_release(struct fixture_report *r);
/* Whether a note holds the words. */
int fixture_noted(const struct fixture_report *r, const char *words);
