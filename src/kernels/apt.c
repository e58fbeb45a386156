#include "src/kernels/apt.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/utf8.h"
#include "src/kernels/command.h"
#include "src/kernels/report.h"

/* The kernel for virtual machines first, the one for all machines last: Debian's names carry the
 * processor, Ubuntu's do not. */
static const char *const kernels[] = {
	"linux-image-cloud-amd64",
	"linux-image-virtual",
	"linux-image-kvm",
	"linux-image-amd64",
	"linux-image-generic",
};
/* Packages that hold parts of a kernel; what follows the stem begins with its release's digit. */
static const char *const parts[] = {
	"linux-image-unsigned-", "linux-image-", "linux-modules-", "linux-binary-"};
enum { PARTS_MAX = 8, DEPTH_MAX = 4, LINE_MAX_SHOWN = 300 };

/* Hooks of the system's configuration (cleaning caches, telling desktops) are for real updates. */
static const char configuration[] = "#clear APT::Update::Pre-Invoke;\n"
				    "#clear APT::Update::Post-Invoke;\n"
				    "#clear APT::Update::Post-Invoke-Success;\n";

static const char *const update_options[] = {
	"Acquire::Languages=none",
	"Acquire::PDiffs=false",
	"Acquire::IndexTargets::deb-src::Sources::DefaultEnabled=false",
	"Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
	"Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
};

/* ---- running it ---------------------------------------------------------------------------- */

static void arguments(const struct apt *a, const char *program, struct strv *argv)
{
	strv_push(argv, program);
	strv_push(argv, "-q");
	if (a->own_lists) {
		strv_push(argv, "-c");
		strv_pushf(argv, "%s/apt.conf", a->dir);
		strv_push(argv, "-o");
		strv_pushf(argv, "Dir::State::lists=%s/lists", a->dir);
		strv_push(argv, "-o");
		strv_pushf(argv, "Dir::Cache=%s/cache", a->dir);
	}
	/* root's apt would fetch as `_apt`, who cannot write to a folder of ours, and warn */
	if (geteuid() == 0) {
		strv_push(argv, "-o");
		strv_push(argv, "APT::Sandbox::User=root");
	}
}

/* Bytes of the files below a folder: how far a download is, whatever the program says. */
static uint64_t folder_bytes(const char *path, unsigned depth)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	uint64_t sum = 0;

	while (dir && (d = readdir(dir))) {
		cleanup_free char *child = file_join(path, d->d_name);
		struct stat st;

		if (d->d_name[0] == '.' || lstat(child, &st))
			continue;
		if (S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
		else if (S_ISDIR(st.st_mode) && depth)
			sum += folder_bytes(child, depth - 1);
	}
	if (dir)
		closedir(dir);
	return sum;
}

struct growth {
	const struct apt *apt;
	const char *what, *folder;
	uint64_t total;
};

static bool tell_growth(void *user)
{
	const struct growth *g = user;
	uint64_t done = g->folder ? folder_bytes(g->folder, 2) : 0;

	return report_progress(
		g->apt->report, g->what, g->total && done > g->total ? g->total : done, g->total);
}

/* Runs to the end; the status, or negative with a sentence. */
static int run(const struct strv *argv, const char *cwd, struct growth *g, struct str *out,
	struct str *errs, struct err *e)
{
	int rc = command_run(
		&(struct command){
			.argv = (const char *const *)argv->v,
			.cwd = cwd,
			.tick = tell_growth,
			.user = g,
		},
		out, errs, e);

	return rc == -ECANCELED ? err_set(e, ECANCELED, "cancelled while %s", g->what) : rc;
}

/* The line that says what went wrong: apt's first error, else its first warning, else the last line
 * that anything wrote. Heap, ": TEXT" or empty. */
static char *complaint(const struct str *errs)
{
	const char *text = str_get(errs), *found = NULL, *warning = NULL, *last = NULL;
	cleanup_str struct str safe = STR_INIT;
	size_t n;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!found && str_starts(line, "E: "))
			found = line + strlen("E: ");
		if (!warning && str_starts(line, "W: "))
			warning = line + strlen("W: ");
		if (*line != '\n')
			last = line;
	}
	found = found ? found : warning ? warning : last;
	if (!found)
		return xstrdup("");
	n = strcspn(found, "\n");
	str_add(&safe, ": ");
	utf8_sanitize(&safe, found, n < LINE_MAX_SHOWN ? n : LINE_MAX_SHOWN, false);
	return str_steal(&safe);
}

/* ---- which packages ------------------------------------------------------------------------ */

/* `apt-cache show` of some packages; what is not known is just absent. */
static int show(const struct apt *a, const struct strv *names, struct str *out, struct err *e)
{
	struct growth g = {a, "looking for the distribution's kernel", NULL, 0};
	cleanup_strv struct strv argv = STRV_INIT;
	cleanup_str struct str errs = STR_INIT;
	int rc;

	arguments(a, "apt-cache", &argv);
	strv_push(&argv, "--no-all-versions");
	strv_push(&argv, "show");
	strv_copy(&argv, names);
	rc = run(&argv, NULL, &g, out, &errs, e);
	return rc < 0 ? rc : 0;
}

static bool is_part(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (str_starts(name, parts[i]) && isdigit((unsigned char)name[strlen(parts[i])]))
			return true;
	return false;
}

/* The parts of a kernel that a package depends on. */
static void wanted_parts(const struct deb822 *p, struct strv *out)
{
	cleanup_strv struct strv names = STRV_INIT;

	deb822_depends(p->depends, &names);
	for (size_t i = 0; i < names.n; i++)
		if (is_part(names.v[i]) && !strv_has(out, names.v[i]) && out->n < PARTS_MAX)
			strv_push(out, names.v[i]);
}

/* The first of `kernels` that the lists know, as the names of its parts. */
static int find_parts(const struct apt *a, struct strv *out, struct err *e)
{
	cleanup_strv struct strv names = STRV_INIT;
	cleanup_str struct str text = STR_INIT;
	size_t best = ARRAY_LEN(kernels);
	const char *at;
	struct deb822 p;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(kernels); i++)
		strv_push(&names, kernels[i]);
	rc = show(a, &names, &text, e);
	if (rc)
		return rc;
	for (at = str_get(&text); deb822_next(&at, &p); deb822_release(&p))
		for (size_t i = 0; i < best; i++)
			if (strcmp(p.package, kernels[i]) == 0) {
				struct strv parts_of = STRV_INIT;

				wanted_parts(&p, &parts_of);
				if (parts_of.n) {
					strv_release(out);
					*out = parts_of;
					best = i;
				}
			}
	return 0;
}

static bool plan_has(const struct apt_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->packages.n; i++)
		if (strcmp(plan->packages.v[i].package, name) == 0)
			return true;
	return false;
}

/* Adds the packages of these names, and gathers the parts they need in turn. */
static int add_packages(const struct apt *a, const struct strv *names, struct apt_plan *plan,
	struct strv *more, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc = show(a, names, &text, e);
	const char *at = str_get(&text);
	struct deb822 p;

	while (!rc && deb822_next(&at, &p)) {
		if (!strv_has(names, p.package) || plan_has(plan, p.package)) {
			deb822_release(&p);
			continue;
		}
		wanted_parts(&p, more);
		plan->bytes += p.size;
		vec_push(&plan->packages, p);
	}
	return rc;
}

/* The package with the image goes first: it gives the entry its version. */
static void image_first(struct apt_plan *plan)
{
	for (size_t i = 1; i < plan->packages.n; i++)
		if (str_starts(plan->packages.v[i].package, "linux-image-") &&
			!str_starts(plan->packages.v[0].package, "linux-image-")) {
			struct deb822 p = plan->packages.v[0];

			plan->packages.v[0] = plan->packages.v[i];
			plan->packages.v[i] = p;
		}
}

int apt_find_kernel(const struct apt *a, struct apt_plan *out, struct err *e)
{
	struct strv names = STRV_INIT;
	int rc = find_parts(a, &names, e);

	memset(out, 0, sizeof(*out));
	for (int depth = 0; !rc && names.n && depth < DEPTH_MAX; depth++) {
		struct strv all = STRV_INIT, more = STRV_INIT;

		rc = add_packages(a, &names, out, &all, e);
		for (size_t i = 0; i < all.n; i++)
			if (!plan_has(out, all.v[i]) && out->packages.n + more.n < PARTS_MAX)
				strv_push(&more, all.v[i]);
		strv_release(&all);
		strv_release(&names);
		names = more;
	}
	strv_release(&names);
	if (!rc && !out->packages.n)
		rc = err_set(e, ENOENT,
			"the package lists know none of the kernels %s, %s, %s, %s and %s",
			kernels[0], kernels[1], kernels[2], kernels[3], kernels[4]);
	if (rc)
		apt_plan_release(out);
	image_first(out);
	return rc;
}

void apt_plan_release(struct apt_plan *p)
{
	for (size_t i = 0; i < p->packages.n; i++)
		deb822_release(&p->packages.v[i]);
	free(p->packages.v);
	memset(p, 0, sizeof(*p));
}

/* ---- fetching ------------------------------------------------------------------------------ */

static int make_private(struct apt *a, struct err *e)
{
	static const char *const folders[] = {"lists/partial", "cache/archives/partial"};
	cleanup_free char *conf = file_join(a->dir, "apt.conf");
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(folders) && !rc; i++) {
		cleanup_free char *path = file_join(a->dir, folders[i]);

		rc = file_mkdirs(path, 0755, e);
	}
	rc = rc ? rc : file_replace(conf, configuration, sizeof(configuration) - 1, 0644, e);
	a->own_lists = !rc;
	return rc;
}

/* apt-get ends with 100 whatever happened; its words tell what matters here. ESTALE: the archive
 * has replaced a file that the lists promise. */
static int error_code(const struct str *errs)
{
	static const struct {
		const char *words;
		int code;
	} known[] = {
		{.words = "No space left on device", .code = ENOSPC},
		{.words = "Disk quota exceeded", .code = EDQUOT},
		{.words = "404 ", .code = ESTALE},
		{.words = "Hash Sum mismatch", .code = ESTALE},
		{.words = "File not found", .code = ESTALE},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strstr(str_get(errs), known[i].words))
			return known[i].code;
	return EIO;
}

int apt_update(struct apt *a, struct err *e)
{
	cleanup_free char *lists = file_join(a->dir, "lists");
	struct growth g = {a, "fetching package lists", lists, 0};
	cleanup_strv struct strv argv = STRV_INIT;
	cleanup_str struct str out = STR_INIT, errs = STR_INIT;
	cleanup_free char *why = NULL;
	int rc = make_private(a, e);

	if (rc)
		return rc;
	report_note(a->report, "fetching package lists with apt-get update into a private folder "
			       "(the system's are not "
			       "touched)");
	arguments(a, "apt-get", &argv);
	for (size_t i = 0; i < ARRAY_LEN(update_options); i++) {
		strv_push(&argv, "-o");
		strv_push(&argv, update_options[i]);
	}
	strv_push(&argv, "update");
	rc = run(&argv, NULL, &g, &out, &errs, e);
	if (rc <= 0)
		return rc;
	why = complaint(&errs);
	return err_set(e, error_code(&errs), "apt-get update failed%s", why);
}

int apt_download(const struct apt *a, const struct apt_plan *plan, const char *into, struct err *e)
{
	struct growth g = {a, NULL, into, plan->bytes};
	cleanup_free char *what = xasprintf("downloading %s", plan->packages.v[0].package);
	cleanup_strv struct strv argv = STRV_INIT;
	cleanup_str struct str out = STR_INIT, errs = STR_INIT;
	cleanup_free char *why = NULL;
	int rc;

	g.what = what;
	arguments(a, "apt-get", &argv);
	strv_push(&argv, "download");
	for (size_t i = 0; i < plan->packages.n; i++)
		strv_pushf(
			&argv, "%s=%s", plan->packages.v[i].package, plan->packages.v[i].version);
	rc = run(&argv, into, &g, &out, &errs, e);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		report_progress(a->report, what, plan->bytes, plan->bytes);
		return 0;
	}
	why = complaint(&errs);
	return err_set(e, error_code(&errs), "apt-get could not fetch %s%s",
		plan->packages.v[0].package, why);
}
