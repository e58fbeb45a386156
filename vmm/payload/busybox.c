#include "vmm/payload/busybox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "vmm/payload/closure.h"
#include "vmm/payload/payload.h"

enum { LIST_MAX = 64 * 1024 };

/* A static program of the guest's kind. */
static bool usable(const char *path, struct err *e)
{
	struct closure_cache cache = {0};
	cleanup_free char *real = realpath(path, NULL);
	const struct closure_file *f = real ? closure_file(&cache, real, e) : NULL;
	bool ok = f && f->kind == CLOSURE_STATIC;

	closure_cache_release(&cache);
	return ok;
}

static int packages(struct err *e)
{
	return err_hint(e, "Debian, Ubuntu: apt-get install busybox-static; Fedora: dnf install "
			   "busybox; or set KTSTR_BUSYBOX_PATH to a static busybox");
}

static char *from_environment(const char *path, struct err *e)
{
	if (access(path, X_OK))
		err_sys(e, errno, "KTSTR_BUSYBOX_PATH is '%s'", path);
	else if (!usable(path, NULL))
		err_set(e, EINVAL,
			"KTSTR_BUSYBOX_PATH is '%s', which is not a static program for x86-64",
			path);
	else
		return xstrdup(path);
	return NULL;
}

static char *beside_us(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	cleanup_free char *dir = NULL;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	dir = file_dir(self);
	return file_join(dir, "busybox");
}

char *payload_busybox(struct err *e)
{
	static const char *const places[] = {
		"/bin/busybox", "/usr/bin/busybox", "/sbin/busybox", "/usr/sbin/busybox"};
	const char *env = getenv("KTSTR_BUSYBOX_PATH");
	cleanup_free char *own = beside_us(), *in_path = spawn_find("busybox");
	struct err why = ERR_INIT;
	const char *seen = NULL;
	const char *all[2 + ARRAY_LEN(places)] = {own, in_path};

	if (env && *env)
		return from_environment(env, e);
	memcpy(all + 2, places, sizeof(places));
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!all[i] || access(all[i], X_OK))
			continue;
		if (usable(all[i], &why))
			return xstrdup(all[i]);
		seen = seen ? seen : all[i];
	}
	if (seen && why.code == ENOENT) /* libelf is missing, not the busybox */
		*(e ? e : &why) = why;
	else if (seen)
		err_set(e, ENOENT,
			"the guest needs a static busybox, and '%s' needs shared libraries", seen);
	else
		err_set(e, ENOENT, "the guest needs a static busybox, and there is none");
	if (!why.code || why.code != ENOENT)
		packages(e);
	return NULL;
}

/* It writes each name by itself: into a file, which wakes nobody every time. Returns as
 * spawn_wait(). */
static int list(const char *path, struct str *text, struct err *e)
{
	const char *const argv[] = {path, "--list", NULL};
	cleanup_close int fd = file_memfd("busybox-list");
	const struct spawn_fd to = {fd, 1};
	const struct spawn s = {.argv = argv, .fds = &to, .nfds = 1};
	pid_t pid;
	int rc;

	if (fd < 0)
		return err_sys(e, fd, "cannot create a memory file for the busybox's commands");
	pid = spawn_start(&s, e);
	if (pid < 0)
		return pid;
	rc = spawn_wait(pid);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) == 0 && file_read_fd(fd, LIST_MAX, text))
		str_clear(text);
	return rc;
}

int busybox_commands(const char *path, struct strv *out, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	char *save = NULL;
	int rc = list(path, &text, e);

	if (rc < 0)
		return rc;
	if (rc == 0 && text.s)
		for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
			if (*l && !strchr(l, '/'))
				strv_push(out, l);
	if (!strv_has(out, "sh"))
		return err_set(e, EINVAL, "'%s' is not a busybox with a shell", path);
	return 0;
}
