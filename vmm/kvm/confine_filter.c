#include "vmm/kvm/confine_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/mem.h"

#if defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#else
#define THIS_ARCH AUDIT_ARCH_X86_64
#endif

enum { VCPU = 1 << CONFINE_VCPU, LOOP = 1 << CONFINE_LOOP, BOTH = VCPU | LOOP };

/* What is looked at besides the number. */
enum look {
	ANY,
	REQUEST,  /* ioctl: one of the class's requests */
	NOT_EXEC, /* mmap, mprotect: nothing executable */
	OURSELF,  /* tgkill: this process */
};

static const struct rule {
	int nr;
	int who;
	enum look look;
} rules[] = {
	/* the ones that are called most come first: the kernel walks the list */
	{.nr = SYS_ioctl, .who = BOTH, .look = REQUEST},
	{.nr = SYS_epoll_pwait, .who = LOOP},
#ifdef SYS_epoll_wait
	{.nr = SYS_epoll_wait, .who = LOOP},
#endif
	{.nr = SYS_read, .who = BOTH},
	{.nr = SYS_write, .who = BOTH},
	{.nr = SYS_futex, .who = BOTH},
	/* signals that kick a virtual CPU, and the way out of one's handler */
	{.nr = SYS_tgkill, .who = BOTH, .look = OURSELF},
	{.nr = SYS_rt_sigreturn, .who = BOTH},
	{.nr = SYS_rt_sigprocmask, .who = BOTH},
	{.nr = SYS_rt_sigaction, .who = BOTH}, /* abort() */
	{.nr = SYS_restart_syscall, .who = BOTH},
	{.nr = SYS_clock_gettime, .who = BOTH},
	{.nr = SYS_clock_nanosleep, .who = BOTH},
	{.nr = SYS_getpid, .who = BOTH},
	{.nr = SYS_gettid, .who = BOTH},
	{.nr = SYS_sched_yield, .who = BOTH},
	/* malloc() */
	{.nr = SYS_brk, .who = BOTH},
	{.nr = SYS_mmap, .who = BOTH, .look = NOT_EXEC},
	{.nr = SYS_mprotect, .who = BOTH, .look = NOT_EXEC},
	{.nr = SYS_mremap, .who = BOTH},
	{.nr = SYS_munmap, .who = BOTH},
	{.nr = SYS_madvise, .who = BOTH},
	{.nr = SYS_exit, .who = BOTH},
	{.nr = SYS_exit_group, .who = BOTH},
	/* sockets to the host */
	{.nr = SYS_recvfrom, .who = LOOP},
	{.nr = SYS_recvmsg, .who = LOOP},
	{.nr = SYS_sendto, .who = BOTH},
	{.nr = SYS_sendmsg, .who = BOTH},
	{.nr = SYS_readv, .who = LOOP},
	{.nr = SYS_writev, .who = LOOP},
	/* the disk's file */
	{.nr = SYS_pread64, .who = LOOP},
	{.nr = SYS_pwrite64, .who = LOOP},
	{.nr = SYS_preadv, .who = LOOP},
	{.nr = SYS_pwritev, .who = LOOP},
	/* entropy for the guest */
	{.nr = SYS_getrandom, .who = BOTH},
	/* the loop, and taking everything down */
	{.nr = SYS_epoll_ctl, .who = LOOP},
	{.nr = SYS_timerfd_settime, .who = LOOP},
	{.nr = SYS_ppoll, .who = LOOP},
#ifdef SYS_poll
	{.nr = SYS_poll, .who = LOOP},
#endif
	{.nr = SYS_close, .who = LOOP},
#if CONFINE_SANITIZED
	/* what the sanitizer's runtime does when a thread or the process ends, or it has to report
	 */
	{.nr = SYS_sigaltstack, .who = BOTH},
	{.nr = SYS_openat, .who = BOTH},
	{.nr = SYS_close, .who = VCPU},
	{.nr = SYS_readlink, .who = BOTH},
	{.nr = SYS_getrlimit, .who = BOTH},
	{.nr = SYS_prlimit64, .who = BOTH},
	{.nr = SYS_prctl, .who = BOTH},
	{.nr = SYS_clone, .who = BOTH},
	{.nr = SYS_wait4, .who = BOTH},
	{.nr = SYS_ptrace, .who = BOTH},
	{.nr = SYS_sched_getaffinity, .who = BOTH},
	{.nr = SYS_getdents64, .who = BOTH},
	{.nr = SYS_kill, .who = BOTH},
	{.nr = SYS_newfstatat, .who = BOTH},
	{.nr = SYS_fstat, .who = BOTH},
	{.nr = SYS_set_robust_list, .who = BOTH},
	{.nr = SYS_uname, .who = BOTH},
	{.nr = SYS_pipe, .who = BOTH},
	{.nr = SYS_getppid, .who = BOTH},
	{.nr = SYS_process_vm_readv, .who = BOTH},
#endif
};

static const struct request {
	unsigned long nr;
	int who;
} requests[] = {
	{.nr = KVM_RUN, .who = VCPU},
	/* to say where a guest stood that failed */
	{.nr = KVM_GET_REGS, .who = VCPU},
	{.nr = KVM_GET_SREGS, .who = VCPU},
	/* the interrupt controller of large guests, whose registers a virtual CPU writes */
	{.nr = KVM_SET_GSI_ROUTING, .who = VCPU},
	/* an NMI */
	{.nr = KVM_SIGNAL_MSI, .who = LOOP},
	/* the end of a pause */
	{.nr = KVM_KVMCLOCK_CTRL, .who = VCPU},
};

struct program {
	struct sock_filter *out;
	size_t n;
};

static void put(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (p->n < CONFINE_PROGRAM_MAX)
		p->out[p->n++] = (struct sock_filter){code, yes, no, k};
}

static void load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct program *p, uint32_t what)
{
	put(p, BPF_RET | BPF_K, what, 0, 0);
}

static size_t low_half(unsigned arg)
{
	/* both architectures are little-endian */
	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t);
}

/* Each ends in an answer, so that no rule falls into the next one. */
static void look_closer(struct program *p, enum look look, int who)
{
	switch (look) {
	case ANY:
		break;
	case REQUEST:
		load(p, low_half(1));
		for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
			if (!(requests[i].who & who))
				continue;
			put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)requests[i].nr, 0, 1);
			answer(p, SECCOMP_RET_ALLOW);
		}
		answer(p, SECCOMP_RET_KILL_PROCESS);
		return;
	case NOT_EXEC:
		load(p, low_half(2));
		put(p, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
		answer(p, SECCOMP_RET_KILL_PROCESS);
		break;
	case OURSELF:
		load(p, low_half(0));
		put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0);
		answer(p, SECCOMP_RET_KILL_PROCESS);
		break;
	}
	answer(p, SECCOMP_RET_ALLOW);
}

size_t confine_filter_program(enum confine_class c, struct sock_filter out[CONFINE_PROGRAM_MAX])
{
	struct program p = {.out = out};
	int who = 1 << c;

	load(&p, offsetof(struct seccomp_data, arch));
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0);
	answer(&p, SECCOMP_RET_KILL_PROCESS);
	load(&p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		size_t jump = p.n;

		if (!(rules[i].who & who))
			continue;
		put(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rules[i].nr, 0, 0);
		look_closer(&p, rules[i].look, who);
		out[jump].jf = (uint8_t)(p.n - jump - 1);
	}
	answer(&p, SECCOMP_RET_KILL_PROCESS);
	return p.n;
}

int confine_filter_set(enum confine_class c, struct err *e)
{
	struct sock_filter code[CONFINE_PROGRAM_MAX];
	struct sock_fprog program = {.filter = code};

	program.len = (unsigned short)confine_filter_program(c, code);
	/* without it only root may set a filter; confine_process() has done it already */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		return err_sys(e, errno, "cannot confine a thread of the monitor (seccomp)");
	return 0;
}
