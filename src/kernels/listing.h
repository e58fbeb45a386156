/*
 * The kernel cache as a list for people and scripts (spec/host 4.10): entries, which series are
 * still looked after, and the remarks that follow. `kernel clean` shows the same rows.
 */
#pragma once

#include <stdbool.h>

#include "src/base/json_out.h"
#include "src/kernels/cache.h"
#include "src/kernels/place.h"

struct listing {
	char *root;
	struct kcache cache;
	struct strv active; /* "6.12", ...; empty: not known, nothing is marked EOL */
	char *fetch_error;  /* why they are not known; NULL = they are, or nobody asked */
};

/* `root` is copied. Which series are looked after comes from the list of releases in the cache; it
 * is fetched where that is missing or old, for a second at most, unless offline. */
int listing_load(struct listing *l, const struct place *place, const char *root, bool offline,
	struct err *e);
/* Only the entries. */
int listing_scan(struct listing *l, const char *root, struct err *e);
void listing_ask_series(struct listing *l, const struct place *place, bool offline);
void listing_release(struct listing *l);

/* One line without its newline; `detail` adds base, size and last use. */
void listing_row(
	const struct listing *l, const struct kcache_entry *entry, bool detail, struct str *out);
/* Header and rows, or the sentence of an empty cache. */
void listing_text(const struct listing *l, bool detail, struct str *out);
/* What the tags mean that appeared; for standard error. */
void listing_legends(const struct listing *l, struct str *out);
/* Why no entry is marked EOL, as "COMMAND: ..." lines; nothing where that is known. */
void listing_fetch_notice(const struct listing *l, const char *command, struct str *out);
void listing_json(const struct listing *l, struct json_out *j);

/* Whether the entry's series is no longer looked after. */
bool listing_is_eol(const struct listing *l, const struct kcache_entry *entry);
