#include "src/kernels/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/mem.h"
#include "src/kernels/search.h"

static int resolve_named(const struct search *s, const char *text, struct err *e)
{
	struct ident id;
	int rc = ident_parse(text, s->place->home, &id, e);

	if (rc)
		return err_hint(e, KERNEL_FORMS);
	rc = named_take(s, &id, "--kernel", e);
	ident_release(&id);
	return rc;
}

int resolve_at(const struct place *p, const struct kernel_wish *wish,
	const struct kernel_report *report, struct kernel *out, struct err *e)
{
	struct search s = {.place = p,
		.modules = wish->modules,
		.fetch = wish->fetch,
		.report = report,
		.out = out};
	struct err local = ERR_INIT;

	memset(out, 0, sizeof(*out));
	if (!e)
		e = &local; /* the parts below read its code */
	return wish->id ? resolve_named(&s, wish->id, e) : chain_take(&s, e);
}

int kernel_resolve(const struct kernel_wish *wish, const struct kernel_report *report,
	struct kernel *out, struct err *e)
{
	struct place_storage storage = {{0}};
	struct place p = place_host(&storage);

	return resolve_at(&p, wish, report, out, e);
}

void kernel_release(struct kernel *k)
{
	free(k->image);
	free(k->release);
	free(k->modules);
	free(k->origin);
	if (k->lock > 0)
		close(k->lock);
	memset(k, 0, sizeof(*k));
}

char *kernel_cache_root(struct err *e)
{
	struct place_storage storage = {{0}};
	struct place p = place_host(&storage);

	return place_cache_root(&p, e);
}
