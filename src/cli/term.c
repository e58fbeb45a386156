#include "src/cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool env_set(const char *name)
{
	const char *v = getenv(name);

	return v && *v;
}

static bool env_is(const char *name, const char *value)
{
	const char *v = getenv(name);

	return v && strcmp(v, value) == 0;
}

bool term_color(const struct cli_context *cx, int fd)
{
	const char *when = cx ? cx->common.color : NULL;

	if (when && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	if ((cx && cx->batch) || env_set("NO_COLOR"))
		return false;
	if (env_set("CLICOLOR_FORCE") && !env_is("CLICOLOR_FORCE", "0"))
		return true;
	return !env_is("TERM", "dumb") && isatty(fd);
}

bool term_progress(const struct cli_context *cx)
{
	return !(cx && cx->batch) && !env_is("TERM", "dumb") && isatty(STDERR_FILENO);
}

bool term_can_ask(const struct cli_context *cx)
{
	return !(cx && cx->batch) && isatty(STDIN_FILENO);
}

int term_width(int fd, int fallback)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) < 0 || ws.ws_col == 0)
		return fallback;
	return ws.ws_col;
}
