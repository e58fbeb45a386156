/* Processes: how a child is born clean, and how PID 1 learns of every death. */
#include "vmm/guest/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define INCLUDES    "/include-files"
#define SYSTEM_PATH "/bin:/usr/bin:/sbin:/usr/sbin"

enum { PATH_MAX_BYTES = 64 * 1024, DEPTH_MAX = 32 };

struct path {
	char *s;
	size_t len;
};

/* "DIR:", as long as the whole stays in its bounds. */
static void add_dir(struct path *path, const char *dir, size_t len)
{
	if (path->len + len + sizeof(":" SYSTEM_PATH) > PATH_MAX_BYTES)
		return;
	memcpy(path->s + path->len, dir, len);
	path->s[path->len + len] = ':';
	path->len += len + 1;
}

/* Folders that hold a program, in the order of their names, deeper ones behind their parent. */
static void walk(char *dir, size_t room, struct path *path, int depth)
{
	size_t len = strlen(dir);
	struct dirent **entries;
	bool program = false;
	int n = scandir(dir, &entries, NULL, alphasort);
	struct stat st;

	for (int i = 0; i < n; i++) { /* once for the folder itself */
		snprintf(dir + len, room - len, "/%s", entries[i]->d_name);
		program |= stat(dir, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111;
	}
	if (program)
		add_dir(path, dir, len);
	for (int i = 0; i < n; i++) { /* once for those below */
		const char *name = entries[i]->d_name;

		snprintf(dir + len, room - len, "/%s", name);
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && lstat(dir, &st) == 0 &&
			S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			walk(dir, room, path, depth + 1);
		free(entries[i]);
	}
	dir[len] = '\0';
	if (n >= 0)
		free(entries);
}

char *child_path(void)
{
	struct path path = {.s = calloc(1, PATH_MAX_BYTES)};
	char dir[4096] = INCLUDES;

	if (!path.s)
		abort();
	walk(dir, sizeof(dir), &path, 0);
	memcpy(path.s + path.len, SYSTEM_PATH, sizeof(SYSTEM_PATH));
	return path.s;
}

static char *variable(const char *name, const char *value)
{
	char *s;

	if (asprintf(&s, "%s=%s", name, value) < 0)
		abort();
	return s;
}

/* Puts NAME=VALUE into the list, in the place of an earlier NAME. */
static void set(char **list, size_t *n, char *entry)
{
	size_t name = strcspn(entry, "=") + 1;

	for (size_t i = 0; i < *n; i++)
		if (!strncmp(list[i], entry, name)) {
			list[i] = entry;
			return;
		}
	list[(*n)++] = entry;
}

char **child_environ(const struct guest_conf *c)
{
	/* dim "^Ax=quit", then busybox's directory and prompt (spec 2.3) */
	static const char prompt[] = "PS1=\\[\033[2m\\]^Ax=quit\\[\033[0m\\] \\w # ";
	static const char *const fixed[] = {
		"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/sh", "KTSTR_GUEST_INIT=1"};
	enum { FIXED = sizeof(fixed) / sizeof(fixed[0]), OTHERS = 4 };
	char **list = calloc(FIXED + OTHERS + c->nenv + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		abort();
	for (size_t i = 0; i < FIXED; i++)
		set(list, &n, (char *)fixed[i]);
	set(list, &n, variable("PATH", child_path()));
	set(list, &n, variable("TERM", c->term && *c->term ? c->term : "linux"));
	if (c->colorterm && *c->colorterm)
		set(list, &n, variable("COLORTERM", c->colorterm));
	if (!c->exec)
		set(list, &n, (char *)prompt);
	for (size_t i = 0; i < c->nenv; i++)
		set(list, &n, (char *)c->env[i]);
	return list;
}

void child_clean(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What busybox's halt, poweroff and reboot send to PID 1, and the kernel on Ctrl-Alt-Del. */
static const int end_signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT};

int child_signalfd(void)
{
	sigset_t all;

	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	for (size_t i = 0; i < sizeof(end_signals) / sizeof(end_signals[0]); i++)
		sigaddset(&all, end_signals[i]);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void mark(struct child *const *list, size_t n, pid_t dead, int st)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i]->pid != dead || list[i]->exited)
			continue;
		list[i]->exited = true;
		list[i]->status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	}
}

bool child_reap(int sigfd, struct child *const *list, size_t n)
{
	struct signalfd_siginfo info;
	bool reboot = false;
	pid_t dead;
	int st;

	while (read(sigfd, &info, sizeof(info)) > 0)
		reboot |= info.ssi_signo != SIGCHLD;
	while ((dead = waitpid(-1, &st, WNOHANG)) > 0)
		mark(list, n, dead, st);
	return reboot;
}
