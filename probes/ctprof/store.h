/*
 * Snapshots in files: one JSON object in zstd frames, the shape of spec section 2. Written under a
 * temporary name, synced, renamed; read as a stream, so that memory is that of the model and not of
 * the text.
 *
 * On disk every one of the 98 keys has the value that the format gives it (0 when it could not be
 * read); what is absent rather than 0 stands in one more key at the end of a thread's object,
 * "absent": {"cfg": ["wait_sum", ...], "perm": [...]}, left out when empty. A file without it is
 * read as if everything were present.
 */
#pragma once

#include <stdbool.h>

#include "probes/ctprof/snapshot.h"
#include "src/base/err.h"

/* What a file may grow to when it is unpacked, unless told otherwise: 1 GiB. */
#define CTP_MAX_SIZE (1ULL << 30)

/*
 * Loads a file. max_size bounds the unpacked bytes, 0 = CTP_MAX_SIZE. Anything else than a whole
 * and valid snapshot gives NULL and one sentence with the path, what is wrong and where. Unknown
 * keys are passed over, missing ones have the value 0, null or empty.
 */
struct ctp_snapshot *ctp_load(const char *path, uint64_t max_size, struct err *e);
/* The same from a descriptor, from where it stands. */
struct ctp_snapshot *ctp_load_fd(int fd, const char *name, uint64_t max_size, struct err *e);
/* The same of a JSON text in memory; `name` is what errors call it. */
struct ctp_snapshot *ctp_load_text(const char *text, size_t n, const char *name, struct err *e);

/* Writes a snapshot: what ctp_load() gives back. 0 or -errno. */
int ctp_save(const struct ctp_snapshot *s, const char *path, struct err *e);
