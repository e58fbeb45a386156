/* Cgroups as a tree of headings above the rows of their processes. */
#include <string.h>

#include "probes/ctprof/text_parts.h"

/* The next segment of a path from *at; false at its end. */
static bool next_segment(const char **at, size_t *n)
{
	*at += strspn(*at, "/");
	*n = strcspn(*at, "/");
	return *n > 0;
}

size_t ctp_tree_depth(const char *path)
{
	size_t depth = 0, n;

	while (next_segment(&path, &n)) {
		path += n;
		depth++;
	}
	return depth;
}

static void heading(struct ctp_grid *g, size_t depth, unsigned colour, const char *text, size_t n)
{
	cleanup_str struct str line = STR_INIT;

	str_repeat(&line, ' ', 2 * depth);
	str_append(&line, text, n);
	ctp_grid_add(g, colour | CTP_BOLD, str_get(&line));
	ctp_grid_fill(g);
}

void ctp_tree_headings(struct ctp_grid *g, const char *before, const char *path)
{
	static const unsigned colours[] = {CTP_GREEN, CTP_CYAN, CTP_DARK};
	bool shared = true;
	size_t depth = 0, n, n_before;

	while (next_segment(&path, &n)) {
		shared = shared && next_segment(&before, &n_before) && n == n_before &&
			 memcmp(path, before, n) == 0;
		if (shared)
			before += n;
		else
			heading(g, depth, colours[depth < 2 ? depth : 2], path, n);
		path += n;
		depth++;
	}
}

void ctp_tree_process(struct ctp_grid *g, const char *path, const char *process)
{
	heading(g, ctp_tree_depth(path), CTP_WHITE, process, strlen(process));
}

void ctp_key_text(const struct ctp_key *k, enum ctp_axis axis, struct str *out)
{
	str_add(out, k->part[0]);
	if (axis == CTP_BY_ALL)
		str_printf(out, " / %s / %s", k->part[1], k->part[2]);
}
