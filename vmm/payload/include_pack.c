/* What the include files need in the guest. */
#include "vmm/payload/include.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/map.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "vmm/payload/note.h"
#include "vmm/payload/runtime.h"
#include "vmm/payload/shebang.h"

enum { CHAIN_MAX = 5 }; /* scripts run by scripts: the kernel's bound */

struct pack {
	const struct payload_note *notes;
	struct tree *tree;
	struct libs *libs;
	struct map seen; /* interpreters, by the path that names them */
};

/* The guest's busybox has these, whether this machine has them or not. */
static bool from_busybox(const char *interpreter)
{
	static const char *const known[] = {"/bin/sh", "/bin/ash", "/bin/hush", "/bin/busybox"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(interpreter, known[i]) == 0)
			return true;
	return false;
}

static int read_head(const char *path, char head[SCRIPT_HEAD], struct err *e)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, head, SCRIPT_HEAD);

	return n < 0 ? err_sys(e, errno, "cannot read '%s'", path) : (int)n;
}

static int pack_script(struct pack *p, const char *path, unsigned level, struct err *e);

/* States of an interpreter in `seen`: their addresses count. */
static const char in_work, packed;

/* A program that a script names, at its own place, and what runs it in turn. */
static int pack_command(struct pack *p, const char *script, const char *path, const char *also,
	unsigned level, struct err *e)
{
	void **state;
	int rc;

	if (!file_exists(path) && from_busybox(path))
		return 0;
	if (access(path, X_OK))
		return err_sys(e, errno, "%s: its interpreter '%s'", script, path);
	if (libs_add_at(p->libs, path, also, e))
		return err_prefix(e, "%s", script);
	state = map_at(&p->seen, path);
	if (*state == &packed)
		return 0;
	if (*state == &in_work || level == CHAIN_MAX)
		return err_set(e, ELOOP, "%s: too many scripts that run each other", script);
	*state = (void *)&in_work;
	rc = runtime_add(path, script, p->notes, p->tree, p->libs, e);
	if (!rc)
		rc = pack_script(p, path, level + 1, e);
	*map_at(&p->seen, path) = (void *)&packed;
	return rc;
}

static int pack_env(
	struct pack *p, const char *script, const char *command, unsigned level, struct err *e)
{
	cleanup_free char *found = spawn_find(command);
	cleanup_free char *path = found ? realpath(found, NULL) : NULL;
	cleanup_free char *also = NULL;

	if (!path)
		return err_set(
			e, ENOENT, "%s: its interpreter '%s' is not in PATH", script, command);
	if (!strchr(command, '/'))
		also = file_join("bin", command);
	return pack_command(p, script, found[0] == '/' ? found : path, also, level, e);
}

/* Nothing to do for what is no script. */
static int pack_script(struct pack *p, const char *path, unsigned level, struct err *e)
{
	char head[SCRIPT_HEAD];
	struct shebang s;
	int rc = read_head(path, head, e);

	if (rc < 0 || !shebang_parse(head, (size_t)rc, &s))
		return rc < 0 ? rc : 0;
	if (s.interpreter[0] != '/')
		rc = err_set(e, EINVAL,
			"%s: its interpreter '%s' is no absolute path, so it depends on where it "
			"is started",
			path, s.interpreter);
	else
		rc = pack_command(p, path, s.interpreter, NULL, level, e);
	if (!rc && s.command)
		rc = pack_env(p, path, s.command, level, e);
	shebang_release(&s);
	return rc;
}

/* In a folder, only a program that cannot run is reason to stop; beside it lie plugins that bring
 * their neighbours, test data and the like. */
static int judge(const struct pack *p, const struct include_file *f, enum closure_kind kind, int rc,
	struct err *e)
{
	if (!rc || f->named || kind == CLOSURE_PROGRAM)
		return rc;
	payload_say(p->notes, "warning: %s", e->msg);
	err_clear(e);
	return 0;
}

static int pack_needs(struct pack *p, const struct include_file *f, struct err *e)
{
	enum closure_kind kind = CLOSURE_NOT_ELF;
	struct err own = ERR_INIT;
	int rc = libs_add(p->libs, f->host, f->guest, &kind, &own);

	if (!rc && kind == CLOSURE_FOREIGN && f->named)
		payload_say(p->notes, "%s is built for another kind of machine than the guest",
			f->host);
	if (!rc && kind == CLOSURE_NOT_ELF && f->st.st_mode & 0111)
		rc = pack_script(p, f->host, 0, &own);
	rc = judge(p, f, kind, rc, &own);
	if (rc && e)
		*e = own;
	return rc;
}

int include_pack(const struct include_list *l, const struct payload_note *notes, struct tree *t,
	struct libs *libs, struct err *e)
{
	struct pack p = {.notes = notes, .tree = t, .libs = libs};
	int rc = 0;

	for (size_t i = 0; i < l->files.n && !rc; i++)
		rc = tree_file(t, l->files.v[i].guest, l->files.v[i].host, &l->files.v[i].st, e);
	for (size_t i = 0; i < l->files.n && !rc; i++)
		rc = pack_needs(&p, &l->files.v[i], e);
	map_release(&p.seen);
	return rc;
}
