/* Source archives by version: from kernel.org, or from the repository of stable releases. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/report.h"
#include "src/kernels/signature.h"
#include "src/kernels/stable.h"
#include "src/kernels/store.h"
#include "src/kernels/sums.h"
#include "src/kernels/upstream.h"

#define MIRROR "https://cdn.kernel.org/pub/linux/kernel"
/* Release candidates are snapshots of the mainline tree, for which nobody publishes sums. */
#define CANDIDATES "https://git.kernel.org/torvalds/t"

#define ARCHIVE_MAX (2ULL << 30)
enum { SUMS_BYTES_MAX = 4 << 20 };

static const char *or_else(const char *given, const char *usual)
{
	return given && *given ? given : usual;
}

struct archive {
	const struct upstream *u;
	struct kver v;
	bool snapshot;		       /* of a commit: nobody publishes its sum */
	char *name, *folder_url, *url; /* owned, as the next two; a snapshot has no folder */
	char *path, *part;	       /* in the cache; while it is incomplete */
};

static bool is_candidate(const struct kver *v)
{
	return v->rc != KVER_MAX;
}

static const char *mirror(const struct upstream *u)
{
	return or_else(u->place->mirror, MIRROR);
}

static void name_archive(struct archive *a, const char *version, const char *suffix)
{
	a->name = xasprintf("linux-%s.tar.%s", version, suffix);
	a->path = xasprintf("%s/%s/%s", a->u->root, UPSTREAM_DOWNLOADS, a->name);
	a->part = xasprintf("%s.part", a->path);
}

/* As kernel.org publishes it. */
static int archive_init(
	struct archive *a, const struct upstream *u, const char *version, struct err *e)
{
	*a = (struct archive){.u = u};
	if (!kver_parse(version, strlen(version), &a->v))
		return err_set(e, EINVAL, "'%s' is not a kernel version", version);
	a->snapshot = is_candidate(&a->v);
	name_archive(a, version, a->snapshot ? "gz" : "xz");
	if (a->snapshot)
		a->folder_url = xstrdup(or_else(u->place->mirror, CANDIDATES));
	else
		a->folder_url = xasprintf("%s/v%u.x", mirror(u), a->v.major);
	a->url = xasprintf("%s/%s", a->folder_url, a->name);
	return 0;
}

/* As the repository of stable releases has it; where it is, is asked for when it is needed. */
static void pruned_init(struct archive *a, const struct upstream *u, const char *version)
{
	*a = (struct archive){.u = u, .v = {.rc = KVER_MAX}, .snapshot = true};
	name_archive(a, version, "gz");
}

static void archive_release(struct archive *a)
{
	free(a->name);
	free(a->folder_url);
	free(a->url);
	free(a->path);
	free(a->part);
}

static int download(const struct archive *a, int fd, struct err *e)
{
	cleanup_free char *what = xasprintf("tarball %s", a->name);
	const struct http_get get = {
		.url = a->url,
		.what = what,
		.max = ARCHIVE_MAX,
		.file = true,
		.announce = true,
		.patience = a->u->patience,
		.report = a->u->report,
	};

	return http_to_fd(&get, fd, e);
}

/* Whoever gave keys wants their word: what is not signed with one of them counts as not there. */
static int check_signature(const struct archive *a, struct str *manifest, struct err *e)
{
	cleanup_free char *keyring = signature_keyring(a->u->place);
	cleanup_free char *scratch = xasprintf("%s.sums", a->part);
	int rc;

	if (!keyring)
		return 0;
	rc = signature_check(keyring, scratch, manifest, a->u->report, e);
	if (rc)
		return rc == -ECANCELED ? rc : err_prefix(e, "%s/sha256sums.asc", a->folder_url);
	report_note(a->u->report, "sha256sums.asc is signed with a key of %s", keyring);
	return 0;
}

static int fetch_sums(const struct archive *a, struct str *manifest, struct err *e)
{
	cleanup_free char *url = xasprintf("%s/sha256sums.asc", a->folder_url);
	const struct http_get get = {
		.url = url,
		.what = "sha256sums.asc",
		.max = SUMS_BYTES_MAX,
		.patience = a->u->patience,
		.report = a->u->report,
	};
	int rc = http_to_text(&get, manifest, e);

	return rc ? rc : check_signature(a, manifest, e);
}

/* 0, or -errno with a sentence that says why there is none. */
static int published_sum(const struct archive *a, char sum[SHA256_HEX + 1], struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc;

	if (a->snapshot)
		return err_set(e, ENODATA, "no checksums are published for %s",
			is_candidate(&a->v) ? "release candidates" : "snapshots of a repository");
	rc = fetch_sums(a, &text, e);
	if (!rc && sums_find(str_get(&text), text.len, a->name, sum))
		rc = err_set(
			e, ENODATA, "%s/sha256sums.asc has no line for %s", a->folder_url, a->name);
	return rc;
}

static int mismatch(const struct archive *a, const char *want, const char *got, struct err *e)
{
	err_set(e, EBADMSG, "sha256 mismatch for %s: expected %s, got %s", a->url, want, got);
	return err_hint(e,
		"try again: what was downloaded is thrown away; --skip-sha256 takes it as it is");
}

static int verify(const struct archive *a, int fd, struct err *e)
{
	char want[SHA256_HEX + 1], got[SHA256_HEX + 1];
	struct stat st;
	int rc;

	if (a->u->sums == UPSTREAM_SKIP) {
		report_note(a->u->report, "--skip-sha256: bypassing checksum verification of %s",
			a->name);
		return 0;
	}
	rc = published_sum(a, want, e);
	if (rc == -ECANCELED || rc == -EKEYREJECTED)
		return rc;
	if (rc && a->u->sums == UPSTREAM_STRICT) {
		err_prefix(e, "--strict: the download cannot be verified");
		return -ENODATA; /* whatever it was: the archive itself is there */
	}
	if (rc) {
		report_note(a->u->report, "%s is not verified: %s", a->name, e->msg);
		return 0;
	}
	rc = sha256_of_fd(fd, got);
	if (rc)
		return err_sys(e, rc, "cannot read %s back", a->name);
	if (strcmp(want, got) != 0)
		return mismatch(a, want, got, e);
	report_note(a->u->report, "sha256 verified (%lld bytes, hash %s)",
		fstat(fd, &st) ? 0LL : (long long)st.st_size, got);
	return 0;
}

/* Fetches what is missing of it; it gets its name once it is whole and verified. */
static int complete(const struct archive *a, struct err *e)
{
	cleanup_close int fd = open(a->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "cannot create '%s'", a->part);
	rc = download(a, fd, e);
	if (!rc) {
		rc = verify(a, fd, e);
		if (rc == -EBADMSG)
			unlink(a->part);
	} else if (rc == -ENOENT || rc == -EPROTO || rc == -EFBIG) {
		unlink(a->part); /* no beginning of an archive */
	}
	if (rc)
		return rc;
	if (fsync(fd) || rename(a->part, a->path))
		return err_sys(e, errno, "cannot keep '%s'", a->path);
	return 0;
}

/* What was taken without a sum at another time is no better now. */
static int verify_again(const struct archive *a, struct err *e)
{
	cleanup_close int fd = open(a->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", a->path);
	if (a->u->offline)
		return err_set(e, ENODATA,
			"--strict: %s cannot be verified with --offline, which forbids to fetch "
			"its "
			"sum",
			a->name);
	return verify(a, fd, e);
}

static int fetch(const struct archive *a, struct err *e)
{
	if (file_exists(a->path))
		return a->u->sums == UPSTREAM_STRICT ? verify_again(a, e) : 0;
	if (a->u->offline)
		return err_set(e, ENOENT,
			"%s was not downloaded before, and --offline forbids it now", a->name);
	return complete(a, e);
}

/* The newest release of the same series, for whoever named one that does not exist. */
static void add_latest(const struct upstream *u, const struct kver *v, struct str *out)
{
	struct releases l;
	const char *latest;

	if (upstream_releases(u, &l, NULL))
		return;
	latest = releases_of_series(
		&l, &(struct kver){.major = v->major, .minor = v->minor, .dots = 1});
	if (latest)
		str_printf(out, ". latest %u.%u.x: %s", v->major, v->minor, latest);
	releases_release(&l);
}

static int unknown(const struct archive *a, const char *version, struct err *e)
{
	cleanup_str struct str latest = STR_INIT;

	if (is_candidate(&a->v))
		return err_set(e, ENOENT, "RC tarball not found: %s", a->url);
	add_latest(a->u, &a->v, &latest);
	return err_set(e, ENOENT, "version %s not found%s", version, str_get(&latest));
}

/* kernel.org does not keep every release of a series that has reached its end. */
static int fetch_pruned(struct archive *a, const char *version, struct err *e)
{
	const struct upstream *u = a->u;
	struct archive published = *a;
	int rc;

	report_note(u->report, "%s not on %s (pruned/EOL); fetching gregkh mirror tag v%s", version,
		u->place->mirror && *u->place->mirror ? u->place->mirror : "cdn.kernel.org",
		version);
	pruned_init(a, u, version);
	a->url = stable_snapshot(u, version, e);
	rc = a->url ? fetch(a, e) : -e->code;
	if (rc == -ENOENT)
		rc = unknown(&published, version, e);
	else if (rc && rc != -ECANCELED && !a->url)
		err_prefix(e, "version %s is not on kernel.org", version);
	archive_release(&published);
	return rc;
}

/* From whichever place has it. What was downloaded before from the second is as good. */
static int obtain(struct archive *a, const char *version, struct err *e)
{
	struct archive pruned;
	int rc;

	pruned_init(&pruned, a->u, version);
	if (!file_exists(a->path) && !a->snapshot && file_exists(pruned.path)) {
		archive_release(a);
		*a = pruned;
		return fetch(a, e);
	}
	archive_release(&pruned);
	rc = fetch(a, e);
	if (rc != -ENOENT || a->u->offline)
		return rc;
	return a->snapshot ? unknown(a, version, e) : fetch_pruned(a, version, e);
}

static int obtain_locked(struct archive *a, const char *version, struct err *e)
{
	cleanup_free char *key = xasprintf("download-%s", version);
	cleanup_free char *waiting =
		xasprintf("waiting for another ktstr that downloads %s", a->name);
	int rc = upstream_make_folder(a->u, e), lock;

	if (rc)
		return rc;
	lock = cache_lock_work(a->u->root, key, waiting, a->u->report, e);
	if (lock == -ECANCELED)
		return lock;
	rc = obtain(a, version, e);
	if (lock >= 0)
		close(lock);
	return rc;
}

int upstream_archive(
	const struct upstream *u, const char *version, struct upstream_source *out, struct err *e)
{
	struct archive a;
	int rc = archive_init(&a, u, version, e);

	*out = (struct upstream_source){.fd = -1};
	rc = rc ? rc : obtain_locked(&a, version, e);
	if (!rc) {
		out->fd = open(a.path, O_RDONLY | O_CLOEXEC);
		rc = out->fd < 0 ? err_sys(e, errno, "cannot open '%s'", a.path) : 0;
	}
	if (!rc) {
		out->name = xstrdup(a.name);
		out->snapshot = a.snapshot;
	}
	archive_release(&a);
	return rc;
}

void upstream_source_release(struct upstream_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->name);
	*s = (struct upstream_source){.fd = -1};
}

static void forget(struct archive *a)
{
	unlink(a->path);
	archive_release(a);
}

void upstream_forget(const struct upstream *u, const char *version)
{
	struct archive a;

	if (archive_init(&a, u, version, NULL))
		return;
	forget(&a);
	pruned_init(&a, u, version);
	forget(&a);
}
