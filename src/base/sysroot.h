/*
 * Every look at /proc and /sys goes through a sysroot: "/" for this machine, or the folder of a
 * captured machine (`--sysroot DIR`). Paths are absolute inside it, e.g. "/sys/devices/system/cpu".
 * Symbolic links in a captured tree are confined to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/cpuset.h"
#include "src/base/err.h"
#include "src/base/str.h"

struct sysroot;

/* dir == NULL or "/" is this machine. */
struct sysroot *sysroot_open(const char *dir, struct err *e);
void sysroot_close(struct sysroot *r);
bool sysroot_is_host(const struct sysroot *r);
/* The folder's name as given, "/" for this machine; borrowed. */
const char *sysroot_path(const struct sysroot *r);

/* An O_RDONLY | O_CLOEXEC descriptor, or -errno (no message: the caller knows what it means). */
int sysroot_fd(const struct sysroot *r, const char *path);
/* Whole file into out (cleared first), at most 16 MiB. 0 or -errno. */
int sysroot_read(const struct sysroot *r, const char *path, struct str *out);
/* First line, trailing white space cut, into buf. 0 or -errno (-ENAMETOOLONG when it does not fit).
 */
int sysroot_line(const struct sysroot *r, const char *path, char *buf, size_t size);
/* A decimal number (a sign is allowed in _int). 0 or -errno. */
int sysroot_u64(const struct sysroot *r, const char *path, uint64_t *out);
int sysroot_int(const struct sysroot *r, const char *path, int *out);
int sysroot_cpulist(const struct sysroot *r, const char *path, struct cpuset *out);
int sysroot_cpumap(const struct sysroot *r, const char *path, struct cpuset *out);
bool sysroot_exists(const struct sysroot *r, const char *path);
/* Names in a directory, sorted bytewise, without "." and "..". 0 or -errno. */
int sysroot_list(const struct sysroot *r, const char *path, struct strv *out);
/* The numbers N of the entries `<prefix>N` (whole rest decimal) of a directory. 0 or -errno. */
int sysroot_numbers(
	const struct sysroot *r, const char *path, const char *prefix, struct cpuset *out);
/* Formats a path into a static-size buffer of the caller: sysroot_u64(r, PATHF("/sys/.../cpu%u",
 * n), &v) */
struct sysroot_pathbuf {
	char s[512];
};
const char *sysroot_pathf(struct sysroot_pathbuf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
#define PATHF(...) sysroot_pathf(&(struct sysroot_pathbuf){{0}}, __VA_ARGS__)
