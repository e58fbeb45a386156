#include "tests/lib/ctprof_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"

static const char dir[] = "tests/golden/contract";

struct ctp_snapshot *ctprof_fixture_text(const char *json)
{
	struct err e = ERR_INIT;
	struct ctp_snapshot *s = ctp_load_text(json, strlen(json), "fixture", &e);

	if (s)
		return s;
	fprintf(stderr, "%s\n", e.msg);
	exit(1);
}

struct ctp_snapshot *fixture_snapshot(const char *name)
{
	cleanup_free char *path = file_join(dir, name);
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 16 << 20, &text, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
	return ctprof_fixture_text(str_get(&text));
}

static void show_difference(const char *want, const char *got)
{
	size_t line = 1, start = 0;

	for (size_t i = 0; want[i] && want[i] == got[i]; i++)
		if (want[i] == '\n') {
			line++;
			start = i + 1;
		}
	fprintf(stderr, "line %zu: expected '%.*s'\n", line, (int)strcspn(want + start, "\n"),
		want + start);
	fprintf(stderr, "line %zu:      got '%.*s'\n", line, (int)strcspn(got + start, "\n"),
		got + start);
}

bool fixture_matches(const char *name, const struct str *got)
{
	cleanup_free char *path = file_join(dir, name);
	cleanup_str struct str want = STR_INIT;
	struct err e = ERR_INIT;

	if (getenv("UPDATE"))
		return file_replace(path, str_get(got), got->len, 0644, &e) == 0;
	if (file_read(path, 16 << 20, &want, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return false;
	}
	if (strcmp(str_get(&want), str_get(got)) == 0)
		return true;
	fprintf(stderr, "%s\n", path);
	show_difference(str_get(&want), str_get(got));
	return false;
}
