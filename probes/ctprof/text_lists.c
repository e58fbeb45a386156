/* Groups that only one side has, and the cgroups that were paired although renamed. */
#include <inttypes.h>
#include <string.h>

#include "probes/ctprof/text_parts.h"
#include "src/base/utf8.h"

static void indented(struct ctp_sheet *s, size_t spaces, const char *text, size_t n)
{
	cleanup_str struct str line = STR_INIT;

	str_repeat(&line, ' ', spaces);
	utf8_sanitize(&line, text, n, false);
	ctp_sheet_line(s, str_get(&line), line.len);
}

/* A leaf below its path's segments, those of the leaf before not repeated. */
static void tree_leaf(struct ctp_sheet *s, const char *before, const struct ctp_key *k)
{
	const char *path = k->part[0];
	cleanup_str struct str leaf = STR_INIT;
	bool shared = true;
	size_t depth = 0;

	for (;;) {
		size_t n, m;

		path += strspn(path, "/");
		before += strspn(before, "/");
		n = strcspn(path, "/");
		m = strcspn(before, "/");
		if (!n)
			break;
		shared = shared && n == m && memcmp(path, before, n) == 0;
		if (!shared)
			indented(s, 2 * (depth + 1), path, n);
		path += n;
		before += m;
		depth++;
	}
	str_printf(&leaf, "%s / %s", k->part[1], k->part[2]);
	indented(s, 2 * (depth + 1), str_get(&leaf), leaf.len);
}

static void unmatched(struct ctp_sheet *s, const struct ctp_diff *d, unsigned side,
	const char *name, const char *path)
{
	cleanup_str struct str line = STR_INIT, safe = STR_INIT;
	const char *before = "";

	if (!d->nonly[side])
		return;
	utf8_sanitize(&safe, path ? path : name, strlen(path ? path : name), false);
	str_printf(&line, "%zu group(s) only in %s (%s):", d->nonly[side], name, str_get(&safe));
	ctp_sheet_blank(s);
	ctp_sheet_line(s, str_get(&line), line.len);
	for (size_t i = 0; i < d->nonly[side]; i++) {
		const struct ctp_key *k = &d->only[side][i]->key;

		if (d->groups->naming.axis == CTP_BY_ALL)
			tree_leaf(s, before, k);
		else
			indented(s, 2, k->part[0], strlen(k->part[0]));
		before = k->part[0];
	}
}

void ctp_text_unmatched(
	struct ctp_sheet *s, const struct ctp_diff *d, const struct ctp_text_options *o)
{
	/* Lists of their own: a table before them does not use up their lines. */
	ctp_sheet_part(s, true);
	unmatched(s, d, CTP_BASE, "baseline", o->path[CTP_BASE]);
	ctp_sheet_part(s, true);
	unmatched(s, d, CTP_CAND, "candidate", o->path[CTP_CAND]);
}

static void labelled(struct ctp_sheet *s, const char *label, const char *path)
{
	cleanup_str struct str line = STR_INIT;

	str_add(&line, "  ");
	ctp_sheet_paint(s, &line, 6, label);
	str_addc(&line, ' ');
	utf8_sanitize(&line, path, strlen(path), false);
	ctp_sheet_line(s, str_get(&line), line.len);
}

static void roots(struct ctp_sheet *s, const struct ctp_fudge *f)
{
	cleanup_str struct str line = STR_INIT;

	if (strcmp(f->root[CTP_BASE], f->path[CTP_BASE]) == 0 &&
		strcmp(f->root[CTP_CAND], f->path[CTP_CAND]) == 0)
		return;
	str_printf(&line, "cascade roots: baseline=%s candidate=%s", f->root[CTP_BASE],
		f->root[CTP_CAND]);
	indented(s, 2, str_get(&line), line.len);
}

static void residual(
	struct ctp_sheet *s, const struct ctp_fudge *f, unsigned side, const char *name)
{
	cleanup_str struct str line = STR_INIT;

	if (!f->nresidual[side])
		return;
	str_printf(&line, "residual (%s only): ", name);
	for (size_t i = 0; i < f->nresidual[side]; i++)
		str_printf(&line, "%s%s", i ? ", " : "", f->residual[side][i]);
	indented(s, 2, str_get(&line), line.len);
}

void ctp_text_fudges(struct ctp_sheet *s, const struct ctp_diff *d)
{
	cleanup_str struct str line = STR_INIT, plain = STR_INIT;

	if (!d->nfudges)
		return;
	ctp_sheet_part(s, true);
	ctp_sheet_blank(s);
	str_printf(&plain, "## Fudged cgroup matches (%zu pair(s))", d->nfudges);
	ctp_sheet_paint(s, &line, 3 | CTP_BOLD, str_get(&plain));
	ctp_sheet_line(s, str_get(&line), line.len);
	for (size_t i = 0; i < d->nfudges; i++) {
		const struct ctp_fudge *f = &d->fudges[i];

		ctp_sheet_blank(s);
		labelled(s, "baseline:", f->path[CTP_BASE]);
		labelled(s, "candidate:", f->path[CTP_CAND]);
		roots(s, f);
		str_clear(&line);
		str_printf(&line,
			"  overlap: %zu thread types, Jaccard: %.1f%%, cascaded children: %zu",
			f->overlap, f->jaccard * 100, f->cascaded);
		ctp_sheet_line(s, str_get(&line), line.len);
		residual(s, f, CTP_BASE, "baseline");
		residual(s, f, CTP_CAND, "candidate");
	}
}
