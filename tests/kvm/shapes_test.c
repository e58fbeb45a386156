/*
 * Every shape of guest on our own monitor: it is the engine that ran, it counted its exits, no QEMU
 * ran beside it, and the guest saw what was asked for. All shapes on the distribution's kernel, one
 * also where it chooses its addresses and where it comes as an ELF file; three on the newer one, or
 * all of them with KTSTR_NESTED=full, which boots 300 CPUs too.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/spawn.h"
#include "tests/lib/patience.h"
#include "tests/lib/shapes.h"
#include "tests/lib/vm.h"
#include "vmm/kernel_file.h"
#include "vmm/kvm/arch.h"

/* Processes of the host whose name starts so. */
static unsigned processes_named(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	unsigned n = 0;

	assert_non_null(proc);
	while ((d = readdir(proc))) {
		cleanup_free char *path = xasprintf("/proc/%s/comm", d->d_name);
		cleanup_str struct str comm = STR_INIT;

		if (atoi(d->d_name) > 0 && file_read(path, 64, &comm, NULL) == 0)
			n += str_starts(str_get(&comm), name);
	}
	closedir(proc);
	return n;
}

static void check_report(const char *shape, const struct vm_topology *t, const char *line)
{
	struct json *j = json_parse(line, strlen(line), NULL);
	const struct json *exits = json_get(j, "exits"), *times = json_get(j, "timings");
	const struct json *seen = json_get(j, "topology");
	cleanup_str struct str asked = STR_INIT;

	if (!j)
		fail_msg("%s: no JSON: %s", shape, line);
	assert_string_equal(json_get_text(j, "engine", ""), "kvm");
	assert_string_equal(json_get_text(j, "accel", ""), "kvm");
	assert_int_equal(json_get_uint(j, "vcpus", 0), t->vcpus);
	/* the kernel's console and power management; doorbells and registers of virtio */
	assert_true(json_get_uint(exits, "io", 0) > 50);
	assert_true(json_get_uint(exits, "mmio", 0) > 50);
	assert_true(
		json_get_uint(times, "first_run", 0) > json_get_uint(times, "engine", UINT64_MAX));
	assert_true(
		json_get_uint(times, "kernel", 0) > json_get_uint(times, "first_run", UINT64_MAX));
	assert_true(json_get_flag(json_get(j, "topology"), "verified", false));
	assert_true(json_is_null(json_get(json_get(j, "topology"), "note")));
	assert_true(json_get_uint(times, "prompt", 0) > json_get_uint(times, "kernel", UINT64_MAX));
	/* read back from the guest */
	vm_topology_format(t, &asked);
	assert_true(json_get_flag(seen, "verified", false));
	assert_string_equal(json_get_text(seen, "seen", ""), str_get(&asked));
	json_free(j);
}

/* The last line of stderr. */
static const char *last_line(struct str *errs)
{
	char *at;

	while (errs->len && errs->s[errs->len - 1] == '\n')
		errs->s[--errs->len] = '\0';
	at = strrchr(str_get(errs), '\n');
	return at ? at + 1 : errs->s;
}

/* Emulated processors start one after the other on one: more of them take longer. */
static unsigned patience(unsigned vcpus)
{
	enum { EACH_S = 15 };

	return vcpus * EACH_S > PATIENCE_S ? vcpus * EACH_S : PATIENCE_S;
}

/* One boot, as a test of its own. */
struct job {
	const char *kernel, *shape;
	bool kaslr;    /* it chooses its addresses */
	bool unpacked; /* it comes as the ELF file that is in its image */
	char name[64];
};

/* Of a folder of the kernel's in the nested host. */
static char *place(const struct job *j, const char *name)
{
	return xasprintf("%s/%s/%s", getenv("KTSTR_KERNELS"), j->kernel, name);
}

/* The ELF kernel of an image as a file, to be removed by the caller. */
static char *unpack(const char *image)
{
	int from = kernel_file_unpacked(image, NULL, arch_kernel_startable), to;
	char *path = xstrdup("/tmp/vmlinux-XXXXXX");
	struct stat st;

	assert_true(from >= 0);
	assert_int_equal(fstat(from, &st), 0);
	to = mkstemp(path);
	assert_true(to >= 0);
	for (off_t at = 0; at < st.st_size;)
		assert_true(sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0);
	close(from);
	close(to);
	return path;
}

/* A kernel that has chosen its addresses knows so: KASLR_FLAG in the flags of its boot parameters
 * (Documentation/arch/x86/boot.rst, loadflags). */
static const char kaslr_script[] =
	"echo kaslr $(($(od -An -tu1 -j 529 -N 1 /sys/kernel/boot_params/data) >> 1 & 1)); ";

static void command(struct strv *argv, const struct job *j, const char *image, unsigned seconds)
{
	cleanup_free char *modules = place(j, "modules");
	const char *const words[] = {vm_program(), "shell", "--accel", "kvm", "--kernel", image,
		"--modules", modules, "--topology", j->shape, "--timings", "--json"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		strv_push(argv, words[i]);
	if (j->kaslr)
		strv_push(argv, "--kaslr");
	strv_push(argv, "--exec-timeout");
	strv_pushf(argv, "%us", seconds);
	strv_push(argv, "--exec");
	strv_pushf(argv, "%secho ready; read line; %s", kaslr_script, shapes_script);
}

static void boot(const struct job *j, const char *image)
{
	cleanup_strv struct strv argv = STRV_INIT;
	struct vm_topology t;
	struct vm_running r;
	int in[2];

	assert_int_equal(vm_topology_parse(j->shape, &t, NULL), 0);
	command(&argv, j, image, patience(t.vcpus));
	assert_int_equal(pipe(in), 0);
	vm_start_argv(&r, &argv, in[0], patience(t.vcpus));
	assert_int_equal(processes_named("ktstr-kvm"), 1);
	assert_int_equal(processes_named("qemu"), 0);
	assert_int_equal(write(in[1], "\n", 1), 1);
	close(in[0]);
	close(in[1]);
	if (vm_finish(&r))
		fail_msg("%s: %s\n%s", j->name, str_get(&r.said), str_get(&r.seen));
	if (!shapes_seen(&t, str_get(&r.seen)))
		fail_msg("%s: the guest saw\n%s", j->name, str_get(&r.seen));
	printf("# %s: %s\n", j->name, last_line(&r.said));
	check_report(j->shape, &t, last_line(&r.said));
	assert_non_null(strstr(str_get(&r.seen), j->kaslr ? "kaslr 1\n" : "kaslr 0\n"));
	vm_running_release(&r);
}

static void test_there_is_no_other_engine(void **state)
{
	cleanup_free char *qemu = spawn_find("qemu-system-x86_64");

	(void)state;
	assert_null(qemu);
}

static void test_boot(void **state)
{
	const struct job *j = *state;
	cleanup_free char *image = place(j, "image");
	cleanup_free char *elf = j->unpacked ? unpack(image) : NULL;

	boot(j, elf ? elf : image);
	if (elf)
		unlink(elf);
}

static struct CMUnitTest tests[64] = {cmocka_unit_test(test_there_is_no_other_engine)};
static struct job jobs[64];
static size_t count = 1;

static void add(struct job wish)
{
	struct job *j = &jobs[count];

	*j = wish;
	snprintf(j->name, sizeof(j->name), "%s on %s%s%s", j->shape, j->kernel,
		j->kaslr ? " with KASLR" : "", j->unpacked ? " unpacked" : "");
	tests[count++] =
		(struct CMUnitTest){.name = j->name, .test_func = test_boot, .initial_state = j};
}

int main(void)
{
	/* with few CPUs: each that is started takes a nested host more than a second */
	static const char *const three[] = {"1,1,3,2", "4,4,1,1", "2c1t/1c2t+1c1t/mem"};
	const char *mode = getenv("KTSTR_NESTED");
	bool full = mode && !strcmp(mode, "full");

	setvbuf(stdout, NULL, _IOLBF, 0); /* so that it can be followed */
	for (size_t i = 0; i < shapes_n; i++)
		add((struct job){"debian", shapes[i]});
	add((struct job){"debian", "1,1,2,1", .kaslr = true});
	add((struct job){"debian", "1,1,2,1", .unpacked = true});
	for (size_t i = 0; full && i < shapes_n; i++)
		add((struct job){"newer", shapes[i]});
	for (size_t i = 0; !full && i < ARRAY_LEN(three); i++)
		add((struct job){"newer", three[i]});
	if (full) /* interrupt ids beyond what a byte holds */
		add((struct job){"debian", "2,10,15,2"});
	return _cmocka_run_group_tests("shapes", tests, count, NULL, NULL);
}
