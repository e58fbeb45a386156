#include "src/kernels/http.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Its checks of argument types are macros around the very names that are looked up here. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "src/base/file.h"
#include "src/base/lazylib.h"
#include "src/kernels/report.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo

#define CALLS(X)                                                                                   \
	X(curl_global_init)                                                                        \
	X(curl_easy_init)                                                                          \
	X(curl_easy_setopt) X(curl_easy_perform) X(curl_easy_getinfo) X(curl_easy_cleanup)

LAZYLIB_CALLS(CALLS);
LAZYLIB_LARGE_FILES("curl", "libcurl-gnutls.so.4", "libcurl.so.4");

static const struct lazylib lib = {
	.files = files,
	.name = "libcurl",
	.purpose = "downloading",
	.debian = "libcurl3-gnutls",
	.fedora = "libcurl",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

const struct http_patience http_patience = {
	.connect_s = 10,
	.stall_s = 60,
	.attempts = 4,
	.pause_ms = 2000,
};

enum { REDIRECTS = 10, STATUS_GONE = 410, STATUS_NO_RANGE = 416, TICK_MS = 100 };

/* One download, over all its attempts. */
struct transfer {
	const struct http_get *get;
	const struct http_patience *patience;
	struct calls c;
	CURL *curl;
	int fd;		  /* -1: `text` */
	struct str *text; /* borrowed */
	char *doing;	  /* "fetching ..."; owned */
	uint64_t had;	  /* bytes from earlier attempts */
	uint64_t got;	  /* of this attempt */
	int failed;	  /* -errno of our own doing */
	bool page;	  /* a web page came instead of a file */
	bool announced;
	char error[CURL_ERROR_SIZE];
};

static bool is_page(struct transfer *t)
{
	const char *type = NULL;

	if (!t->get->file || t->c.curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type))
		return false;
	return type && !strncasecmp(type, "text/html", strlen("text/html"));
}

static void announce(struct transfer *t)
{
	const double mib = 1024 * 1024;
	curl_off_t left = -1;

	t->announced = true;
	t->c.curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &left);
	if (left < 0)
		report_note(t->get->report, "downloading %s", t->get->url);
	else if (!t->had)
		report_note(t->get->report, "downloading %s (%.1f MiB)", t->get->url,
			(double)left / mib);
	else
		report_note(t->get->report, "downloading %s (%.1f MiB, of which %.1f are there)",
			t->get->url, (double)(t->had + (uint64_t)left) / mib, (double)t->had / mib);
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t n = size * count;

	t->page = t->got == 0 && is_page(t);
	if (t->page)
		return 0;
	if (t->get->announce && !t->announced)
		announce(t);
	if (n > t->get->max - t->had - t->got)
		t->failed = -EFBIG;
	else if (t->fd >= 0)
		t->failed = file_write_fd(t->fd, bytes, n);
	else
		str_append(t->text, bytes, n);
	if (t->failed)
		return 0;
	t->got += n;
	return n;
}

static int on_progress(
	void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct transfer *t = user;
	uint64_t all = total > 0 ? t->had + (uint64_t)total : 0;

	(void)up_total;
	(void)up;
	return report_progress(t->get->report, t->doing, t->had + (uint64_t)now, all);
}

static int set_up(struct transfer *t)
{
	const char *schemes = !strncmp(t->get->url, "https:", 6) ? "https" : "http,https";
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{CURLOPT_NOSIGNAL, 1},
		{CURLOPT_FAILONERROR, 1},
		{CURLOPT_FOLLOWLOCATION, 1},
		{CURLOPT_MAXREDIRS, REDIRECTS},
		{CURLOPT_CONNECTTIMEOUT, (long)t->patience->connect_s},
		{CURLOPT_LOW_SPEED_LIMIT, 1},
		{CURLOPT_LOW_SPEED_TIME, (long)t->patience->stall_s},
		{CURLOPT_NOPROGRESS, 0},
	};
	const struct {
		CURLoption option;
		const void *value;
	} pointers[] = {
		{CURLOPT_URL, t->get->url},
		{CURLOPT_PROTOCOLS_STR, "http,https"},
		{CURLOPT_REDIR_PROTOCOLS_STR, schemes},
		{CURLOPT_USERAGENT, "ktstr"},
		{CURLOPT_ERRORBUFFER, t->error},
		{CURLOPT_WRITEDATA, t},
		{CURLOPT_XFERINFODATA, t},
	};
	int rc = t->c.curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, on_bytes);

	rc |= t->c.curl_easy_setopt(t->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		rc |= t->c.curl_easy_setopt(t->curl, numbers[i].option, numbers[i].value);
	for (size_t i = 0; i < ARRAY_LEN(pointers); i++)
		rc |= t->c.curl_easy_setopt(t->curl, pointers[i].option, pointers[i].value);
	return rc ? -EINVAL : 0;
}

/* From where the bytes end that are there. */
static int resume(struct transfer *t, bool anew)
{
	off_t end = 0;

	t->had = t->got = 0;
	t->failed = 0;
	t->error[0] = '\0';
	if (t->fd < 0)
		str_clear(t->text);
	else if (anew && (ftruncate(t->fd, 0) || lseek(t->fd, 0, SEEK_SET)))
		return -errno;
	else if ((end = lseek(t->fd, 0, SEEK_END)) < 0)
		return -errno;
	t->had = (uint64_t)end;
	t->c.curl_easy_setopt(t->curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)end);
	return 0;
}

static long status_of(struct transfer *t)
{
	long status = 0;

	t->c.curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool passing(CURLcode code, long status)
{
	switch (code) {
	case CURLE_HTTP_RETURNED_ERROR:
		return status == 429 || status == 502 || status == 503 || status == 504;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

/* The sentence for an attempt that was the last. */
static int explain(struct transfer *t, CURLcode code, struct err *e)
{
	const struct http_get *g = t->get;
	long status = status_of(t);

	if (t->page)
		return err_set(
			e, EPROTO, "%s: the server returned HTML instead of %s", g->url, g->what);
	if (t->failed == -EFBIG)
		return err_set(e, EFBIG, "%s: longer than the %llu bytes that it may have", g->url,
			(unsigned long long)g->max);
	if (t->failed)
		return err_sys(e, t->failed, "%s: cannot write what was downloaded", g->what);
	if (code == CURLE_HTTP_RETURNED_ERROR && (status == 404 || status == STATUS_GONE))
		return err_set(e, ENOENT, "%s: not found on the server (HTTP %ld)", g->url, status);
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return err_set(e, EIO, "%s: the server refused it (HTTP %ld)", g->url, status);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, ETIMEDOUT, "%s: the server was silent for too long", g->url);
	return err_set(e, EIO, "%s: %s", g->url, t->error[0] ? t->error : "the transfer failed");
}

/* Between two attempts; true when somebody wants to stop. */
static bool pause_for(struct transfer *t, unsigned ms)
{
	for (; ms > 0; ms -= ms < TICK_MS ? ms : TICK_MS) {
		if (report_progress(t->get->report, t->doing, t->had + t->got, 0))
			return true;
		poll(NULL, 0, ms < TICK_MS ? (int)ms : TICK_MS);
	}
	return false;
}

static int perform(struct transfer *t, struct err *e)
{
	unsigned attempt = 1, pause = t->patience->pause_ms;
	bool anew = false;
	CURLcode code;

	for (;;) {
		int rc = resume(t, anew);

		if (rc)
			return err_sys(e, rc, "%s: cannot continue its download", t->get->what);
		code = t->c.curl_easy_perform(t->curl);
		/* A range beyond the end is no error to libcurl: all is there, it supposes. */
		if (code == CURLE_OK && status_of(t) != STATUS_NO_RANGE)
			return 0;
		if (code == CURLE_ABORTED_BY_CALLBACK)
			return err_set(e, ECANCELED, "the download was cancelled");
		/* What is there is not a beginning of what the server has, or it cannot continue.
		 */
		if (!anew && t->had &&
			(code == CURLE_RANGE_ERROR || status_of(t) == STATUS_NO_RANGE)) {
			anew = true;
			continue;
		}
		anew = false;
		if (t->failed || t->page || !passing(code, status_of(t)) ||
			attempt++ >= t->patience->attempts)
			return explain(t, code, e);
		if (pause_for(t, pause))
			return err_set(e, ECANCELED, "the download was cancelled");
		pause *= 2;
	}
}

static int carry_out(struct transfer *t, struct err *e)
{
	int rc;

	/* Counts its calls; the first one does the work. */
	if (t->c.curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(e, ENOSYS, "libcurl cannot be initialised");
	t->curl = t->c.curl_easy_init();
	if (!t->curl || set_up(t))
		rc = err_set(e, ENOSYS, "the installed libcurl is too old");
	else
		rc = perform(t, e);
	t->c.curl_easy_cleanup(t->curl);
	return rc;
}

static int run(struct transfer *t, struct err *e)
{
	int rc = lazylib_open(&lib, &t->c, e);

	if (rc)
		return rc;
	t->patience = t->get->patience ? t->get->patience : &http_patience;
	t->doing = xasprintf("fetching %s", t->get->what);
	rc = carry_out(t, e);
	free(t->doing);
	return rc;
}

int http_to_fd(const struct http_get *g, int fd, struct err *e)
{
	struct transfer t = {.get = g, .fd = fd};

	return run(&t, e);
}

int http_to_text(const struct http_get *g, struct str *out, struct err *e)
{
	struct str text = STR_INIT;
	struct transfer t = {.get = g, .fd = -1, .text = &text};
	int rc = run(&t, e);

	if (!rc)
		str_append(out, text.s ? text.s : "", text.len);
	str_release(&text);
	return rc;
}
