#include "probes/ctprof/cgroups_more.h"

#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/scan.h"

/* Files of one number. */
static const char *const singles[] = {
	"memory.peak", "memory.swap.current", "memory.zswap.current", "pids.peak"};

static void push(ctp_pair_list *out, struct ctp_builder *b, const char *prefix,
	const struct scan *key, uint64_t v)
{
	cleanup_free char *name = xasprintf("%s%.*s", prefix, (int)(key->end - key->p), key->p);

	vec_push(out, (struct ctp_pair){ctp_build_text(b, name, strlen(name)), v});
}

/* "N0=123" */
static bool setting(struct scan word, struct scan *key, uint64_t *v)
{
	const char *eq =
		word.p == word.end ? NULL : memchr(word.p, '=', (size_t)(word.end - word.p));

	if (!eq || eq == word.p)
		return false;
	*key = (struct scan){word.p, eq};
	return scan_whole_u64((struct scan){eq + 1, word.end}, v);
}

static void settings(
	struct scan *line, const char *prefix, struct ctp_builder *b, ctp_pair_list *out)
{
	struct scan key;
	uint64_t v;

	for (struct scan word = scan_word(line); word.p < word.end; word = scan_word(line))
		if (setting(word, &key, &v))
			push(out, b, prefix, &key, v);
}

void ctp_parse_io_stat(const char *text, struct ctp_builder *b, ctp_pair_list *out)
{
	struct scan s = {text, text + strlen(text)}, line;

	while (scan_line(&s, &line)) {
		scan_word(&line); /* the device */
		settings(&line, "io.stat.", b, out);
	}
}

void ctp_parse_numa_stat(const char *text, struct ctp_builder *b, ctp_pair_list *out)
{
	struct scan s = {text, text + strlen(text)}, line;

	if (!strstr(text, " N1="))
		return; /* one node: memory.stat has it */
	while (scan_line(&s, &line)) {
		struct scan kind = scan_word(&line);

		if (scan_is(&kind, "anon"))
			settings(&line, "memory.numa_stat.anon.", b, out);
		else if (scan_is(&kind, "file"))
			settings(&line, "memory.numa_stat.file.", b, out);
	}
}

void ctp_parse_cpu_stat(const char *text, struct ctp_builder *b, ctp_pair_list *out)
{
	struct scan s = {text, text + strlen(text)}, line;

	while (scan_line(&s, &line)) {
		struct scan key = scan_word(&line);
		bool has_key = scan_is(&key, "usage_usec") || scan_is(&key, "nr_throttled") ||
			       scan_is(&key, "throttled_usec");
		uint64_t v;

		if (!has_key && key.p < key.end && scan_whole_u64(line, &v))
			push(out, b, "cpu.stat.", &key, v);
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct ctp_pair *)a)->key, ((const struct ctp_pair *)b)->key);
}

struct ctp_map ctp_sum_pairs(struct ctp_builder *b, ctp_pair_list *pairs)
{
	struct ctp_map map;
	size_t n = 0;

	if (pairs->n)
		qsort(pairs->v, pairs->n, sizeof(*pairs->v), by_key);
	for (size_t i = 0; i < pairs->n; i++) {
		struct ctp_pair *last = n ? &pairs->v[n - 1] : NULL;

		if (!last || strcmp(last->key, pairs->v[i].key) != 0)
			pairs->v[n++] = pairs->v[i];
		else if (__builtin_add_overflow(last->v, pairs->v[i].v, &last->v))
			last->v = UINT64_MAX;
	}
	map = ctp_build_pairs(b, pairs->v, n);
	free(pairs->v);
	*pairs = (ctp_pair_list){0};
	return map;
}

static bool read_file(
	const struct sysroot *root, const char *dir, const char *name, struct str *text)
{
	cleanup_free char *path = xasprintf("%s/%s", dir, name);

	str_clear(text);
	return sysroot_read(root, path, text) == 0;
}

struct ctp_map ctp_read_cgroup_more(
	const struct sysroot *root, const char *dir, struct ctp_builder *b)
{
	static const struct {
		const char *name;
		void (*parse)(const char *text, struct ctp_builder *b, ctp_pair_list *out);
	} files[] = {
		{"cpu.stat", ctp_parse_cpu_stat},
		{"io.stat", ctp_parse_io_stat},
		{"memory.numa_stat", ctp_parse_numa_stat},
	};
	cleanup_str struct str text = STR_INIT;
	ctp_pair_list pairs = {0};
	uint64_t v;

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (read_file(root, dir, files[i].name, &text))
			files[i].parse(str_get(&text), b, &pairs);
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		if (read_file(root, dir, singles[i], &text) &&
			scan_whole_u64((struct scan){text.s, text.s + text.len}, &v))
			vec_push(&pairs,
				(struct ctp_pair){
					ctp_build_text(b, singles[i], strlen(singles[i])), v});
	return ctp_sum_pairs(b, &pairs);
}
