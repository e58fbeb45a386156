#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "tests/lib/svg.h"
#include "tests/lib/tui_impl.h"

static void write_picture(struct tui *t, const char *dir, const char *name)
{
	cleanup_str struct str svg = STR_INIT;
	cleanup_free char *path = xasprintf("%s/%s.svg", dir, name);
	struct err e = ERR_INIT;

	svg_screen(t, name, &svg);
	if (file_mkdirs(dir, 0755, &e) || file_replace(path, svg.s, svg.len, 0644, &e))
		tui_die(t, "cannot write a picture", e.msg);
}

void tui_screenshot(struct tui *t, const char *name)
{
	const char *dir = getenv("SCREENSHOTS");

	if (dir && *dir)
		write_picture(t, dir, name);
}

void tui_golden(struct tui *t, const char *name)
{
	cleanup_free char *path = xasprintf("tests/tui/golden/%s.txt", name);
	cleanup_str struct str want = STR_INIT, have = STR_INIT;
	struct err e = ERR_INIT;

	tui_screen(t, &have);
	if (getenv("UPDATE")) {
		if (file_mkdirs("tests/tui/golden", 0755, &e) ||
			file_replace(path, have.s, have.len, 0644, &e))
			tui_die(t, "cannot write a golden screen", e.msg);
		return;
	}
	if (file_read(path, 1 << 20, &want, &e))
		tui_die(t, "no golden screen (UPDATE=1 makes it)", e.msg);
	if (strcmp(str_get(&want), str_get(&have)) != 0) {
		fprintf(stderr, "# %s says:\n%s", path, str_get(&want));
		tui_die(t, "the screen differs from its golden", name);
	}
}
