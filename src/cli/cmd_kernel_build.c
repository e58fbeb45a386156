/* ktstr kernel build: a kernel by version, from a tree or from git, into the cache. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/utf8.h"
#include "src/cli/cli.h"
#include "src/cli/kernel_share.h"
#include "src/cli/kernel_watch.h"
#include "src/kernels/builder.h"
#include "src/reserve/reserve.h"

enum { EXTRA_BYTES_MAX = 1 << 20 };

struct values {
	const char *version; /* positional */
	const char *kernel, *source, *git, *ref;
	const char *base, *extra;
	struct opt_u32 cap;
	bool force, clean, skip_sha256, strict, offline, verbose, include_eol, progress_lines;
};

/* ---- what to build -------------------------------------------------------------------------- */

/* One of the spellings, as an identifier; heap, empty = the latest; NULL with a sentence. */
static char *wanted(const struct values *v, struct err *e)
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
	case IDENT_RELEASE:
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

static enum kconfig_base base_of(const char *name)
{
	return name && !strcmp(name, "defconfig") ? KCONFIG_DEFCONFIG : KCONFIG_SLIM;
}

static enum upstream_sums sums_of(const struct values *v)
{
	return v->skip_sha256 ? UPSTREAM_SKIP : v->strict ? UPSTREAM_STRICT : UPSTREAM_VERIFY;
}

/* ---- the build ------------------------------------------------------------------------------ */

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

static int build(const struct kbuild *wanted, const struct ident *id, bool eol,
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

/* What a command line says, in the order in which its mistakes are told (spec/host 4.12). */
struct plan {
	struct str extra;
	struct reserve_request q;
	struct strv notes;
	struct ident id; /* id.text NULL: the latest */
	char *root;
	struct place_storage storage;
	struct place place;
};

static int prepare(
	const struct values *v, struct plan *p, const struct cli_context *cx, struct err *e)
{
	const struct reserve_options o = {
		.no_perf_mode = true, .cap_set = v->cap.set, .cap = v->cap.v};
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

static void release(struct plan *p)
{
	str_release(&p->extra);
	strv_release(&p->notes);
	ident_release(&p->id);
	free(p->root);
}

static int exit_code(int rc, const struct kernel_watch *w)
{
	if (w->ended_by)
		return 128 + w->ended_by;
	return !rc ? EXIT_OK : EXIT_FAILED;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct kernel_watch w = {0};
	struct plan p = {.extra = STR_INIT};
	struct err e = ERR_INIT;
	int rc = prepare(v, &p, cx, &e);
	bool usage = rc == -EINVAL;

	if (!rc) {
		const struct kbuild b = {
			.place = &p.place,
			.root = p.root,
			.base = base_of(v->base),
			.extra = v->extra ? str_get(&p.extra) : NULL,
			.force = v->force,
			.clean = v->clean,
			.offline = v->offline,
			.verbose = v->verbose,
			.lock_source = p.q.mode != RESERVE_NONE,
			.sums = sums_of(v),
			.report = &w.report,
		};

		kernel_watch_begin(&w, cx);
		if (v->progress_lines)
			kernel_watch_for_program(&w);
		rc = build(&b, &p.id, v->include_eol, &p.q, &w, &e);
		kernel_watch_end(&w);
	}
	if (rc)
		cli_error(cx, &e);
	release(&p);
	return usage ? EXIT_USAGE : exit_code(rc, &w);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static const char *const base_names[] = {"slim", "defconfig", NULL};

static const struct opt opts[] = {
	{
		.name = "kernel",
		.type = OPT_TEXT,
		.metavar = "ID",
		.help = "a version, series, range, folder or git source",
		.more = "A series (6.12) is its latest release; a range (6.12..6.17) is built "
			"member by member. "
			"A git source is git+URL with #tag=NAME, #branch=NAME or "
			"#sha=COMMIT. Without any source the latest stable release is built.",
		.offset = offsetof(struct values, kernel),
	},
	{
		.name = "source",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "build this source tree, in place",
		.more = "It is stored when git names what was built: a commit, and no changes "
			"beside it.",
		.complete = COMPLETE_DIR,
		.offset = offsetof(struct values, source),
	},
	{
		.name = "git",
		.type = OPT_TEXT,
		.metavar = "URL",
		.help = "fetch and build from this repository",
		.offset = offsetof(struct values, git),
	},
	{
		.name = "ref",
		.type = OPT_TEXT,
		.metavar = "REF",
		.help = "with --git: a branch (master); tag=NAME, sha=COMMIT",
		.offset = offsetof(struct values, ref),
	},
	{
		.name = "base",
		.type = OPT_CHOICE,
		.metavar = "BASE",
		.choices = base_names,
		.help = "configure from slim (default) or defconfig",
		.more = "For sources without a .config. slim is a tiny kernel with all that "
			"schedulers and their guests need and "
			"nothing else: it builds in a fraction of the time, and boots in less. The "
			"base is part of the name in the cache.",
		.offset = offsetof(struct values, base),
	},
	{
		.name = "include-eol",
		.help = "in a range: also series past their end of life",
		.more = "The last release of each, which the tags of the stable tree name.",
		.offset = offsetof(struct values, include_eol),
	},
	{
		.name = "extra-kconfig",
		.type = OPT_TEXT,
		.metavar = "FILE",
		.help = "further options, the last word about each",
		.more = "Lines as in a .config. They are part of the name in the cache. What "
			"does not survive the kernel's own checks is named.",
		.complete = COMPLETE_FILE,
		.offset = offsetof(struct values, extra),
	},
	{
		.name = "force",
		.help = "build although the cache has it",
		.offset = offsetof(struct values, force),
	},
	{
		.name = "clean",
		.help = "make mrproper first, in a source tree",
		.offset = offsetof(struct values, clean),
	},
	{
		.name = "cpu-cap",
		.type = OPT_U32,
		.metavar = "N",
		.help = "use so many CPUs (default: three tenths)",
		.more = "They are reserved by lock files and fenced in with a cpuset group where "
			"that is possible; with this option it has to be. make gets as many jobs.",
		.min = 1,
		.offset = offsetof(struct values, cap),
	},
	{
		.name = "skip-sha256",
		.help = "do not verify what is downloaded",
		.clashes = "strict",
		.offset = offsetof(struct values, skip_sha256),
	},
	{
		.name = "strict",
		.help = "fail when a download cannot be verified",
		.more = "Otherwise one whose published sum cannot be had is used, with a remark. A "
			"wrong sum always ends the build. Where a keyring was given "
			"(KTSTR_KEYRING), the sums have to be signed with one of its keys: a wrong "
			"signature always ends the build, one that gpgv cannot check does so with "
			"this option.",
		.offset = offsetof(struct values, strict),
	},
	{
		.name = "offline",
		.help = "use only what was downloaded before",
		.offset = offsetof(struct values, offline),
	},
	{
		.name = "verbose",
		.letter = 'v',
		.help = "show everything that make says",
		.offset = offsetof(struct values, verbose),
	},
	{
		.name = "progress-lines",
		.help = "progress for the program that started this one",
		.hidden = true,
		.offset = offsetof(struct values, progress_lines),
	},
};

static const struct positional args[] = {
	{
		.name = "VERSION",
		.help = "as --kernel",
		.offset = offsetof(struct values, version),
	},
};

static const char *const examples[] = {
	"ktstr kernel build",
	"ktstr kernel build 6.12",
	"ktstr kernel build --source ~/linux",
	"ktstr kernel build --kernel git+https://HOST/linux.git#branch=for-next",
	NULL,
};

const struct command cmd_kernel_build = {
	.name = "build",
	.summary = "build a kernel into the cache",
	.about = "Fetches the source where needed, configures it for schedulers (sched_ext, BPF, "
		 "BTF, tracing, statistics) and for guests, builds it on a reserved share of this "
		 "host, checks that nothing that matters got lost, and stores the image and its "
		 "symbols in the cache. Ctrl-C ends it; what was downloaded is kept and continued "
		 "by the next try.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.args = args,
	.nargs = sizeof(args) / sizeof(args[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
