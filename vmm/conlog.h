/*
 * What the guest's kernel said on its console: the last lines, and the ones that tell why a guest
 * died. Bounded whatever a guest writes; everything that comes out is safe to show.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"

enum {
	CONLOG_LINES = 64,  /* kept */
	CONLOG_LINE = 1024, /* bytes of a line that are looked at */
	CONLOG_QUOTE = 200, /* bytes of a line that are quoted */
};

struct conlog {
	char *lines[CONLOG_LINES]; /* owned; a ring, next is overwritten next */
	unsigned next;
	char line[CONLOG_LINE + 1]; /* the line that is growing */
	size_t len;
	char *panic;  /* owned; the first line that names a kernel panic */
	char *memory; /* owned; the last line that says that memory ran out */
};

void conlog_feed(struct conlog *l, const char *bytes, size_t n);
/* Appends at most max of the last lines, the unfinished one included, oldest first. */
void conlog_last(const struct conlog *l, unsigned max, struct strv *out);
/* The newest line that says something, NULL = none; valid until the next call on l. */
const char *conlog_newest(const struct conlog *l);
void conlog_release(struct conlog *l);
