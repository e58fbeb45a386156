#include "vmm/payload/shebang.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"

static const char blanks[] = " \t";

/* The next word of a line; NULL at its end. Heap. */
static char *word(const char **line)
{
	const char *start = *line + strspn(*line, blanks);
	size_t n = strcspn(start, blanks);

	*line = start + n;
	return n ? xstrndup(start, n) : NULL;
}

/*
 * `env [-S] [OPTION]... [NAME=VALUE]... COMMAND`. Options that take a word of their own do not
 * occur in `#!` lines, except behind -S, where -u and -C are passed over with their words.
 */
static char *env_command(const char *arguments)
{
	bool skip = false;
	char *w;

	while ((w = word(&arguments))) {
		bool option = w[0] == '-', assignment = strchr(w, '=');

		if (!skip && !option && !assignment)
			return w;
		skip = !skip && (strcmp(w, "-u") == 0 || strcmp(w, "-C") == 0);
		/* "-Sbash -e" is "-S bash -e" */
		if (option && w[1] == 'S' && w[2]) {
			memmove(w, w + 2, strlen(w + 2) + 1);
			return w;
		}
		free(w);
	}
	return NULL;
}

int shebang_parse(const char *head, size_t n, struct shebang *out)
{
	cleanup_free char *line = NULL;
	const char *end, *rest;

	*out = (struct shebang){0};
	if (n > SCRIPT_HEAD)
		n = SCRIPT_HEAD;
	if (n < 2 || head[0] != '#' || head[1] != '!')
		return 0;
	end = memchr(head, '\n', n);
	line = xstrndup(head + 2, (end ? (size_t)(end - head) : n) - 2);
	rest = line;
	out->interpreter = word(&rest);
	/* Without an end, the kernel takes the line only when the interpreter's name is whole. */
	if (!out->interpreter || (!end && n == SCRIPT_HEAD && !*rest)) {
		shebang_release(out);
		return 0;
	}
	if (strcmp(file_base(out->interpreter), "env") == 0)
		out->command = env_command(rest);
	return 1;
}

void shebang_release(struct shebang *s)
{
	free(s->interpreter);
	free(s->command);
	*s = (struct shebang){0};
}
