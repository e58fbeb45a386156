#include "probes/ctprof/namer.h"

#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/glob.h"
#include "probes/ctprof/names.h"
#include "src/base/map.h"

struct ctp_namer {
	struct map names; /* to struct ctp_name, owned */
	struct str word;
	bool literal_cgroups, strong;
	struct strv flatten; /* the patterns that are ones */
	struct ctp_glob **globs;
};

struct ctp_namer *ctp_namer_new(const struct ctp_naming *naming, struct strv *warnings)
{
	struct ctp_namer *n = xcalloc(1, sizeof(*n));
	size_t npatterns = naming->flatten ? naming->flatten->n : 0;

	n->literal_cgroups = naming->literal_cgroups;
	n->strong = naming->strong;
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
	free(n->globs);
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

struct ctp_name *ctp_namer_cgroup(struct ctp_namer *n, const char *path)
{
	for (size_t i = 0; i < n->flatten.n; i++) {
		if (ctp_glob_matches(n->globs[i], path)) {
			path = n->flatten.v[i];
			break;
		}
	}
	if (n->literal_cgroups)
		return ctp_namer_literal(n, path);
	str_clear(&n->word);
	(n->strong ? name_cgroup_key_strong : name_cgroup_key)(path, &n->word);
	return ctp_namer_literal(n, str_get(&n->word));
}
