/*
 * A snapshot file on its way: JSON text goes through zstd into a temporary file beside the target,
 * which is synced and takes the target's name only when all of it is there.
 */
#pragma once

#include "probes/ctprof/shape.h"
#include "src/base/err.h"
#include "src/base/json_out.h"

struct ctp_sink;

/* path is what the file will be called. */
struct ctp_sink *ctp_sink_new(const char *path, struct err *e);
/* Into a descriptor instead, which is borrowed; nothing is renamed. */
struct ctp_sink *ctp_sink_new_fd(int fd, struct err *e);
/* Where text is put; goes on its way with ctp_sink_flush() or before the end. */
struct str *ctp_sink_text(struct ctp_sink *k);
int ctp_sink_flush(struct ctp_sink *k, struct err *e);
int ctp_sink_write(struct ctp_sink *k, const char *text, size_t n, struct err *e);
/* Everything is written: syncs and renames. */
int ctp_sink_end(struct ctp_sink *k, struct err *e);
/* Without ctp_sink_end() the temporary file is removed and the target is as it was. */
void ctp_sink_free(struct ctp_sink *k);

/* What stands before the first thread: `{"captured_at_unix_ns":...,"threads":[`, and what stands
 * behind the last one. */
void ctp_write_head(const struct ctp_snapshot *s, struct str *out);
/* All threads, parted by commas. */
void ctp_write_threads(const struct ctp_snapshot *s, struct str *out);
void ctp_write_tail(const struct ctp_snapshot *s, struct str *out);
