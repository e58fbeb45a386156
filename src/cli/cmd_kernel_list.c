/* ktstr kernel list: what is in the kernel cache, or what a range of versions stands for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"
#include "src/cli/kernel_watch.h"
#include "src/kernels/listing.h"
#include "src/kernels/range.h"

struct values {
	bool json, include_eol, detail, offline;
	const char *kernel;
};

static int print_json(const struct listing *l, const struct cli_context *cx)
{
	cleanup_str struct str out = STR_INIT;
	struct json_out j;

	json_init(&j, &out, true);
	listing_json(l, &j);
	str_addc(&out, '\n');
	return cli_print(cx, &out);
}

static int print_text(const struct listing *l, bool detail, const struct cli_context *cx)
{
	cleanup_str struct str out = STR_INIT, remarks = STR_INIT;
	int status;

	fprintf(stderr, "cache: %s\n", l->root);
	listing_fetch_notice(l, "kernel list", &remarks);
	listing_text(l, detail, &out);
	status = cli_print(cx, &out);
	listing_legends(l, &remarks);
	fputs(str_get(&remarks), stderr);
	return status;
}

static int list(const struct values *v, const struct place *place, const char *root,
	const struct cli_context *cx)
{
	struct listing l;
	struct err e = ERR_INIT;
	int status;

	if (listing_load(&l, place, root, v->offline, &e)) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	status = v->json ? print_json(&l, cx) : print_text(&l, v->detail, cx);
	listing_release(&l);
	return status;
}

/* ---- the preview of a range -------------------------------------------------------------------
 */

static int parse_range(
	const char *text, const struct place *place, struct ident *out, struct err *e)
{
	int rc = ident_parse(text, place->home, out, e);

	if (rc)
		return rc;
	if (out->kind == IDENT_RANGE) {
		rc = ident_validate(out, e);
		return rc ? err_prefix(e, "kernel list --kernel %s", text) : 0;
	}
	err_set(e, EINVAL, "kernel list --kernel: `%s` does not parse as a `START..END` range",
		text);
	return err_hint(e, "6.12..6.14 is one");
}

static void range_json(const struct ident *range, const char *literal, const struct strv *versions,
	struct str *out)
{
	const char *dots = strstr(range->text, range->separator);
	cleanup_free char *start = xstrndup(range->text, (size_t)(dots - range->text));
	struct json_out j;

	json_init(&j, out, true);
	json_object(&j);
	json_key_str(&j, "range", literal);
	json_key_str(&j, "start", start);
	json_key_str(&j, "end", dots + strlen(range->separator));
	json_key(&j, "versions");
	json_array(&j);
	for (size_t i = 0; i < versions->n; i++)
		json_str(&j, versions->v[i]);
	json_array_end(&j);
	json_object_end(&j);
	str_addc(out, '\n');
}

static void say_versions(const struct strv *versions)
{
	fprintf(stderr, "kernel list: range expanded to %zu kernel(s): ", versions->n);
	for (size_t i = 0; i < versions->n; i++)
		fprintf(stderr, "%s%s", i ? ", " : "", versions->v[i]);
	fputc('\n', stderr);
}

static int expand(const struct values *v, const struct upstream *u, const struct ident *range,
	const struct cli_context *cx, struct err *e)
{
	cleanup_strv struct strv versions = STRV_INIT;
	cleanup_str struct str out = STR_INIT;
	int rc;

	fprintf(stderr, "kernel list: expanding kernel range %s%s\n", range->text,
		v->include_eol ? " (including EOL series)" : "");
	rc = range_expand(u, range, v->include_eol, &versions, e);
	if (rc)
		return rc;
	say_versions(&versions);
	for (size_t i = 0; i < versions.n && !v->json; i++)
		str_printf(&out, "%s\n", versions.v[i]);
	if (v->json)
		range_json(range, v->kernel, &versions, &out);
	return cli_print(cx, &out);
}

static int preview(const struct values *v, const struct place *place, const char *root,
	const struct cli_context *cx)
{
	struct kernel_watch w = {0};
	struct ident range = {0};
	struct err e = ERR_INIT;
	int rc = parse_range(v->kernel, place, &range, &e);

	if (!rc) {
		kernel_watch_begin(&w, cx);
		const struct upstream u = {
			.place = place, .root = root, .offline = v->offline, .report = &w.report};

		rc = expand(v, &u, &range, cx, &e);
		kernel_watch_end(&w);
	}
	ident_release(&range);
	if (w.ended_by)
		return 128 + w.ended_by;
	if (rc >= 0)
		return rc;
	cli_error(cx, &e);
	return EXIT_FAILED;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct values *v = values;
	struct place_storage storage;
	const struct place place = place_host(&storage);
	struct err e = ERR_INIT;
	cleanup_free char *root = place_cache_root(&place, &e);

	if (!root) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	return v->kernel ? preview(v, &place, root, cx) : list(v, &place, root, cx);
}

static const struct opt opts[] = {
	{
		.name = "json",
		.letter = 'j',
		.type = OPT_FLAG,
		.help = "an object with all that is known of each entry",
		.offset = offsetof(struct values, json),
	},
	{
		.name = "long",
		.letter = 'l',
		.type = OPT_FLAG,
		.help = "also configuration base, size on disk and last use",
		.offset = offsetof(struct values, detail),
	},
	{
		.name = "kernel",
		.type = OPT_TEXT,
		.metavar = "START..END",
		.help = "instead: the versions that this range stands for",
		.more = "Stable and longterm releases that are still looked after, one a line, as "
			"`kernel build` would take them. The cache is not looked at.",
		.offset = offsetof(struct values, kernel),
	},
	{
		.name = "include-eol",
		.type = OPT_FLAG,
		.help = "in a range: also series past their end of life",
		.needs = "kernel",
		.offset = offsetof(struct values, include_eol),
	},
	{
		.name = "offline",
		.type = OPT_FLAG,
		.help = "use the list of releases that was fetched before",
		.offset = offsetof(struct values, offline),
	},
};

static const char *const examples[] = {
	"ktstr kernel list",
	"ktstr kernel list --json | jq -r '.entries[].key'",
	"ktstr kernel list --kernel 6.12..6.14",
	NULL,
};

const struct command cmd_kernel_list = {
	.name = "list",
	.summary = "show the kernels in the cache",
	.about =
		"Newest first, unusable ones last. Tags say when an entry was configured otherwise "
		"than this program would today, and when its series has reached its end of life; "
		"what "
		"they mean follows on standard error. The list of kernel.org's releases that this "
		"takes is kept for hours, and not waited for longer than about a second. Kernels "
		"that were unpacked from packages are there with the source distro.",
	.examples = examples,
	.opts = opts,
	.nopts = sizeof(opts) / sizeof(opts[0]),
	.values_size = sizeof(struct values),
	.run = run,
};
