#include "src/kernels/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/make.h"
#include "src/kernels/report.h"
#include "src/kernels/tools.h"
#include "src/kernels/tree.h"

enum { CONFIG_BYTES_MAX = 4 << 20 };

static int run(const struct build *b, const char *what, const char *const *args, uint64_t *objects,
	struct err *e)
{
	const struct make_run m = {
		.tree = b->tree,
		.args = args,
		.what = what,
		.expected = objects ? b->expected : 0,
		.already = objects ? b->already : 0,
		.verbose = b->verbose,
		.report = b->report,
	};

	return make_run(&m, objects, e);
}

static int run_target(const struct build *b, const char *what, const char *target, struct err *e)
{
	const char *const args[] = {target, NULL};

	return run(b, what, args, NULL, e);
}

/* ---- configuration -------------------------------------------------------------------------- */

static int read_config(const struct build *b, struct str *out, struct err *e)
{
	cleanup_free char *path = file_join(b->tree, ".config");

	str_clear(out);
	return file_read(path, CONFIG_BYTES_MAX, out, e);
}

/* kbuild takes the last word about each symbol. */
static int append(const struct build *b, const char *text, struct err *e)
{
	cleanup_free char *path = file_join(b->tree, ".config");
	cleanup_close int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int rc = fd < 0 ? -errno : file_write_fd(fd, "\n", 1);

	rc = rc ? rc : file_write_fd(fd, text, strlen(text));
	return rc ? err_sys(e, rc, "cannot write '%s'", path) : 0;
}

static int start_from_base(const struct build *b, struct err *e)
{
	int rc = run_target(b, "configuring the kernel", kconfig_base_target(b->base), e);

	if (!rc && *kconfig_base_options(b->base))
		rc = append(b, kconfig_base_options(b->base), e);
	return rc;
}

/* One remark for each line of the extra options that kbuild did not let stand. */
static int check_extra(const struct build *b, struct err *e)
{
	cleanup_str struct str config = STR_INIT;
	cleanup_strv struct strv gone = STRV_INIT;
	int rc = b->extra ? read_config(b, &config, e) : 0;

	if (rc || !b->extra)
		return rc;
	kconfig_missing(str_get(&config), b->extra, &gone);
	for (size_t i = 0; i < gone.n; i++)
		report_note(b->report,
			"--extra-kconfig: %s did not survive `make olddefconfig`: something that "
			"it depends on is not set",
			gone.v[i]);
	return 0;
}

static int apply_fragment(const struct build *b, struct err *e)
{
	int rc = append(b, kconfig_fragment(), e);

	if (!rc && b->extra)
		rc = append(b, b->extra, e);
	rc = rc ? rc : run_target(b, "configuring the kernel", "olddefconfig", e);
	return rc ? rc : check_extra(b, e);
}

/* A configuration that has every line already is left alone: make would rebuild what depends on its
 * time. */
static int configure(const struct build *b, struct err *e)
{
	cleanup_free char *path = file_join(b->tree, ".config");
	cleanup_str struct str config = STR_INIT;
	cleanup_strv struct strv missing = STRV_INIT;
	int rc = 0;

	if (!file_exists(path))
		rc = start_from_base(b, e);
	rc = rc ? rc : read_config(b, &config, e);
	if (rc)
		return rc;
	kconfig_missing(str_get(&config), kconfig_fragment(), &missing);
	return missing.n || b->extra ? apply_fragment(b, e) : 0;
}

static void say_overrides(const struct build *b)
{
	cleanup_strv struct strv overrides = STRV_INIT;

	if (b->extra)
		kconfig_overrides(kconfig_fragment(), b->extra, &overrides);
	for (size_t i = 0; i < overrides.n; i++)
		report_note(b->report, "%s", overrides.v[i]);
}

static int configure_explained(const struct build *b, struct err *e)
{
	cleanup_free char *path = file_join(b->tree, ".config");
	bool had_one = file_exists(path);
	int rc = configure(b, e);

	/* half a configuration would be taken for a person's by the next build */
	if (rc && !had_one)
		unlink(path);
	if (!rc || rc == -ECANCELED)
		return rc;
	err_prefix(e, "kernel configure failed");
	if (b->extra)
		err_hint(e, "the options of --extra-kconfig may be the reason: try without");
	return rc;
}

/* ---- the build ------------------------------------------------------------------------------ */

static int compile(const struct build *b, uint64_t *objects, struct err *e)
{
	cleanup_free char *jobs = xasprintf("-j%u", b->jobs ? b->jobs : 1);
	const char *const args[] = {jobs, "KCFLAGS=-Wno-error", NULL};

	return run(b, "building the kernel", args, objects, e);
}

static int validate(const struct build *b, struct build_result *out, struct err *e)
{
	cleanup_str struct str config = STR_INIT;
	int rc = read_config(b, &config, e);

	if (rc)
		return rc;
	kconfig_crc(str_get(&config), config.len, out->config_hash);
	rc = kconfig_validate(str_get(&config), e);
	if (!rc)
		return 0;
	err_prefix(e, "post-build kernel config validation failed");
	return b->extra ? err_hint(e, "--extra-kconfig may have switched it off") : rc;
}

/* For editors; an old tree has no such target, which is no reason to fail. */
static int write_commands(const struct build *b, struct err *e)
{
	cleanup_free char *jobs = xasprintf("-j%u", b->jobs ? b->jobs : 1);
	const char *const args[] = {jobs, "KCFLAGS=-Wno-error", "compile_commands.json", NULL};
	struct err local = ERR_INIT;
	int rc = run(b, "writing compile_commands.json", args, NULL, &local);

	if (rc == -ECANCELED)
		return err_set(e, ECANCELED, "%s", local.msg);
	if (rc)
		report_note(b->report, "compile_commands.json was not written: %s", local.msg);
	return 0;
}

static int locate(const struct build *b, struct build_result *out, struct err *e)
{
	out->tree = xstrdup(b->tree);
	out->image = tree_image(b->tree);
	if (!out->image || !str_ends(out->image, "bzImage"))
		return err_set(e, ENOENT, "no kernel image found in %s", b->tree);
	out->vmlinux = file_join(b->tree, "vmlinux");
	if (!file_exists(out->vmlinux)) {
		free(out->vmlinux);
		out->vmlinux = NULL;
	}
	return 0;
}

/* kbuild names a missing one itself, but minutes later and one at a time. */
static void say_missing_tools(const struct build *b)
{
	cleanup_str struct str names = STR_INIT, packages = STR_INIT;

	if (tools_missing(&names, &packages))
		report_note(b->report, "warning: kernels are built with %s, not found here: %s%s",
			str_get(&names), tools_installer(), str_get(&packages));
}

static int make_all(const struct build *b, struct build_result *out, struct err *e)
{
	int rc = 0;

	say_missing_tools(b);

	if (b->clean) {
		report_note(b->report, "make mrproper");
		rc = run_target(b, "cleaning the tree", "mrproper", e);
	}
	say_overrides(b);
	rc = rc ? rc : configure_explained(b, e);
	rc = rc ? rc : compile(b, &out->objects, e);
	rc = rc ? rc : validate(b, out, e);
	if (!rc && b->persistent)
		rc = write_commands(b, e);
	return rc ? rc : locate(b, out, e);
}

int build_kernel(const struct build *b, struct build_result *out, struct err *e)
{
	int rc;

	*out = (struct build_result){0};
	rc = make_all(b, out, e);
	if (rc) {
		uint64_t made = out->objects;

		build_result_release(out);
		out->objects = made;
	}
	return rc;
}

void build_result_release(struct build_result *r)
{
	free(r->image);
	free(r->vmlinux);
	free(r->tree);
	*r = (struct build_result){0};
}
