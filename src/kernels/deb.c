#include "src/kernels/deb.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/str.h"

#define AR_MAGIC "!<arch>\n"
enum { AR_MAGIC_SIZE = 8, AR_HEADER_SIZE = 60, MEMBERS_MAX = 16 };

/* An ar member header: fixed columns of blank-padded text, see ar(5). */
struct ar_header {
	char name[17];
	uint64_t size;
};

static bool parse_header(const char raw[AR_HEADER_SIZE], struct ar_header *out)
{
	size_t n = 16;

	if (raw[58] != '`' || raw[59] != '\n')
		return false;
	memcpy(out->name, raw, 16);
	while (n && (out->name[n - 1] == ' ' || out->name[n - 1] == '/'))
		n--;
	out->name[n] = '\0';
	out->size = 0;
	for (n = 48; n < 58 && raw[n] >= '0' && raw[n] <= '9'; n++)
		out->size = out->size * 10 + (uint64_t)(raw[n] - '0');
	if (n == 48)
		return false;
	while (n < 58 && raw[n] == ' ')
		n++;
	return n == 58;
}

static int refuse(const char *name, const char *why, struct err *e)
{
	return err_set(e, EINVAL, "'%s' is not a usable Debian package: %s", name, why);
}

static int check_magic(int fd, const char *name, struct err *e)
{
	char magic[AR_MAGIC_SIZE];
	ssize_t n = pread(fd, magic, sizeof(magic), 0);

	if (n < 0)
		return err_sys(e, errno, "cannot read package '%s'", name);
	if (n != (ssize_t)sizeof(magic) || memcmp(magic, AR_MAGIC, sizeof(magic)) != 0)
		return refuse(name, n ? "it does not begin as an ar archive" : "it is empty", e);
	return 0;
}

/* The member at *at; 1 = read, *at is behind it; 0 = end of file. */
static int next_member(int fd, const char *name, uint64_t file_size, uint64_t *at,
	struct ar_header *h, struct deb_member *m, struct err *e)
{
	char raw[AR_HEADER_SIZE];

	if (*at >= file_size)
		return 0;
	if (pread(fd, raw, sizeof(raw), (off_t)*at) != (ssize_t)sizeof(raw))
		return refuse(name, "it was cut off in a member's header", e);
	if (!parse_header(raw, h))
		return refuse(name, "a member's header is damaged", e);
	m->offset = *at + AR_HEADER_SIZE;
	m->size = h->size;
	if (m->size > file_size - m->offset)
		return refuse(name, "it was cut off", e);
	*at = m->offset + m->size + (m->size & 1);
	return 1;
}

int deb_open(int fd, const char *name, struct deb *out, struct err *e)
{
	uint64_t at = AR_MAGIC_SIZE;
	struct ar_header h;
	struct deb_member m;
	struct stat st;
	int rc;

	memset(out, 0, sizeof(*out));
	if (fstat(fd, &st))
		return err_sys(e, errno, "cannot look at package '%s'", name);
	if (!S_ISREG(st.st_mode))
		return refuse(name, "it is not a regular file", e);
	rc = check_magic(fd, name, e);
	if (rc)
		return rc;
	for (int i = 0; i < MEMBERS_MAX && !out->data.offset; i++) {
		rc = next_member(fd, name, (uint64_t)st.st_size, &at, &h, &m, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
		if (i == 0 && strcmp(h.name, "debian-binary") != 0)
			return refuse(name, "it is an ar archive of something else", e);
		if (str_starts(h.name, "control.tar"))
			out->control = m;
		if (str_starts(h.name, "data.tar"))
			out->data = m;
	}
	if (!out->control.offset || !out->data.offset)
		return refuse(name,
			out->control.offset ? "it has no data.tar" : "it has no control.tar", e);
	return 0;
}
