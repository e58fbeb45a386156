#include "probes/ctprof/glob.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"
#include "src/base/utf8.h"

enum token_kind {
	TOKEN_CHAR,
	TOKEN_ANY,	/* ? */
	TOKEN_RUN,	/* * */
	TOKEN_FOLDERS,	/* a component ** and the slash behind it */
	TOKEN_CLASS,	/* [...] */
	TOKEN_NO_CLASS, /* [!...] */
};

struct range {
	uint32_t from, to;
};

struct token {
	enum token_kind kind;
	uint32_t cp;
	size_t first, n; /* of a class: its ranges */
};

struct ctp_glob {
	VEC(struct token) tokens;
	VEC(struct range) ranges;
};

/* The next character; a byte that is none stands for itself, above all characters. */
static uint32_t next_char(const char **s)
{
	uint32_t cp;
	int n = utf8_decode(*s, strlen(*s), &cp);

	if (n <= 0) {
		cp = 0x110000 + (unsigned char)**s;
		n = 1;
	}
	*s += n;
	return cp;
}

/* `s` is behind the opening bracket; NULL = it is never closed. The first character cannot close.
 */
static const char *class_end(const char *s)
{
	return *s ? strchr(s + 1, ']') : NULL;
}

static void add_ranges(struct ctp_glob *g, struct token *t, const char *s, const char *end)
{
	t->first = g->ranges.n;
	while (s < end) {
		struct range r;

		r.from = r.to = next_char(&s);
		if (s + 1 < end && *s == '-') {
			s++;
			r.to = next_char(&s);
		}
		vec_push(&g->ranges, r);
	}
	t->n = g->ranges.n - t->first;
}

/* Takes what follows '['. */
static int parse_class(struct ctp_glob *g, const char **s, struct err *e)
{
	bool negated = **s == '!';
	const char *from = *s + negated, *end = class_end(from);
	struct token t = {.kind = negated ? TOKEN_NO_CLASS : TOKEN_CLASS};

	if (!end)
		return err_set(e, EINVAL, "'[' without a ']' that closes it");
	add_ranges(g, &t, from, end);
	vec_push(&g->tokens, t);
	*s = end + 1;
	return 0;
}

/* Takes a run of stars; `at_start` = it begins a component. */
static int parse_stars(struct ctp_glob *g, const char **s, bool at_start, struct err *e)
{
	size_t n = strspn(*s, "*");

	*s += n;
	if (n == 1) {
		vec_push(&g->tokens, (struct token){.kind = TOKEN_RUN});
		return 0;
	}
	if (n > 2 || !at_start || (**s && **s != '/'))
		return err_set(e, EINVAL, "'**' can only be a whole component, as in /a/**/b");
	if (**s == '/')
		(*s)++;
	vec_push(&g->tokens, (struct token){.kind = TOKEN_FOLDERS});
	return 0;
}

static int parse(struct ctp_glob *g, const char *pattern, struct err *e)
{
	const char *s = pattern;
	int rc = 0;

	while (!rc && *s) {
		bool at_start = s == pattern || s[-1] == '/';

		if (*s == '*') {
			rc = parse_stars(g, &s, at_start, e);
		} else if (*s == '[') {
			s++;
			rc = parse_class(g, &s, e);
		} else if (*s == '?') {
			s++;
			vec_push(&g->tokens, (struct token){.kind = TOKEN_ANY});
		} else {
			vec_push(&g->tokens,
				(struct token){.kind = TOKEN_CHAR, .cp = next_char(&s)});
		}
	}
	return rc;
}

struct ctp_glob *ctp_glob_new(const char *pattern, struct err *e)
{
	struct ctp_glob *g = xcalloc(1, sizeof(*g));

	if (parse(g, pattern, e) == 0)
		return g;
	err_prefix(e, "pattern \"%s\"", pattern);
	ctp_glob_free(g);
	return NULL;
}

void ctp_glob_free(struct ctp_glob *g)
{
	if (!g)
		return;
	free(g->tokens.v);
	free(g->ranges.v);
	free(g);
}

static bool in_class(const struct ctp_glob *g, const struct token *t, uint32_t cp)
{
	for (size_t i = t->first; i < t->first + t->n; i++)
		if (cp >= g->ranges.v[i].from && cp <= g->ranges.v[i].to)
			return true;
	return false;
}

static bool takes(const struct ctp_glob *g, const struct token *t, uint32_t cp)
{
	switch (t->kind) {
	case TOKEN_CHAR:
		return t->cp == cp;
	case TOKEN_ANY:
		return true;
	case TOKEN_CLASS:
	case TOKEN_NO_CLASS:
		return in_class(g, t, cp) == (t->kind == TOKEN_CLASS);
	default:
		return false;
	}
}

/* Tokens that may stay open: at[i] = everything before token i has matched. Behind a slash (and at
 * the start) `**` may end, `*` always. */
static void pass_runs(const struct ctp_glob *g, bool *at, bool behind_slash)
{
	for (size_t i = 0; i < g->tokens.n; i++) {
		enum token_kind k = g->tokens.v[i].kind;

		if (at[i] && (k == TOKEN_RUN || (k == TOKEN_FOLDERS && behind_slash)))
			at[i + 1] = true;
	}
}

/* What may come after one more character. */
static void step(const struct ctp_glob *g, const bool *at, bool *next, uint32_t cp)
{
	memset(next, 0, (g->tokens.n + 1) * sizeof(*next));
	for (size_t i = 0; i < g->tokens.n; i++) {
		const struct token *t = &g->tokens.v[i];

		if (at[i] && (t->kind == TOKEN_RUN || t->kind == TOKEN_FOLDERS))
			next[i] = true;
		else if (at[i] && takes(g, t, cp))
			next[i + 1] = true;
	}
	pass_runs(g, next, cp == '/');
}

/* The path is over: whatever is left of the pattern must be able to match nothing. */
static bool accepts(const struct ctp_glob *g, const bool *at)
{
	for (size_t i = g->tokens.n;; i--) {
		if (at[i])
			return true;
		if (!i || (g->tokens.v[i - 1].kind != TOKEN_RUN &&
				  g->tokens.v[i - 1].kind != TOKEN_FOLDERS))
			return false;
	}
}

bool ctp_glob_matches(const struct ctp_glob *g, const char *path)
{
	size_t n = g->tokens.n + 1;
	cleanup_free bool *buf = xcalloc(n, 2 * sizeof(*buf));
	bool *at = buf, *next = buf + n;

	at[0] = true;
	pass_runs(g, at, true);
	while (*path) {
		bool *was = at;

		step(g, at, next, next_char(&path));
		at = next;
		next = was;
	}
	return accepts(g, at);
}
