#include "tests/lib/machine.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"

static _Noreturn void fail(const char *what, const char *which)
{
	fprintf(stderr, "not ok - machine: %s: %s\n", what, which);
	abort();
}

/* `expr` up to the closing brace: terms parted by operators, no precedence. */
static const char *evaluate(const char *expr, long n, long *value)
{
	const char *p = expr;
	char op = '+';

	*value = 0;
	for (;;) {
		char *end = (char *)p + 1;
		long term = *p == 'n' ? n : strtol(p, &end, 10);

		if (end == p || ((op == '/' || op == '%') && !term))
			fail("bad expression", expr);
		if (op == '+')
			*value += term;
		else if (op == '-')
			*value -= term;
		else if (op == '*')
			*value *= term;
		else if (op == '/')
			*value /= term;
		else
			*value %= term;
		p = end;
		if (*p == '}')
			return p + 1;
		if (!*p || !strchr("+-*/%", *p))
			fail("bad expression", expr);
		op = *p++;
	}
}

/* Replaces {...} and \n. */
static void expand(const char *text, long n, struct str *out)
{
	for (const char *p = text; *p;) {
		if (*p == '{') {
			long value;

			p = evaluate(p + 1, n, &value);
			str_printf(out, "%ld", value);
		} else if (p[0] == '\\' && p[1] == 'n') {
			str_addc(out, '\n');
			p += 2;
		} else {
			str_addc(out, *p++);
		}
	}
}

static void write_file(const char *path, const char *value)
{
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "%s\n", value) < 0 || fclose(f))
		fail("cannot write", path);
}

static void make_dirs(const char *path, size_t n)
{
	cleanup_free char *dir = xstrndup(path, n);
	struct err e = ERR_INIT;

	if (!file_is_dir(dir) && file_mkdirs(dir, 0755, &e))
		fail(e.msg, dir);
}

/* One line "path=value" or "path/" for one n. */
static void make_entry(const char *root, const char *dir, const char *line, long n)
{
	cleanup_str struct str path = STR_INIT, value = STR_INIT;
	const char *equals = strchr(line, '=');
	cleanup_free char *name = equals ? xstrndup(line, (size_t)(equals - line)) : xstrdup(line);

	str_printf(&path, "%s", root);
	expand(dir, n, &path);
	str_addc(&path, '/');
	expand(name, n, &path);
	if (!equals && !str_ends(name, "/"))
		fail("neither PATH=VALUE nor DIRECTORY/", line);
	make_dirs(path.s, (size_t)(strrchr(path.s, '/') - path.s));
	if (!equals)
		return;
	expand(equals + 1, n, &value);
	write_file(path.s, str_get(&value));
}

/* "[DIR]" or "[DIR for LIST]" */
static void section(char *line, char **dir, struct cpuset *range)
{
	char *end = strrchr(line, ']'), *list = strstr(line, " for ");

	if (!end || end[1])
		fail("bad section", line);
	*end = '\0';
	cpuset_clear(range);
	cpuset_add(range, 0);
	if (list) {
		*list = '\0';
		if (cpuset_parse_list(range, list + 5, NULL))
			fail("bad list", list + 5);
	}
	*dir = line + 1;
}

void machine_change(struct machine *m, const char *text)
{
	cleanup_free char *copy = xstrdup(text);
	cleanup_cpuset struct cpuset range = CPUSET_INIT;
	char *dir = NULL, *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		while (isspace((unsigned char)*line))
			line++;
		if (!*line || *line == '#')
			continue;
		if (*line == '[') {
			section(line, &dir, &range);
			continue;
		}
		if (!dir)
			fail("a path before the first section", line);
		cpuset_foreach (n, &range)
			make_entry(m->dir, dir, line, n);
	}
}

struct machine *machine_new(const char *text)
{
	struct machine *m = xcalloc(1, sizeof(*m));
	/* A machine is thousands of small files: in memory, where that is possible. */
	const char *tmp = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	struct err e = ERR_INIT;

	m->dir = xasprintf("%s/ktstr-machine-XXXXXX", tmp);
	if (!mkdtemp(m->dir))
		fail("cannot create", m->dir);
	machine_change(m, text);
	m->root = sysroot_open(m->dir, &e);
	if (!m->root)
		fail(e.msg, m->dir);
	return m;
}

struct machine *machine_load(const char *path)
{
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	if (file_read(path, 64 << 20, &text, &e))
		fail(e.msg, path);
	return machine_new(str_get(&text));
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	sysroot_close(m->root);
	file_remove_tree(m->dir, NULL);
	free(m->dir);
	free(m);
}
