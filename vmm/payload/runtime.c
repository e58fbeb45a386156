#include "vmm/payload/runtime.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "vmm/payload/include.h"
#include "vmm/payload/note.h"

enum { ANSWER_MAX = 64 * 1024 };

/* How an interpreter is asked for its folders, one absolute path per line. Only the standard ones:
 * everything that was ever installed for it may be gigabytes. */
static const struct language {
	const char *prefix; /* of the interpreter's name */
	const char *title;
	const char *args[4];
} languages[] = {
	{.prefix = "python3",
		.title = "Python",
		.args = {"-I", "-S", "-c", "import sys; print('\\n'.join(sys.path))"}},
	{.prefix = "perl",
		.title = "Perl",
		.args = {"-e", "print map { \"$_\\n\" } grep { !/local|site|vendor/ } @INC"}},
};

/* Components of paths that no script needs: tests, examples, documentation, what is for compiling
 * extensions, and Python's caches of other optimisation levels. */
static const char *const left_out[] = {"test", "tests", "idlelib", "lib2to3", "ensurepip",
	"turtledemo", "pydoc_data", "config-*", "*.opt-[12].pyc", "CORE", "pod", "*.pod", "*.a",
	"dist-packages", "site-packages"};

static bool wanted(const char *path)
{
	cleanup_free char *copy = xstrdup(path);
	char *save = NULL;

	for (char *c = strtok_r(copy, "/", &save); c; c = strtok_r(NULL, "/", &save))
		for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
			if (fnmatch(left_out[i], c, 0) == 0)
				return false;
	return true;
}

static const struct language *language_of(const char *interpreter)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (str_starts(file_base(interpreter), languages[i].prefix))
			return &languages[i];
	return NULL;
}

static void ask(const struct language *lang, const char *interpreter, struct strv *dirs)
{
	const char *argv[2 + ARRAY_LEN(lang->args)] = {interpreter};
	const struct spawn_fd fds[] = {{.from = -1, .to = 2}};
	const struct spawn s = {.argv = argv, .fds = fds, .nfds = ARRAY_LEN(fds)};
	cleanup_str struct str text = STR_INIT;
	char *save = NULL;

	for (size_t i = 0; i < ARRAY_LEN(lang->args) && lang->args[i]; i++)
		argv[i + 1] = lang->args[i];
	if (spawn_capture(&s, ANSWER_MAX, &text, NULL, NULL) != 0 || !text.s)
		return;
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (l[0] == '/' && file_is_dir(l))
			strv_push(dirs, l);
}

static int add_folder(const char *dir, struct tree *t, struct libs *libs, struct err *e)
{
	struct include_list list;
	int rc = include_folder(dir, dir + strspn(dir, "/"), &list, e);

	for (size_t i = 0; !rc && i < list.files.n; i++) {
		const struct include_file *f = &list.files.v[i];

		if (!wanted(f->guest) || !tree_free_at(t, f->guest))
			continue;
		rc = tree_file(t, f->guest, f->host, &f->st, e);
		if (!rc && strstr(file_base(f->guest), ".so"))
			libs_add(libs, f->host, f->guest, NULL, NULL);
	}
	if (!rc)
		include_release(&list);
	return rc;
}

int runtime_add(const char *interpreter, const char *script, const struct payload_note *notes,
	struct tree *t, struct libs *libs, struct err *e)
{
	const struct language *lang = language_of(interpreter);
	cleanup_strv struct strv dirs = STRV_INIT;
	int rc = 0;

	if (!lang)
		return 0;
	ask(lang, interpreter, &dirs);
	for (size_t i = 0; i < dirs.n && !rc; i++)
		if (!tree_is_hidden(dirs.v[i] + 1))
			rc = add_folder(dirs.v[i], t, libs, e);
	if (!rc)
		payload_say(notes, "%s: the guest gets %s with its standard modules, no others",
			script, lang->title);
	return rc;
}
