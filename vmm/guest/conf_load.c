#include "vmm/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/conf.h"

/* The whole file with a NUL behind it; NULL with errno. */
static char *read_all(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *b = NULL;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && (b = calloc(1, (size_t)st.st_size + 1)))
		got = read(fd, b, (size_t)st.st_size);
	close(fd);
	if (got < 0) {
		free(b);
		return NULL;
	}
	*n = (size_t)got;
	return b;
}

static void take(struct guest_conf *c, const struct conf_record *r)
{
	if (conf_is(r, PROTO_CONF_EXEC))
		c->exec = r->value;
	else if (conf_is(r, PROTO_CONF_TERM))
		c->term = r->value;
	else if (conf_is(r, PROTO_CONF_COLORTERM))
		c->colorterm = r->value;
	else if (conf_is(r, PROTO_CONF_TOPOLOGY))
		c->topology = r->value;
	else if (conf_is(r, PROTO_CONF_OFFLINE))
		c->offline = r->value;
	else if (conf_is(r, PROTO_CONF_ROWS))
		c->rows = conf_number(r, UINT16_MAX, c->rows);
	else if (conf_is(r, PROTO_CONF_COLS))
		c->cols = conf_number(r, UINT16_MAX, c->cols);
	else if (conf_is(r, PROTO_CONF_LATE_CPUS))
		c->late_cpus = strcmp(r->value, "0") != 0;
	else if (conf_is(r, PROTO_CONF_VIRTIO))
		c->virtio = strcmp(r->value, "0") != 0;
	else if (conf_is(r, PROTO_CONF_ENV) && memchr(r->value, '=', r->value_len))
		c->env[c->nenv++] = r->value;
}

int conf_load(struct guest_conf *c, const char *path)
{
	struct conf_record r;
	size_t n = 0, at = 0, records = 0;
	int got;

	*c = (struct guest_conf){.virtio = true, .rows = 24, .cols = 80};
	c->bytes = read_all(path, &n);
	if (!c->bytes) {
		say("cannot read %s: %s", path, strerror(errno));
		return -1;
	}
	while ((got = conf_next(c->bytes, n, &at, &r)) > 0)
		records++;
	c->env = calloc(records + 1, sizeof(*c->env));
	if (got < 0 || !c->env) {
		say("%s: %s", path, got < 0 ? "a record is malformed" : "out of memory");
		return -1;
	}
	for (at = 0; conf_next(c->bytes, n, &at, &r) > 0;)
		take(c, &r);
	return 0;
}
