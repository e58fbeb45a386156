#include "src/cli/value.h"

#include <errno.h>
#include <string.h>

#include "src/base/parse.h"

static bool among(const char *const *choices, const char *word)
{
	for (; *choices; choices++)
		if (strcmp(*choices, word) == 0)
			return true;
	return false;
}

static int check_choice(
	const char *label, const char *const *choices, const char *word, struct err *e)
{
	cleanup_str struct str all = STR_INIT;
	size_t n = 0;

	if (among(choices, word))
		return 0;
	for (; choices[n]; n++)
		str_printf(&all, "%s%s", n ? ", " : "", choices[n]);
	const char *near = str_nearest(word, choices, n);
	if (near)
		return err_set(e, EINVAL, "%s: '%s' is not one of %s; did you mean '%s'?", label,
			word, str_get(&all), near);
	return err_set(e, EINVAL, "%s: '%s' is not one of %s", label, word, str_get(&all));
}

static int set_choices(
	const struct opt *o, const char *label, const char *text, struct strv *to, struct err *e)
{
	for (const char *p = text;; p++) {
		size_t n = strcspn(p, ",");
		cleanup_free char *word = xstrndup(p, n);
		int rc = check_choice(label, o->choices, word, e);

		if (rc < 0)
			return rc;
		if (!strv_has(to, word))
			strv_push(to, word);
		p += n;
		if (!*p)
			return 0;
	}
}

static int set_u32(
	const struct opt *o, const char *label, const char *text, struct opt_u32 *to, struct err *e)
{
	uint64_t max = o->max ? o->max : UINT32_MAX;
	uint32_t v;

	if (parse_u32(text, &v, e) < 0)
		return err_prefix(e, "%s", label);
	if (v < o->min)
		return err_set(e, ERANGE, "%s: %u is too small, the least is %llu", label, v,
			(unsigned long long)o->min);
	if (v > max)
		return err_set(e, ERANGE, "%s: %u is too large, the most is %llu", label, v,
			(unsigned long long)max);
	*to = (struct opt_u32){.set = true, .v = v};
	return 0;
}

static int set_u64(int (*parse)(const char *, uint64_t *, struct err *), const char *label,
	const char *text, struct opt_u64 *to, struct err *e)
{
	uint64_t v;

	if (parse(text, &v, e) < 0)
		return err_prefix(e, "%s", label);
	*to = (struct opt_u64){.set = true, .v = v};
	return 0;
}

int value_set(const struct opt *o, const char *label, const char *text, void *values, struct err *e)
{
	void *to = (char *)values + o->offset;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case OPT_TEXT:
		*(const char **)to = text;
		return 0;
	case OPT_LIST:
		strv_push(to, text);
		return 0;
	case OPT_U32:
		return set_u32(o, label, text, to, e);
	case OPT_DURATION:
		return set_u64(parse_duration, label, text, to, e);
	case OPT_SIZE:
		return set_u64(parse_size, label, text, to, e);
	case OPT_CHOICE:
		*(const char **)to = text;
		if (o->unlisted && !strcmp(o->unlisted, text))
			return 0;
		return check_choice(label, o->choices, text, e);
	case OPT_CHOICES:
		return set_choices(o, label, text, to, e);
	}
	return err_set(e, EINVAL, "%s: an option of no known type", label);
}

int value_set_arg(const struct positional *a, const char *text, void *values, struct err *e)
{
	void *to = (char *)values + a->offset;
	int rc = a->choices ? check_choice(a->name, a->choices, text, e) : 0;

	if (rc < 0)
		return rc;
	if (a->repeat)
		strv_push(to, text);
	else
		*(const char **)to = text;
	return 0;
}

void value_release(const struct command *c, void *values)
{
	for (size_t i = 0; i < c->nopts; i++)
		if (c->opts[i].type == OPT_LIST || c->opts[i].type == OPT_CHOICES)
			strv_release((struct strv *)((char *)values + c->opts[i].offset));
	for (size_t i = 0; i < c->nargs; i++)
		if (c->args[i].repeat)
			strv_release((struct strv *)((char *)values + c->args[i].offset));
}
