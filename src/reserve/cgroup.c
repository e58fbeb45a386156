#include "src/reserve/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/parse.h"

enum { WRITE_SECONDS = 2, REMOVE_TRIES = 5, REMOVE_PAUSE_MS = 10, FILE_MAX = 1 << 20 };

/* A write on a thread of its own, which may outlive the caller's patience. */
struct writing {
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	char *path, *value;
	bool done, abandoned;
	int rc;
};

static void free_writing(struct writing *w)
{
	pthread_cond_destroy(&w->done_cond);
	pthread_mutex_destroy(&w->lock);
	free(w->path);
	free(w->value);
	free(w);
}

static void *write_now(void *user)
{
	struct writing *w = user;
	int fd = open(w->path, O_WRONLY | O_CLOEXEC), rc = fd < 0 ? -errno : 0;
	bool abandoned;

	if (fd >= 0 && write(fd, w->value, strlen(w->value)) < 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	pthread_mutex_lock(&w->lock);
	w->rc = rc;
	w->done = true;
	abandoned = w->abandoned;
	pthread_cond_signal(&w->done_cond);
	pthread_mutex_unlock(&w->lock);
	if (abandoned)
		free_writing(w);
	return NULL;
}

static int wait_for(struct writing *w)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WRITE_SECONDS;
	pthread_mutex_lock(&w->lock);
	while (!w->done && !rc)
		rc = pthread_cond_timedwait(&w->done_cond, &w->lock, &until);
	w->abandoned = !w->done;
	rc = w->done ? w->rc : -ETIMEDOUT;
	pthread_mutex_unlock(&w->lock);
	return rc;
}

int cgroup_write(const char *dir, const char *file, const char *value)
{
	struct writing *w = xcalloc(1, sizeof(*w));
	pthread_t thread;
	int rc;

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->done_cond, NULL);
	w->path = file_join(dir, file);
	w->value = xstrdup(value);
	rc = -pthread_create(&thread, NULL, write_now, w);
	if (rc) {
		free_writing(w);
		return rc;
	}
	rc = wait_for(w);
	if (rc == -ETIMEDOUT && w->abandoned) {
		pthread_detach(thread);
		return rc;
	}
	pthread_join(thread, NULL);
	free_writing(w);
	return rc;
}

static int read_all(const char *dir, const char *file, struct str *out)
{
	cleanup_free char *path = file_join(dir, file);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	str_clear(out);
	return fd < 0 ? -errno : file_read_fd(fd, FILE_MAX, out);
}

int cgroup_read(const char *dir, const char *file, struct str *out)
{
	int rc = read_all(dir, file, out);

	if (!rc && out->s) {
		out->s[strcspn(out->s, "\n")] = 0;
		out->len = strlen(out->s);
	}
	return rc;
}

bool cgroup_has_word(const char *dir, const char *file, const char *word)
{
	cleanup_str struct str line = STR_INIT;
	char *rest, *w;

	if (cgroup_read(dir, file, &line) || !line.s)
		return false;
	for (rest = line.s; (w = strsep(&rest, " \t"));)
		if (!strcmp(w, word))
			return true;
	return false;
}

int cgroup_read_set(const char *dir, const char *file, struct cpuset *out)
{
	cleanup_str struct str line = STR_INIT;
	int rc = cgroup_read(dir, file, &line);

	cpuset_clear(out);
	return rc ? rc : cpuset_parse_list(out, str_get(&line), NULL);
}

char *cgroup_of(const char *proc_file)
{
	cleanup_str struct str text = STR_INIT;
	char *rest, *line;

	if (file_read(proc_file, FILE_MAX, &text, NULL) || !text.s)
		return NULL;
	for (rest = text.s; (line = strsep(&rest, "\n"));)
		if (str_starts(line, "0::/"))
			return xstrdup(line + 3);
	return NULL;
}

int cgroup_pids(const char *dir, pid_t **pids, size_t *n)
{
	cleanup_str struct str text = STR_INIT;
	VEC(pid_t) v = {0};
	int rc = read_all(dir, "cgroup.procs", &text);
	char *rest, *line;
	uint32_t pid;

	for (rest = text.s; !rc && rest && (line = strsep(&rest, "\n"));)
		if (*line && !parse_u32(line, &pid, NULL))
			vec_push(&v, (pid_t)pid);
	*pids = v.v;
	*n = v.n;
	return rc;
}

int cgroup_remove(const char *dir)
{
	const struct timespec pause = {0, REMOVE_PAUSE_MS * 1000000L};

	for (int i = 0; rmdir(dir); i++) {
		if (errno != EBUSY || i == REMOVE_TRIES)
			return errno == ENOENT ? 0 : -errno;
		nanosleep(&pause, NULL);
	}
	return 0;
}
