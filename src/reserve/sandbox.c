#include "src/reserve/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/reserve/cgroup.h"
#include "src/reserve/janitor.h"
#include "src/reserve/sweep.h"

#define CGROUP2_MAGIC 0x63677270 /* linux/magic.h */

struct sandbox {
	char *mount;
	char *home;	    /* the group that we came from */
	char *parent, *dir; /* where the sandbox is, and itself */
	char *leaf; /* the janitor's group, where `home` must have no processes; else NULL */
	struct strv enabled; /* subtree_control files that we wrote +cpuset to, outermost first */
	pid_t janitor;	     /* 0 = none */
	int link;
};

/* What went wrong: the kind for the table of spec/host 3.8, and a sentence. */
struct lack {
	enum sandbox_lack kind;
	struct err e;
};

static int lack(struct lack *l, enum sandbox_lack kind, int code, const char *what, const char *dir)
{
	static const char *const tokens[] = {
		[SANDBOX_NO_CGROUP2] = "cgroup v2 not mounted",
		[SANDBOX_NO_CONTROLLER] = "the parent cgroup does not expose cpuset controller",
		[SANDBOX_REJECTED] = "the kernel rejected +cpuset subtree_control",
		[SANDBOX_NO_PERMISSION] = "insufficient permission",
		[SANDBOX_ROOT] = "this process is in the cgroup v2 root (0::/)",
		[SANDBOX_CPUS_NARROWED] = "cpuset.cpus narrowed by parent cgroup",
		[SANDBOX_MEMS_NARROWED] = "cpuset.mems narrowed by parent cgroup",
		[SANDBOX_OTHER] = "the cgroup could not be set up",
	};

	l->kind = kind;
	err_clear(&l->e);
	if (code)
		return err_sys(&l->e, code, "%s (%s %s)", tokens[kind], what, dir);
	return err_set(&l->e, ENOTSUP, "%s (%s %s)", tokens[kind], what, dir);
}

static bool is_permission(int rc)
{
	return rc == -EACCES || rc == -EPERM || rc == -EROFS;
}

static char *below(const char *mount, const char *group)
{
	return strcmp(group, "/") ? xasprintf("%s%s", mount, group) : xstrdup(mount);
}

/* ---- where the group may be -------------------------------------------------------------------
 */

/* Lets the children of a group have cpusets. */
static int enable_one(struct sandbox *s, const char *dir, struct lack *l)
{
	int rc;

	if (cgroup_has_word(dir, "cgroup.subtree_control", "cpuset"))
		return 0;
	if (!cgroup_has_word(dir, "cgroup.controllers", "cpuset"))
		return lack(l, SANDBOX_NO_CONTROLLER, 0, "looked in", dir);
	rc = cgroup_write(dir, "cgroup.subtree_control", "+cpuset");
	if (rc)
		return lack(l, is_permission(rc) ? SANDBOX_NO_PERMISSION : SANDBOX_REJECTED, -rc,
			"write +cpuset to cgroup.subtree_control of", dir);
	strv_pushf(&s->enabled, "%s/cgroup.subtree_control", dir);
	return 0;
}

/* The same for all groups from the mount point down to this one. */
static int enable_down_to(struct sandbox *s, const char *dir, struct lack *l)
{
	size_t top = strlen(s->mount);
	int rc = enable_one(s, s->mount, l);

	for (const char *p = dir + top; !rc && *p;) {
		cleanup_free char *upto = NULL;

		p += strcspn(p + 1, "/") + 1;
		upto = xstrndup(dir, (size_t)(p - dir));
		rc = enable_one(s, upto, l);
	}
	return rc;
}

static int make_group(struct sandbox *s, struct lack *l)
{
	s->dir = xasprintf("%s/" SANDBOX_NAME "%llu-%d", s->parent,
		(unsigned long long)clock_real_ns(), (int)getpid());
	if (!mkdir(s->dir, 0755))
		return 0;
	free(take_ptr(s->dir));
	return lack(l, is_permission(-errno) ? SANDBOX_NO_PERMISSION : SANDBOX_OTHER, errno,
		"create a group in", s->parent);
}

/* ---- filling it -------------------------------------------------------------------------------
 */

/* Writes a set and looks whether it holds: an ancestor may have less. */
static int set_one(const struct sandbox *s, const char *file, const char *effective,
	const struct cpuset *want, enum sandbox_lack narrowed, struct lack *l)
{
	cleanup_cpuset struct cpuset got = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;
	int rc;

	cpuset_format(want, &text);
	rc = cgroup_write(s->dir, file, str_get(&text));
	if (rc)
		return lack(l, is_permission(rc) ? SANDBOX_NO_PERMISSION : SANDBOX_OTHER, -rc, file,
			s->dir);
	rc = cgroup_read_set(s->dir, effective, &got);
	if (rc == -ENOENT || (!rc && cpuset_equal(&got, want)))
		return 0;
	lack(l, narrowed, 0,
		narrowed == SANDBOX_CPUS_NARROWED ? "tag=resource_budget.cpuset_cpus_degraded"
						  : "tag=resource_budget.cpuset_mems_degraded",
		s->dir);
	return narrowed == SANDBOX_CPUS_NARROWED && cpuset_empty(&got) ? -EINVAL : -EAGAIN;
}

static int set_both(const struct sandbox *s, const struct cpuset *cpus, const struct cpuset *nodes,
	struct lack *l)
{
	int rc = set_one(s, "cpuset.cpus", "cpuset.cpus.effective", cpus, SANDBOX_CPUS_NARROWED, l);

	if ((!rc || rc == -EAGAIN) && !cpuset_empty(nodes)) {
		int mems = set_one(
			s, "cpuset.mems", "cpuset.mems.effective", nodes, SANDBOX_MEMS_NARROWED, l);

		rc = mems ? mems : rc;
	}
	return rc;
}

static int move_in(const char *dir, pid_t pid, struct lack *l)
{
	cleanup_free char *text = xasprintf("%d", (int)pid);
	int rc = cgroup_write(dir, "cgroup.procs", text);

	if (rc)
		return lack(l, is_permission(rc) ? SANDBOX_NO_PERMISSION : SANDBOX_OTHER, -rc,
			"migrate self into cgroup.procs of", dir);
	return 0;
}

static int start_janitor(struct sandbox *s, struct lack *l)
{
	const struct janitor_work w = {
		.dir = s->dir,
		.leaf = s->leaf,
		.home = s->leaf ? s->home : NULL,
		.undo = s->leaf ? (const char *const *)s->enabled.v : NULL,
	};
	pid_t pid = janitor_start(&w, &s->link);

	if (pid < 0)
		return lack(l, SANDBOX_OTHER, -pid, "start the process that cleans up for", s->dir);
	s->janitor = pid;
	return s->leaf ? move_in(s->leaf, pid, l) : 0;
}

/* A group beside ours: there the rule that inner groups have no processes is kept already. */
static int enter_beside(
	struct sandbox *s, const struct cpuset *cpus, const struct cpuset *nodes, struct lack *l)
{
	int rc, set;

	s->parent = file_dir(s->home);
	rc = enable_down_to(s, s->parent, l);
	if (!rc) {
		sandbox_sweep(s->parent);
		rc = make_group(s, l);
	}
	set = rc ? rc : set_both(s, cpus, nodes, l);
	if (set && set != -EAGAIN)
		return set;
	rc = start_janitor(s, l);
	return rc || (rc = move_in(s->dir, getpid(), l)) ? rc : set;
}

static bool alone_in(const char *dir)
{
	pid_t *pids = NULL;
	size_t n = 0;
	bool alone = !cgroup_pids(dir, &pids, &n) && n == 1 && pids[0] == getpid();

	free(pids);
	return alone;
}

/* A group below ours, which we leave empty by that: for a group delegated to us alone. The janitor
 * needs one of its own. */
static int enter_below(
	struct sandbox *s, const struct cpuset *cpus, const struct cpuset *nodes, struct lack *l)
{
	int rc;

	s->parent = xstrdup(s->home);
	rc = make_group(s, l);
	if (rc)
		return rc;
	s->leaf = xasprintf("%s/ktstr-janitor-%d", s->home, (int)getpid());
	if (mkdir(s->leaf, 0755)) {
		free(take_ptr(s->leaf));
		return lack(l, SANDBOX_OTHER, errno, "create a group in", s->home);
	}
	strv_pushf(&s->enabled, "%s/cgroup.subtree_control", s->home);
	rc = start_janitor(s, l);
	if (!rc)
		rc = move_in(s->dir, getpid(), l);
	if (!rc) {
		int w = cgroup_write(s->home, "cgroup.subtree_control", "+cpuset");

		if (w)
			rc = lack(l, is_permission(w) ? SANDBOX_NO_PERMISSION : SANDBOX_REJECTED,
				-w, "write +cpuset to cgroup.subtree_control of", s->home);
	}
	return rc ? rc : set_both(s, cpus, nodes, l);
}

/* ---- the way back -----------------------------------------------------------------------------
 */

static void disable(struct sandbox *s)
{
	for (size_t i = s->enabled.n; i-- > 0;) {
		cleanup_free char *dir = file_dir(s->enabled.v[i]);

		cgroup_write(dir, "cgroup.subtree_control", "-cpuset");
	}
	strv_release(&s->enabled);
}

static void drain(const struct sandbox *s, const char *from)
{
	pid_t *pids = NULL;
	size_t n = 0;

	if (!cgroup_pids(from, &pids, &n))
		for (size_t i = 0; i < n; i++)
			if (pids[i] > 0) {
				cleanup_free char *text = xasprintf("%d", (int)pids[i]);

				cgroup_write(s->home, "cgroup.procs", text);
			}
	free(pids);
}

/* Undoes whatever of it has been done. */
static void undo(struct sandbox *s, struct strv *notes)
{
	int rc = 0;

	if (s->leaf)
		disable(s); /* before that nobody may come back */
	if (s->dir) {
		drain(s, s->dir);
		rc = cgroup_remove(s->dir);
	}
	if (rc && notes)
		strv_pushf(notes, "tag=resource_budget.cgroup_orphan_left: cannot remove %s: %s",
			s->dir, strerror(-rc));
	if (s->janitor)
		janitor_dismiss(s->janitor, s->link);
	s->janitor = 0;
	if (s->leaf)
		cgroup_remove(s->leaf);
	else if (s->parent && !sandbox_sweep(s->parent))
		disable(s);
	free(take_ptr(s->dir));
	free(take_ptr(s->parent));
	free(take_ptr(s->leaf));
	strv_release(&s->enabled);
}

static void free_sandbox(struct sandbox *s)
{
	free(s->mount);
	free(s->home);
	free(s);
}

void sandbox_leave(struct sandbox *s, struct strv *notes)
{
	if (!s)
		return;
	undo(s, notes);
	free_sandbox(s);
}

const char *sandbox_path(const struct sandbox *s)
{
	return s->dir;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static int find_home(const struct sandbox_place *at, struct sandbox *s, struct lack *l)
{
	const char *self = at && at->self ? at->self : "/proc/self/cgroup";
	cleanup_free char *group = NULL;
	struct statfs fs;

	s->mount = xstrdup(at && at->mount ? at->mount : "/sys/fs/cgroup");
	if (!(at && at->any_filesystem) &&
		(statfs(s->mount, &fs) || (unsigned)fs.f_type != CGROUP2_MAGIC))
		return lack(l, SANDBOX_NO_CGROUP2, 0, "looked at", s->mount);
	group = cgroup_of(self);
	if (!group)
		return lack(l, SANDBOX_NO_CGROUP2, 0, "no line 0:: in", self);
	if (!strcmp(group, "/") || strstr(group, "/.."))
		return lack(l, SANDBOX_ROOT, 0, "says", self);
	s->home = below(s->mount, group);
	return 0;
}

static int enter(const struct sandbox_place *at, struct sandbox *s, const struct cpuset *cpus,
	const struct cpuset *nodes, struct lack *l)
{
	struct lack second;
	int rc = find_home(at, s, l);

	if (rc)
		return rc;
	rc = enter_beside(s, cpus, nodes, l);
	if (!rc || rc == -EAGAIN)
		return rc;
	undo(s, NULL);
	if (!alone_in(s->home))
		return rc;
	rc = enter_below(s, cpus, nodes, &second);
	if (!rc || rc == -EAGAIN) {
		*l = second;
		return rc;
	}
	undo(s, NULL);
	return rc; /* the first way's reason says more */
}

static int refuse(const struct lack *l, struct err *e)
{
	err_set(e, ENOTSUP, "--cpu-cap: %s. This host cannot enforce the resource budget.",
		l->e.msg);
	err_hint(e, "systemd-run --user --scope -p Delegate='cpuset cpu' ktstr ... gives it a "
		    "cgroup");
	err_hint(e, "sudo -E ktstr ... has the permission");
	err_hint(e, "echo +cpuset into cgroup.subtree_control of the parent cgroup");
	return err_hint(e, "without --cpu-cap the build runs unconfined");
}

int sandbox_enter(const struct sandbox_place *at, const struct cpuset *cpus,
	const struct cpuset *nodes, bool strict, struct sandbox **out, struct strv *notes,
	struct err *e)
{
	struct sandbox *s = xcalloc(1, sizeof(*s));
	struct lack l = {0};
	int rc = enter(at, s, cpus, nodes, &l);

	*out = NULL;
	if (!rc || (rc == -EAGAIN && !strict)) {
		if (rc)
			strv_push(notes, l.e.msg);
		*out = s;
		return 0;
	}
	undo(s, NULL);
	free_sandbox(s);
	if (strict)
		return refuse(&l, e);
	strv_pushf(notes, "no cgroup around the build: %s", l.e.msg);
	return 0;
}
