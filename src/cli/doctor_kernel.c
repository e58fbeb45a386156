/* What the running kernel counts, and the folder of the lock files. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probes/locks/lockfiles.h"
#include "src/cli/doctor.h"

/* An option, without its CONFIG_, that the running kernel was built without. */
static void mend_kernel(struct str *mend, const char *option)
{
	str_printf(mend,
		"in the kernel's source: scripts/config -e %s && make olddefconfig all && sudo "
		"make modules_install install, then reboot",
		option);
}

void doctor_taskstats(struct doctor *d, struct doctor_finding *f)
{
	int rc = doctor_ask_taskstats();

	(void)d;
	if (rc == 0) {
		str_add(&f->text, "the kernel tells each task's accounting");
		return;
	}
	f->state = DOCTOR_WARN;
	if (rc == -EPERM) {
		str_add(&f->text, "the kernel tells a task's accounting to root only");
		str_add(&f->mend, "sudo setcap cap_net_admin+ep $(command -v ktstr)");
	} else if (rc == -ENOENT) {
		str_add(&f->text, "the kernel was built without CONFIG_TASKSTATS");
		mend_kernel(&f->mend, "TASKSTATS");
	} else {
		str_printf(&f->text, "taskstats does not answer: %s", strerror(-rc));
	}
}

/* A switch of the kernel that is a file with 0 or 1. */
static void look_at_switch(const struct doctor *d, const char *name, const char *what,
	const char *option, struct doctor_finding *f)
{
	uint64_t on = 0;
	int rc = sysroot_u64(d->root, PATHF("/proc/sys/kernel/%s", name), &on);

	if (rc == 0 && on) {
		str_printf(&f->text, "the kernel counts %s", what);
		return;
	}
	f->state = DOCTOR_WARN;
	if (rc == 0) {
		str_printf(&f->text, "switched off: %s are not counted", what);
		str_printf(&f->mend, "%ssysctl -w kernel.%s=1", doctor_sudo(), name);
	} else if (rc == -ENOENT) {
		str_printf(&f->text, "the kernel was built without CONFIG_%s: it cannot count %s",
			option, what);
		mend_kernel(&f->mend, option);
	} else {
		str_printf(&f->text, "kernel.%s cannot be read: %s", name, strerror(-rc));
	}
}

void doctor_delays(struct doctor *d, struct doctor_finding *f)
{
	look_at_switch(d, "task_delayacct", "the delays of tasks", "TASK_DELAY_ACCT", f);
}

void doctor_schedstats(struct doctor *d, struct doctor_finding *f)
{
	look_at_switch(d, "sched_schedstats", "the waits and migrations of tasks", "SCHEDSTATS", f);
}

void doctor_locks(struct doctor *d, struct doctor_finding *f)
{
	const char *dir = lockfile_dir();
	cleanup_free char *any = lockfile_llc(dir, 0);
	struct err e = ERR_INIT;
	struct stat st;

	(void)d;
	if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
		f->state = DOCTOR_FAIL;
		str_printf(&f->text, "%s is no folder", dir);
		str_printf(&f->mend, "%smkdir -m 1777 -p %s", doctor_sudo(), dir);
	} else if (access(dir, W_OK | X_OK)) {
		f->state = DOCTOR_FAIL;
		str_printf(&f->text, "lock files cannot be made in %s: %s", dir, strerror(errno));
		str_printf(&f->mend, "sudo chmod 1777 %s", dir);
	} else if (lockfile_check_filesystem(any, &e)) {
		f->state = DOCTOR_FAIL;
		str_add(&f->text, e.msg);
		str_add(&f->mend, "export KTSTR_LOCK_DIR=/tmp");
	} else {
		str_printf(&f->text, "%s", dir);
	}
}
