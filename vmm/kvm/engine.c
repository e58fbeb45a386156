/* Our own monitor as an engine: a forked process for each guest. */
#include "vmm/engine.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vmm/kernel_file.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/confine.h"
#include "vmm/kvm/monitor.h"

enum { ALONE_TRIES = 10000 }; /* of 200 us */

static int check(const struct vm_config *c, struct err *e)
{
	return arch_check(&c->topology, e);
}

static const char *const modules[] = {"virtio_mmio", "virtio_console", "virtio_blk"};

static const struct strv *wanted_modules(bool disk)
{
	/* read only, as QEMU's */
	static const struct strv lists[2] = {
		{.v = (char **)modules, .n = ARRAY_LEN(modules) - 1},
		{.v = (char **)modules, .n = ARRAY_LEN(modules)},
	};

	return &lists[disk];
}

/* One that chooses its addresses does so in its own loader. */
static int unpack(const struct vm_kernel *k, const struct vm_config *c, enum vm_accel accel)
{
	(void)accel;
	return c->kaslr ? -1 : kernel_file_unpacked(k->image, k->cache, arch_kernel_startable);
}

/*
 * A forked process has one thread, whoever held which lock in the others. One that was joined may
 * be seen for a moment longer: the kernel wakes its waiter before it is gone.
 */
static bool alone(void)
{
	const struct timespec moment = {.tv_nsec = 200000};
	struct stat st;

	for (unsigned i = 0; i < ALONE_TRIES; i++) {
		if (stat("/proc/self/task", &st))
			return false;
		if (st.st_nlink == 3)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static pid_t start(const struct engine_request *q, struct err *e)
{
	pid_t self = getpid(), pid;

	if (!alone())
		return err_set(e, EBUSY, "the monitor cannot be started beside other threads");
	pid = fork();
	if (pid == 0)
		monitor_main(q, self);
	return pid < 0 ? err_sys(e, errno, "cannot start the monitor's process") : pid;
}

static void lacks(enum vm_accel accel, const struct vm_placement *p, struct strv *notes)
{
	(void)accel;
	arch_lacks(p, notes);
}

static const char *warning(void)
{
	return confine_is_off() ? "WARNING: " CONFINE_OFF
				  " is set: the monitor is not confined, and a guest that breaks "
				  "into it has all that you have"
				: NULL;
}

static int tell(int fd, enum engine_verb verb, char key)
{
	const struct monitor_order o = {.verb = (uint8_t)verb, .key = key};

	return send(fd, &o, sizeof(o), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int hear(int fd, struct engine_ear *ear, struct engine_news *out)
{
	struct monitor_answer a;
	ssize_t n = recv(fd, &a, sizeof(a), MSG_DONTWAIT);

	(void)ear;
	*out = (struct engine_news){.kind = ENGINE_NEWS_NONE};
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	/* the process may be in its guest's hands: what it says is one of these, or nothing */
	if (n != sizeof(a) ||
		(a.kind != ENGINE_PAUSED && a.kind != ENGINE_RESUMED && a.kind != ENGINE_REFUSED))
		return 1;
	out->kind = (enum engine_news_kind)a.kind;
	memcpy(out->why, a.why, sizeof(a.why));
	out->why[sizeof(a.why) - 1] = '\0';
	return 1;
}

const struct engine engine_kvm = {
	.id = "kvm",
	.name = "the monitor",
	.transport = "virtio_mmio",
	.exact = true,
	.control_type = SOCK_SEQPACKET,
	.vcpu_thread = "ktstr-vcpu%u",
	.check = check,
	.wanted_modules = wanted_modules,
	.unpack = unpack,
	.start = start,
	.lacks = lacks,
	.warning = warning,
	.tell = tell,
	.hear = hear,
};
