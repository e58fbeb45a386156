/* The files that a reader reads, and what it means when it cannot. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "probes/ctprof/reader_priv.h"

const char *ctp_file_name(enum ctp_file f)
{
	static const char *const names[CTP_NFILES] = {
		[CTP_FILE_CGROUP] = "cgroup",
		[CTP_FILE_IO] = "io",
		[CTP_FILE_SCHED] = "sched",
		[CTP_FILE_SCHEDSTAT] = "schedstat",
		[CTP_FILE_SMAPS] = "smaps_rollup",
		[CTP_FILE_STAT] = "stat",
		[CTP_FILE_STATUS] = "status",
	};

	return names[f];
}

/* What a failure to read means for the values that were to come from there. */
uint8_t ctp_why_of(int rc)
{
	switch (-rc) {
	case EACCES:
	case EPERM:
		return CTP_NO_PERM;
	case ENOENT: /* the task is there, the file is not */
		return CTP_NO_CFG;
	default:
		return CTP_NO_TASK;
	}
}

/* The name of a file below the task directory: "<tid>/<name>". */
const char *ctp_path_of(uint32_t tid, const char *name, char buf[static 32])
{
	char *p = buf + 11;

	memcpy(p, name, strlen(name) + 1);
	*--p = '/';
	do
		*--p = (char)('0' + tid % 10);
	while (tid /= 10);
	return p;
}

/* These files come whole in one read: the kernel makes the text before it gives any of it. */
int ctp_slurp(struct ctp_reader *r, int dir, const char *path, struct scan *out)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC), rc;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, r->buf, CTP_BUFFER);
	rc = n < 0 ? -errno : 0;
	close(fd);
	*out = (struct scan){r->buf, r->buf + (n < 0 ? 0 : n)};
	return rc;
}

int ctp_slurp_file(struct ctp_reader *r, int task, uint32_t tid, enum ctp_file f, struct scan *out)
{
	char path[32];
	int rc = ctp_slurp(r, task, ctp_path_of(tid, ctp_file_name(f), path), out);

	if (rc < 0) {
		r->failed[f]++;
		r->denied += ctp_why_of(rc) == CTP_NO_PERM;
	}
	return rc;
}

static void lack(struct ctp_record *rec, int first, int last, uint8_t why)
{
	for (int f = first; f <= last; f++) {
		rec->v[f] = ctp_fields[f].type == CTP_CHAR ? '~' : 0;
		rec->why[f] = why;
	}
}

void ctp_lack(struct ctp_record *rec, enum ctp_source source, uint8_t why)
{
	for (int f = 0; f < CTP_NFIELDS; f++)
		if (ctp_fields[f].source == source)
			lack(rec, f, f, why);
}

void ctp_copy_text(char *to, size_t size, struct scan s)
{
	size_t n = s.p == s.end ? 0 : (size_t)(s.end - s.p);

	n = n < size ? n : size - 1;
	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

/* The path of one task; empty when it cannot be told. */
uint8_t ctp_slurp_cgroup(struct ctp_reader *r, int dir, uint32_t id, char *to, size_t size)
{
	struct scan s;
	int rc = ctp_slurp_file(r, dir, id, CTP_FILE_CGROUP, &s);

	*to = '\0';
	if (rc < 0)
		return ctp_why_of(rc);
	ctp_copy_text(to, size, ctp_parse_cgroup(s));
	return *to ? CTP_PRESENT : CTP_NO_CFG;
}
