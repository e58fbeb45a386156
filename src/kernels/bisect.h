/*
 * The search for the first bad kernel in a line of kernels of which the first is good and the last
 * is bad: which one to try next, and what is known. Pure; what was found out can be written down
 * and read again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"

enum verdict_kind { BISECT_UNKNOWN, BISECT_GOOD, BISECT_BAD, BISECT_SKIP };
const char *bisect_word(enum verdict_kind v); /* "good", "bad", "skip", "" */

struct bisect_item {
	char *id;    /* owned */
	char *label; /* what people call it; owned */
	enum verdict_kind verdict;
	int status; /* of the command; -1 = it could not be run */
};

struct bisect {
	VEC(struct bisect_item) items; /* the good end first */
};

/* Without a label it is called by its identifier. */
void bisect_add(struct bisect *b, const char *id, const char *label);
void bisect_release(struct bisect *b);

/* The item to try next: the one nearest to the middle of what may still be the first bad one;
 * false when there is none left. */
bool bisect_next(const struct bisect *b, size_t *item);
/* Kernels that may be the first bad one, [*from, *to]: more than one where some were skipped. */
void bisect_suspects(const struct bisect *b, size_t *from, size_t *to);
/* Tries that are still needed at most, without further skips. */
unsigned bisect_left(const struct bisect *b);
/* What a command's exit status says: 0 good, 125 and 254 (it did not boot) skip, all else bad. */
enum verdict_kind bisect_judge(int status);

/* Lines "VERDICT STATUS ID". Reading takes over what belongs to items; the rest is left out. */
void bisect_write(const struct bisect *b, struct str *out);
void bisect_read(struct bisect *b, const char *text);
/* How many were tried; a search that goes on begins with some. */
size_t bisect_known(const struct bisect *b);
