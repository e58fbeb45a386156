/* The boot dialog: what its fields ask a guest to be. */
#include "tests/lib/scripted_vm.h"
#include "ui/boot.h"

static void enter_boots_with_the_defaults(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	dash_keys(&d, "n");
	dash_expect(&d, "New guest");
	dash_expect(&d, "automatic");
	dash_expect(&d, "1n1l1c1t, 1 CPU");
	dash_keys(&d, "Enter");
	dash_expect_not(&d, "Kernel words");
	assert_non_null(latest);
	assert_string_equal(latest->kernel, "(automatic)");
	assert_int_equal(latest->topology.llcs, 1);
	assert_int_equal(latest->accel, VM_ACCEL_AUTO);
	assert_int_equal(latest->memory_mib, 0);
	dash_expect(&d, "INPUT");
	dash_type(&d, "typed");
	guest_heard("typed");
	dash_close(&d);
}

static void the_fields_say_what_to_boot(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	dash_keys(&d, "n");
	dash_type(&d, "distro");
	dash_keys(&d, "Tab");
	dash_type(&d, "2,4,2,2");
	dash_expect(&d, "2n4l2c2t, 16 CPUs");
	dash_keys(&d, "Down");
	dash_type(&d, "777");
	dash_keys(&d, "Tab");
	dash_type(&d, "strace '/' \"/etc\"");
	dash_keys(&d, "Tab");
	dash_type(&d, "panic=5 quiet");
	dash_keys(&d, "Tab Right Right Tab");
	dash_type(&d, "256mib");
	dash_keys(&d, "Enter");
	assert_non_null(latest);
	assert_string_equal(latest->kernel, "distro");
	assert_int_equal(latest->topology.nodes, 2);
	assert_int_equal(latest->topology.llc[0].threads, 2);
	assert_int_equal(latest->memory_mib, 777);
	assert_int_equal(latest->include.n, 3);
	assert_string_equal(latest->include.v[2], "/etc");
	assert_string_equal(latest->append.v[0], "panic=5 quiet");
	assert_int_equal(latest->accel, VM_ACCEL_TCG);
	assert_int_equal(latest->disk, 256 << 20);
	dash_close(&d);
}

static void the_mode_says_what_is_reserved(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	dash_keys(&d, "n Up");
	dash_expect(&d, "> Wait");
	dash_type(&d, "5");
	dash_keys(&d, "Enter");
	dash_expect(&d, "time unit needed");
	dash_type(&d, "m");
	dash_expect_not(&d, "time unit needed");
	dash_keys(&d, "Up");
	dash_expect(&d, "> CPU cap");
	dash_type(&d, "2");
	dash_keys(&d, "Enter");
	assert_null(latest);
	dash_expect(&d, "a CPU cap goes with the mode no-perf-mode");
	dash_keys(&d, "Up");
	dash_type(&d, "n");
	dash_expect(&d, "[no-perf-mode]");
	dash_expect_not(&d, "a CPU cap goes with"); /* mended at once */
	dash_keys(&d, "Enter");
	assert_non_null(latest);
	assert_int_equal(latest->reserve.mode, RESERVE_BUDGET);
	assert_int_equal(latest->reserve.cap, 2);
	assert_true(latest->reserve.wait_ns == UINT64_C(300000000000));
	dash_close(&d);
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	dash_keys(&d, "n Up Up Up Left");
	dash_expect(&d, "[perf-mode]");
	dash_keys(&d, "Enter");
	assert_int_equal(latest->reserve.mode, RESERVE_PERF);
	dash_close(&d);
}

static void what_is_wrong_is_said_at_the_field(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	dash_keys(&d, "n Tab");
	dash_type(&d, "2,3,1,1");
	dash_keys(&d, "S-Tab Enter");
	assert_null(latest);
	dash_expect(&d, "> Topology");
	dash_keys(&d, "C-u");
	dash_type(&d, "2,4,1,1");
	dash_keys(&d, "Tab");
	dash_type(&d, "12");
	dash_keys(&d, "Enter");
	dash_expect(&d, "128 MiB or more");
	dash_keys(&d, "C-u Tab");
	dash_type(&d, "/no/such/file 'x");
	dash_keys(&d, "Enter");
	dash_expect(&d, "a quote (') is not closed");
	dash_type(&d, "'");
	dash_expect(&d, "there is no /no/such/file");
	dash_keys(&d, "C-u Enter");
	assert_non_null(latest);
	dash_close(&d);
}

/* However long a sentence and its hint are; and what a dialog says names no option. */
static void what_is_wrong_is_said_whole(void **state)
{
	static const int sizes[][2] = {{30, 100}, {24, 80}, {24, 60}};
	struct dash d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		dash_open(&d, sizes[i][0], sizes[i][1], false);
		dash_turn(&d);
		dash_keys(&d, "n Tab");
		dash_type(&d, "4c2t+4c2t+4c2t+4c2t+4c2t+4c2t+4c2t+4c2t+4c2t+4c2t+what");
		dash_keys(&d, "Enter");
		dash_expect(&d, "> Topology");
		dash_expect(&d, "/8c1t/mem");
		dash_expect_not(&d, "--topology");
		dash_close(&d);
	}
}

static void a_start_that_fails_keeps_the_dialog(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	refuse = "there is no memory for another process";
	dash_keys(&d, "n Enter");
	dash_expect(&d, "there is no memory for another process");
	dash_expect(&d, "New guest");
	dash_keys(&d, "Esc");
	dash_expect_not(&d, "Kernel words");
	assert_int_equal(d.app->dialogs.n, 0);
	dash_close(&d);
}

static void a_shape_presets_the_topology(void **state)
{
	const struct boot_shape shape = {vm_topology_uniform(1, 1, 8, 2), "LLC 0"};
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	app_boot(d.app, &shape);
	dash_turn(&d);
	dash_expect(&d, "New guest, shaped like LLC 0");
	dash_expect(&d, "1,1,8,2");
	dash_keys(&d, "Enter");
	assert_int_equal(latest->topology.llc[0].cores, 8);
	dash_close(&d);
}

/* Unequal parts, with distances that the machine has; CPUs offline are typed. */
static void a_shape_of_unequal_parts(void **state)
{
	struct boot_shape shape = {.what = "this machine"};
	struct dash d;

	(void)state;
	assert_int_equal(vm_topology_parse("4c2t+2c1t/3c1t/mem", &shape.topology, NULL), 0);
	assert_int_equal(
		vm_topology_set_distances(&shape.topology, "10,21,30/21,10,30/30,30,10", NULL), 0);
	dash_open(&d, 24, 80, false);
	dash_turn(&d);
	app_boot(d.app, &shape);
	dash_turn(&d);
	dash_expect(&d, "New guest, shaped like this machine");
	dash_expect(&d, "4c2t+2c1t/3c1t/mem, 13 CPUs");
	dash_expect(&d, "10,21,30/21,10,30/30,30,10");
	dash_keys(&d, "Up Up Up Up Up");
	dash_type(&d, "1,13");
	dash_keys(&d, "Enter");
	dash_expect(&d, "there is no CPU 13 to take offline");
	dash_keys(&d, "Backspace");
	dash_expect_not(&d, "there is no CPU");
	dash_keys(&d, "Enter");
	assert_non_null(latest);
	shape.topology.offline[0] = 1U << 1;
	assert_memory_equal(&latest->topology, &shape.topology, sizeof(shape.topology));
	dash_close(&d);
}

static void read_only_means_no_guests(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, true);
	dash_turn(&d);
	dash_expect_not(&d, "New guest");
	dash_keys(&d, "n b");
	app_boot(d.app, NULL);
	dash_turn(&d);
	assert_int_equal(d.app->dialogs.n, 0);
	dash_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enter_boots_with_the_defaults),
		cmocka_unit_test(the_fields_say_what_to_boot),
		cmocka_unit_test(the_mode_says_what_is_reserved),
		cmocka_unit_test(what_is_wrong_is_said_at_the_field),
		cmocka_unit_test(what_is_wrong_is_said_whole),
		cmocka_unit_test(a_start_that_fails_keeps_the_dialog),
		cmocka_unit_test(a_shape_presets_the_topology),
		cmocka_unit_test(a_shape_of_unequal_parts),
		cmocka_unit_test(read_only_means_no_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
