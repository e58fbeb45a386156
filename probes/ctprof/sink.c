#include "probes/ctprof/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/zst.h"

/* Text that is kept back before it is handed to zstd: calls cost more than bytes. */
enum { ENOUGH = 64 * 1024 };

struct ctp_sink {
	char *path, *tmp; /* NULL: a descriptor of the caller's */
	int fd;
	bool done;
	struct zst_out *z;
	struct str text;
};

struct ctp_sink *ctp_sink_new_fd(int fd, struct err *e)
{
	struct ctp_sink *k = xcalloc(1, sizeof(*k));

	k->fd = fd;
	k->z = zst_out_new(fd, ZST_LEVEL, e);
	if (k->z)
		return k;
	ctp_sink_free(k);
	return NULL;
}

/* Unlike mkstemp(3), with the permissions that any new file gets. */
static int create_beside(const char *path, char **tmp)
{
	int fd = -1;

	for (int i = 0; i < 100 && fd < 0; i++) {
		free(*tmp);
		*tmp = xasprintf("%s.tmp-%d-%d", path, (int)getpid(), i);
		fd = open(*tmp, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? -errno : fd;
}

struct ctp_sink *ctp_sink_new(const char *path, struct err *e)
{
	cleanup_free char *tmp = NULL;
	struct ctp_sink *k;
	int fd;

	if (file_is_dir(path)) {
		err_set(e, EISDIR, "cannot write '%s': it is a directory", path);
		return NULL;
	}
	fd = create_beside(path, &tmp);
	if (fd < 0) {
		err_sys(e, fd, "cannot create a temporary file beside '%s'", path);
		return NULL;
	}
	k = ctp_sink_new_fd(fd, e);
	if (!k) {
		close(fd);
		unlink(tmp);
		return NULL;
	}
	k->path = xstrdup(path);
	k->tmp = take_ptr(tmp);
	return k;
}

struct str *ctp_sink_text(struct ctp_sink *k)
{
	return &k->text;
}

static int send_text(struct ctp_sink *k, struct err *e)
{
	int rc = zst_out_write(k->z, k->text.s, k->text.len, e);

	str_clear(&k->text);
	return rc < 0 && k->path ? err_prefix(e, "cannot write '%s'", k->path) : rc;
}

int ctp_sink_flush(struct ctp_sink *k, struct err *e)
{
	return k->text.len < ENOUGH ? 0 : send_text(k, e);
}

int ctp_sink_write(struct ctp_sink *k, const char *text, size_t n, struct err *e)
{
	str_append(&k->text, text, n);
	return ctp_sink_flush(k, e);
}

static int put_in_place(struct ctp_sink *k, struct err *e)
{
	cleanup_free char *dir = file_dir(k->path);

	if (fsync(k->fd) || rename(k->tmp, k->path))
		return err_sys(e, errno, "cannot write '%s'", k->path);
	k->done = true;
	return file_sync(dir, e);
}

int ctp_sink_end(struct ctp_sink *k, struct err *e)
{
	int rc = send_text(k, e);

	if (rc == 0)
		rc = zst_out_end(k->z, e);
	return rc < 0 || !k->path ? rc : put_in_place(k, e);
}

void ctp_sink_free(struct ctp_sink *k)
{
	if (!k)
		return;
	zst_out_free(k->z);
	if (k->path) {
		close(k->fd);
		if (!k->done)
			unlink(k->tmp);
	}
	free(k->path);
	free(k->tmp);
	str_release(&k->text);
	free(k);
}
