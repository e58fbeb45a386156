/*
 * The option parser on any command line: the input is words that end at NUL bytes. Whatever it
 * takes, the values must be whole and within the rows' bounds; whatever it refuses, it says why in
 * one line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/demo_cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

static bool among(const char *const *choices, const char *word)
{
	for (; *choices; choices++)
		if (strcmp(*choices, word) == 0)
			return true;
	return false;
}

static void check_opt(const struct opt *o, const void *values)
{
	const void *at = (const char *)values + o->offset;

	if (o->type == OPT_CHOICE) {
		const char *word = *(const char *const *)at;

		CHECK(!word || among(o->choices, word));
	} else if (o->type == OPT_LIST || o->type == OPT_CHOICES) {
		const struct strv *l = at;

		for (size_t i = 0; i < l->n; i++)
			CHECK(o->type == OPT_LIST || among(o->choices, l->v[i]));
	} else if (o->type == OPT_U32) {
		const struct opt_u32 *n = at;

		CHECK(!n->set || (n->v >= o->min && (!o->max || n->v <= o->max)));
	}
}

static void check_taken(const struct cli_call *call)
{
	const struct command *c = call->path[call->depth - 1];

	if (call->common.help || call->common.version)
		return;
	for (size_t i = 0; i < c->nopts; i++)
		check_opt(&c->opts[i], call->values);
	for (size_t i = 0; i < c->nargs; i++)
		if (c->args[i].required)
			CHECK(*(const char *const *)((const char *)call->values +
						     c->args[i].offset));
}

static void check_help(const struct cli_call *call)
{
	cleanup_str struct str text = STR_INIT;
	const struct cli_help h = {
		.path = call->path, .depth = call->depth, .detail = call->common.help == 2};

	cli_help(&h, &text);
	CHECK(text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX_WORDS = 64 };
	cleanup_free char *text = xcalloc(1, size + 1);
	char *argv[MAX_WORDS];
	int argc = 0;
	struct cli_call call;
	struct err e = ERR_INIT;
	int rc;

	if (size)
		memcpy(text, data, size);
	for (size_t i = 0; i < size && argc < MAX_WORDS; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	rc = cli_parse(&demo_cli, argc, argv, &call, &e);
	CHECK(call.depth >= 1 && call.depth <= CLI_DEPTH && call.values);
	if (rc == 0) {
		check_taken(&call);
		check_help(&call);
	} else {
		CHECK(rc < 0 && e.code > 0 && e.msg[0]);
	}
	cli_call_release(&call);
	return 0;
}
