/*
 * A web server on loopback that misbehaves as it is told: for tests of downloads. It runs in a
 * process of its own and answers one request after the other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"

/* What a path answers. Everything not set is well behaved. */
struct httpd_page {
	const char *path; /* "/x"; NULL ends the list */
	const char *body;
	size_t size;	      /* of it; 0 = strlen */
	const char *type;     /* NULL = application/octet-stream */
	const char *redirect; /* Location of a 302 */
	int status;	      /* 0 = 200 (or 206) */
	unsigned busy;	      /* the first requests get a 503 */
	unsigned cuts;	      /* the first requests are cut off... */
	size_t cut_at;	      /* ...behind this many bytes of their body */
	bool stalls;	      /* says nothing more after cut_at, for ever */
	bool no_ranges;	      /* always all of it */
	bool endless;	      /* repeats the body without a length */
} __attribute__((designated_init));

struct httpd;

/* Listens on 127.0.0.1; the pages must outlive it. */
struct httpd *httpd_start(const struct httpd_page *pages);
/* "http://127.0.0.1:PORT/PATH"; heap. */
char *httpd_url(const struct httpd *h, const char *path);
/* What was asked so far, a line a request: "GET /x" or "GET /x bytes=5-". */
void httpd_log(struct httpd *h, struct str *out);
void httpd_stop(struct httpd *h);
