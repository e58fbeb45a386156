#include "probes/ctprof/namer.h"

#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/glob.h"
#include "probes/ctprof/names.h"
#include "src/base/map.h"

struct ctp_namer {
	struct map names; /* to struct ctp_name, owned */
	struct str word;
	bool literal_cgroups, strong, tight;
	struct map agreed;   /* pattern of cgroups -> what all of them agree on, owned */
	struct strv flatten; /* the patterns that are ones */
	struct ctp_glob **globs;
};

struct ctp_namer *ctp_namer_new(const struct ctp_naming *naming, struct strv *warnings)
{
	struct ctp_namer *n = xcalloc(1, sizeof(*n));
	size_t npatterns = naming->flatten ? naming->flatten->n : 0;

	n->literal_cgroups = naming->literal_cgroups;
	n->strong = naming->strong;
	n->tight = naming->tight && !naming->literal_cgroups;
	n->globs = xcalloc(npatterns ? npatterns : 1, sizeof(struct ctp_glob *));
	for (size_t i = 0; i < npatterns; i++) {
		struct err e = ERR_INIT;
		struct ctp_glob *g = ctp_glob_new(naming->flatten->v[i], &e);

		if (!g) {
			strv_pushf(warnings, "--cgroup-flatten: left out: %s", e.msg);
			continue;
		}
		n->globs[n->flatten.n] = g;
		strv_push(&n->flatten, naming->flatten->v[i]);
	}
	return n;
}

void ctp_namer_free(struct ctp_namer *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->flatten.n; i++)
		ctp_glob_free(n->globs[i]);
	for (size_t i = 0; i < n->names.cap; i++)
		free(n->names.slots[i].key ? n->names.slots[i].value : NULL);
	for (size_t i = 0; i < n->agreed.cap; i++)
		free(n->agreed.slots[i].key ? n->agreed.slots[i].value : NULL);
	free(n->globs);
	map_release(&n->agreed);
	map_release(&n->names);
	strv_release(&n->flatten);
	str_release(&n->word);
	free(n);
}

struct ctp_name *ctp_namer_literal(struct ctp_namer *n, const char *name)
{
	void **at = map_at(&n->names, name);

	if (!*at) {
		size_t size = strlen(name) + 1;
		struct ctp_name *fresh = xcalloc(1, sizeof(*fresh) + size);

		memcpy(fresh->s, name, size);
		*at = fresh;
	}
	return *at;
}

struct ctp_name *ctp_namer_pattern(struct ctp_namer *n, const char *name)
{
	str_clear(&n->word);
	(n->strong ? name_pattern_strong : name_pattern)(name, strlen(name), &n->word);
	return ctp_namer_literal(n, str_get(&n->word));
}

static const char *flattened(const struct ctp_namer *n, const char *path)
{
	for (size_t i = 0; i < n->flatten.n; i++)
		if (ctp_glob_matches(n->globs[i], path))
			return n->flatten.v[i];
	return path;
}

/* Valid until the next name is asked for. */
static const char *cgroup_pattern(struct ctp_namer *n, const char *path)
{
	str_clear(&n->word);
	(n->strong ? name_cgroup_key_strong : name_cgroup_key)(path, &n->word);
	return str_get(&n->word);
}

/* Segments that are the same in both; the pattern's where they differ. Heap. */
static char *agree(const char *a, const char *b, const char *pattern)
{
	struct str out = STR_INIT;

	for (;;) {
		size_t na = strcspn(a, "/"), nb = strcspn(b, "/"), np = strcspn(pattern, "/");
		bool same = na == nb && memcmp(a, b, na) == 0;

		str_append(&out, same ? a : pattern, same ? na : np);
		a += na;
		b += nb;
		pattern += np;
		if (!*a || !*b || !*pattern)
			return str_steal(&out);
		str_addc(&out, '/');
		a++;
		b++;
		pattern++;
	}
}

void ctp_namer_learn(struct ctp_namer *n, const char *path)
{
	const char *pattern;
	void **at;
	char *before;

	if (!n->tight)
		return;
	path = flattened(n, path);
	pattern = cgroup_pattern(n, path);
	at = map_at(&n->agreed, pattern);
	before = *at;
	*at = before ? agree(before, path, pattern) : xstrdup(path);
	free(before);
}

struct ctp_name *ctp_namer_cgroup(struct ctp_namer *n, const char *path)
{
	const char *pattern, *agreed;

	path = flattened(n, path);
	if (n->literal_cgroups)
		return ctp_namer_literal(n, path);
	pattern = cgroup_pattern(n, path);
	agreed = n->tight ? map_get(&n->agreed, pattern) : NULL;
	return ctp_namer_literal(n, agreed ? agreed : pattern);
}
