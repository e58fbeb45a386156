/*
 * What people type about a profile and what threads are called: patterns of names are stable, globs
 * end, lists and filters are taken or refused with a sentence. The first byte chooses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/glob.h"
#include "probes/ctprof/names.h"
#include "probes/ctprof/view.h"
#include "ui/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void names(const char *text, size_t n)
{
	cleanup_str struct str once = STR_INIT, twice = STR_INIT, key = STR_INIT;

	name_pattern(text, n, &once);
	name_pattern(str_get(&once), once.len, &twice);
	if (strcmp(str_get(&once), str_get(&twice)) != 0)
		abort();
	name_cgroup_key(text, &key);
	str_clear(&once);
	str_clear(&twice);
	name_pattern_strong(text, n, &once);
	name_pattern_strong(str_get(&once), once.len, &twice);
	if (strcmp(str_get(&once), str_get(&twice)) != 0)
		abort();
	name_cgroup_key_strong(text, &key);
}

/* Two lines: the pattern, the path. What has no wildcard matches itself and nothing else. */
static void globs(char *text)
{
	char *path = strchr(text, '\n');
	struct err e = ERR_INIT;
	struct ctp_glob *g;

	if (path)
		*path++ = '\0';
	g = ctp_glob_new(text, &e);
	if (!g && !*e.msg)
		abort();
	if (g && !text[strcspn(text, "?*[")] &&
		(!ctp_glob_matches(g, text) ||
			(path && ctp_glob_matches(g, path) != (strcmp(path, text) == 0))))
		abort();
	if (g && path)
		ctp_glob_matches(g, path);
	ctp_glob_free(g);
}

static void lists(const char *text, unsigned which)
{
	static int (*const parse[])(struct ctp_view *, const char *, struct err *) = {
		ctp_view_sections, ctp_view_metrics, ctp_view_columns, ctp_view_sort};
	struct ctp_view v = {.show = which & 4};
	struct err e = ERR_INIT;

	if (parse[which & 3](&v, text, &e) && !*e.msg)
		abort();
	if (v.ncolumns > CTP_NCOLUMNS || v.nsort > CTP_NMETRICS)
		abort();
}

static void filters(const char *text)
{
	static const char *const columns[] = {"group", "metric"};
	const struct filter_column row[] = {
		{"group", "kworker/{N}:{N}"}, {"metric", "run_time_ns"}};
	struct err e = ERR_INIT;
	struct filter *f = filter_new(text, columns, 2, &e);

	if (!f && !*e.msg)
		abort();
	filter_lets(f, row, 2);
	filter_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = NULL;

	if (!size || size > 4096)
		return 0;
	text = xstrndup((const char *)data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		names(text, strlen(text));
		break;
	case 1:
		globs(text);
		break;
	case 2:
		lists(text, data[0] / 4);
		break;
	default:
		filters(text);
	}
	return 0;
}
