#include "vmm/ctlwire.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "src/base/mem.h"
#include "src/base/sock.h"
#include "vmm/vmctl.h"

struct header {
	uint16_t magic;
	uint8_t version, type;
	uint32_t size;
	uint64_t a, b;
};
_Static_assert(sizeof(struct header) == CTL_HEADER, "the header has no padding");

enum { MAGIC = 0x6b74 };

/* What each message may hold. */
struct rule {
	enum ctl_side sender;
	bool known;
	size_t size_min, size_max;
	uint64_t a_min, a_max, b_max;
};

static const struct rule rules[] = {
	[CTL_NOTE] = {CTL_FROM_CHILD, true, 0, CTL_DATA_MAX, 0, 0, 0},
	[CTL_PROGRESS] = {CTL_FROM_CHILD, true, 0, 1024, 0, UINT64_MAX, UINT64_MAX},
	[CTL_STAGE] = {CTL_FROM_CHILD, true, 0, 0, 0, VM_STAGE_ENDED, UINT64_MAX},
	[CTL_INFO] = {CTL_FROM_CHILD, true, 2, CTL_DATA_MAX, 0, 0, 0},
	[CTL_DMESG] = {CTL_FROM_CHILD, true, 1, CTL_DATA_MAX, 0, 0, 0},
	[CTL_STDOUT] = {CTL_FROM_CHILD, true, 1, CTL_DATA_MAX, 0, 0, 0},
	[CTL_STDERR] = {CTL_FROM_CHILD, true, 1, CTL_DATA_MAX, 0, 0, 0},
	[CTL_EXIT] = {CTL_FROM_CHILD, true, 0, CTL_DATA_MAX, 0, 255, 0},
	[CTL_CREDIT] = {CTL_FROM_CHILD, true, 0, 0, 1, CTL_WINDOW, 0},
	[CTL_RUNNING] = {CTL_FROM_CHILD, true, 0, 0, 0, 1, 0},
	[CTL_REPORT] = {CTL_FROM_CHILD, true, 2, CTL_DATA_MAX, 0, 0, 0},
	[CTL_TOPOLOGY] = {CTL_FROM_CHILD, true, 0, CTL_DATA_MAX, 0, 1, 0},
	[CTL_RUN_STDOUT] = {CTL_FROM_CHILD, true, 1, CTL_DATA_MAX, 0, 0, 0},
	[CTL_RUN_STDERR] = {CTL_FROM_CHILD, true, 1, CTL_DATA_MAX, 0, 0, 0},
	[CTL_RUN_EXIT] = {CTL_FROM_CHILD, true, 0, 1024, 0, 255, 0},
	[CTL_STDIN] = {CTL_FROM_CLIENT, true, 0, CTL_DATA_MAX, 0, 0, 0},
	[CTL_RESIZE] = {CTL_FROM_CLIENT, true, 0, 0, 1, UINT16_MAX, UINT16_MAX},
	[CTL_SIGNAL] = {CTL_FROM_CLIENT, true, 0, 0, 1, SIGSYS, 0},
	[CTL_RUN] = {CTL_FROM_CLIENT, true, 1, CTL_DATA_MAX, 0, 0, 0},
	[CTL_KILL] = {CTL_FROM_CLIENT, true, 0, 0, 0, 0, 0},
	[CTL_POWER] = {CTL_FROM_CLIENT, true, 0, 0, CTL_PAUSE, CTL_RESET, 127},
};

size_t ctl_pack(const struct ctl_message *m, unsigned char out[CTL_MESSAGE_MAX])
{
	size_t n = m->size < CTL_DATA_MAX ? m->size : CTL_DATA_MAX;
	struct header h = {
		.magic = MAGIC,
		.version = CTL_VERSION,
		.type = (uint8_t)m->type,
		.size = (uint32_t)n,
		.a = m->a,
		.b = m->b,
	};

	memcpy(out, &h, sizeof(h));
	if (n)
		memcpy(out + sizeof(h), m->data, n);
	return sizeof(h) + n;
}

int ctl_unpack(const void *packet, size_t n, enum ctl_side sender, struct ctl_message *out)
{
	const struct rule *r;
	struct header h;

	if (n < sizeof(h) || n > CTL_MESSAGE_MAX)
		return -EPROTO;
	memcpy(&h, packet, sizeof(h));
	if (h.magic != MAGIC || h.version != CTL_VERSION || h.type >= ARRAY_LEN(rules))
		return -EPROTO;
	r = &rules[h.type];
	if (!r->known || r->sender != sender || h.size != n - sizeof(h))
		return -EPROTO;
	if (h.size < r->size_min || h.size > r->size_max)
		return -EPROTO;
	if (h.a < r->a_min || h.a > r->a_max || h.b > r->b_max)
		return -EPROTO;
	if (h.type == CTL_RESIZE && h.b == 0)
		return -EPROTO;
	*out = (struct ctl_message){
		.type = (enum ctl_type)h.type,
		.a = h.a,
		.b = h.b,
		.data = (const char *)packet + sizeof(h),
		.size = h.size,
	};
	return 0;
}

int ctl_send(int fd, const struct ctl_message *m)
{
	unsigned char buf[CTL_MESSAGE_MAX];
	size_t n = ctl_pack(m, buf);
	ssize_t rc;

	do
		rc = send(fd, buf, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : 0;
}

int ctl_receive(
	int fd, enum ctl_side sender, unsigned char buf[CTL_MESSAGE_MAX], struct ctl_message *m)
{
	ssize_t n;
	int rc;

	/* MSG_TRUNC returns the packet's true length, so that an oversized one is seen as such. */
	n = sock_recv(fd, buf, CTL_MESSAGE_MAX, MSG_TRUNC);
	if (n <= 0)
		return (int)n;
	rc = ctl_unpack(buf, (size_t)n, sender, m);
	return rc ? rc : 1;
}
