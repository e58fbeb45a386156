#include "ui/filter.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/base/str.h"

struct term {
	bool not, is_regex;
	char *column; /* NULL = any */
	char *text;
	regex_t regex;
};

struct filter {
	VEC(struct term) terms;
	char *text; /* as it was given */
};

enum { MOST_TERMS = 64, LONGEST_REGEX = 256 };

static const char *known_column(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(s, names[i]) && s[strlen(names[i])] == ':')
			return names[i];
	return NULL;
}

static int compile(struct term *t, struct err *e)
{
	char why[128];
	int rc;

	if (strlen(t->text) > LONGEST_REGEX)
		return err_set(e, EINVAL, "the expression is longer than %d", LONGEST_REGEX);
	rc = regcomp(&t->regex, t->text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (!rc) {
		t->is_regex = true;
		return 0;
	}
	regerror(rc, &t->regex, why, sizeof(why));
	return err_set(e, EINVAL, "\"%s\" is no regular expression: %s", t->text, why);
}

/* Takes the word apart. */
static int add_term(
	struct filter *f, const char *word, const char *const *names, size_t nnames, struct err *e)
{
	struct term t = {.not = *word == '!'};
	const char *column;
	bool regex;

	word += t.not ;
	column = known_column(word, names, nnames);
	if (column) {
		t.column = xstrdup(column);
		word += strlen(column) + 1;
	}
	regex = str_starts(word, "re:");
	t.text = xstrdup(word + (regex ? 3 : 0));
	vec_push(&f->terms, t);
	return regex ? compile(&f->terms.v[f->terms.n - 1], e) : 0;
}

struct filter *filter_new(const char *text, const char *const *names, size_t nnames, struct err *e)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	cleanup_free char *copy = xstrdup(text);
	char *rest = copy;
	int rc = 0;

	f->text = xstrdup(text);
	while (!rc && rest) {
		char *word = str_trim(strsep(&rest, "|"));

		if (f->terms.n >= MOST_TERMS)
			rc = err_set(e, EINVAL, "more than %d terms", MOST_TERMS);
		else if (*word)
			rc = add_term(f, word, names, nnames, e);
	}
	if (!rc)
		return f;
	filter_free(f);
	return NULL;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->terms.n; i++) {
		if (f->terms.v[i].is_regex)
			regfree(&f->terms.v[i].regex);
		free(f->terms.v[i].column);
		free(f->terms.v[i].text);
	}
	free(f->terms.v);
	free(f->text);
	free(f);
}

int filter_replace(
	struct filter **f, const char *text, const char *const *names, size_t nnames, struct err *e)
{
	struct filter *now = filter_new(text, names, nnames, e);

	if (!now)
		return -EINVAL;
	filter_free(*f);
	*f = now;
	if (!now->terms.n) {
		filter_free(now);
		*f = NULL;
	}
	return 0;
}

const char *filter_text(const struct filter *f)
{
	return f ? f->text : "";
}

static bool in_text(const struct term *t, const char *text)
{
	return t->is_regex ? regexec(&t->regex, text, 0, NULL, 0) == 0
			   : strcasestr(text, t->text) != NULL;
}

static bool in_columns(const struct term *t, const struct filter_column *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((!t->column || strcmp(t->column, columns[i].name) == 0) &&
			in_text(t, columns[i].text))
			return true;
	return false;
}

bool filter_lets(const struct filter *f, const struct filter_column *columns, size_t n)
{
	bool any = false, wanted = false;

	for (size_t i = 0; f && i < f->terms.n; i++) {
		const struct term *t = &f->terms.v[i];
		bool in = in_columns(t, columns, n);

		if (t->not &&in)
			return false;
		wanted |= !t->not ;
		any |= !t->not &&in;
	}
	return any || !wanted;
}
