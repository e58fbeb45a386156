#include "probes/ctprof/cgroups.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/cgroups_more.h"
#include "probes/ctprof/scan.h"
#include "src/base/map.h"

struct ctp_cgroups {
	const struct sysroot *root;
	char *mount; /* NULL: the unified hierarchy is not mounted */
	pthread_mutex_t lock;
	struct map known; /* path -> struct known */
	VEC(struct known *) all;
};

struct known {
	char *path;
	bool threaded, noted;
};

/* /proc/mounts writes blanks and backslashes as octal escapes. */
static char *unescape(const char *s, size_t n)
{
	char *out = xmalloc(n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\' && i + 3 < n && s[i + 1] >= '0' && s[i + 1] <= '3') {
			*to++ = (char)((s[i + 1] - '0') * 64 + (s[i + 2] - '0') * 8 + s[i + 3] -
				       '0');
			i += 3;
		} else {
			*to++ = s[i];
		}
	}
	*to = '\0';
	return out;
}

/* Where mounts(5) says that cgroup2 is. */
static char *find_in_mounts(const struct sysroot *root)
{
	cleanup_str struct str text = STR_INIT;
	struct scan s, line;

	if (sysroot_read(root, "/proc/mounts", &text) < 0)
		return NULL;
	s = (struct scan){str_get(&text), str_get(&text) + text.len};
	while (scan_line(&s, &line)) {
		struct scan where, type;

		scan_word(&line);
		where = scan_word(&line);
		type = scan_word(&line);
		if (scan_is(&type, "cgroup2"))
			return unescape(where.p, (size_t)(where.end - where.p));
	}
	return NULL;
}

static char *find_mount(const struct sysroot *root)
{
	static const char *const usual[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (sysroot_exists(root, PATHF("%s/cgroup.controllers", usual[i])))
			return xstrdup(usual[i]);
	return find_in_mounts(root);
}

struct ctp_cgroups *ctp_cgroups_new(const struct sysroot *root)
{
	struct ctp_cgroups *g = xcalloc(1, sizeof(*g));

	g->root = root;
	g->mount = find_mount(root);
	pthread_mutex_init(&g->lock, NULL);
	return g;
}

void ctp_cgroups_free(struct ctp_cgroups *g)
{
	if (!g)
		return;
	pthread_mutex_destroy(&g->lock);
	for (size_t i = 0; i < g->all.n; i++) {
		free(g->all.v[i]->path);
		free(g->all.v[i]);
	}
	free(g->all.v);
	map_release(&g->known);
	free(g->mount);
	free(g);
}

/* A path out of our namespace begins with "/..": what is there cannot be looked at. */
static char *dir_of(const struct ctp_cgroups *g, const char *path)
{
	if (!g->mount || path[0] != '/' || strstr(path, "/../") || str_ends(path, "/.."))
		return NULL;
	return xasprintf("%s%s", g->mount, strcmp(path, "/") == 0 ? "" : path);
}

/* The root has no type, and may have threaded children without being threaded itself. */
static bool has_threaded_child(const struct ctp_cgroups *g, const char *dir)
{
	struct strv names = STRV_INIT;
	bool found = false;

	if (sysroot_list(g->root, dir, &names) < 0)
		found = true;
	for (size_t i = 0; i < names.n && !found; i++) {
		cleanup_free char *file = xasprintf("%s/%s/cgroup.type", dir, names.v[i]);
		char type[32];

		found = sysroot_line(g->root, file, type, sizeof(type)) == 0 &&
			strcmp(type, "threaded") == 0;
	}
	strv_release(&names);
	return found;
}

static bool is_threaded(const struct ctp_cgroups *g, const char *path)
{
	cleanup_free char *dir = dir_of(g, path);
	cleanup_free char *file = dir ? xasprintf("%s/cgroup.type", dir) : NULL;
	char type[32];

	if (!dir)
		return true;
	if (sysroot_line(g->root, file, type, sizeof(type)) == 0)
		return strcmp(type, "domain") != 0;
	return has_threaded_child(g, dir);
}

static struct known *know(struct ctp_cgroups *g, const char *path)
{
	struct known *k = map_get(&g->known, path);

	if (k)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->path = xstrdup(path);
	k->threaded = is_threaded(g, path);
	map_add(&g->known, path, k);
	vec_push(&g->all, k);
	return k;
}

bool ctp_cgroups_threaded(struct ctp_cgroups *g, const char *path)
{
	bool threaded;

	pthread_mutex_lock(&g->lock);
	threaded = know(g, path)->threaded;
	pthread_mutex_unlock(&g->lock);
	return threaded;
}

void ctp_cgroups_note(struct ctp_cgroups *g, const char *path)
{
	pthread_mutex_lock(&g->lock);
	know(g, path)->noted = true;
	pthread_mutex_unlock(&g->lock);
}

/* "12.34" as 1234: two digits count. */
static uint16_t hundredths(struct scan s)
{
	uint64_t v = 0, digit = 0;

	if (!scan_u64(&s, &v))
		return 0;
	if (s.p < s.end && *s.p == '.')
		s.p++;
	for (int i = 0; i < 2; i++) {
		digit = s.p < s.end && *s.p >= '0' && *s.p <= '9' ? (uint64_t)(*s.p++ - '0') : 0;
		v = v > UINT16_MAX ? v : v * 10 + digit;
	}
	return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

static void take_average(struct scan word, struct ctp_psi_half *h)
{
	const char *eq =
		word.p == word.end ? NULL : memchr(word.p, '=', (size_t)(word.end - word.p));
	struct scan name = {word.p, eq}, value = {eq ? eq + 1 : NULL, word.end};

	if (!eq)
		return;
	if (scan_is(&name, "avg10"))
		h->avg10 = hundredths(value);
	else if (scan_is(&name, "avg60"))
		h->avg60 = hundredths(value);
	else if (scan_is(&name, "avg300"))
		h->avg300 = hundredths(value);
	else if (scan_is(&name, "total"))
		scan_u64(&value, &h->total_usec);
}

void ctp_parse_pressure(const char *text, struct ctp_psi_half *some, struct ctp_psi_half *full)
{
	struct scan s = {text, text + strlen(text)}, line;

	while (scan_line(&s, &line)) {
		struct scan kind = scan_word(&line);
		struct ctp_psi_half *h = scan_is(&kind, "some")	  ? some
					 : scan_is(&kind, "full") ? full
								  : NULL;

		for (struct scan word = scan_word(&line); h && word.p < word.end;
			word = scan_word(&line))
			take_average(word, h);
	}
}

void ctp_read_pressure(
	const struct sysroot *root, const char *dir, const char *suffix, struct ctp_psi *out)
{
	static const char *const names[CTP_NPSI] = {
		[CTP_PSI_CPU] = "cpu",
		[CTP_PSI_MEMORY] = "memory",
		[CTP_PSI_IO] = "io",
		[CTP_PSI_IRQ] = "irq",
	};
	cleanup_str struct str text = STR_INIT;

	for (int i = 0; i < CTP_NPSI; i++) {
		cleanup_free char *path = xasprintf("%s/%s%s", dir, names[i], suffix);

		if (sysroot_read(root, path, &text) == 0)
			ctp_parse_pressure(str_get(&text), &out->r[i].some, &out->r[i].full);
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct ctp_pair *)a)->key, ((const struct ctp_pair *)b)->key);
}

struct ctp_map ctp_parse_flat(const char *text, struct ctp_builder *b)
{
	struct scan s = {text, text + strlen(text)}, line;
	VEC(struct ctp_pair) pairs = {0};
	struct ctp_map map;
	size_t n = 0;

	while (scan_line(&s, &line)) {
		struct scan key = scan_word(&line);
		uint64_t v;

		if (key.p < key.end && scan_whole_u64(line, &v))
			vec_push(&pairs,
				(struct ctp_pair){
					ctp_build_text(b, key.p, (size_t)(key.end - key.p)), v});
	}
	if (pairs.n)
		qsort(pairs.v, pairs.n, sizeof(*pairs.v), by_key);
	for (size_t i = 0; i < pairs.n; i++)
		if (i == 0 || pairs.v[i].key != pairs.v[n - 1].key)
			pairs.v[n++] = pairs.v[i];
	map = ctp_build_pairs(b, pairs.v, n);
	free(pairs.v);
	return map;
}

/* The files of one cgroup. */
struct group {
	const struct sysroot *root;
	const char *dir;
	struct str text;
};

static const char *read_file(struct group *g, const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s", g->dir, name);

	return sysroot_read(g->root, path, &g->text) == 0 ? str_get(&g->text) : NULL;
}

/* A number, or what the kernel means by "max". */
static struct ctp_opt number(struct group *g, const char *name, struct ctp_opt max)
{
	const char *text = read_file(g, name);
	struct scan s = {text, text ? text + strlen(text) : NULL};
	struct ctp_opt o = {true, 0};
	int64_t v;

	if (!text)
		return (struct ctp_opt){0};
	scan_trim(&s);
	if (scan_is(&s, "max"))
		return max;
	if (scan_whole_u64(s, &o.v))
		return o;
	if (!scan_i64(&s, &v) || s.p != s.end)
		return (struct ctp_opt){0};
	o.v = (uint64_t)v;
	return o;
}

static uint64_t value_of(const struct ctp_map *m, const char *key)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (strcmp(m->pairs[i].key, key) == 0)
			return m->pairs[i].v;
	return 0;
}

static struct ctp_map flat(struct group *g, const char *name, struct ctp_builder *b)
{
	const char *text = read_file(g, name);

	return text ? ctp_parse_flat(text, b) : (struct ctp_map){0};
}

/* "50000 100000" or "max 100000" */
static void read_cpu_max(struct group *g, struct ctp_cgroup *c)
{
	const char *text = read_file(g, "cpu.max");
	struct scan s = {text, text ? text + strlen(text) : NULL};
	uint64_t v;

	if (!text)
		return;
	if (scan_whole_u64(scan_word(&s), &v))
		c->max_quota_us = (struct ctp_opt){true, v};
	if (scan_whole_u64(scan_word(&s), &v))
		c->max_period_us = v;
}

static void read_cpu(struct group *g, struct ctp_cgroup *c, struct ctp_builder *b)
{
	struct ctp_map stat = flat(g, "cpu.stat", b);

	c->usage_usec = value_of(&stat, "usage_usec");
	c->nr_throttled = value_of(&stat, "nr_throttled");
	c->throttled_usec = value_of(&stat, "throttled_usec");
	read_cpu_max(g, c);
	c->weight = number(g, "cpu.weight", (struct ctp_opt){0});
	c->weight_nice = number(g, "cpu.weight.nice", (struct ctp_opt){0});
}

static void read_memory(struct group *g, struct ctp_cgroup *c, struct ctp_builder *b)
{
	const struct ctp_opt none = {0}, all = {true, UINT64_MAX};

	c->memory_current = number(g, "memory.current", none).v;
	c->memory_max = number(g, "memory.max", none);
	c->memory_high = number(g, "memory.high", none);
	c->memory_low = number(g, "memory.low", all);
	c->memory_min = number(g, "memory.min", all);
	c->memory_stat = flat(g, "memory.stat", b);
	c->memory_events = flat(g, "memory.events", b);
}

static void read_group(const struct ctp_cgroups *cgroups, const char *path, struct ctp_builder *b)
{
	cleanup_free char *dir = dir_of(cgroups, path);
	struct group g = {.root = cgroups->root, .dir = dir};
	struct ctp_cgroup *c = ctp_build_cgroup(b, path, strlen(path));

	if (!dir)
		return;
	read_cpu(&g, c, b);
	read_memory(&g, c, b);
	c->pids_current = number(&g, "pids.current", (struct ctp_opt){0});
	c->pids_max = number(&g, "pids.max", (struct ctp_opt){0});
	ctp_read_pressure(g.root, dir, ".pressure", &c->psi);
	c->more = ctp_read_cgroup_more(g.root, dir, b);
	str_release(&g.text);
}

void ctp_cgroups_read(struct ctp_cgroups *cgroups, struct ctp_builder *b)
{
	for (size_t i = 0; i < cgroups->all.n; i++)
		if (cgroups->all.v[i]->noted)
			read_group(cgroups, cgroups->all.v[i]->path, b);
}
