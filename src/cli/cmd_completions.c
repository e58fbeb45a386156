/* ktstr completions SHELL [--binary NAME]: the script on stdout, no file is touched. */
#include "src/cli/cli.h"

struct completions_values {
	const char *shell, *binary;
};

static const char *const shells[] = {"bash", "elvish", "fish", "powershell", "zsh", NULL};

static const struct opt opts[] = {
	{
		.name = "binary",
		.type = OPT_TEXT,
		.metavar = "NAME",
		.help = "name to register for (default: ktstr)",
		.more = "For a renamed binary or a link to it. It need not exist.",
		.complete = COMPLETE_COMMAND,
		.offset = offsetof(struct completions_values, binary),
	},
};

static const struct positional args[] = {
	{
		.name = "SHELL",
		.help = "bash, elvish, fish, powershell or zsh",
		.choices = shells,
		.required = true,
		.offset = offsetof(struct completions_values, shell),
	},
};

static const char *const examples[] = {
	"eval \"$(ktstr completions bash)\"",
	"ktstr completions fish > ~/.config/fish/completions/ktstr.fish",
	NULL,
};

static int run(const void *values, const struct cli_context *cx)
{
	const struct completions_values *v = values;
	cleanup_str struct str script = STR_INIT;
	struct err e = ERR_INIT;

	if (cli_completion(
		    cx->root, v->shell, v->binary ? v->binary : cx->root->name, &script, &e) < 0) {
		cli_error(cx, &e);
		return EXIT_USAGE;
	}
	return cli_print(cx, &script);
}

const struct command cmd_completions = {
	.name = "completions",
	.summary = "print the completion script of a shell",
	.about = "Commands, options and their values are completed as this program knows them. "
		 "Load the script at the start of the shell:\n"
		 "\n"
		 "  bash        eval \"$(ktstr completions bash)\"\n"
		 "  zsh         source <(ktstr completions zsh)      (after compinit)\n"
		 "  fish        ktstr completions fish | source\n"
		 "  elvish      eval (ktstr completions elvish | slurp)\n"
		 "  powershell  ktstr completions powershell | Out-String | Invoke-Expression\n"
		 "\n"
		 "An installed ktstr (make install) has them in place.",
	.examples = examples,
	.opts = opts,
	.nopts = 1,
	.args = args,
	.nargs = 1,
	.values_size = sizeof(struct completions_values),
	.run = run,
};
