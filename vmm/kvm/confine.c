#include "vmm/kvm/confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "vmm/kvm/confine_filter.h"

/* What devices may still take for what they hold of the guest's, and a thread for its stack. */
#define GROWTH_BYTES (64ULL << 20)
#define THREAD_BYTES (256ULL << 10)

bool confine_is_off(void)
{
	const char *off = getenv(CONFINE_OFF);

	return off && *off;
}

static int limit(int what, uint64_t most, const char *name, struct err *e)
{
	struct rlimit r;

	if (getrlimit((__rlimit_resource_t)what, &r))
		return err_sys(e, errno, "cannot read the monitor's limit of %s", name);
	if (r.rlim_max > most)
		r.rlim_max = most;
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	if (setrlimit((__rlimit_resource_t)what, &r))
		return err_sys(e, errno, "cannot limit the monitor's %s", name);
	return 0;
}

/* Private memory that can be written, guest memory included: the sixth figure of statm, in pages
 * (proc(5)); 0 = unknown. */
static uint64_t data_now(void)
{
	cleanup_str struct str text = STR_INIT;
	char *at;

	if (file_read("/proc/self/statm", 4096, &text, NULL))
		return 0;
	at = text.s;
	for (int i = 0; at && i < 5; i++) {
		at = strchr(at, ' ');
		at += at ? 1 : 0;
	}
	return at ? strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static int set_limits(const struct confine_limits *l, struct err *e)
{
	uint64_t data = CONFINE_SANITIZED ? 0 : data_now();
	int rc = limit(RLIMIT_CORE, 0, "core files", e);

	if (!rc)
		rc = limit(RLIMIT_FSIZE, l->file_bytes, "file size", e);
	if (!rc && data)
		rc = limit(
			RLIMIT_DATA, data + GROWTH_BYTES + l->threads * THREAD_BYTES, "memory", e);
	return rc;
}

/* Every right over files that the kernel knows of is taken, and none given back. */
static int no_files(struct err *e)
{
	static const uint64_t rights[] = {
		LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
			LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
			LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
			LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
			LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
			LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
			LANDLOCK_ACCESS_FS_MAKE_SYM,
		1ULL << 13, /* refer to another folder, version 2 */
		1ULL << 14, /* truncate, version 3 */
		0,	    /* version 4 brought networks */
		1ULL << 15, /* ioctl on devices that are opened from now on, version 5 */
	};
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr all = {0};
	cleanup_close int fd = -1;

	if (version < 1)
		return 0; /* not built, or not switched on */
	for (size_t i = 0; i < ARRAY_LEN(rights) && i < (size_t)version; i++)
		all.handled_access_fs |= rights[i];
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all.handled_access_fs), 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0))
		return err_sys(e, errno, "cannot take the monitor's rights over files");
	return 0;
}

int confine_process(const struct confine_limits *l, struct err *e)
{
	int rc;

	if (confine_is_off())
		return 0;
	/* A thread would get a heap of its own, and be ended: to find how many of those there may
	 * be, the C library counts the host's CPUs, from a file (glibc's arena_get2()). */
	mallopt(M_ARENA_MAX, 1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_sys(e, errno, "cannot give up the monitor's way to new privileges");
	rc = set_limits(l, e);
	/* a sanitizer's report reads the program's own files */
	if (!rc && !CONFINE_SANITIZED)
		rc = no_files(e);
	return rc;
}

int confine_thread(enum confine_class c, struct err *e)
{
	return confine_is_off() ? 0 : confine_filter_set(c, e);
}
