#include "vmm/pin.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/parse.h"

enum { COMM_MAX = 64 };

/* A thread, and the vCPU that its name says it is; -1 = none. */
struct thread {
	pid_t tid;
	int vcpu;
};
struct threads {
	VEC(struct thread) list;
	unsigned vcpus; /* how many of them are vCPUs */
};

static int vcpu_of(const char *dir, const char *tid, const char *names)
{
	cleanup_free char *path = xasprintf("%s/%s/comm", dir, tid);
	cleanup_str struct str comm = STR_INIT;
	unsigned n;

	if (file_read(path, COMM_MAX, &comm, NULL))
		return -1;
		/* the format is one of an engine's own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return sscanf(str_get(&comm), names, &n) == 1 && n < VM_VCPUS_MAX ? (int)n : -1;
#pragma GCC diagnostic pop
}

static void list_threads(pid_t pid, const char *names, struct threads *out)
{
	cleanup_free char *dir = xasprintf("/proc/%d/task", (int)pid);
	DIR *d = opendir(dir);
	const struct dirent *entry;
	uint32_t tid;

	while (d && (entry = readdir(d))) {
		struct thread t;

		if (parse_u32(entry->d_name, &tid, NULL))
			continue;
		t = (struct thread){(pid_t)tid, vcpu_of(dir, entry->d_name, names)};
		out->vcpus += t.vcpu >= 0;
		vec_push(&out->list, t);
	}
	if (d)
		closedir(d);
}

/* Threads come and go: one that is gone needs nothing. */
static int apply(const struct thread *t, const struct vm_placement *p, int *fifo)
{
	const struct sched_param param = {.sched_priority = p->vcpu_fifo};
	bool is_vcpu = t->vcpu >= 0 && (unsigned)t->vcpu < p->nvcpus;
	const struct cpuset *cpus = is_vcpu ? &p->vcpu_cpus[t->vcpu] : &p->service;
	int rc = cpuset_empty(cpus) ? 0 : cpuset_confine(t->tid, cpus);

	if (is_vcpu && p->vcpu_fifo && sched_setscheduler(t->tid, SCHED_FIFO, &param) &&
		errno != ESRCH)
		*fifo = errno;
	return rc == -ESRCH ? 0 : rc;
}

int pin_threads(pid_t pid, const char *names, const struct vm_placement *p, struct strv *notes)
{
	struct threads all = {0};
	int fifo = 0, pinned = 0, rc = 0;

	list_threads(pid, names, &all);
	if (all.vcpus < p->nvcpus)
		rc = -EAGAIN;
	for (size_t i = 0; !rc && i < all.list.n; i++) {
		int one = apply(&all.list.v[i], p, &fifo);

		pinned = one ? one : pinned;
	}
	if (pinned)
		strv_pushf(notes, "performance_mode: CPUs cannot be pinned: %s", strerror(-pinned));
	if (fifo)
		strv_pushf(notes,
			"performance_mode: no real-time priority: %s (root, CAP_SYS_NICE or "
			"'ulimit -r' give it)",
			strerror(fifo));
	free(all.list.v);
	return rc;
}
