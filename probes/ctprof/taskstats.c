#include "probes/ctprof/taskstats.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "src/base/lazylib.h"
#include "src/base/mem.h"

/* Everything that is used of libmnl. */
/* clang-format off */
#define CALLS(X) \
	X(mnl_socket_open2) X(mnl_socket_bind) X(mnl_socket_get_fd) X(mnl_socket_close) \
	X(mnl_socket_sendto) X(mnl_socket_recvfrom) \
	X(mnl_nlmsg_put_header) X(mnl_nlmsg_put_extra_header) X(mnl_nlmsg_ok) X(mnl_nlmsg_next) \
	X(mnl_nlmsg_get_payload) X(mnl_nlmsg_get_payload_len) \
	X(mnl_attr_put_strz) X(mnl_attr_put_u32) X(mnl_attr_parse) X(mnl_attr_parse_nested) \
	X(mnl_attr_validate) X(mnl_attr_get_type) X(mnl_attr_get_payload) \
	X(mnl_attr_get_payload_len) X(mnl_attr_get_u16) X(mnl_attr_get_u32)
/* clang-format on */

LAZYLIB_CALLS(CALLS);
LAZYLIB_FILES("mnl", "libmnl.so.0");

static const struct lazylib library = {
	.files = files,
	.name = "libmnl",
	.purpose = "asking for taskstats",
	.debian = "libmnl0",
	.fedora = "libmnl",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

/* include/uapi/linux/taskstats.h, and the attributes of its commands. */
enum {
	CMD_GET = 1,
	CMD_ATTR_PID = 1,
	CMD_ATTR_REGISTER_CPUMASK = 3,
	TYPE_PID = 1,
	TYPE_STATS = 3,
	TYPE_AGGR_PID = 4,
};

/*
 * Where the slots are. Members were only ever appended, but for version 15, which put maximum and
 * minimum beside their counts; version 16 moved them to the end. A slot beyond the bytes received
 * does not exist in that version.
 */
static const uint16_t usual[TASKSTATS_SLOTS] = {
	16, 24, 432, 440,   /* cpu */
	32, 40, 448, 456,   /* blkio */
	48, 56, 464, 472,   /* swapin */
	312, 320, 480, 488, /* freepages, version 8 */
	328, 336, 496, 504, /* thrashing, 9 */
	352, 360, 512, 520, /* compact, 11 */
	400, 408, 528, 536, /* wpcopy, 13 */
	416, 424, 544, 552, /* irq, 14 */
	200, 208, 72,	    /* hiwater_rss, hiwater_vm, cpu_run_virtual_total */
};
static const uint16_t version_15[TASKSTATS_SLOTS] = {
	16, 24, 32, 40,	    /* cpu */
	48, 56, 64, 72,	    /* blkio */
	80, 88, 96, 104,    /* swapin */
	360, 368, 376, 384, /* freepages */
	392, 400, 408, 416, /* thrashing */
	432, 440, 448, 456, /* compact */
	496, 504, 512, 520, /* wpcopy */
	528, 536, 544, 552, /* irq */
	248, 256, 120,	    /* hiwater_rss, hiwater_vm, cpu_run_virtual_total */
};

/* Version 8 is of 2018; what is older has 312 bytes up to the end of its last member. */
enum { SHORTEST = 312 };

int taskstats_parse(const void *bytes, size_t n, struct taskstats_reply *out)
{
	const char *p = bytes;
	const uint16_t *offsets;
	uint16_t version;

	*out = (struct taskstats_reply){.rc = -EBADMSG};
	if (n < SHORTEST)
		return -EBADMSG;
	memcpy(&version, p, sizeof(version));
	offsets = version == 15 ? version_15 : usual;
	for (unsigned s = 0; s < TASKSTATS_SLOTS; s++) {
		if (offsets[s] + 8U > n)
			continue;
		memcpy(&out->v[s], p + offsets[s], 8);
		out->has |= 1ULL << s;
	}
	out->rc = 0;
	return 0;
}

struct taskstats {
	struct calls lib;
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t seq; /* of the next request */
	char *buf;
};

/* Replies are of 700 bytes; one datagram each. */
enum { BUFFER = 8192, REQUEST = 28 };

static struct nlmsghdr *put_request(const struct calls *lib, char *to, uint16_t type,
	uint8_t command, uint8_t version, uint32_t seq)
{
	struct nlmsghdr *h = lib->mnl_nlmsg_put_header(to);
	struct genlmsghdr *g;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST;
	h->nlmsg_seq = seq;
	g = lib->mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->cmd = command;
	g->version = version;
	return h;
}

/* As mnl_nlmsg_ok(), which takes a length beyond 2^31 for a negative one and thereby for a good
 * one. */
static bool is_whole(const struct calls *lib, const struct nlmsghdr *h, int left)
{
	return left >= (int)sizeof(*h) && h->nlmsg_len <= (uint32_t)left &&
	       lib->mnl_nlmsg_ok(h, left);
}

struct family {
	const struct calls *lib;
	uint16_t id; /* 0 = not found */
};

static int take_family(const struct nlattr *a, void *data)
{
	struct family *f = data;

	if (f->lib->mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID &&
		f->lib->mnl_attr_validate(a, MNL_TYPE_U16) >= 0)
		f->id = f->lib->mnl_attr_get_u16(a);
	return MNL_CB_OK;
}

static int family_of(const struct calls *lib, const struct nlmsghdr *h, size_t n, uint16_t *family)
{
	struct family f = {.lib = lib};
	const struct nlmsgerr *error;

	if (!is_whole(lib, h, (int)n))
		return -EBADMSG;
	if (h->nlmsg_type == NLMSG_ERROR) {
		error = lib->mnl_nlmsg_get_payload(h);
		if (lib->mnl_nlmsg_get_payload_len(h) < sizeof(*error))
			return -EBADMSG;
		return error->error ? error->error : -EBADMSG;
	}
	if (lib->mnl_nlmsg_get_payload_len(h) < sizeof(struct genlmsghdr))
		return -EBADMSG;
	lib->mnl_attr_parse(h, sizeof(struct genlmsghdr), take_family, &f);
	*family = f.id;
	return f.id ? 0 : -EBADMSG;
}

static int find_family(struct taskstats *t)
{
	struct nlmsghdr *h =
		put_request(&t->lib, t->buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, t->seq++);
	ssize_t n;

	t->lib.mnl_attr_put_strz(h, CTRL_ATTR_FAMILY_NAME, "TASKSTATS");
	if (t->lib.mnl_socket_sendto(t->socket, h, h->nlmsg_len) < 0)
		return -errno;
	n = t->lib.mnl_socket_recvfrom(t->socket, t->buf, BUFFER);
	if (n < 0)
		return -errno;
	return family_of(&t->lib, (const struct nlmsghdr *)t->buf, (size_t)n, &t->family);
}

static int connect_socket(struct taskstats *t)
{
	/* The kernel answers at once or not at all. */
	const struct timeval patience = {.tv_sec = 2};

	t->socket = t->lib.mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!t->socket || t->lib.mnl_socket_bind(t->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
		setsockopt(t->lib.mnl_socket_get_fd(t->socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience)) < 0)
		return -errno;
	return find_family(t);
}

struct taskstats *taskstats_new(struct err *e)
{
	struct taskstats *t;
	struct calls lib;
	int rc;

	if (lazylib_open(&library, &lib, e))
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->lib = lib;
	t->buf = xmalloc(BUFFER);
	t->seq = 1;
	rc = connect_socket(t);
	if (rc == 0)
		return t;
	if (rc == -ENOENT)
		err_set(e, ENOENT, "this kernel has no taskstats (CONFIG_TASKSTATS)");
	else
		err_sys(e, rc, "cannot reach the kernel's taskstats");
	taskstats_free(t);
	return NULL;
}

void taskstats_free(struct taskstats *t)
{
	if (!t)
		return;
	if (t->socket)
		t->lib.mnl_socket_close(t->socket);
	free(t->buf);
	free(t);
}

struct answer {
	const struct calls *lib;
	const struct nlattr *pid, *stats;
};

static int take_inner(const struct nlattr *a, void *data)
{
	struct answer *w = data;

	if (w->lib->mnl_attr_get_type(a) == TYPE_PID &&
		w->lib->mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		w->pid = a;
	else if (w->lib->mnl_attr_get_type(a) == TYPE_STATS)
		w->stats = a;
	return MNL_CB_OK;
}

static int take_outer(const struct nlattr *a, void *data)
{
	struct answer *w = data;

	if (w->lib->mnl_attr_get_type(a) == TYPE_AGGR_PID)
		w->lib->mnl_attr_parse_nested(a, take_inner, w);
	return MNL_CB_OK;
}

static int read_stats(const struct calls *lib, const struct nlmsghdr *h, uint32_t tid,
	struct taskstats_reply *out)
{
	struct answer w = {.lib = lib};

	if (lib->mnl_nlmsg_get_payload_len(h) < sizeof(struct genlmsghdr))
		return -EBADMSG;
	lib->mnl_attr_parse(h, sizeof(struct genlmsghdr), take_outer, &w);
	if (!w.pid || !w.stats || lib->mnl_attr_get_u32(w.pid) != tid)
		return -EBADMSG;
	return taskstats_parse(
		lib->mnl_attr_get_payload(w.stats), lib->mnl_attr_get_payload_len(w.stats), out);
}

/* One message: an answer, or the error that stands for it. */
static void read_message(const struct calls *lib, const struct nlmsghdr *h, uint32_t tid,
	struct taskstats_reply *out)
{
	const struct nlmsgerr *error = lib->mnl_nlmsg_get_payload(h);
	int rc;

	if (h->nlmsg_type != NLMSG_ERROR)
		rc = read_stats(lib, h, tid, out);
	else if (lib->mnl_nlmsg_get_payload_len(h) < sizeof(*error) || error->error >= 0)
		rc = -EBADMSG;
	else
		rc = error->error;
	if (rc < 0)
		*out = (struct taskstats_reply){.rc = rc};
}

static size_t read_datagram(const struct calls *lib, const void *bytes, size_t n,
	uint32_t first_seq, const uint32_t *tids, size_t ntids, struct taskstats_reply *out)
{
	const struct nlmsghdr *h = bytes;
	int left = n > INT32_MAX ? 0 : (int)n;
	size_t filled = 0;

	for (; is_whole(lib, h, left); h = lib->mnl_nlmsg_next(h, &left)) {
		uint32_t i = h->nlmsg_seq - first_seq;

		if (i >= ntids || out[i].rc != -EAGAIN) /* of an earlier question, or said twice */
			continue;
		read_message(lib, h, tids[i], &out[i]);
		filled++;
	}
	return filled;
}

size_t taskstats_read(const void *bytes, size_t n, uint32_t first_seq, const uint32_t *tids,
	size_t ntids, struct taskstats_reply *out)
{
	struct calls lib;

	if (lazylib_open(&library, &lib, NULL))
		return 0;
	return read_datagram(&lib, bytes, n, first_seq, tids, ntids, out);
}

static int send_all(struct taskstats *t, const uint32_t *tids, size_t n)
{
	char requests[TASKSTATS_BATCH * REQUEST];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct nlmsghdr *h = put_request(
			&t->lib, requests + len, t->family, CMD_GET, 1, t->seq + (uint32_t)i);

		t->lib.mnl_attr_put_u32(h, CMD_ATTR_PID, tids[i]);
		len += h->nlmsg_len;
	}
	return t->lib.mnl_socket_sendto(t->socket, requests, len) < 0 ? -errno : 0;
}

void taskstats_ask(struct taskstats *t, const uint32_t *tids, size_t n, struct taskstats_reply *out)
{
	size_t filled = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		out[i] = (struct taskstats_reply){.rc = -EAGAIN};
	rc = send_all(t, tids, n);
	while (rc == 0 && filled < n) {
		ssize_t got = t->lib.mnl_socket_recvfrom(t->socket, t->buf, BUFFER);

		if (got < 0 && errno != EINTR)
			rc = -errno;
		else if (got > 0)
			filled += read_datagram(&t->lib, t->buf, (size_t)got, t->seq, tids, n, out);
	}
	t->seq += (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		if (out[i].rc == -EAGAIN)
			out[i].rc = rc < 0 ? rc : -EIO;
}

/* Members of every version since 8; 15 has 48 bytes more before them. */
enum {
	AT_COMM = 80,
	AT_PPID = 132,
	AT_MINFLT = 168,
	AT_MAJFLT = 176,
	AT_READ = 248,
	AT_WRITE = 256,
	AT_NVCSW = 272,
	AT_NIVCSW = 280,
	MOVED = 48,
};

struct bytes {
	const char *p;
	size_t n, moved;
};

/* A short struct of version 15 ends before the last of them. */
static uint64_t u64_at(const struct bytes *b, size_t at)
{
	uint64_t v = 0;

	if (at + b->moved + sizeof(v) <= b->n)
		memcpy(&v, b->p + at + b->moved, sizeof(v));
	return v;
}

int taskstats_parse_exit(const void *bytes, size_t n, struct taskstats_exit *out)
{
	struct bytes b = {.p = bytes, .n = n};
	struct taskstats_reply r;
	uint16_t version;

	*out = (struct taskstats_exit){0};
	if (taskstats_parse(bytes, n, &r) < 0)
		return -EBADMSG;
	memcpy(&version, b.p, sizeof(version));
	b.moved = version == 15 ? MOVED : 0;
	memcpy(out->comm, b.p + AT_COMM + b.moved, sizeof(out->comm) - 1);
	memcpy(&out->ppid, b.p + AT_PPID + b.moved, sizeof(out->ppid));
	out->voluntary_csw = u64_at(&b, AT_NVCSW);
	out->nonvoluntary_csw = u64_at(&b, AT_NIVCSW);
	out->minflt = u64_at(&b, AT_MINFLT);
	out->majflt = u64_at(&b, AT_MAJFLT);
	out->read_bytes = u64_at(&b, AT_READ);
	out->write_bytes = u64_at(&b, AT_WRITE);
	out->run_ns = r.v[TASKSTATS_RUN_TIME];
	out->wait_ns = r.v[TASKSTATS_CPU_TOTAL];
	out->blkio_ns = r.v[TASKSTATS_BLKIO_TOTAL];
	out->hiwater_rss_kib = r.v[TASKSTATS_HIWATER_RSS];
	return 0;
}

int taskstats_listen(struct taskstats *t, const char *cpulist)
{
	struct nlmsghdr *h = put_request(&t->lib, t->buf, t->family, CMD_GET, 1, t->seq++);
	/* hundreds of tasks can end before the reader has its turn */
	const int room = 8 << 20;
	const struct timeval patience = {.tv_usec = 100000};
	const struct nlmsgerr *answer;
	int fd = t->lib.mnl_socket_get_fd(t->socket);
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	h->nlmsg_flags |= NLM_F_ACK;
	t->lib.mnl_attr_put_strz(h, CMD_ATTR_REGISTER_CPUMASK, cpulist);
	if (t->lib.mnl_socket_sendto(t->socket, h, h->nlmsg_len) < 0)
		return -errno;
	n = t->lib.mnl_socket_recvfrom(t->socket, t->buf, BUFFER);
	if (n < 0)
		return -errno;
	h = (struct nlmsghdr *)t->buf;
	if (!is_whole(&t->lib, h, (int)n) || h->nlmsg_type != NLMSG_ERROR ||
		t->lib.mnl_nlmsg_get_payload_len(h) < sizeof(*answer))
		return 0; /* a task has ended already: we are told */
	answer = t->lib.mnl_nlmsg_get_payload(h);
	return answer->error;
}

void taskstats_wait_no_more(struct taskstats *t)
{
	int fd = t->lib.mnl_socket_get_fd(t->socket);

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int taskstats_next_exit(struct taskstats *t, struct taskstats_exit *out)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)t->buf;
	struct answer w = {.lib = &t->lib};
	ssize_t n = t->lib.mnl_socket_recvfrom(t->socket, t->buf, BUFFER);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!is_whole(&t->lib, h, (int)n) || h->nlmsg_type != t->family ||
		t->lib.mnl_nlmsg_get_payload_len(h) < sizeof(struct genlmsghdr))
		return -EBADMSG;
	t->lib.mnl_attr_parse(h, sizeof(struct genlmsghdr), take_outer, &w);
	if (!w.pid || !w.stats ||
		taskstats_parse_exit(t->lib.mnl_attr_get_payload(w.stats),
			t->lib.mnl_attr_get_payload_len(w.stats), out) < 0)
		return -EBADMSG;
	out->tid = t->lib.mnl_attr_get_u32(w.pid);
	return 1;
}
