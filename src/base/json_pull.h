/*
 * Reading JSON of any length as a stream of events, in a fixed amount of memory and with integers
 * exact to 64 bits: for snapshots, which json_in.h would make a tree of. Strict (RFC 8259): one
 * value, UTF-8, no comments, no trailing commas. Errors give the offset in the text.
 *
 *	while ((ev = json_pull(p, e)) == JSON_KEY) { ... }
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"

enum json_event {
	JSON_END, /* after the value; returned ever after */
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_KEY,    /* s, n */
	JSON_STRING, /* s, n */
	JSON_UINT,   /* u */
	JSON_INT,    /* below zero: i */
	JSON_REAL,   /* s, n as written: has a point or an exponent, or does not fit 64 bits */
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
	JSON_NEVENTS
};

/* Puts up to n bytes into buf: their number, 0 at the end, -errno. */
typedef ssize_t json_pull_read(void *ctx, void *buf, size_t n, struct err *e);

enum {
	JSON_PULL_TOKEN = 64 * 1024, /* longest string or number, as written */
	JSON_PULL_DEPTH = 64,
};

struct json_pull {
	/* what the last event carries; the text is not terminated, may hold zero bytes and lives
	 * until the next call */
	const char *s;
	size_t n;
	uint64_t u;
	int64_t i;

	/* private */
	json_pull_read *read;
	void *ctx;
	char *buf;
	size_t at, end;
	uint64_t base; /* offset in the text of buf[0] */
	bool eof;
	uint8_t state;
	unsigned depth;
	uint64_t arrays; /* bit d: the container at depth d + 1 is an array */
};

void json_pull_init(struct json_pull *p, json_pull_read *read, void *ctx);
/* From memory; the text is borrowed. */
struct json_pull_text {
	const char *s;
	size_t n;
};
json_pull_read json_pull_text_read;
void json_pull_release(struct json_pull *p);

/* The next event, or -errno (-EBADMSG: not JSON; else what read said). */
int json_pull(struct json_pull *p, struct err *e);
/* Passes over the rest of the value that `event` began (or was). 0 or -errno. */
int json_pull_skip(struct json_pull *p, int event, struct err *e);
/* Offset of the next byte. */
uint64_t json_pull_offset(const struct json_pull *p);
/* "an object", "a string", ...: for sentences about what was found. */
const char *json_event_name(int event);
