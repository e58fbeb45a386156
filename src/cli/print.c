#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/utf8.h"
#include "src/cli/cli.h"
#include "src/cli/suggest.h"
#include "src/cli/term.h"

/* "ktstr: kernel list: ", or "ktstr: " when no command is known. */
static void add_prefix(const struct cli_context *cx, bool with_command, struct str *out)
{
	bool bold = term_color(cx, STDERR_FILENO);

	str_add(out, bold ? "\033[1mktstr:\033[0m " : "ktstr: ");
	if (!with_command || !cx || cx->depth < 2)
		return;
	command_words(cx->path + 1, cx->depth - 1, out);
	str_add(out, ": ");
}

/* stderr is the last resort: what cannot be written there is lost. */
static void put(const struct str *line)
{
	(void)file_write_fd(STDERR_FILENO, str_get(line), line->len);
}

static void add_hints(const char *hint, struct str *out)
{
	while (*hint) {
		size_t n = strcspn(hint, "\n");

		str_add(out, "  hint: ");
		utf8_sanitize(out, hint, n, false);
		str_addc(out, '\n');
		hint += n + (hint[n] == '\n');
	}
}

void cli_error(const struct cli_context *cx, const struct err *e)
{
	cleanup_str struct str line = STR_INIT;

	add_prefix(cx, true, &line);
	utf8_sanitize(&line, e->msg, strlen(e->msg), false);
	str_addc(&line, '\n');
	add_hints(e->hint, &line);
	put(&line);
}

void cli_note(const struct cli_context *cx, const char *fmt, ...)
{
	cleanup_str struct str text = STR_INIT, line = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	add_prefix(cx, false, &line);
	utf8_sanitize(&line, str_get(&text), text.len, true);
	str_addc(&line, '\n');
	put(&line);
}

int cli_print(const struct cli_context *cx, const struct str *out)
{
	struct err e = ERR_INIT;
	int rc = file_write_fd(STDOUT_FILENO, str_get(out), out->len);

	if (rc == 0)
		return EXIT_OK;
	err_sys(&e, rc, "cannot write the output");
	cli_error(cx, &e);
	return EXIT_FAILED;
}
