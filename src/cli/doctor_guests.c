/* What guests need: KVM or QEMU, busybox, a kernel. */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/doctor.h"
#include "src/kernels/kernels.h"
#include "src/kernels/tools.h"
#include "vmm/vmctl.h"

const char *doctor_sudo(void)
{
	return geteuid() == 0 ? "" : "sudo ";
}

/* A word of /proc/cpuinfo: a flag, or the CPU's maker. */
static bool cpu_has(const struct doctor *d, const char *flag)
{
	cleanup_str struct str text = STR_INIT, word = STR_INIT;

	str_printf(&word, " %s ", flag);
	if (sysroot_read(d->root, "/proc/cpuinfo", &text))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.s[i] == '\n')
			text.s[i] = ' ';
	return strstr(str_get(&text), str_get(&word)) != NULL;
}

/* This machine is a guest itself, and its CPUs are of the host's make. */
static void mend_nesting(const struct doctor *d, struct str *mend)
{
	bool amd = cpu_has(d, "AuthenticAMD") || cpu_has(d, "HygonGenuine");
	const char *module = amd ? "kvm_amd" : "kvm_intel";

	str_printf(mend,
		"in the host of this machine: sudo modprobe -r %s && sudo modprobe %s nested=1",
		module, module);
}

static void mend_missing_kvm(const struct doctor *d, struct str *mend)
{
	const char *module = cpu_has(d, "svm") ? "kvm_amd" : cpu_has(d, "vmx") ? "kvm_intel" : NULL;

	if (module) {
		str_printf(mend, "%smodprobe %s", doctor_sudo(), module);
		return;
	}
	str_add(mend, "switch on virtualisation in the firmware, or ");
	mend_nesting(d, mend);
}

/* Slow or missing, there is software emulation. */
void doctor_kvm(struct doctor *d, struct doctor_finding *f)
{
	enum vm_kvm_state state = vm_check_kvm(&f->text);

	d->kvm_runs = state == VM_KVM_USABLE;
	if (d->kvm_runs)
		return;
	f->state = DOCTOR_WARN;
	if (state == VM_KVM_MISSING)
		mend_missing_kvm(d, &f->mend);
	else if (state == VM_KVM_TOO_SLOW)
		mend_nesting(d, &f->mend);
	else if (state == VM_KVM_BROKEN)
		str_printf(&f->mend, "%sdmesg | grep -i kvm", doctor_sudo());
}

static void mend_permission(const struct stat *st, struct str *mend)
{
	const struct group *g = getgrgid(st->st_gid);

	if (g && st->st_gid != 0 && (st->st_mode & 0060) == 0060)
		str_printf(mend, "sudo usermod -aG %s $USER, then log in again", g->gr_name);
	else
		str_add(mend, "sudo chown root:kvm /dev/kvm && sudo chmod 660 /dev/kvm && sudo "
			      "usermod -aG "
			      "kvm $USER, then log in again");
}

void doctor_permissions(struct doctor *d, struct doctor_finding *f)
{
	struct stat st;

	(void)d;
	if (stat("/dev/kvm", &st)) {
		str_add(&f->text, "there is no /dev/kvm to be permitted");
	} else if (access("/dev/kvm", R_OK | W_OK)) {
		f->state = DOCTOR_WARN;
		str_add(&f->text, "/dev/kvm is not open to this user");
		mend_permission(&st, &f->mend);
	} else {
		str_add(&f->text, "/dev/kvm is open to this user");
	}
}

static void tell(struct doctor_finding *f, const struct err *e)
{
	str_add(&f->text, e->msg);
	str_append(&f->mend, e->hint, strcspn(e->hint, "\n"));
}

void doctor_qemu(struct doctor *d, struct doctor_finding *f)
{
	struct err e = ERR_INIT;
	cleanup_free char *path = vm_check_qemu(&e);

	if (path) {
		str_add(&f->text, path);
	} else if (d->kvm_runs) {
		str_add(&f->text, "not installed: only needed where KVM cannot run a kernel "
				  "(--accel tcg)");
	} else {
		f->state = DOCTOR_FAIL;
		tell(f, &e);
	}
}

void doctor_busybox(struct doctor *d, struct doctor_finding *f)
{
	struct err e = ERR_INIT;
	cleanup_free char *path = vm_check_busybox(&e);

	(void)d;
	if (path) {
		str_add(&f->text, path);
		return;
	}
	f->state = DOCTOR_FAIL;
	tell(f, &e);
}

static void no_note(void *user, const char *text)
{
	(void)user;
	(void)text;
}

/* Only what is here: whatever takes long is a download, and is not begun. */
static bool cancel(void *user, const char *what, uint64_t done, uint64_t total)
{
	(void)user;
	(void)what;
	(void)done;
	(void)total;
	return true;
}

void doctor_kernels(struct doctor *d, struct doctor_finding *f)
{
	const struct kernel_report report = {.note = no_note, .progress = cancel};
	struct kernel k = {0};
	struct err e = ERR_INIT;
	int rc = kernel_resolve(&(struct kernel_wish){0}, &report, &k, &e);

	(void)d;
	if (rc == 0) {
		str_printf(&f->text, "%s (%s), %s", k.release ? k.release : k.image, k.origin,
			k.modules ? "with modules"
				  : "without modules: served over its serial port");
		f->state = k.modules ? DOCTOR_OK : DOCTOR_WARN;
		if (!k.modules)
			str_add(&f->mend, "ktstr shell --kernel distro --exec true");
		kernel_release(&k);
		return;
	}
	f->state = rc == -ECANCELED ? DOCTOR_WARN : DOCTOR_FAIL;
	if (rc == -ECANCELED) {
		str_add(&f->text,
			"none at hand: the distribution's is fetched when a guest wants one");
		str_add(&f->mend, "ktstr shell --kernel distro --exec true");
	} else {
		tell(f, &e);
	}
}

/* Only some build kernels: what is missing is no failure. */
void doctor_builds(struct doctor *d, struct doctor_finding *f)
{
	cleanup_str struct str names = STR_INIT, packages = STR_INIT;

	(void)d;
	if (!tools_missing(&names, &packages)) {
		str_add(&f->text, "all that building a kernel takes is here");
		return;
	}
	f->state = DOCTOR_WARN;
	str_printf(&f->text, "kernels cannot be built here: %s not found", str_get(&names));
	str_printf(&f->mend, "%s%s%s", doctor_sudo(), tools_installer(), str_get(&packages));
}
