#include "src/cli/kernel_make.h"

#include <errno.h>

#include "src/cli/kernel_share.h"

static int say_built(const struct kbuilt *k, const struct cli_context *cx)
{
	if (k->key && !k->cached)
		cli_note(cx, "✓ Kernel cached: %s", k->key);
	cli_note(cx, "image: %s", k->image);
	return 0;
}

/* A series stands for its newest release. */
static int build_version(const struct kbuild *b, const struct ident *id, struct kbuilt *out,
	const struct cli_context *cx, struct err *e)
{
	cleanup_free char *version = NULL;

	if (!kver_is_series(&id->version))
		return kbuild_version(b, id->text, out, e);
	cli_note(cx, "fetching latest %s.x kernel version", id->text);
	version = kbuild_latest(b, &id->version, e);
	if (!version)
		return -e->code;
	cli_note(cx, "latest %s.x kernel: %s", id->text, version);
	return kbuild_version(b, version, out, e);
}

static int build_latest(
	const struct kbuild *b, struct kbuilt *out, const struct cli_context *cx, struct err *e)
{
	cleanup_free char *version = NULL;

	cli_note(cx, "fetching latest kernel version");
	version = kbuild_latest(b, NULL, e);
	if (!version)
		return -e->code;
	cli_note(cx, "latest stable kernel: %s", version);
	return kbuild_version(b, version, out, e);
}

/* Every member in turn; one that fails does not keep the others from being built. */
static int build_range(const struct kbuild *b, const struct ident *id, bool eol,
	const struct cli_context *cx, struct err *e)
{
	cleanup_strv struct strv versions = STRV_INIT, failed = STRV_INIT;
	cleanup_str struct str names = STR_INIT;
	int rc = kbuild_range(b, id, eol, &versions, e);

	for (size_t i = 0; i < versions.n && rc != -ECANCELED; i++) {
		struct kbuilt built;

		cli_note(cx, "[%zu/%zu] kernel build %s", i + 1, versions.n, versions.v[i]);
		rc = kbuild_version(b, versions.v[i], &built, e);
		if (rc) {
			cli_note(cx, "%s: %s", versions.v[i], e->msg);
			strv_push(&failed, versions.v[i]);
		} else {
			say_built(&built, cx);
		}
		kbuilt_release(&built);
	}
	if (rc == -ECANCELED || !versions.n || !failed.n)
		return rc;
	for (size_t i = 0; i < failed.n; i++)
		str_printf(&names, "%s%s", i ? ", " : "", failed.v[i]);
	return err_set(e, EIO, "kernel build range %s: %zu/%zu version(s) failed: %s", id->text,
		failed.n, versions.n, str_get(&names));
}

static int build_one(const struct kbuild *b, const struct ident *id, struct kbuilt *out,
	const struct cli_context *cx, struct err *e)
{
	if (!id->text)
		return build_latest(b, out, cx, e);
	switch (id->kind) {
	case IDENT_VERSION:
		return build_version(b, id, out, cx, e);
	case IDENT_GIT:
		return kbuild_git(b, id, out, e);
	default:
		return kbuild_tree(b, id->path, out, e);
	}
}

int kernel_make(const struct kbuild *wanted, const struct ident *id, bool eol,
	const struct reserve_request *q, struct kernel_watch *w, struct err *e)
{
	struct kbuilt built = {0};
	struct kernel_share share = {.q = q, .w = w};
	struct kbuild b = *wanted;
	int rc;

	b.share = kernel_share_take;
	b.user = &share;
	if (id->text && id->kind == IDENT_RANGE)
		rc = build_range(&b, id, eol, w->cx, e);
	else
		rc = build_one(&b, id, &built, w->cx, e);
	if (!rc && built.image)
		say_built(&built, w->cx);
	kbuilt_release(&built);
	kernel_share_leave(&share);
	return rc;
}
