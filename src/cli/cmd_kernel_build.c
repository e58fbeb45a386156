/* ktstr kernel build: a kernel by version, from a tree or from git, into the cache. */
#include <errno.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cli/kernel_make.h"
#include "src/cli/kernel_plan.h"

static enum kconfig_base base_of(const char *name)
{
	return name && !strcmp(name, "defconfig") ? KCONFIG_DEFCONFIG : KCONFIG_SLIM;
}

static enum upstream_sums sums_of(const struct kernel_build_values *v)
{
	return v->skip_sha256 ? UPSTREAM_SKIP : v->strict ? UPSTREAM_STRICT : UPSTREAM_VERIFY;
}

/* The plan for the build's share of this host. */
static int preview(const struct kernel_plan *p, const struct cli_context *cx)
{
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;
	int rc = reserve_preview(
		&p->q, &(struct reserve_shape){0}, &(struct reserve_context){0}, &text, &e);
	int status = cli_print(cx, &text);

	if (!rc)
		return status;
	cli_error(cx, &e);
	return EXIT_FAILED;
}

static int exit_code(int rc, const struct kernel_watch *w)
{
	if (w->ended_by)
		return 128 + w->ended_by;
	return !rc ? EXIT_OK : EXIT_FAILED;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct kernel_build_values *v = values;
	struct kernel_watch w = {0};
	struct kernel_plan p = {.extra = STR_INIT};
	struct err e = ERR_INIT;
	int rc = kernel_plan_prepare(v, &p, cx, &e);
	bool usage = rc == -EINVAL;

	if (!rc && v->dry_run) {
		rc = preview(&p, cx);
		kernel_plan_release(&p);
		return rc;
	}
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
		rc = kernel_make(&b, &p.id, v->include_eol, &p.q, &w, &e);
		kernel_watch_end(&w);
	}
	if (rc)
		cli_error(cx, &e);
	kernel_plan_release(&p);
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
		.offset = offsetof(struct kernel_build_values, kernel),
	},
	{
		.name = "source",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "build this source tree, in place",
		.more = "It is stored when git names what was built: a commit, and no changes "
			"beside it.",
		.complete = COMPLETE_DIR,
		.offset = offsetof(struct kernel_build_values, source),
	},
	{
		.name = "git",
		.type = OPT_TEXT,
		.metavar = "URL",
		.help = "fetch and build from this repository",
		.offset = offsetof(struct kernel_build_values, git),
	},
	{
		.name = "ref",
		.type = OPT_TEXT,
		.metavar = "REF",
		.help = "with --git: a branch (master); tag=NAME, sha=COMMIT",
		.offset = offsetof(struct kernel_build_values, ref),
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
		.offset = offsetof(struct kernel_build_values, base),
	},
	{
		.name = "include-eol",
		.help = "in a range: also series past their end of life",
		.more = "The last release of each, which the tags of the stable tree name.",
		.offset = offsetof(struct kernel_build_values, include_eol),
	},
	{
		.name = "extra-kconfig",
		.type = OPT_TEXT,
		.metavar = "FILE",
		.help = "further options, the last word about each",
		.more = "Lines as in a .config. They are part of the name in the cache. What "
			"does not survive the kernel's own checks is named.",
		.complete = COMPLETE_FILE,
		.offset = offsetof(struct kernel_build_values, extra),
	},
	{
		.name = "force",
		.help = "build although the cache has it",
		.offset = offsetof(struct kernel_build_values, force),
	},
	{
		.name = "clean",
		.help = "make mrproper first, in a source tree",
		.offset = offsetof(struct kernel_build_values, clean),
	},
	{
		.name = "cpu-cap",
		.type = OPT_U32,
		.metavar = "N",
		.help = "use so many CPUs (default: three tenths)",
		.more = "They are reserved by lock files and fenced in with a cpuset group where "
			"that is possible; with this option it has to be. make gets as many jobs.",
		.offset = offsetof(struct kernel_build_values, cap),
	},
	{
		.name = "wait",
		.type = OPT_DURATION,
		.metavar = "TIME",
		.help = "wait this long for CPUs that others have reserved",
		.more = "Otherwise a quarter of a second.",
		.offset = offsetof(struct kernel_build_values, wait),
	},
	{
		.name = "dry-run",
		.help = "print which CPUs it would reserve; build nothing",
		.more = "And who has others. The exit status is 1 when they could not be had now.",
		.offset = offsetof(struct kernel_build_values, dry_run),
	},
	{
		.name = "skip-sha256",
		.help = "do not verify what is downloaded",
		.clashes = "strict",
		.offset = offsetof(struct kernel_build_values, skip_sha256),
	},
	{
		.name = "strict",
		.help = "fail when a download cannot be verified",
		.more = "Otherwise one whose published sum cannot be had is used, with a remark. A "
			"wrong sum always ends the build. Where a keyring was given "
			"(KTSTR_KEYRING), the sums have to be signed with one of its keys: a wrong "
			"signature always ends the build, one that gpgv cannot check does so with "
			"this option.",
		.offset = offsetof(struct kernel_build_values, strict),
	},
	{
		.name = "offline",
		.help = "use only what was downloaded before",
		.offset = offsetof(struct kernel_build_values, offline),
	},
	{
		.name = "verbose",
		.letter = 'v',
		.help = "show everything that make says",
		.offset = offsetof(struct kernel_build_values, verbose),
	},
	{
		.name = "progress-lines",
		.help = "progress for the program that started this one",
		.hidden = true,
		.offset = offsetof(struct kernel_build_values, progress_lines),
	},
};

static const struct positional args[] = {
	{
		.name = "VERSION",
		.help = "as --kernel",
		.offset = offsetof(struct kernel_build_values, version),
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
	.values_size = sizeof(struct kernel_build_values),
	.run = run,
};
