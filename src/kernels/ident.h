/*
 * The kernel identifier: the one string that `--kernel` and KTSTR_KERNEL take (spec/host 4.1). What
 * it names is decided by its spelling alone; nothing here looks at a file.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/kernels/version.h"

enum ident_kind {
	IDENT_PACKAGE, /* path of a .deb, .rpm or .pkg.tar.zst */
	IDENT_DISTRO,  /* `distro`: this machine's distribution */
	IDENT_RELEASE, /* a distribution by name: fedora, ubuntu-24.04, al2023 */
	IDENT_GIT,     /* git+URL#tag=NAME, #branch=NAME, #sha=COMMIT */
	IDENT_RANGE,   /* A..B or A..=B, both ends included */
	IDENT_PATH,    /* holds a slash, or starts with . or ~ */
	IDENT_VERSION, /* 6, 6.14, 6.14.2, 6.15-rc3 */
	IDENT_KEY,     /* anything else: the name of a cache entry */
};

/* Strings are owned; those that do not belong to the kind are NULL. */
struct ident {
	enum ident_kind kind;
	char *text;		    /* as given, blanks around it cut */
	char *path;		    /* PATH, PACKAGE: `~` and `~/x` expanded */
	struct kver version;	    /* VERSION, start of RANGE */
	struct kver end;	    /* RANGE */
	const char *separator;	    /* RANGE: ".." or "..=", static */
	char *url, *ref_kind, *ref; /* GIT; ref_kind and ref NULL without a fragment */
};

/* `home` is for `~`; NULL or empty = unset. Only an empty identifier and an impossible `~` fail. */
int ident_parse(const char *text, const char *home, struct ident *out, struct err *e);
/* The mistakes that parsing lets pass: bad git references, inverted ranges, impossible keys; and
 * distributions by name, which nobody fetches. */
int ident_validate(const struct ident *id, struct err *e);
void ident_release(struct ident *id);

/* Whether a name can be a cache entry's directory; `why` (static) says what is wrong. */
bool ident_key_valid(const char *key, const char **why);
