#include "ui/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/utf8.h"

enum { SCRIPT_BYTES_MAX = 1 << 20 };

struct reader {
	const char *s;
	int line;
};

static void skip_blanks(struct reader *r)
{
	for (; *r->s; r->s++) {
		if (*r->s == '#')
			r->s += strcspn(r->s, "\n");
		if (*r->s == '\n')
			r->line++;
		else if (!isspace((unsigned char)*r->s))
			return;
		if (!*r->s)
			return;
	}
}

/* A quoted text; r->s is on its first quote. */
static int read_text(struct reader *r, struct str *out, struct err *e)
{
	for (r->s++; *r->s != '"'; r->s++) {
		if (!*r->s || *r->s == '\n')
			return err_set(
				e, EINVAL, "line %d: the text has no closing quote", r->line);
		if (*r->s != '\\') {
			str_addc(out, *r->s);
			continue;
		}
		r->s++;
		switch (*r->s) {
		case 'n':
			str_addc(out, '\r');
			break;
		case 't':
			str_addc(out, '\t');
			break;
		case 'e':
			str_addc(out, '\033');
			break;
		case '"':
		case '\\':
			str_addc(out, *r->s);
			break;
		default:
			return err_set(e, EINVAL,
				"line %d: after a backslash comes one of \\ \" n t e", r->line);
		}
	}
	r->s++;
	return 0;
}

static struct ui_key key_of(uint32_t cp)
{
	switch (cp) {
	case '\r':
		return ui_key_fn(UI_FN_ENTER, 0);
	case '\t':
		return ui_key_fn(UI_FN_TAB, 0);
	case '\033':
		return ui_key_fn(UI_FN_ESC, 0);
	default:
		return ui_key_char(cp, 0);
	}
}

static void add(struct script *s, struct script_step step)
{
	vec_push(s, step);
}

static int add_text(struct script *s, const struct str *text, int line, struct err *e)
{
	const char *p = str_get(text);
	size_t n = text->len;

	while (n) {
		uint32_t cp;
		int len = utf8_decode(p, n, &cp);

		if (len <= 0)
			return err_set(e, EINVAL, "line %d: the text is not UTF-8", line);
		add(s, (struct script_step){.kind = SCRIPT_KEY, .line = line, .key = key_of(cp)});
		p += len;
		n -= (size_t)len;
	}
	return 0;
}

static int read_wait(struct script *s, struct reader *r, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc, line = r->line;

	skip_blanks(r);
	if (*r->s != '"')
		return err_set(e, EINVAL, "line %d: `wait` is followed by a \"text\"", line);
	rc = read_text(r, &text, e);
	if (rc)
		return rc;
	if (!text.len)
		return err_set(e, EINVAL, "line %d: there is nothing to wait for in \"\"", line);
	add(s, (struct script_step){.kind = SCRIPT_WAIT, .line = line, .text = str_steal(&text)});
	return 0;
}

static int read_word(struct script *s, struct reader *r, struct err *e)
{
	size_t n = strcspn(r->s, " \t\r\n\v\f");
	struct script_step step = {.kind = SCRIPT_KEY, .line = r->line};

	if (n == 4 && !strncmp(r->s, "wait", 4)) {
		r->s += n;
		return read_wait(s, r, e);
	}
	if (!ui_key_parse(r->s, n, &step.key)) {
		err_set(e, EINVAL, "line %d: there is no key named \"%.*s\"", r->line,
			(int)(n < 40 ? n : 40), r->s);
		return err_hint(e, "keys are q, /, Enter, Esc, PgDn, F1, C-l ...; text to be typed "
				   "stands in \"quotes\"");
	}
	add(s, step);
	r->s += n;
	return 0;
}

int script_parse(struct script *s, const char *text, struct err *e)
{
	struct reader r = {text, 1};
	int rc = 0;

	for (skip_blanks(&r); !rc && *r.s; skip_blanks(&r)) {
		cleanup_str struct str typed = STR_INIT;

		if (*r.s != '"') {
			rc = read_word(s, &r, e);
			continue;
		}
		rc = read_text(&r, &typed, e);
		if (!rc)
			rc = add_text(s, &typed, r.line, e);
	}
	return rc;
}

int script_load(struct script *s, const char *path, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	int rc = file_read(path, SCRIPT_BYTES_MAX, &text, e);

	if (rc)
		return rc;
	if (strlen(str_get(&text)) != text.len)
		return err_set(e, EINVAL, "%s: a file of keys holds no NUL bytes", path);
	rc = script_parse(s, str_get(&text), e);
	return rc ? err_prefix(e, "%s", path) : 0;
}

void script_release(struct script *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].text);
	free(s->v);
	*s = (struct script){0};
}

bool script_done(const struct script *s)
{
	return s->at >= s->n;
}

bool script_sees(const struct canvas *c, const char *text)
{
	cleanup_str struct str line = STR_INIT;

	for (int row = 0; row < c->rows; row++) {
		str_clear(&line);
		canvas_line(c, row, &line);
		if (strstr(str_get(&line), text))
			return true;
	}
	return false;
}
