#include "src/cli/cli.h"

#include <errno.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/cli/pager.h"
#include "src/cli/term.h"
#include "src/cli/version.h"

static struct cli_context context(const struct cli_call *call)
{
	return (struct cli_context){
		.root = call->path[0],
		.command = call->path[call->depth - 1],
		.path = call->path,
		.depth = call->depth,
		.common = call->common,
		.batch = call->common.batch,
		.before_dashes = call->before_dashes,
	};
}

static int show_help(const struct cli_context *cx, bool detail)
{
	cleanup_str struct str text = STR_INIT;
	const struct cli_help h = {
		.path = cx->path,
		.depth = cx->depth,
		.detail = detail,
		.bold = term_color(cx, STDOUT_FILENO),
	};

	cli_help(&h, &text);
	return detail ? pager_show(cx, &text) : cli_print(cx, &text);
}

static int show_version(const struct cli_context *cx)
{
	cleanup_str struct str text = STR_INIT;

	version_text(cx->common.verbose, &text);
	return cli_print(cx, &text);
}

/* Nothing to run: the short help goes where it disturbs no data, and the status says so. */
int cli_usage(const struct cli_context *cx)
{
	cleanup_str struct str text = STR_INIT;
	const struct cli_help h = {
		.path = cx->path,
		.depth = cx->depth,
		.bold = term_color(cx, STDERR_FILENO),
	};

	cli_help(&h, &text);
	(void)file_write_fd(STDERR_FILENO, str_get(&text), text.len);
	return EXIT_USAGE;
}

static int run(const struct cli_call *call)
{
	const struct cli_context cx = context(call);

	if (cx.common.help)
		return show_help(&cx, cx.common.help == 2);
	if (cx.common.version)
		return show_version(&cx);
	if (!cx.command->run)
		return cli_usage(&cx);
	return cx.command->run(call->values, &cx);
}

int cli_main(int argc, char **argv)
{
	struct cli_call call;
	struct err e = ERR_INIT;
	int code;

	if (cli_parse(&cli_root, argc > 0 ? argc - 1 : 0, argv + 1, &call, &e) < 0) {
		const struct cli_context cx = context(&call);

		cli_error(&cx, &e);
		code = EXIT_USAGE;
	} else {
		code = run(&call);
	}
	cli_call_release(&call);
	return code;
}
