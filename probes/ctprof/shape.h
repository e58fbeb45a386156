/*
 * The objects of a snapshot file besides threads, as rows: what a key is called, what kind of value
 * it has, and where it stands in the model. Loading and writing are loops over the same rows, in
 * the order in which keys are written.
 */
#pragma once

#include "probes/ctprof/snapshot.h"
#include "src/base/json_out.h"

enum shape_kind {
	SHAPE_U64,
	SHAPE_U32,
	SHAPE_U16,
	SHAPE_BOOL,
	SHAPE_OPT_U64, /* struct ctp_opt */
	SHAPE_OPT_I64, /* struct ctp_opt, sign-extended */
	SHAPE_TEXT,    /* const char *, never NULL once read: "" */
	SHAPE_OPT_TEXT,
	SHAPE_MAP,     /* struct ctp_map */
	SHAPE_TEXTS,   /* struct ctp_text_map, keys in byte order */
	SHAPE_TEXTS_N, /* the same, keys are numbers and in their order */
	SHAPE_OBJECT,  /* an object of its own, in place */
};

struct shape;

struct shape_row {
	const char *key;
	enum shape_kind kind;
	size_t offset;
	const struct shape *shape; /* of SHAPE_OBJECT */
	bool omit;		   /* no key where it is empty */
} __attribute__((designated_init));

struct shape {
	const struct shape_row *rows;
	size_t n;
	bool omit; /* what is absent has no key, instead of null */
};

/* The keys of the whole, in their order. */
enum shape_top_kind {
	SHAPE_TOP_TIME,
	SHAPE_TOP_THREADS,
	SHAPE_TOP_CGROUPS,
	SHAPE_TOP_PSI,
	SHAPE_TOP_OBJECT, /* null, or an object that ctp_snapshot points to */
};
struct shape_top {
	const char *key;
	enum shape_top_kind kind;
	const struct shape *shape;
	size_t size, offset; /* of the object; of its pointer in ctp_snapshot */
	bool omit;	     /* no key instead of null */
} __attribute__((designated_init));
extern const struct shape_top ctp_shape_tops[];
extern const size_t ctp_shape_ntops;

extern const struct shape ctp_shape_host, ctp_shape_cgroup, ctp_shape_psi, ctp_shape_probe,
	ctp_shape_parse, ctp_shape_taskstats, ctp_shape_sched_ext, ctp_shape_cost;

/* One value of a row, and a whole object, as they stand in a file. */
void ctp_write_value(struct json_out *j, const struct shape_row *row, const void *at);
void ctp_write_shape(struct json_out *j, const struct shape *shape, const void *base);
