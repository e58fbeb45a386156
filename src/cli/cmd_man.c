/* Hidden: the manual's pages, for make. `ktstr __man PAGE`, `ktstr __man --all DIR`. */
#include "src/base/file.h"
#include "src/cli/cli.h"

struct man_values {
	const char *all, *page;
};

static int write_page(
	const struct cli_context *cx, const char *dir, const char *page, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	cleanup_free char *path = xasprintf("%s/%s.1", dir, page);
	int rc = cli_man(cx->root, page, &text, e);

	return rc < 0 ? rc : file_replace(path, text.s, text.len, 0644, e);
}

static int write_all(const struct cli_context *cx, const char *dir, struct err *e)
{
	int rc = file_mkdirs(dir, 0755, e);

	if (rc == 0)
		rc = write_page(cx, dir, cx->root->name, e);
	for (size_t i = 0; rc == 0 && cx->root->sub[i]; i++) {
		cleanup_free char *page =
			xasprintf("%s-%s", cx->root->name, cx->root->sub[i]->name);

		if (!cx->root->sub[i]->hidden)
			rc = write_page(cx, dir, page, e);
	}
	return rc;
}

static int run(const void *values, const struct cli_context *cx)
{
	const struct man_values *v = values;
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;
	int rc;

	if (v->all)
		rc = write_all(cx, v->all, &e);
	else
		rc = cli_man(cx->root, v->page ? v->page : cx->root->name, &text, &e);
	if (rc < 0) {
		cli_error(cx, &e);
		return EXIT_FAILED;
	}
	return cli_print(cx, &text);
}

static const struct opt opts[] = {
	{
		.name = "all",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "write every page into a folder",
		.complete = COMPLETE_DIR,
		.offset = offsetof(struct man_values, all),
	},
};

static const struct positional args[] = {
	{
		.name = "PAGE",
		.help = "the page to print, ktstr-topo for example",
		.offset = offsetof(struct man_values, page),
	},
};

const struct command cmd_man = {
	.name = "__man",
	.summary = "print a page of the manual",
	.opts = opts,
	.nopts = 1,
	.args = args,
	.nargs = 1,
	.values_size = sizeof(struct man_values),
	.hidden = true,
	.run = run,
};
