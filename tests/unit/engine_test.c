/* What an engine is asked to build, before anything runs: memory, command line, limits, choice. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/skip.h"
#include "vmm/engine.h"
#include "vmm/qemu/argv.h"
#include "vmm/qemu/tsc.h"
#include "vmm/kvm/probe.h"

#define MIB (1024ULL * 1024)

static void memory_follows_the_formula(void **state)
{
	(void)state;
	assert_int_equal(engine_memory_total(10, 5, 2, false), 284);
	assert_int_equal(engine_memory_total(200, 30, 50, false), 744);
	assert_int_equal(engine_memory_total(0, 0, 0, false), 256);
	/* nine tenths: ceil(200 * 10 / 9) = 223, + 80 = 303, x 64/63 = 308, + 256 */
	assert_int_equal(engine_memory_total(200, 30, 50, true), 564);
	assert_int_equal(engine_memory_total(UINT64_MAX, 1, 1, false), UINT64_MAX);
	assert_int_equal(engine_memory_total(UINT64_MAX / 2, UINT64_MAX, 1, true), UINT64_MAX);
}

static void big_root_file_systems_need_the_right_kernel(void **state)
{
	static const char *const yes[] = {"6.18", "6.18.0-rc1", "6.19.2", "7.0", "5.4.301",
		"5.10.246", "5.15.195-1", "6.1.157", "6.1.192-cloud", "6.6.113", "6.12.54",
		"6.17.4"};
	static const char *const no[] = {"6.1.0-56-cloud-amd64", "5.4.300", "5.10.245", "5.15.194",
		"6.1.156", "6.6.112", "6.12.53", "6.17.3", "6.16.99", "4.19.400", "5.20.999", "6",
		"", "linux"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_true(engine_rootfs_is_sizable(yes[i]));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_false(engine_rootfs_is_sizable(no[i]));
	assert_false(engine_rootfs_is_sizable(NULL));
}

static void memory_has_a_floor(void **state)
{
	char release[] = "6.1.0", newer[] = "6.18.1";
	struct vm_kernel k = {.release = release, .init_size = 30 * MIB};

	(void)state;
	/* 4 MiB in the archive: 2 x 4 + 30 + 4 = 42, x 64/63 = 43, + 256 */
	assert_int_equal(engine_memory_mib(4 * MIB, &k, 1, 0), 299);
	assert_int_equal(engine_memory_mib(4 * MIB - 1, &k, 1, 0), 299);
	assert_int_equal(engine_memory_mib(4 * MIB + 1, &k, 1, 0), 302);
	assert_int_equal(engine_memory_mib(4 * MIB, &k, 1, 298), 299);
	assert_int_equal(engine_memory_mib(4 * MIB, &k, 1, 8192), 8192);
	k.release = newer;
	assert_int_equal(engine_memory_mib(4 * MIB, &k, 1, 0), 296);
	/* each further CPU of a kernel takes memory */
	assert_int_equal(engine_memory_mib(4 * MIB, &k, 300, 0), 296 + 299);
	assert_int_equal(engine_memory_mib(UINT64_MAX, &k, 1, 0), UINT32_MAX);
}

static char *cmdline(bool dmesg, enum vm_accel accel, const char *append, struct err *e)
{
	struct vm_config c = {.topology = vm_topology_uniform(1, 1, 1, 1), .dmesg = dmesg};
	char *line;

	if (append)
		strv_push(&c.append, append);
	line = engine_cmdline(&c, &(struct engine_boot){accel, true, false}, e);
	strv_release(&c.append);
	return line;
}

static bool has_word(const char *line, const char *word)
{
	cleanup_free char *spaced = xasprintf(" %s ", line), *wanted = xasprintf(" %s ", word);

	return strstr(spaced, wanted) != NULL;
}

static void the_command_line_fits_the_guest(void **state)
{
	cleanup_free char *quiet = cmdline(false, VM_ACCEL_TCG, NULL, NULL);
	cleanup_free char *loud = cmdline(true, VM_ACCEL_KVM, NULL, NULL);

	(void)state;
	assert_true(has_word(quiet, "console=ttyS0"));
	assert_true(has_word(quiet, "rdinit=/init"));
	assert_true(has_word(quiet, "panic=-1"));
	assert_true(has_word(quiet, "initramfs_options=size=90%"));
	assert_true(has_word(quiet, "quiet"));
	assert_false(has_word(quiet, "loglevel=7"));
	assert_true(has_word(quiet, "tsc=reliable"));
	assert_true(has_word(loud, "loglevel=7"));
	assert_true(has_word(loud, "earlyprintk=ttyS0,115200"));
	assert_null(strstr(quiet, "earlyprintk"));
	assert_false(has_word(loud, "quiet"));
	assert_true(has_word(loud, "tsc=reliable"));
	assert_true(has_word(quiet, "reboot=t"));
	assert_true(has_word(loud, "reboot=k"));
	assert_true(has_word(loud, "8250.nr_uarts=1"));
	assert_false(has_word(loud, "8250.nr_uarts=2"));
}

static void pages_move_between_tiers_alone(void **state)
{
	struct vm_config c = {.topology = vm_topology_uniform(2, 2, 1, 1)};
	const struct engine_boot boot = {VM_ACCEL_KVM, true, false};
	cleanup_free char *equal = engine_cmdline(&c, &boot, NULL), *tiers = NULL;

	(void)state;
	assert_true(has_word(equal, "numa_balancing=disable"));
	assert_int_equal(vm_topology_parse("1c1t/mem", &c.topology, NULL), 0);
	tiers = engine_cmdline(&c, &boot, NULL);
	assert_true(has_word(tiers, "numa_balancing=enable"));
	assert_false(has_word(tiers, "numa_balancing=disable"));
}

/* Two measurements of one counter agree, and an emulated guest is told; a busy machine does not
 * matter. */
static void an_emulated_guest_knows_its_clock(void **state)
{
	cleanup_free char *emulated = cmdline(false, VM_ACCEL_TCG, NULL, NULL);
	cleanup_free char *own = cmdline(false, VM_ACCEL_KVM, NULL, NULL);
	const char *word = strstr(emulated, " tsc_early_khz=");
	unsigned khz = qemu_tsc_khz();

	(void)state;
	assert_null(strstr(own, "tsc_early_khz="));
	assert_true((khz != 0) == (word != NULL));
	if (word)
		assert_in_range(
			strtoul(strchr(word, '=') + 1, NULL, 10), khz - khz / 100, khz + khz / 100);
}

/* Lock prefixes are not taken out of the code of a machine with one CPU; others keep them anyway.
 */
static void one_cpu_runs_the_code_of_many(void **state)
{
	struct vm_config two = {.topology = vm_topology_uniform(1, 1, 2, 1)};
	cleanup_free char *one = cmdline(false, VM_ACCEL_KVM, NULL, NULL);
	struct engine_boot boot = {VM_ACCEL_KVM, true, false};
	cleanup_free char *more = engine_cmdline(&two, &boot, NULL), *late = NULL;

	(void)state;
	assert_true(has_word(one, "noreplace-smp"));
	assert_false(has_word(more, "noreplace-smp"));
	assert_false(has_word(more, "maxcpus=1"));
	boot.late_cpus = true;
	late = engine_cmdline(&two, &boot, NULL);
	assert_true(has_word(late, "noreplace-smp"));
	assert_true(has_word(late, "maxcpus=1"));
}

/* Init starts the CPUs where they share fewer of the host's, unless the user counts them. */
static void crowded_cpus_start_late(void **state)
{
	struct vm_config c = {.topology = vm_topology_uniform(1, 2, 2, 1)};

	(void)state;
	assert_false(engine_starts_cpus_late(&c, 4));
	assert_true(engine_starts_cpus_late(&c, 3));
	strv_push(&c.append, "loglevel=4");
	assert_true(engine_starts_cpus_late(&c, 3));
	strv_push(&c.append, "audit=0 maxcpus=2");
	assert_false(engine_starts_cpus_late(&c, 3));
	strv_release(&c.append);
}

/* Whoever names an accelerator has it without a measurement: none of its figures is in the answer.
 */
static void what_was_asked_for_is_not_measured(void **state)
{
	struct accel_choice c;

	(void)state;
	if (access(KVM_DEVICE, R_OK | W_OK))
		skip_because("no " KVM_DEVICE " that may be opened");
	assert_int_equal(engine_choose_accel(VM_ACCEL_KVM, &c, NULL), 0);
	assert_int_equal(c.accel, VM_ACCEL_KVM);
	assert_string_equal(c.why, "asked for with --accel kvm");
	assert_int_equal(engine_choose_accel(VM_ACCEL_QEMU_KVM, &c, NULL), 0);
	assert_int_equal(c.accel, VM_ACCEL_QEMU_KVM);
}

static void appended_words_come_last(void **state)
{
	cleanup_free char *line = cmdline(false, VM_ACCEL_TCG, "panic=5 foo.bar=\"a b\"", NULL);
	const char *tail = " panic=5 foo.bar=\"a b\"";

	(void)state;
	assert_true(strlen(line) > strlen(tail));
	assert_string_equal(line + strlen(line) - strlen(tail), tail);
}

static void the_command_line_has_a_limit(void **state)
{
	cleanup_free char *bare = cmdline(false, VM_ACCEL_TCG, NULL, NULL);
	char word[3000];
	size_t fits = 2047 - strlen(bare) - 1;
	struct err e = ERR_INIT;

	(void)state;
	memset(word, 'x', sizeof(word));
	word[fits] = '\0';
	{
		cleanup_free char *line = cmdline(false, VM_ACCEL_TCG, word, &e);

		assert_non_null(line);
		assert_int_equal(strlen(line), 2047);
	}
	memset(word, 'x', sizeof(word));
	word[fits + 1] = '\0';
	assert_null(cmdline(false, VM_ACCEL_TCG, word, &e));
	assert_int_equal(e.code, E2BIG);
	assert_non_null(strstr(e.msg, "2048 bytes"));
	assert_non_null(strstr(e.msg, "2047"));
	assert_non_null(strstr(e.hint, "--append"));
}

static void control_characters_are_refused(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(cmdline(false, VM_ACCEL_TCG, "a=1\ninit=/bin/sh", &e));
	assert_int_equal(e.code, EINVAL);
	assert_non_null(strstr(e.msg, "--append"));
}

static void the_disk_brings_its_driver(void **state)
{
	(void)state;
	assert_true(strv_has(engine_qemu.wanted_modules(false), "virtio_pci"));
	assert_true(strv_has(engine_qemu.wanted_modules(false), "virtio_console"));
	assert_false(strv_has(engine_qemu.wanted_modules(false), "virtio_blk"));
	assert_true(strv_has(engine_qemu.wanted_modules(true), "virtio_blk"));
	assert_true(strv_has(engine_qemu.wanted_modules(true), "virtio_console"));
}

static void interrupt_ids_have_an_end(void **state)
{
	static const char *const good[] = {
		"1,1,1,1", "2,4,2,2", "1,1,255,1", "5,255,1,1", "1,1,127,2", "1,31,7,1"};
	static const char *const bad[] = {"1,51,5,1", "1,33,7,1", "1,5,17,3", "1,1,256,1"};
	struct vm_topology t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(vm_topology_parse(good[i], &t, NULL), 0);
		assert_int_equal(qemu_check_topology(&t, NULL), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(vm_topology_parse(bad[i], &t, NULL), 0);
		assert_int_equal(qemu_check_topology(&t, &e), -EINVAL);
		assert_non_null(strstr(e.msg, "254"));
		assert_int_equal(strstr(e.hint, "more than 255 vCPUs") != NULL, t.vcpus > 255);
	}
}

static void emulation_on_request_needs_no_probe(void **state)
{
	struct accel_choice c;

	(void)state;
	assert_int_equal(engine_choose_accel_from("/nonexistent", VM_ACCEL_TCG, &c, NULL), 0);
	assert_int_equal(c.accel, VM_ACCEL_TCG);
	assert_non_null(strstr(c.why, "--accel tcg"));
}

static void a_missing_device_is_said(void **state)
{
	struct accel_choice c;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(engine_choose_accel_from("/nonexistent/kvm", VM_ACCEL_AUTO, &c, &e), 0);
	assert_int_equal(c.accel, VM_ACCEL_TCG);
	assert_string_equal(c.why, "there is no /nonexistent/kvm");
	assert_int_equal(
		engine_choose_accel_from("/nonexistent/kvm", VM_ACCEL_KVM, &c, &e), -ENOENT);
	assert_ptr_equal(strstr(e.msg, "/nonexistent/kvm not found. KVM requires:\n"), e.msg);
	/* three bullets */
	{
		const char *p = e.msg;
		int bullets = 0;

		while ((p = strstr(p, "\n  - ")) && ++bullets)
			p++;
		assert_int_equal(bullets, 3);
	}
	assert_non_null(strstr(e.hint, "--accel tcg"));
}

static void what_is_no_kvm_is_said(void **state)
{
	struct accel_choice c;
	struct kvm_probe p;
	struct err e = ERR_INIT;

	(void)state;
	kvm_probe("/dev/null", &p);
	assert_int_equal(p.verdict, KVM_BROKEN);
	assert_non_null(strstr(p.detail, "interface"));
	assert_int_equal(engine_choose_accel_from("/dev/null", VM_ACCEL_AUTO, &c, &e), 0);
	assert_int_equal(c.accel, VM_ACCEL_TCG);
	assert_int_equal(engine_choose_accel_from("/dev/null", VM_ACCEL_KVM, &c, &e), -EIO);
	assert_non_null(strstr(e.msg, "/dev/null does not work"));
}

static void what_was_asked_for_is_doubted(void **state)
{
	cleanup_str struct str why = STR_INIT;

	(void)state;
	assert_false(engine_doubts_accel("/dev/null", VM_ACCEL_AUTO, &why));
	assert_false(engine_doubts_accel("/dev/null", VM_ACCEL_TCG, &why));
	assert_int_equal(why.len, 0);
	assert_true(engine_doubts_accel("/dev/null", VM_ACCEL_KVM, &why));
	assert_true(str_starts(why.s, "/dev/null does not work: "));
	assert_true(str_ends(why.s, ": --accel tcg emulates the CPU instead"));
	assert_true(engine_doubts_accel("/dev/null", VM_ACCEL_QEMU_KVM, &why));
}

static int as_nobody(const char *device)
{
	struct accel_choice c;
	struct err e = ERR_INIT;

	if (setgid(65534) || setuid(65534))
		return 10;
	if (engine_choose_accel_from(device, VM_ACCEL_KVM, &c, &e) != -EACCES)
		return 11;
	if (strncmp(e.msg, device, strlen(device)) ||
		strcmp(e.msg + strlen(device), ": permission denied.") || !strstr(e.hint, "kvm"))
		return 12;
	if (engine_choose_accel_from(device, VM_ACCEL_AUTO, &c, &e) || c.accel != VM_ACCEL_TCG ||
		!strstr(c.why, "permission denied"))
		return 13;
	return 0;
}

static void a_forbidden_device_is_said(void **state)
{
	char device[] = "/tmp/ktstr-kvm-XXXXXX";
	int fd = mkstemp(device), status = -1;
	pid_t pid;

	(void)state;
	if (getuid() != 0) {
		close(fd);
		unlink(device);
		skip_because("needs root");
	}
	assert_int_equal(fchmod(fd, 0600), 0);
	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(as_nobody(device));
	waitpid(pid, &status, 0);
	unlink(device);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_follows_the_formula),
		cmocka_unit_test(big_root_file_systems_need_the_right_kernel),
		cmocka_unit_test(memory_has_a_floor),
		cmocka_unit_test(the_command_line_fits_the_guest),
		cmocka_unit_test(pages_move_between_tiers_alone),
		cmocka_unit_test(an_emulated_guest_knows_its_clock),
		cmocka_unit_test(one_cpu_runs_the_code_of_many),
		cmocka_unit_test(crowded_cpus_start_late),
		cmocka_unit_test(what_was_asked_for_is_not_measured),
		cmocka_unit_test(appended_words_come_last),
		cmocka_unit_test(the_command_line_has_a_limit),
		cmocka_unit_test(control_characters_are_refused),
		cmocka_unit_test(the_disk_brings_its_driver),
		cmocka_unit_test(interrupt_ids_have_an_end),
		cmocka_unit_test(emulation_on_request_needs_no_probe),
		cmocka_unit_test(a_missing_device_is_said),
		cmocka_unit_test(what_is_no_kvm_is_said),
		cmocka_unit_test(what_was_asked_for_is_doubted),
		cmocka_unit_test(a_forbidden_device_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
