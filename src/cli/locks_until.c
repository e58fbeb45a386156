#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/parse.h"
#include "src/cli/locks_state.h"

static int refuse(const char *word, struct err *e)
{
	err_set(e, EINVAL,
		"invalid value '%.60s' for '--until': it is free:LOCK or held:LOCK, and LOCK is "
		"llcN, cpuN, cache:KEY or run:KEY",
		word);
	return -EINVAL;
}

/* "llc0", "cache:6.14.2-..." */
static bool parse_lock(const char *text, struct locks_condition *out)
{
	for (int k = 0; k < LOCKFILE_KINDS; k++) {
		const char *name = locks_kind_name((enum lockfile_kind)k);
		const char *rest = text + strlen(name);
		bool numbered = k == LOCKFILE_LLC || k == LOCKFILE_CPU;
		uint32_t n;

		if (!str_starts(text, name))
			continue;
		out->kind = (enum lockfile_kind)k;
		if (numbered && parse_u32(rest, &n, NULL) == 0) {
			out->number = n;
			out->key = xstrdup("");
			return true;
		}
		if (!numbered && rest[0] == ':' && rest[1]) {
			out->key = xstrdup(rest + 1);
			return true;
		}
	}
	return false;
}

int locks_conditions_parse(const struct strv *words, struct locks_conditions *out, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		struct locks_condition c = {.held = str_starts(words->v[i], "held:")};

		if ((!c.held && !str_starts(words->v[i], "free:")) ||
			!parse_lock(words->v[i] + strlen("free:"), &c))
			return refuse(words->v[i], e);
		vec_push(&out->list, c);
	}
	return 0;
}

void locks_conditions_release(struct locks_conditions *c)
{
	for (size_t i = 0; i < c->list.n; i++)
		free(c->list.v[i].key);
	free(c->list.v);
	*c = (struct locks_conditions){{0}};
}

static const struct locks_file *file_of(const struct locks_condition *c, const struct locks *l)
{
	return locks_file_of(l, c->kind, c->number, c->key);
}

const struct locks_condition *locks_conditions_open(
	const struct locks_conditions *c, const struct locks *l)
{
	for (size_t i = 0; i < c->list.n; i++) {
		const struct locks_file *f = file_of(&c->list.v[i], l);

		if ((f && f->nholders) != c->list.v[i].held)
			return &c->list.v[i];
	}
	return NULL;
}

void locks_condition_text(const struct locks_condition *c, const struct locks *l, struct str *out)
{
	const struct locks_file *f = file_of(c, l);

	locks_name(c->kind, c->number, c->key, out);
	if (c->held) {
		str_add(out, " is still free");
		return;
	}
	str_add(out, " is still held by ");
	for (size_t i = 0; f && i < f->nholders; i++)
		str_printf(out, "%s%d (%s)", i ? ", " : "", (int)f->holders[i].pid,
			f->holders[i].cmdline);
}
