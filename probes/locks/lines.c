#include "probes/locks/lines.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

/* A piece of text that is read from its front. */
struct cursor {
	const char *p, *end;
};

static struct cursor next_word(struct cursor *c)
{
	struct cursor w;

	while (c->p < c->end && isspace((unsigned char)*c->p))
		c->p++;
	w.p = c->p;
	while (c->p < c->end && !isspace((unsigned char)*c->p))
		c->p++;
	w.end = c->p;
	return w;
}

static bool is_word(struct cursor w, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(w.end - w.p) == n && memcmp(w.p, text, n) == 0;
}

/* A number up to max at the front. */
static bool take_number(struct cursor *c, unsigned base, uint64_t max, uint64_t *out)
{
	const char *start = c->p;
	uint64_t v = 0;

	for (; c->p < c->end; c->p++) {
		int ch = tolower((unsigned char)*c->p);
		unsigned digit = isdigit(ch)		      ? (unsigned)(ch - '0')
				 : base == 16 && isxdigit(ch) ? (unsigned)(ch - 'a' + 10)
							      : base;

		if (digit >= base)
			break;
		if (v > (max - digit) / base)
			return false;
		v = v * base + digit;
	}
	*out = v;
	return c->p > start;
}

static bool take_char(struct cursor *c, char ch)
{
	if (c->p == c->end || *c->p != ch)
		return false;
	c->p++;
	return true;
}

/* "08:01:131": hexadecimal device, decimal inode. */
static bool parse_id(struct cursor w, struct lock_id *out)
{
	uint64_t major, minor;

	*out = (struct lock_id){0};
	if (!take_number(&w, 16, UINT_MAX, &major) || !take_char(&w, ':') ||
		!take_number(&w, 16, UINT_MAX, &minor) || !take_char(&w, ':') ||
		!take_number(&w, 10, UINT64_MAX, &out->inode) || w.p != w.end)
		return false;
	out->major = (unsigned)major;
	out->minor = (unsigned)minor;
	return true;
}

static bool parse_pid(struct cursor w, pid_t *out)
{
	uint64_t v;

	if (!take_number(&w, 10, INT_MAX, &v) || w.p != w.end)
		return false;
	*out = (pid_t)v;
	return true;
}

static bool parse_mode(struct cursor w, enum lockfile_mode *out)
{
	*out = is_word(w, "WRITE") ? LOCKFILE_EXCLUSIVE : LOCKFILE_SHARED;
	return *out == LOCKFILE_EXCLUSIVE || is_word(w, "READ");
}

bool flock_line_parse(const char *line, size_t n, struct flock_line *out)
{
	struct cursor c = {line, line + n};
	struct cursor w = next_word(&c);

	memset(out, 0, sizeof(*out)); /* lines are compared as bytes */
	if (w.p == w.end || w.end[-1] != ':')
		return false;
	w = next_word(&c);
	out->waits = is_word(w, "->");
	if (out->waits)
		w = next_word(&c);
	if (!is_word(w, "FLOCK"))
		return false;
	(void)next_word(&c);
	return parse_mode(next_word(&c), &out->mode) && parse_pid(next_word(&c), &out->pid) &&
	       parse_id(next_word(&c), &out->id);
}

static const char *line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl : end;
}

void flock_lines_parse(const char *text, size_t n, struct flock_lines *out)
{
	const char *end = text + n, *nl;
	struct flock_line line;

	for (const char *p = text; p < end; p = nl + 1) {
		nl = line_end(p, end);
		if (flock_line_parse(p, (size_t)(nl - p), &line))
			vec_push(&out->list, line);
	}
}

void flock_fdinfo_parse(const char *text, size_t n, struct flock_lines *out)
{
	static const char label[] = "lock:";
	const size_t skip = sizeof(label) - 1;
	const char *end = text + n, *nl;
	struct flock_line line;

	for (const char *p = text; p < end; p = nl + 1) {
		nl = line_end(p, end);
		if ((size_t)(nl - p) > skip && memcmp(p, label, skip) == 0 &&
			flock_line_parse(p + skip, (size_t)(nl - p) - skip, &line) && !line.waits)
			vec_push(&out->list, line);
	}
}
