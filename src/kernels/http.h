/*
 * Downloads over HTTP through libcurl, which is opened on first use. Proxies come from the usual
 * variables. A transfer that breaks off is tried again where it stopped; one that stands still is
 * ended.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/kernels.h"

/* How patient to be (spec/host 4.13). */
struct http_patience {
	unsigned connect_s; /* until the server answers */
	unsigned stall_s;   /* without a byte */
	unsigned attempts;  /* in all, at transport errors and statuses 429, 502, 503, 504 */
	unsigned pause_ms;  /* before the second; doubled before each further one */
};
extern const struct http_patience http_patience;

struct http_get {
	const char *url;
	const char *what; /* "linux-6.12.9.tar.xz"; progress says that it is being fetched */
	uint64_t max;	  /* bytes; a longer answer is -EFBIG */
	bool file;	  /* a web page instead of it is a mistake of the server's */
	bool announce;	  /* one note when it begins to come: from where, how big */
	const struct http_patience *patience; /* NULL = http_patience */
	const struct kernel_report *report;
};

/*
 * To a file of which the first bytes may be there already from an earlier time: they are not
 * fetched again where the server can do that. 0; -ENOENT: the server has no such thing;
 * -ECANCELED; -errno. What was received so far stays in the file in every case.
 */
int http_to_fd(const struct http_get *g, int fd, struct err *e);
/* Appended to a string, for small documents. */
int http_to_text(const struct http_get *g, struct str *out, struct err *e);
