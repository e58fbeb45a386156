/*
 * Machines of our own making (tests/golden/topo/NAME.machine, see tests/lib/machine.h) in, the
 * text, tables and JSON of `ktstr topo` out, compared with NAME.txt, NAME.verbose and NAME.json
 * beside them. UPDATE=1 rewrites these. Of machines with many CPUs only the text is kept.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/topo/topo.h"
#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/spawn.h"
#include "tests/lib/machine.h"
#include "tests/lib/topo_check.h"

enum { MANY_CPUS = 64 };
static const char dir[] = "tests/golden/topo";

static void result(unsigned *number, bool good, const char *name, const char *what)
{
	printf("%s %u - %s: %s\n", good ? "ok" : "not ok", ++*number, name, what);
}

static void show_difference(const char *want, const char *got)
{
	size_t line = 1, start = 0, i = 0;

	for (; want[i] && want[i] == got[i]; i++)
		if (want[i] == '\n') {
			line++;
			start = i + 1;
		}
	printf("# line %zu: expected '%.*s'\n", line, (int)strcspn(want + start, "\n"),
		want + start);
	printf("# line %zu:      got '%.*s'\n", line, (int)strcspn(got + start, "\n"), got + start);
}

static bool matches(const char *name, const char *suffix, const struct str *got)
{
	cleanup_free char *path = xasprintf("%s/%s%s", dir, name, suffix);
	cleanup_str struct str want = STR_INIT;
	struct err e = ERR_INIT;
	int rc;

	if (getenv("UPDATE"))
		rc = file_replace(path, str_get(got), got->len, 0644, &e);
	else
		rc = file_read(path, 16 << 20, &want, &e);
	if (rc) {
		printf("# %s\n", e.msg);
		return false;
	}
	if (getenv("UPDATE") || strcmp(str_get(&want), str_get(got)) == 0)
		return true;
	show_difference(str_get(&want), str_get(got));
	return false;
}

static bool json_is_whole(const struct topo *t, const struct str *text)
{
	struct err e = ERR_INIT;
	struct json *root = json_parse(str_get(text), text->len, &e);
	bool good = root && json_size(json_get(root, "cpus")) == t->ncpus &&
		    json_size(json_get(root, "llcs")) == t->nllcs &&
		    json_size(json_get(root, "caches")) == t->ncaches &&
		    json_size(json_get(root, "warnings")) == t->warnings.n;

	if (!root)
		printf("# %s\n", e.msg);
	json_free(root);
	return good;
}

/* The command prints the same bytes, and every warning on stderr. */
static bool command_agrees(const char *tree, const struct topo *t, const struct str *text)
{
	const char *const argv[] = {getenv("KTSTR"), "topo", "--sysroot", tree, NULL};
	const struct spawn s = {.argv = argv};
	cleanup_str struct str out = STR_INIT, errs = STR_INIT;
	struct err e = ERR_INIT;
	int rc = spawn_capture(&s, 16 << 20, &out, &errs, &e);
	bool good = rc == 0 && strcmp(str_get(&out), str_get(text)) == 0;

	if (rc)
		printf("# status %d: %s\n", rc, str_get(&errs));
	for (size_t i = 0; i < t->warnings.n; i++)
		good &= strstr(str_get(&errs), t->warnings.v[i]) != NULL;
	return good && (t->warnings.n || !errs.len);
}

/* A tree that is captured and expanded again is the same machine. */
static bool survives_capture(const char *tree, const struct topo *t)
{
	const char *const argv[] = {"tests/golden/capture.sh", tree, NULL};
	const struct spawn s = {.argv = argv};
	cleanup_str struct str text = STR_INIT, want = STR_INIT, got = STR_INIT;
	struct err e = ERR_INIT;
	struct machine *m;
	struct topo *again;
	struct json_out j;

	if (spawn_capture(&s, 64 << 20, &text, NULL, &e))
		return false;
	m = machine_new(str_get(&text));
	again = topo_collect(m->root, &e);
	json_init(&j, &want, true);
	topo_json(t, &j);
	json_init(&j, &got, true);
	if (again)
		topo_json(again, &j);
	topo_free(again);
	machine_free(m);
	if (strcmp(str_get(&want), str_get(&got)) == 0)
		return true;
	show_difference(str_get(&want), str_get(&got));
	return false;
}

static void check_renderings(
	unsigned *number, const char *name, const struct topo *t, const char *tree)
{
	cleanup_str struct str text = STR_INIT, verbose = STR_INIT, json = STR_INIT;
	bool many = t->ncpus > MANY_CPUS;
	struct json_out j;

	topo_text(t, false, &text);
	result(number, matches(name, ".txt", &text), name, "text");
	topo_text(t, true, &verbose);
	result(number, many || matches(name, ".verbose", &verbose), name, "verbose");
	json_init(&j, &json, true);
	topo_json(t, &j);
	str_addc(&json, '\n');
	result(number, many || matches(name, ".json", &json), name, "json");
	result(number, json_is_whole(t, &json), name, "json can be read");
	result(number, topo_is_partition(t), name, "groups part the online CPUs");
	if (!many)
		result(number, survives_capture(tree, t), name, "survives capture.sh");
	if (getenv("KTSTR"))
		result(number, command_agrees(tree, t, &text), name, "the command prints it");
}

static void check_machine(unsigned *number, const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s.machine", dir, name);
	struct machine *m = machine_load(path);
	struct err e = ERR_INIT;
	struct topo *t = topo_collect(m->root, &e);

	if (t)
		check_renderings(number, name, t, m->dir);
	else
		printf("# %s\n", e.msg);
	result(number, t != NULL, name, "described");
	topo_free(t);
	machine_free(m);
}

int main(void)
{
	struct dirent **files;
	unsigned number = 0;
	int n = scandir(dir, &files, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *suffix = strstr(files[i]->d_name, ".machine");

		if (suffix) {
			*suffix = '\0';
			check_machine(&number, files[i]->d_name);
		}
		free(files[i]);
	}
	if (n > 0)
		free(files);
	return 0;
}
