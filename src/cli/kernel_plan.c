#include "src/cli/kernel_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/utf8.h"
#include "src/cli/kernel_watch.h"

enum { EXTRA_BYTES_MAX = 1 << 20 };

/* ---- what to build -------------------------------------------------------------------------- */

/* One of the spellings, as an identifier; heap, empty = the latest; NULL with a sentence. */
static char *wanted(const struct kernel_build_values *v, struct err *e)
{
	int given =
		(v->version != NULL) + (v->kernel != NULL) + (v->source != NULL) + (v->git != NULL);

	if (given > 1) {
		err_set(e, EINVAL, "name one source: a VERSION, --kernel, --source or --git");
		return NULL;
	}
	if (v->ref && !v->git) {
		err_set(e, EINVAL, "--ref names a branch or tag of --git URL, which is missing");
		return NULL;
	}
	if (v->git)
		return xasprintf("git+%s#%s%s", v->git,
			v->ref && strchr(v->ref, '=') ? "" : "branch=", v->ref ? v->ref : "master");
	/* a folder's name without a slash is a folder all the same here */
	if (v->source)
		return xasprintf("%s%s", strchr("/.~", v->source[0]) ? "" : "./", v->source);
	return xstrdup(v->kernel ? v->kernel : v->version ? v->version : "");
}

static int refuse_key(const struct ident *id, struct err *e)
{
	err_set(e, EINVAL, "%s is a cache key: nothing to build", id->text);
	return err_hint(e, "a folder is written ./%s; a version is like 6.12 or 6.12.9", id->text);
}

static int check_ident(const struct ident *id, struct err *e)
{
	switch (id->kind) {
	case IDENT_KEY:
		return refuse_key(id, e);
	case IDENT_PACKAGE:
	case IDENT_DISTRO:
		return err_set(e, EINVAL,
			"%s is a packaged kernel: there is nothing to build, --kernel %s of `ktstr "
			"shell` takes it",
			id->text, id->text);
	default:
		return ident_validate(id, e);
	}
}

/* ---- options -------------------------------------------------------------------------------- */

static int read_extra(
	const char *path, struct str *out, const struct cli_context *cx, struct err *e)
{
	int rc;

	if (file_is_dir(path))
		return err_set(e, EISDIR, "--extra-kconfig '%s' is a directory", path);
	rc = file_read(path, EXTRA_BYTES_MAX, out, e);
	if (rc)
		return err_prefix(e, "--extra-kconfig");
	if (!utf8_valid(str_get(out), out->len))
		return err_set(e, EINVAL, "--extra-kconfig '%s' is not valid UTF-8", path);
	if (!out->len)
		cli_note(cx, "warning: --extra-kconfig '%s' is empty", path);
	return 0;
}

int kernel_plan_prepare(const struct kernel_build_values *v, struct kernel_plan *p,
	const struct cli_context *cx, struct err *e)
{
	const struct reserve_options o = {
		.no_perf_mode = true,
		.cap_set = v->cap.set,
		.cap = v->cap.v,
		.wait_ns = v->wait.set ? v->wait.v : 0,
	};
	cleanup_free char *text = NULL;
	int rc = v->extra ? read_extra(v->extra, &p->extra, cx, e) : 0;

	rc = rc ? rc : reserve_request_init(&p->q, &o, &p->notes, e);
	if (rc)
		return rc;
	kernel_watch_say_all(cx, &p->notes);
	text = wanted(v, e);
	if (!text)
		return -e->code;
	p->place = place_host(&p->storage);
	rc = *text ? ident_parse(text, p->place.home, &p->id, e) : 0;
	if (!rc && *text)
		rc = check_ident(&p->id, e);
	if (rc)
		return rc;
	p->root = place_cache_root(&p->place, e);
	return p->root ? 0 : -e->code;
}

void kernel_plan_release(struct kernel_plan *p)
{
	str_release(&p->extra);
	strv_release(&p->notes);
	ident_release(&p->id);
	free(p->root);
}
