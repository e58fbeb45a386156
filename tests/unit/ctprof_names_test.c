#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "probes/ctprof/names.h"

struct example {
	const char *name, *pattern; /* pattern NULL = unchanged */
};

/* Every example of the specification's section 5.3. */
static const struct example names[] = {
	{"tokio-worker-12", "tokio-worker-{N}"},
	{"worker_5", "worker_{N}"},
	{"rayon.pool.7", "rayon.pool.{N}"},
	{"Chrome thread 4", "Chrome thread {N}"},
	{"pool-2-thread-7", "pool-{N}-thread-{N}"},
	{"0", "{N}"},
	{"worker-", NULL},
	{"CamelCaseWord175", "CamelCaseWord{N}"},
	{"cpu0", "cpu{N}"},
	{"gadget-v2", "gadget-v{N}"},
	{"a0", "{H}"},
	{"b2", "{H}"},
	{"c3-4", "{H}-{N}"},
	{"t-1", "t-{N}"},
	{"ab_5", "ab_{N}"},
	{"ab12cd", "{H}"},
	{"42abc", "{H}"},
	{"100Hz", "{N}Hz"},
	{"1aZ", "{N}aZ"},
	{"e1000e", "{H}"},
	{"kworker/0:0", "kworker/{N}:{N}"},
	{"kworker/u8:7", "kworker/u{N}:{N}"},
	{"kworker/0:1H-events_highpri", "kworker/{N}:{N}H-events_highpri"},
	{"kworker/u16:2-events_unbound", "kworker/u{N}:{N}-events_unbound"},
	{"kworker/47:2-mm_percpu_wq", "kworker/{N}:{N}-mm_percpu_wq"},
	{"kworker/0:1+events", "kworker/{N}:{N}+events"},
	{"kworker/R-rcu_gp", NULL},
	{"ksoftirqd/12", "ksoftirqd/{N}"},
	{"migration/3", "migration/{N}"},
	{"rcuob/7", "rcuob/{N}"},
	{"irq/42-nvme0q3", "irq/{N}-nvme0q3"},
	{"card0-crtc0", "card{N}-crtc{N}"},
	{"Xorg:cs0", "Xorg:cs{N}"},
	{"session-a1234", "session-{H}"},
	{"worker[42]", "worker[{N}]"},
	{"dev[1ab]", "dev[{H}]"},
	{"DEADBEEF01", "DEADBEEF{N}"},
	{"deadbeef", NULL},
	{"python3.11", "python{N}.{N}"},
	{"f2fs_ckpt", NULL},
	{"f2fs_ckpt-8:1", "f2fs_ckpt-{N}:{N}"},
	{"ext4-rsv-conver", "ext{N}-rsv-conver"},
	{"jbd2/nvme0n1p2-", "jbd{N}/nvme0n1p2-"},
	{"v8:0x1f", "v{N}:0x1f"},
	{"x86_64-linux", "x{N}_{N}-linux"},
	{"nvme0n1", NULL},
	{"proto303handler", NULL},
	{"GPU#3", NULL},
	{"cc1plus", NULL},
	{"z_wr_iss_h", NULL},
	{"BPF_CUBIC", NULL},
	{"scx_ops_helper", NULL},
	{"containerd-shim", NULL},
	/* Beyond the examples: what separates, and what does not. */
	{"", NULL},
	{"a\xc2\xa0"
	 "7",
		"a\xc2\xa0{N}"},
	{"a\xe3\x80\x80"
	 "12",
		"a\xe3\x80\x80{N}"},
	{"a\xc3\xa9"
	 "7",
		NULL},
	{"7\xff", NULL},
	{"(sd-pam)", NULL},
	{"..//7--", "..//{N}--"},
	{"{N}-3", "{N}-{N}"},
};

/* And of 6.2. */
static const struct example paths[] = {
	{"/", NULL},
	{"/user.slice/user-0.slice/user@0.service/boot.scope",
		"/user.slice/user-{N}.slice/user@{I}.service/boot.scope"},
	{"/user.slice/user-1001.slice/user@1001.service/app.slice/"
	 "app-org.gnome.Terminal.slice/vte-spawn-3f1c2a9e-77aa-4c1b-9d0e-0a1b2c3d4e5f.scope",
		"/user.slice/user-{N}.slice/user@{I}.service/app.slice/"
		"app-org.gnome.Terminal.slice/vte-spawn-{H}-{H}-{H}-{H}-{H}.scope"},
	{"/user.slice/user-1000.slice/session-3.scope",
		"/user.slice/user-{N}.slice/session-{N}.scope"},
	{"/user.slice/user-1000.slice/session-c2.scope",
		"/user.slice/user-{N}.slice/session-{H}.scope"},
	{"/user.slice/session-[a1b2c3d4]/scope", "/user.slice/session-[{H}]/scope"},
	{"/system.slice/getty@tty1.service", "/system.slice/getty@{I}.service"},
	{"/system.slice/system-serial\\x2dgetty.slice/serial-getty@ttyS0.service",
		"/system.slice/system-serial\\x2dgetty.slice/serial-getty@{I}.service"},
	{"/critical.slice/launcher@foo.bar.baz.service", NULL},
	{"/apps.slice/run-17.fluxcap9000_01.zz3", "/apps.slice/run-{N}.fluxcap{N}_{N}.zz{N}"},
	{"/system.slice/run-r1a2b3c4d5e6f.scope", NULL},
	{"/kubepods.slice/kubepods-burstable.slice/"
	 "kubepods-burstable-pod3f1c2a9e_77aa_4c1b_9d0e_0a1b2c3d4e5f.slice/"
	 "cri-containerd-9f86d081884c7d659a2feaa0c55ad015.scope",
		"/kubepods.slice/kubepods-burstable.slice/"
		"kubepods-burstable-pod3f1c2a9e_{H}_{H}_{H}_{H}.slice/"
		"cri-containerd-{H}.scope"},
	/* An '@' outside a service stays, an empty instance too. */
	{"/a@b.slice", NULL},
	{"/a@.service", NULL},
	{"/a@b_c.service", NULL},
	{"/a@b@c.service/x@y.service", "/a@{I}.service/x@{I}.service"},
};

static void examples_of_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cleanup_str struct str got = STR_INIT;

		name_pattern(names[i].name, strlen(names[i].name), &got);
		assert_string_equal(
			str_get(&got), names[i].pattern ? names[i].pattern : names[i].name);
	}
}

/* Names that the plain rules leave apart though only their numbers differ. */
static const struct example strong[] = {
	{"vte-spawn-3f1c2a9e-77aa-4c1b-9d0e-0a1b2c3d4e5f", "vte-spawn-{U}"},
	{"vte-spawn-00000000-aaaa-bbbb-cccc-dddddddddddd", "vte-spawn-{U}"},
	{"pod3f1c2a9e_77aa_4c1b_9d0e_0a1b2c3d4e5f.slice", "pod{U}.slice"},
	{"run-r1a2b3c4d5e6f.scope", "run-r{H}.scope"},
	{"deadbeef", "{H}"},
	{"deadbee", NULL},
	{"12345678", "{N}"},
	{"nvme0n1", "nvme{N}n{N}"},
	{"proto303handler", "proto{N}handler"},
	{"kworker/u16:2-events", "kworker/u{N}:{N}-events"},
	{"a0", "{H}"},
	{"3f1c2a9e-77aa_4c1b-9d0e-0a1b2c3d4e5f", "{H}-{H}_{H}-{H}-{H}"},
	{"", NULL},
};

static void the_stronger_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strong); i++) {
		cleanup_str struct str got = STR_INIT, twice = STR_INIT;

		name_pattern_strong(strong[i].name, strlen(strong[i].name), &got);
		assert_string_equal(
			str_get(&got), strong[i].pattern ? strong[i].pattern : strong[i].name);
		name_pattern_strong(str_get(&got), got.len, &twice);
		assert_string_equal(str_get(&twice), str_get(&got));
	}
}

static void examples_of_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		cleanup_str struct str got = STR_INIT;

		name_cgroup_key(paths[i].name, &got);
		assert_string_equal(
			str_get(&got), paths[i].pattern ? paths[i].pattern : paths[i].name);
	}
}

/* A name of pieces that the rules care about. */
static void random_name(struct str *out, unsigned *seed)
{
	static const char *const pieces[] = {"0", "7", "19", "a", "f", "beef", "G", "Zz", "-", "_",
		"/", ":", "@", "+", "[", "]", " ", ".", "#", "(", "{N}", "\xc3\xa9",
		"\xe2\x80\x83"};
	int n = rand_r(seed) % 12;

	for (int i = 0; i < n; i++)
		str_add(out, pieces[(size_t)rand_r(seed) % ARRAY_LEN(pieces)]);
}

enum { ROUNDS = 20000 };

/* Patterns that are tokenised again stay what they are: `{N}` fits no rule. */
static void patterns_are_stable(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		cleanup_str struct str name = STR_INIT, once = STR_INIT, twice = STR_INIT;

		random_name(&name, &seed);
		name_pattern(str_get(&name), name.len, &once);
		name_pattern(str_get(&once), once.len, &twice);
		assert_string_equal(str_get(&once), str_get(&twice));
	}
}

/* Other digits in the same places are the same pattern, as long as no letter touches them. */
static void other_numbers_same_pattern(void **state)
{
	unsigned seed = 2;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		cleanup_str struct str a = STR_INIT, b = STR_INIT, pa = STR_INIT, pb = STR_INIT;

		str_printf(&a, "pool-%d/%d:x", rand_r(&seed), rand_r(&seed) % 10);
		str_printf(&b, "pool-%d/%d:x", rand_r(&seed) % 10, rand_r(&seed));
		name_pattern(str_get(&a), a.len, &pa);
		name_pattern(str_get(&b), b.len, &pb);
		assert_string_equal(str_get(&pa), str_get(&pb));
	}
}

/* The pattern of two names parted by a separator is the two patterns parted by it. */
static void separators_part_patterns(void **state)
{
	unsigned seed = 3;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		cleanup_str struct str a = STR_INIT, b = STR_INIT, whole = STR_INIT,
				       parts = STR_INIT;

		random_name(&a, &seed);
		random_name(&b, &seed);
		str_printf(&whole, "%s:%s", str_get(&a), str_get(&b));
		name_pattern(str_get(&a), a.len, &parts);
		str_addc(&parts, ':');
		name_pattern(str_get(&b), b.len, &parts);
		str_clear(&a);
		name_pattern(str_get(&whole), whole.len, &a);
		assert_string_equal(str_get(&a), str_get(&parts));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_names),
		cmocka_unit_test(examples_of_paths),
		cmocka_unit_test(the_stronger_form),
		cmocka_unit_test(patterns_are_stable),
		cmocka_unit_test(other_numbers_same_pattern),
		cmocka_unit_test(separators_part_patterns),
	};

	return cmocka_run_group_tests_name("ctprof_names", tests, NULL, NULL);
}
