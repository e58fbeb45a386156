/* Whether the kernel tells this process a task's accounting: generic netlink, family TASKSTATS. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "src/base/mem.h"
#include "src/cli/doctor.h"

/* A request of one attribute, and room for its answer. */
struct message {
	struct nlmsghdr n;
	struct genlmsghdr g;
	unsigned char attrs[8192];
};

static size_t put_attr(struct message *m, uint16_t type, const void *value, uint16_t size)
{
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};

	memset(m->attrs, 0, NLA_ALIGN(a.nla_len));
	memcpy(m->attrs, &a, sizeof(a));
	memcpy(m->attrs + NLA_HDRLEN, value, size);
	return NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(a.nla_len);
}

/* Sends, and receives into the same message: bytes of attributes, or -errno. */
static ssize_t ask(int fd, struct message *m, size_t size)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;
	int code;

	m->n.nlmsg_len = (uint32_t)size;
	m->n.nlmsg_flags = NLM_F_REQUEST;
	if (sendto(fd, m, size, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	n = recv(fd, m, sizeof(*m), 0);
	if (n < 0)
		return -errno;
	if (n < (ssize_t)(NLMSG_HDRLEN + sizeof(code)) || m->n.nlmsg_len > (size_t)n)
		return -EPROTO;
	if (m->n.nlmsg_type == NLMSG_ERROR) {
		memcpy(&code, (char *)m + NLMSG_HDRLEN, sizeof(code));
		return code < 0 ? code : -EPROTO;
	}
	return (ssize_t)m->n.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
}

static int family_id(const struct message *m, ssize_t n)
{
	struct nlattr a;

	for (ssize_t at = 0; at + NLA_HDRLEN <= n; at += NLA_ALIGN(a.nla_len)) {
		memcpy(&a, m->attrs + at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || at + a.nla_len > n)
			return -EPROTO;
		if (a.nla_type == CTRL_ATTR_FAMILY_ID && a.nla_len >= NLA_HDRLEN + 2) {
			uint16_t id;

			memcpy(&id, m->attrs + at + NLA_HDRLEN, sizeof(id));
			return id;
		}
	}
	return -ENOENT;
}

int doctor_ask_taskstats(void)
{
	cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	const struct timeval patience = {.tv_sec = 2};
	struct message m = {
		.n.nlmsg_type = GENL_ID_CTRL, .g = {.cmd = CTRL_CMD_GETFAMILY, .version = 1}};
	uint32_t self = (uint32_t)getpid();
	ssize_t n;
	int id;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	n = ask(fd, &m,
		put_attr(&m, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME,
			sizeof(TASKSTATS_GENL_NAME)));
	id = n < 0 ? (int)n : family_id(&m, n);
	if (id < 0)
		return id;
	m.n = (struct nlmsghdr){.nlmsg_type = (uint16_t)id};
	m.g = (struct genlmsghdr){.cmd = TASKSTATS_CMD_GET, .version = TASKSTATS_GENL_VERSION};
	n = ask(fd, &m, put_attr(&m, TASKSTATS_CMD_ATTR_PID, &self, sizeof(self)));
	return n < 0 ? (int)n : 0;
}
