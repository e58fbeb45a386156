/*
 * The cgroups that threads are in: the unified hierarchy, wherever it is mounted. Shared by the
 * workers of a capture.
 */
#pragma once

#include "probes/ctprof/build.h"
#include "src/base/sysroot.h"

struct ctp_cgroups;

struct ctp_cgroups *ctp_cgroups_new(const struct sysroot *root);
void ctp_cgroups_free(struct ctp_cgroups *g);
/*
 * Whether threads of one process may be in other cgroups than their leader in this one: it is
 * threaded, has threaded ones below it, or cannot be looked at.
 */
bool ctp_cgroups_threaded(struct ctp_cgroups *g, const char *path);
/* Notes a path whose numbers will be wanted. */
void ctp_cgroups_note(struct ctp_cgroups *g, const char *path);
/* Reads the numbers of every noted path. */
void ctp_cgroups_read(struct ctp_cgroups *g, struct ctp_builder *b);

/* For tests: one file's text. */
/* "some avg10=0.12 avg60=1.00 avg300=0.00 total=123" and "full ...". */
void ctp_parse_pressure(const char *text, struct ctp_psi_half *some, struct ctp_psi_half *full);
/* "key value" lines with numbers, in byte order of their keys. */
struct ctp_map ctp_parse_flat(const char *text, struct ctp_builder *b);
/* Pressure of the whole machine, or of one cgroup (`<dir>/cpu.pressure`). */
void ctp_read_pressure(
	const struct sysroot *root, const char *dir, const char *suffix, struct ctp_psi *out);
