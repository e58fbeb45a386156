/* One thread's counters: stopped, asked for its thread pointer, read, let go. */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "probes/ctprof/jemalloc.h"
#include "src/base/clock.h"

/* A thread that has not stopped after this long is in the kernel's hands and stays there. */
#define PATIENCE_NS (250 * NS_PER_MS)

/* Waits for the stop; the signal that it came with is kept for it. */
static int wait_stop(pid_t tid, int *signo)
{
	uint64_t until = clock_mono_ns() + PATIENCE_NS;
	struct timespec pause = {.tv_nsec = 20000};
	int status;

	for (;;) {
		pid_t got = waitpid(tid, &status, WNOHANG | __WALL);

		if (got == tid && WIFSTOPPED(status)) {
			/* 16 bits up is the event: without one, a signal was on its way */
			*signo = status >> 16 ? 0 : WSTOPSIG(status);
			return 0;
		}
		if (got == tid || (got < 0 && errno != EINTR))
			return -ESRCH;
		if (clock_mono_ns() > until)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 1000000)
			pause.tv_nsec *= 2;
	}
}

static int thread_pointer(pid_t tid, uint64_t *tp)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;
	struct iovec v = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &v) || v.iov_len < sizeof(regs))
		return -errno;
	*tp = regs.fs_base;
	return 0;
#elif defined(__aarch64__)
	uint64_t regs[2];
	struct iovec v = {regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, tid, (void *)0x401 /* NT_ARM_TLS */, &v) || v.iov_len < 8)
		return -errno;
	*tp = regs[0];
	return 0;
#else
	(void)tid;
	(void)tp;
	return -ENOSYS;
#endif
}

/* Both counters in one reading, so that they belong together. */
static enum jemalloc_fail read_counters(pid_t tid, const struct jemalloc *j, uint64_t tp,
	uint64_t *allocated, uint64_t *deallocated)
{
	unsigned char buf[4096];
	uint64_t start = tp + j->from_tp + j->allocated, n = j->deallocated + 8 - j->allocated;
	struct iovec local = {buf, n}, remote = {NULL, n};

	if (tp == 0 || n > sizeof(buf) || start + n < start)
		return JEMALLOC_TLS_ARITHMETIC;
	memcpy(&remote.iov_base, &start, sizeof(start));
	if (process_vm_readv(tid, &local, 1, &remote, 1, 0) != (ssize_t)n)
		return JEMALLOC_PROCESS_VM_READV;
	memcpy(allocated, buf, 8);
	memcpy(deallocated, buf + n - 8, 8);
	return JEMALLOC_OK;
}

static enum jemalloc_fail read_stopped(
	pid_t tid, const struct jemalloc *j, uint64_t *allocated, uint64_t *deallocated)
{
	uint64_t tp = 0;

	if (thread_pointer(tid, &tp) < 0)
		return JEMALLOC_GET_REGSET;
	return read_counters(tid, j, tp, allocated, deallocated);
}

enum jemalloc_fail jemalloc_read(uint32_t id, const struct jemalloc *j, uint64_t *allocated,
	uint64_t *deallocated, bool *denied)
{
	enum jemalloc_fail rc;
	pid_t tid = (pid_t)id;
	void *pass_on = NULL;
	long signo = 0;
	int got = 0;

	*denied = false;
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL)) {
		*denied = errno == EPERM || errno == EACCES;
		return JEMALLOC_PTRACE_SEIZE;
	}
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL))
		rc = JEMALLOC_PTRACE_INTERRUPT;
	else if (wait_stop(tid, &got) < 0)
		rc = JEMALLOC_WAITPID;
	else
		rc = read_stopped(tid, j, allocated, deallocated);
	/* One that has not stopped cannot be let go: the kernel does it when this worker ends. */
	signo = got;
	memcpy(&pass_on, &signo, sizeof(signo));
	ptrace(PTRACE_DETACH, tid, NULL, pass_on);
	return rc;
}
