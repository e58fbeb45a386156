#include "src/kernels/upstream.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "src/base/crc32.h"
#include "src/base/file.h"
#include "src/kernels/report.h"

#define RELEASES_URL "https://www.kernel.org/releases.json"
enum { LIST_SECONDS = 6 * 3600 };

int upstream_make_folder(const struct upstream *u, struct err *e)
{
	cleanup_free char *folder = file_join(u->root, UPSTREAM_DOWNLOADS);

	return file_mkdirs(folder, 0755, e);
}

/* A copy from another address is another list. */
static char *list_path(const struct upstream *u, const char *url)
{
	return xasprintf("%s/%s/releases-%08x.json", u->root, UPSTREAM_DOWNLOADS,
		crc32_ieee(url, strlen(url)));
}

/* Seconds since the copy was fetched; -1: there is none. A clock that went back makes it old. */
static long age(const char *path)
{
	struct stat st;
	time_t now = time(NULL);

	if (stat(path, &st))
		return -1;
	return now < st.st_mtime ? LIST_SECONDS : now - st.st_mtime;
}

static int fetch_list(const struct upstream *u, const char *url, const char *path, struct err *e)
{
	const struct http_get get = {
		.url = url,
		.what = "the list of kernel releases",
		.max = RELEASES_BYTES_MAX,
		.file = true,
		.patience = u->patience,
		.report = u->report,
	};
	cleanup_str struct str text = STR_INIT;
	struct releases checked;
	int rc = http_to_text(&get, &text, e);

	rc = rc ? rc : releases_parse(text.s, text.len, &checked, e);
	if (rc)
		return rc;
	releases_release(&checked);
	rc = upstream_make_folder(u, e);
	return rc ? rc : file_replace(path, text.s, text.len, 0644, e);
}

static int read_list(const char *path, struct releases *out, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc = file_read(path, RELEASES_BYTES_MAX, &text, e);

	rc = rc ? rc : releases_parse(str_get(&text), text.len, out, e);
	return rc ? err_prefix(e, "list of kernel releases") : 0;
}

int upstream_releases(const struct upstream *u, struct releases *out, struct err *e)
{
	const char *given = u->place->releases_url, *url = given && *given ? given : RELEASES_URL;
	cleanup_free char *path = list_path(u, url);
	long old = age(path);
	int rc = 0;

	if (u->offline && old < 0)
		return err_set(e, ENOENT,
			"no list of kernel releases was fetched before, and --offline forbids it "
			"now");
	if (!u->offline && (old < 0 || old >= LIST_SECONDS))
		rc = fetch_list(u, url, path, e);
	if (rc && (rc == -ECANCELED || old < 0))
		return rc;
	if (rc)
		report_note(u->report, "%s; the list of %ld hours ago is used", e->msg, old / 3600);
	return read_list(path, out, e);
}
