#include "vmm/payload/extras.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "vmm/payload/include.h"

#define LSCPU "usr/bin/lscpu"

void extras_lscpu(struct tree *t, struct libs *libs)
{
	cleanup_free char *path = spawn_find("lscpu");
	cleanup_free char *real = path ? realpath(path, NULL) : NULL;
	enum closure_kind kind;
	struct stat st;

	if (!real || stat(real, &st) || libs_add(libs, real, LSCPU, &kind, NULL))
		return;
	if (kind != CLOSURE_PROGRAM && kind != CLOSURE_STATIC)
		return;
	st.st_mode = S_IFREG | 0755;
	tree_file(t, LSCPU, real, &st, NULL);
}

bool extras_locale(struct tree *t)
{
	static const char dir[] = "/usr/lib/locale/C.utf8";
	struct include_list list;
	bool all;

	if (!file_is_dir(dir) || include_folder(dir, dir + 1, &list, NULL))
		return false;
	all = list.files.n > 0;
	for (size_t i = 0; i < list.files.n && all; i++) {
		const struct include_file *f = &list.files.v[i];

		all = tree_file(t, f->guest, f->host, &f->st, NULL) == 0;
	}
	include_release(&list);
	return all;
}

/* The first file that describes the terminal, in the order of ncurses. Heap. */
static char *find_terminal(const char *name)
{
	const char *own = getenv("TERMINFO"), *home = getenv("HOME");
	cleanup_free char *in_home = home ? file_join(home, ".terminfo") : NULL;
	const char *const dirs[] = {
		own, in_home, "/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		char *path;

		if (!dirs[i] || !*dirs[i])
			continue;
		path = xasprintf("%s/%c/%s", dirs[i], name[0], name);
		if (file_exists(path) && !file_is_dir(path))
			return path;
		free(path);
	}
	return NULL;
}

static void add_terminal(struct tree *t, const char *name)
{
	cleanup_free char *path = NULL, *guest = NULL;
	struct stat st;

	/* The name comes from the environment. */
	if (!*name || strchr(name, '/') || name[0] == '.')
		return;
	path = find_terminal(name);
	if (!path || stat(path, &st) || !S_ISREG(st.st_mode))
		return;
	guest = xasprintf("usr/share/terminfo/%c/%s", name[0], name);
	st.st_mode = S_IFREG | 0644;
	if (tree_free_at(t, guest))
		tree_file(t, guest, path, &st, NULL);
}

void extras_terminfo(struct tree *t, const char *term)
{
	static const char *const likely[] = {"linux", "xterm", "xterm-256color", "vt100", "vt220",
		"ansi", "dumb", "screen", "screen-256color", "tmux", "tmux-256color"};

	if (term)
		add_terminal(t, term);
	for (size_t i = 0; i < ARRAY_LEN(likely); i++)
		add_terminal(t, likely[i]);
}
