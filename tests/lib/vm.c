#include "tests/lib/vm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/base/utf8.h"
#include "src/kernels/kernels.h"
#include "tests/lib/patience.h"
#include "tests/lib/skip.h"

enum { OUTPUT_MAX = 256 * 1024 * 1024 };

const char *vm_program(void)
{
	const char *p = getenv("KTSTR");

	return p && *p ? p : "./ktstr";
}

static void say_note(void *user, const char *text)
{
	(void)user;
	print_message("# %s\n", text);
}

static bool say_progress(void *user, const char *what, uint64_t done, uint64_t total)
{
	(void)user;
	(void)what;
	(void)done;
	(void)total;
	return false;
}

int vm_test_kernel(struct kernel *k, struct err *e)
{
	const struct kernel_report report = {.note = say_note, .progress = say_progress};
	const char *cache = getenv("KTSTR_TEST_CACHE"), *given = getenv("KTSTR_TEST_KERNEL");
	cleanup_free char *dir = cache ? xstrdup(cache) : realpath("build", NULL);
	cleanup_free char *kernels = NULL, *lock = NULL;
	cleanup_close int fd = -1;

	if (given)
		return kernel_resolve(
			&(struct kernel_wish){.id = given, .modules = getenv("KTSTR_TEST_MODULES")},
			&report, k, e);
	if (!dir)
		return err_set(e, ENOENT, "no folder build/ here, and KTSTR_TEST_CACHE is not set");
	kernels = file_join(dir, "test-kernels");
	lock = file_join(dir, "test-kernels.lock");
	setenv("KTSTR_CACHE_DIR", kernels, 1);
	unsetenv("KTSTR_KERNEL");
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX))
		return err_sys(e, errno, "%s", lock);
	return kernel_resolve(&(struct kernel_wish){.id = "distro"}, &report, k, e);
}

static const char *accel(void)
{
	const char *given = getenv("KTSTR_TEST_ACCEL");

	return given ? given : "tcg";
}

bool vm_emulated(void)
{
	return strcmp(accel(), "tcg") == 0;
}

static const char *missing_program(void)
{
	static const char *const wanted[] = {"busybox", "qemu-system-x86_64"};

	for (size_t i = 0; i < (vm_emulated() ? 2 : 1); i++) {
		cleanup_free char *path = spawn_find(wanted[i]);

		if (!path)
			return wanted[i];
	}
	return NULL;
}

static void remove_locks(void)
{
	file_remove_tree(getenv("KTSTR_LOCK_DIR"), NULL);
}

/* Outside of tests/run.sh: other guests on this host do not count. */
static void own_locks(void)
{
	char dir[] = "/tmp/ktstr-test-locks-XXXXXX";

	if (getenv("KTSTR_LOCK_DIR") || !mkdtemp(dir))
		return;
	setenv("KTSTR_LOCK_DIR", dir, 1);
	atexit(remove_locks);
}

const struct strv *vm_guest_options(void)
{
	static struct strv options;
	struct kernel k = {0};
	struct err e = ERR_INIT;

	if (!options.n) {
		own_locks();
		if (missing_program()) {
			skip_because("no %s", missing_program());
		}
		if (vm_test_kernel(&k, &e)) {
			skip_because("no kernel: %s", e.msg);
		}
		strv_push(&options, "--kernel");
		strv_push(&options, k.image);
		strv_push(&options, "--modules");
		strv_push(&options, k.modules ? k.modules : "/nonexistent");
		strv_push(&options, "--accel");
		strv_push(&options, accel());
		kernel_release(&k);
	}
	return &options;
}

static void append_all(struct strv *argv, const char *first, va_list ap)
{
	for (const char *a = first; a; a = va_arg(ap, const char *))
		strv_push(argv, a);
}

void vm_command(struct strv *argv, const char *first, ...)
{
	va_list ap;

	strv_push(argv, vm_program());
	strv_push(argv, "shell");
	strv_copy(argv, vm_guest_options());
	strv_push(argv, "--exec-timeout");
	strv_push(argv, PATIENCE_OPTION);
	va_start(ap, first);
	append_all(argv, first, ap);
	va_end(ap);
}

/* One of our three pipes; -1 = closed. */
struct streams {
	int in, out, errs;
};

static void feed(struct streams *s, const char **in, size_t *n)
{
	ssize_t rc = *n ? write(s->in, *in, *n) : 0;

	if (rc > 0) {
		*in += rc;
		*n -= (size_t)rc;
	}
	if (!*n || (rc < 0 && errno != EAGAIN && errno != EINTR)) {
		close(s->in);
		s->in = -1;
	}
}

static void gather(int *fd, struct str *into)
{
	char buf[65536];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n > 0 && into->len < OUTPUT_MAX) {
		str_append(into, buf, (size_t)n);
	} else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
}

static void pump(struct vm_run *r, struct streams *s, const char *in, size_t n)
{
	uint64_t limit = clock_mono_ns() + PATIENCE_S * NS_PER_SEC;

	while ((s->out >= 0 || s->errs >= 0) && clock_mono_ns() < limit) {
		struct pollfd p[3] = {
			{s->in, POLLOUT, 0}, {s->out, POLLIN, 0}, {s->errs, POLLIN, 0}};

		if (poll(p, 3, 1000) <= 0)
			continue;
		if (p[0].revents)
			feed(s, &in, &n);
		if (p[1].revents)
			gather(&s->out, &r->out);
		if (p[2].revents)
			gather(&s->errs, &r->errs);
	}
}

/* stdin_fd -1 = a pipe of ours. */
static pid_t start(const struct strv *argv, int stdin_fd, struct streams *ours)
{
	int in[2] = {stdin_fd, -1}, out[2], errs[2];
	struct err e = ERR_INIT;
	pid_t pid;

	if ((stdin_fd < 0 && pipe2(in, O_CLOEXEC)) || pipe2(out, O_CLOEXEC) ||
		pipe2(errs, O_CLOEXEC))
		fail_msg("pipe: %s", strerror(errno));
	pid = spawn_start(
		&(struct spawn){
			.argv = (const char *const *)argv->v,
			.fds = (struct spawn_fd[]){{in[0], 0}, {out[1], 1}, {errs[1], 2}},
			.nfds = 3,
			.die_with_parent = true,
		},
		&e);
	if (stdin_fd < 0)
		close(in[0]);
	close(out[1]);
	close(errs[1]);
	if (pid < 0)
		fail_msg("%s", e.msg);
	*ours = (struct streams){in[1], out[0], errs[0]};
	if (ours->in >= 0)
		fcntl(ours->in, F_SETFL, O_NONBLOCK);
	return pid;
}

void vm_run(struct vm_run *r, const struct strv *argv, const void *in, size_t n)
{
	uint64_t began = clock_mono_ns();
	struct streams s;
	pid_t pid = start(argv, -1, &s);

	*r = (struct vm_run){0};
	pump(r, &s, in, n);
	if (s.in >= 0)
		close(s.in);
	r->status = spawn_wait(pid);
	r->ns = clock_mono_ns() - began;
	str_add(&r->out, "");
	str_add(&r->errs, "");
}

void vm_exec(struct vm_run *r, const char *command, ...)
{
	cleanup_strv struct strv argv = STRV_INIT;
	va_list ap;

	vm_command(&argv, "--exec", command, NULL);
	va_start(ap, command);
	append_all(&argv, va_arg(ap, const char *), ap);
	va_end(ap);
	vm_run(r, &argv, NULL, 0);
}

void vm_run_release(struct vm_run *r)
{
	str_release(&r->out);
	str_release(&r->errs);
}

void vm_check(const struct vm_run *r, int status, ...)
{
	const char *text;
	va_list ap;

	if (r->status != status)
		fail_msg("status %d, not %d: %s\n%s", r->status, status, r->errs.s, r->out.s);
	va_start(ap, status);
	while ((text = va_arg(ap, const char *)))
		if (!strstr(r->errs.s, text))
			fail_msg("no '%s' in: %s", text, r->errs.s);
	va_end(ap);
}

void vm_check_shown(const struct str *text, const char *but)
{
	for (size_t i = 0; i < text->len;) {
		uint32_t cp = 0;
		int n = utf8_decode(text->s + i, text->len - i, &cp);
		bool control = cp < ' ' || (cp >= 0x7f && cp < 0xa0);

		if (n <= 0 || (control && (cp == 0 || !strchr(but, (int)cp))))
			fail_msg("byte %#x at %zu of: %s", (unsigned char)text->s[i], i, text->s);
		i += (size_t)n;
	}
}

void vm_start_argv(struct vm_running *r, const struct strv *argv, int in, unsigned seconds)
{
	struct streams s;

	*r = (struct vm_running){.pid = start(argv, in, &s)};
	r->out = s.out;
	r->errs = s.errs;
	if (s.in >= 0)
		close(s.in);
	if (!pty_expect_fd(r->out, &r->seen, "ready\n", seconds)) {
		kill(r->pid, SIGKILL);
		while (r->errs >= 0)
			gather(&r->errs, &r->said);
		fail_msg("the command did not start: %s", str_get(&r->said));
	}
}

void vm_start_exec(struct vm_running *r, const char *command, int in)
{
	cleanup_strv struct strv argv = STRV_INIT;

	vm_command(&argv, "--exec", command, NULL);
	vm_start_argv(r, &argv, in, PATIENCE_S);
}

int vm_finish(struct vm_running *r)
{
	str_add(&r->said, "");
	while (r->out >= 0 || r->errs >= 0) {
		struct pollfd p[2] = {{r->out, POLLIN, 0}, {r->errs, POLLIN, 0}};

		if (poll(p, 2, PATIENCE_S * 1000) <= 0)
			break;
		if (p[0].revents)
			gather(&r->out, &r->seen);
		if (p[1].revents)
			gather(&r->errs, &r->said);
	}
	return spawn_wait(r->pid);
}

void vm_running_release(struct vm_running *r)
{
	if (r->out >= 0)
		close(r->out);
	if (r->errs >= 0)
		close(r->errs);
	str_release(&r->seen);
	str_release(&r->said);
}

char *vm_no_modules(void)
{
	char *dir = xstrdup("/tmp/ktstr-no-modules-XXXXXX");
	cleanup_free char *builtin = NULL;

	if (!mkdtemp(dir))
		fail_msg("mkdtemp: %s", strerror(errno));
	builtin = file_join(dir, "modules.builtin"); /* what makes a folder a module tree */
	file_replace(builtin, "", 0, 0644, NULL);
	return dir;
}

void vm_no_modules_release(char *dir)
{
	file_remove_tree(dir, NULL);
	free(dir);
}

uint64_t vm_process_figure(pid_t pid, const char *file, const char *key)
{
	cleanup_free char *path = xasprintf("/proc/%d/%s", pid, file);
	cleanup_str struct str text = STR_INIT;
	const char *line;

	if (file_read(path, 1 << 20, &text, NULL))
		fail_msg("%s cannot be read", path);
	line = strstr(str_get(&text), key);
	if (!line)
		fail_msg("no %s in %s", key, path);
	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}

pid_t vm_child_of(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/task/%d/children", pid, pid);
	cleanup_str struct str text = STR_INIT;

	if (file_read(path, 4096, &text, NULL) || atoi(str_get(&text)) <= 0)
		fail_msg("process %d has no child", pid);
	return (pid_t)atoi(str_get(&text));
}

void vm_session(struct pty *p, int rows, int cols, ...)
{
	cleanup_strv struct strv argv = STRV_INIT;
	va_list ap;

	vm_command(&argv, NULL);
	va_start(ap, cols);
	append_all(&argv, va_arg(ap, const char *), ap);
	va_end(ap);
	pty_start(p, (const char *const *)argv.v, rows, cols, -1);
	if (!pty_expect(p, "ktstr shell") || !pty_expect(p, "# "))
		fail_msg("no prompt");
}

static bool marked(const char *pid, const char *want)
{
	cleanup_free char *path = xasprintf("/proc/%s/environ", pid);
	cleanup_str struct str env = STR_INIT;

	return file_read(path, 1 << 20, &env, NULL) == 0 && env.len &&
	       memmem(env.s, env.len, want, strlen(want) + 1);
}

/* The first process with the mark, besides this one; 0 = none. */
static pid_t find_marked(const char *mark)
{
	cleanup_free char *want = xasprintf("KTSTR_TEST_MARK=%s", mark);
	DIR *proc = opendir("/proc");
	struct dirent *d;
	pid_t found = 0;

	while (!found && (d = readdir(proc))) {
		pid_t pid = (pid_t)atoi(d->d_name);

		if (pid > 0 && pid != getpid() && marked(d->d_name, want))
			found = pid;
	}
	closedir(proc);
	return found;
}

bool vm_processes_left(const char *mark)
{
	return find_marked(mark) != 0;
}

bool vm_wait_processes(const char *mark, int seconds)
{
	uint64_t limit = clock_mono_ns() + (uint64_t)seconds * NS_PER_SEC;
	pid_t pid;

	while ((pid = find_marked(mark)) && clock_mono_ns() < limit) {
		int fd = (int)syscall(SYS_pidfd_open, pid, 0);
		struct pollfd p = {fd, POLLIN, 0};

		if (fd < 0)
			continue;
		poll(&p, 1, seconds * 1000);
		close(fd);
	}
	return !pid;
}
