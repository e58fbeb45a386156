/* What the parts of the loader share. */
#pragma once

#include "probes/ctprof/build.h"
#include "probes/ctprof/shape.h"
#include "src/base/cpuset.h"
#include "src/base/json_pull.h"
#include "src/base/str.h"

/* No map of the kernel's has a hundredth of this many keys. */
enum { CTP_MAP_MAX = 65536 };

struct ctp_loader {
	struct json_pull json;
	struct ctp_builder *b;
	struct err *e;
	/* kept between values, so that memory is asked for once */
	VEC(struct ctp_pair) pairs;
	VEC(struct ctp_text_pair) texts;
	VEC(struct ctp_run) runs;
	struct cpuset cpus;
	struct str text;
};

/* The next event; -errno. */
int ctp_load_next(struct ctp_loader *l);
/* -EBADMSG: "<want> is expected, but there is <event> before byte N". */
int ctp_load_mismatch(struct ctp_loader *l, const char *want, int event);
/* The value that comes next, of one type. */
int ctp_load_u64(struct ctp_loader *l, uint64_t max, uint64_t *out);
int ctp_load_i64(struct ctp_loader *l, int64_t min, int64_t max, uint64_t *out);
int ctp_load_bool(struct ctp_loader *l, uint64_t *out);
/* The string of the last event as the model keeps it: no zero bytes. Number of it, see build.h. */
uint32_t ctp_load_str(struct ctp_loader *l);
const char *ctp_load_string(struct ctp_loader *l);
int ctp_load_map(struct ctp_loader *l, struct ctp_map *out);
/* Fills `base` by the rows; an event that is not an object is an error. */
int ctp_load_shape(struct ctp_loader *l, const struct shape *shape, void *base, int event);
/* One thread; its '{' was the last event. */
int ctp_load_thread(struct ctp_loader *l);
