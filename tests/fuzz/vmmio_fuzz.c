/*
 * Scripts of a hostile driver against the virtio devices: registers and config space in any order
 * and width, rings and buffers of anything, hosts that write, read and leave. Whatever was done, a
 * driver that behaves afterwards finds devices that work, and the disk is as long as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fake_virtio.h"
#include "vmm/virtio/block.h"
#include "vmm/virtio/console.h"
#include "vmm/virtio/entropy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { DEVICES = 3, DISK = 64 * 1024, STEPS = 4096 };

/* One fake driver for each device; memory, loop and line are those of the first. */
struct rig {
	struct fv f[DEVICES];
	struct virtio_device *d[DEVICES];
	int disk, host[2], guest[2];
};

struct input {
	const uint8_t *p;
	size_t left;
};

static void need(bool good)
{
	if (!good)
		abort();
}

static uint64_t take(struct input *in, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n && in->left; i++, in->left--)
		v |= (uint64_t)*in->p++ << (8 * i);
	return v;
}

static void set_up(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	for (unsigned i = 0; i < 2; i++) {
		int s[2];

		need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
		r->host[i] = s[0];
		r->guest[i] = s[1];
	}
	r->disk = memfd_create("disk", MFD_CLOEXEC);
	need(r->disk >= 0 && !ftruncate(r->disk, DISK));
	fv_init(&r->f[0]);
	for (unsigned i = 1; i < DEVICES; i++) {
		r->f[i].mem = r->f[0].mem;
		r->f[i].loop = r->f[0].loop;
		r->f[i].irq = r->f[0].irq;
	}
	r->d[0] = virtio_console_new(r->f[0].loop, r->guest[0], r->guest[1], NULL);
	r->d[1] = virtio_block_new(r->disk, DISK, NULL);
	r->d[2] = virtio_entropy_new(r->f[0].loop);
	for (unsigned i = 0; i < DEVICES; i++)
		fv_attach(&r->f[i], r->d[i]);
}

static void tear_down(struct rig *r)
{
	for (unsigned i = 0; i < DEVICES; i++)
		fv_detach(&r->f[i]);
	virtio_console_free(r->d[0]);
	virtio_block_free(r->d[1]);
	virtio_entropy_free(r->d[2]);
	fv_release(&r->f[0]);
	for (unsigned i = 0; i < 2; i++) {
		if (r->host[i] >= 0)
			close(r->host[i]);
		close(r->guest[i]);
	}
	close(r->disk);
}

static void poke(struct fv *f, struct input *in, bool write)
{
	unsigned size = 1 + take(in, 1) % 8;
	uint64_t at = 0xd0000000ULL + take(in, 2) % (VMMIO_SIZE + 16), v = 0;

	if (write)
		v = take(in, size);
	if (write)
		bus_write(&f->bus, at, &v, size);
	else
		bus_read(&f->bus, at, &v, size);
}

/* Steps that get far: a driver that knows the rules up to the one it breaks. */
static void set_up_queue(struct fv *f, struct input *in)
{
	unsigned q = take(in, 1) % VIRTIO_QUEUES_MAX;

	fv_set_queue(f, q, 1U << take(in, 1) % 9);
}

static void describe(struct fv *f, struct input *in)
{
	unsigned q = take(in, 1) % VIRTIO_QUEUES_MAX;
	uint16_t i = (uint16_t)(take(in, 1) % 256), flags = (uint16_t)take(in, 1);
	uint64_t addr = take(in, 3);
	uint32_t len = (uint32_t)take(in, 3);

	fv_desc(f, q, i, addr, len, flags, (uint16_t)take(in, 1));
}

static void offer(struct fv *f, struct input *in)
{
	unsigned q = take(in, 1) % VIRTIO_QUEUES_MAX;

	if (f->q[q].size)
		fv_offer(f, q, (uint16_t)take(in, 1));
	fv_notify(f, q);
}

static void fill(struct fv *f, struct input *in)
{
	uint64_t at = take(in, 3) % (FV_SEAM * 2 - 64), len = take(in, 1) % 64, got;
	unsigned char *p = gmem_piece(&f->mem, at, len, &got);

	for (uint64_t i = 0; p && i < got; i++)
		p[i] = (unsigned char)take(in, 1);
}

static void host(struct rig *r, struct input *in)
{
	static char buf[65536];
	unsigned what = (unsigned)take(in, 1);
	int *fd = &r->host[what & 1];

	if (*fd < 0)
		return;
	if (what % 8 < 4) {
		(void)!send(*fd, buf, what * 64, MSG_DONTWAIT | MSG_NOSIGNAL);
	} else if (what % 16 < 14) {
		(void)!recv(*fd, buf, sizeof(buf), MSG_DONTWAIT);
	} else {
		close(*fd);
		*fd = -1;
	}
}

static void step(struct rig *r, struct input *in)
{
	unsigned what = (unsigned)take(in, 1);
	struct fv *f = &r->f[(what >> 4) % DEVICES];

	switch (what % 16) {
	case 0:
	case 1:
		poke(f, in, false);
		break;
	case 2:
	case 3:
		poke(f, in, true);
		break;
	case 4:
		fv_negotiate(f, take(in, 1) & 1 ? fv_features(f) : take(in, 8));
		break;
	case 5:
		set_up_queue(f, in);
		break;
	case 6:
		fv_start(f);
		break;
	case 7:
	case 8:
		describe(f, in);
		break;
	case 9:
	case 10:
		offer(f, in);
		break;
	case 11:
		fill(f, in);
		break;
	case 12:
		host(r, in);
		break;
	case 13:
		fv_set(f, FV_STATUS, 0);
		break;
	case 14:
		fv_bring_up(f, fv_features(f), 1U << take(in, 1) % 9);
		break;
	default:
		fv_turn(f, 1 + take(in, 1) % 4);
		break;
	}
}

static void disk_works(struct rig *r)
{
	static const struct fv_buf b[] = {{FV_DATA_AT, 16, false}, {FV_DATA_AT + 0x200, 512, true},
		{FV_DATA_AT + 0x400, 1, true}};
	struct fv *f = &r->f[1];

	fv_bring_up(f, fv_features(f), 16);
	memset(fv_ptr(f, FV_DATA_AT, 16), 0, 16);
	*(unsigned char *)fv_ptr(f, FV_DATA_AT + 0x400, 1) = 0xff;
	need(fv_do(f, 0, b, 3) == 513 && !*(unsigned char *)fv_ptr(f, FV_DATA_AT + 0x400, 1));
	need(lseek(r->disk, 0, SEEK_END) == DISK);
}

static void console_works(struct rig *r)
{
	static const struct fv_buf in = {FV_DATA_AT, 64, true};
	static const struct fv_buf ready = {FV_DATA_AT + 0x200, 8, false};
	struct fv *f = &r->f[0];

	fv_bring_up(f, 1 << 1, 16);
	fv_request(f, 2, &in, 1);
	memcpy(fv_ptr(f, FV_DATA_AT + 0x200, 8), "\0\0\0\0\0\0\1\0", 8);
	need(fv_do(f, 3, &ready, 1) == 0 && fv_used_index(f, 2) == 1);
	need(memcmp(fv_ptr(f, FV_DATA_AT, 8), "\1\0\0\0\1\0\1\0", 8) == 0);
}

/* A device at rest writes nothing more into memory that another one is tried with. */
static void rest(struct rig *r)
{
	for (unsigned i = 0; i < DEVICES; i++)
		fv_set(&r->f[i], FV_STATUS, 0);
	fv_turn(&r->f[0], 2);
}

/* The rig is made once, and again when a script has hung up on it: that takes longer than a script.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct rig r;
	struct input in = {bytes, n};
	static bool up;

	if (!up)
		set_up(&r);
	up = true;
	memset(r.f[0].region[0], 0, FV_SEAM);
	memset(r.f[0].region[1], 0, FV_SEAM);
	for (unsigned i = 0; in.left && i < STEPS; i++)
		step(&r, &in);
	fv_turn(&r.f[0], 2);
	for (unsigned i = 0; i < DEVICES; i++)
		vmmio_drain(r.f[i].mmio);
	rest(&r);
	disk_works(&r);
	console_works(&r);
	rest(&r);
	if (r.host[0] < 0 || r.host[1] < 0) {
		tear_down(&r);
		up = false;
	}
	return 0;
}
