/* The guest pane: from the boot to the end, several guests, a command beside the shell, the front
 * panel. */
#include <signal.h>

#include "src/base/json_in.h"
#include "tests/lib/scripted_vm.h"

static void a_boot_is_followed_step_by_step(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot(&d);
	dash_expect(&d, "Booting a Linux guest: 1n2l2c1t, 4 CPUs");
	assert_string_equal(latest->term, "xterm-256color");
	assert_true(strv_has(&latest->env, "PS1=\\w # "));
	guest_stage(&d, VM_STAGE_KERNEL);
	dash_expect(&d, "> kernel");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_PROGRESS,
			       .text = "fetching linux-image",
			       .done = 12 << 20,
			       .total = 24 << 20});
	dash_expect(&d, "fetching linux-image 12M of 24M");
	guest_tell(&d,
		(struct vm_event){.kind = VM_EVENT_NOTE, .text = "a note\x1b[31m for a person"});
	dash_expect(&d, "a note?[31m for a person");
	guest_stage(&d, VM_STAGE_BOOTING);
	dash_expect(&d, "+ kernel");
	dash_expect(&d, "> machine");
	dash_expect(&d, "VM#1");
	assert_false(app_idle(d.app));
	guest_stage(&d, VM_STAGE_PROMPT);
	assert_false(app_idle(d.app));
	guest_writes(&d, "hello\r\n/ # ");
	dash_expect_not(&d, "Booting");
	dash_expect(&d, "hello");
	assert_true(app_idle(d.app));
	dash_close(&d);
}

static void the_title_says_what_runs_and_who_has_the_keys(void **state)
{
	cleanup_str struct str line = STR_INIT;
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_line(&d, 0, &line);
	assert_non_null(strstr(str_get(&line), "VM#1 6.1.0-51 1n2l2c1t"));
	assert_non_null(strstr(str_get(&line), "tcg: not for timing"));
	assert_non_null(strstr(str_get(&line), "INPUT: keys go to guest, C-] = ktstr"));
	dash_keys(&d, "C-] o");
	dash_line(&d, 0, &line);
	assert_non_null(strstr(str_get(&line), "Enter = type into guest"));
	/* borderless: the guest has all 80 columns */
	guest_writes(&d, "\r\n\x1b[Kfirst column");
	dash_line(&d, 2, &line);
	assert_int_equal(strncmp(str_get(&line), "first column", 12), 0);
	assert_int_equal(app_canvas(d.app)->cols, 80);
	app_resize(d.app, 40, 120);
	dash_turn(&d);
	dash_expect(&d, "guest 118x");
	dash_close(&d);
}

static void a_title_in_a_border_loses_whole_words(void **state)
{
	cleanup_str struct str line = STR_INIT;
	struct dash d;
	int row;

	(void)state;
	dash_open(&d, 40, 120, false);
	guest_boot_to_prompt(&d);
	guest_tell(
		&d, (struct vm_event){
			    .kind = VM_EVENT_TOPOLOGY, .status = 1, .text = "topology verified"});
	for (int cols = 120; cols >= 100; cols--) {
		app_resize(d.app, 40, cols);
		dash_turn(&d);
		for (row = 1; row < 40; row++) {
			dash_line(&d, row, &line);
			if (strstr(str_get(&line), " VM#1 "))
				break;
		}
		assert_true(row < 40);
		if (strstr(str_get(&line), "> "))
			fail_msg("%d columns: %s", cols, str_get(&line));
	}
	dash_close(&d);
}

static void the_title_says_what_was_verified(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 100, false);
	guest_boot_to_prompt(&d);
	dash_expect_not(&d, "verified");
	guest_tell(
		&d, (struct vm_event){
			    .kind = VM_EVENT_TOPOLOGY, .status = 1, .text = "topology verified"});
	dash_expect(&d, "topology verified");
	guest_tell(&d,
		(struct vm_event){.kind = VM_EVENT_TOPOLOGY, .status = 0, .text = "CPU 1 is gone"});
	dash_expect_not(&d, "verified");
	dash_close(&d);
}

static void a_guest_that_does_not_boot_says_why(void **state)
{
	struct err e = ERR_INIT;
	struct dash d;
	const struct pane *p;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot(&d);
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_EXIT,
			       .status = 254,
			       .text = "qemu-system-x86_64 is not installed\napt-get install "
				       "qemu-system-x86"});
	dash_expect(&d, "The guest did not boot.");
	dash_expect(&d, "qemu-system-x86_64 is not installed");
	dash_expect(&d, "apt-get install qemu-system-x86");
	assert_true(app_idle(d.app));
	p = app_focused(d.app);
	assert_int_equal(p->ops->failed(p->self, &e), 254);
	assert_non_null(strstr(e.msg, "qemu-system-x86_64"));
	dash_keys(&d, "Enter");
	dash_expect(&d, "the host pane");
	assert_int_equal(d.app->panes.n, 1);
	dash_close(&d);
}

static void an_ended_guest_stays_until_it_is_closed(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	guest_writes(&d, "exit\r\nlast words\r\n");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_EXIT, .status = 0});
	close(latest->console[1]);
	latest->console[1] = -1;
	dash_turn(&d);
	dash_expect(&d, "last words");
	dash_expect(&d, "The guest has ended.");
	dash_expect(&d, "VM#1");
	dash_keys(&d, "q"); /* nothing runs any more: no question */
	assert_true(app_done(d.app));
	dash_close(&d);
}

static void quitting_asks_while_a_guest_runs(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_keys(&d, "C-] o q");
	dash_expect(&d, "A guest is running");
	assert_false(app_done(d.app));
	dash_keys(&d, "n");
	dash_expect_not(&d, "A guest is running");
	dash_keys(&d, "q y");
	assert_true(app_done(d.app));
	dash_close(&d);
}

static void guests_out_of_sight_make_themselves_heard(void **state)
{
	struct vm *first;
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	first = latest;
	guest_boot_to_prompt(&d);
	dash_expect(&d, "VM#2");
	dash_keys(&d, "C-] 1");
	dash_expect(&d, "4 VM#1 run");
	dash_expect(&d, "5 VM#2 run");
	latest = first;
	guest_writes(&d, "news\r\n");
	dash_expect(&d, "VM#1 run*");
	assert_int_equal(d.bells, 0);
	guest_writes(&d, "\a");
	dash_expect(&d, "VM#1 run!");
	assert_int_equal(d.bells, 1);
	dash_keys(&d, "4 C-] 1");
	dash_expect_not(&d, "VM#1 run!");
	dash_close(&d);
}

static void a_flood_is_read_to_its_end(void **state)
{
	struct dash d;
	char block[8192];
	size_t left = 8 << 20, at = 0, n = 0;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	while (n + 16 < sizeof(block))
		n += (size_t)snprintf(block + n, sizeof(block) - n, "%zu flood\r\n", n);
	while (left) {
		ssize_t k = write(latest->console[1], block + at, n - at);

		if (k > 0) {
			at = (at + (size_t)k) % n;
			left = left > (size_t)k ? left - (size_t)k : 0;
		} else {
			loop_turn(d.loop, 0, NULL);
		}
	}
	dash_turn(&d);
	guest_writes(&d, "\r\nthe end");
	dash_wait_for(&d, "the end");
	dash_close(&d);
}

static void a_command_runs_beside_the_shell(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_keys(&d, "C-] x");
	dash_expect(&d, "Run in VM#1");
	dash_type(&d, "dmesg");
	dash_keys(&d, "Enter");
	assert_string_equal(latest->ran, "dmesg");
	dash_expect(&d, "running");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDOUT, .text = "one\ttab\ntw"});
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDERR, .text = "o\033[31m\n"});
	dash_expect(&d, "one     tab");
	dash_expect(&d, "two?[31m");
	/* one at a time */
	latest->ran[0] = '\0';
	dash_keys(&d, "Enter");
	assert_string_equal(latest->ran, "");
	dash_expect(&d, "still running");
	dash_keys(&d, "C-c");
	assert_int_equal(latest->signalled, SIGINT);
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_EXIT, .status = 130});
	dash_keys(&d, "Enter");
	assert_string_equal(latest->ran, "dmesg");
	dash_expect_not(&d, "one     tab");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_EXIT, .status = 3});
	dash_expect(&d, "status 3");
	/* the keys never reached the shell */
	dash_keys(&d, "Esc");
	dash_expect_not(&d, "Run in VM#1");
	guest_heard("");
	dash_close(&d);
}

static void the_newest_output_is_seen(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_keys(&d, "C-] x s e q Enter");
	for (int i = 0; i < 40; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d.\n", i);
		guest_tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDOUT, .text = line});
	}
	dash_expect(&d, "line 39.");
	dash_expect_not(&d, "line 3.");
	dash_keys(&d, "PgUp PgUp PgUp");
	dash_expect(&d, "line 0.");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDOUT, .text = "unseen\n"});
	dash_expect_not(&d, "unseen");
	dash_keys(&d, "PgDn PgDn PgDn");
	dash_expect(&d, "unseen");
	dash_keys(&d, "C-y");
	assert_non_null(strstr(str_get(&d.copied), "line 0.\nline 1.\n"));
	/* the guest ends under the box */
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_EXIT});
	dash_expect(&d, "the guest has ended");
	dash_keys(&d, "C-c");
	dash_expect_not(&d, "Run in VM#1");
	dash_close(&d);
}

static void the_machine_has_a_front_panel(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_keys(&d, "C-] o P");
	dash_expect(&d, "pause its CPUs");
	dash_keys(&d, "p");
	assert_string_equal(latest->power, "p");
	dash_expect_not(&d, "PAUSED");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_POWER, .status = 0});
	dash_expect(&d, "PAUSED: P p goes on");
	dash_keys(&d, "P");
	dash_expect(&d, "resume its CPUs");
	dash_keys(&d, "p");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_POWER, .status = 1});
	dash_expect_not(&d, "PAUSED");
	dash_keys(&d, "P m P s w P s c P r P o");
	assert_string_equal(latest->power, "pgnswscrk");
	/* what is safe does nothing */
	dash_keys(&d, "P Enter P Esc P s Enter P n");
	assert_string_equal(latest->power, "pgnswscrk");
	/* while typing, the prefix and p */
	dash_keys(&d, "Enter C-] p");
	assert_string_equal(latest->power, "pgnswscrkp");
	guest_heard("");
	guest_tell(&d, (struct vm_event){.kind = VM_EVENT_POWER, .status = 0});
	dash_expect(&d, "PAUSED: C-] p goes on");
	dash_expect(&d, "INPUT");
	dash_keys(&d, "C-] [");
	dash_expect(&d, "PAUSED  COPY: v selects");
	dash_close(&d);
}

static void the_pane_as_json(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct json_out j;
	struct json *o;
	const struct json *vm;
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	guest_boot(&d);
	json_init(&j, &out, false);
	app_json(d.app, NULL, &j);
	o = json_parse(str_get(&out), out.len, NULL);
	vm = json_get(o, "vm");
	assert_string_equal(json_get_text(vm, "state", ""), "running");
	assert_string_equal(json_get_text(vm, "stage", ""), "ready");
	assert_string_equal(json_get_text(vm, "kernel", ""), "6.1.0-51-cloud-amd64");
	assert_string_equal(json_get_text(vm, "topology", ""), "1n2l2c1t");
	assert_string_equal(json_get_text(vm, "accel", ""), "tcg");
	assert_int_equal(json_get_uint(vm, "memory_mib", 0), 512);
	assert_int_equal(json_get_uint(vm, "vcpus", 0), 4);
	assert_true(json_is_null(json_get(vm, "status")));
	assert_string_equal(json_text(json_at(json_get(vm, "screen"), 0), ""), "/ #");
	assert_string_equal(json_get_text(json_get(o, "vm2"), "state", ""), "booting");
	assert_int_equal(json_get_uint(json_get(o, "vm2"), "number", 0), 2);
	json_free(o);
	dash_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_boot_is_followed_step_by_step),
		cmocka_unit_test(the_title_says_what_runs_and_who_has_the_keys),
		cmocka_unit_test(a_title_in_a_border_loses_whole_words),
		cmocka_unit_test(the_title_says_what_was_verified),
		cmocka_unit_test(a_guest_that_does_not_boot_says_why),
		cmocka_unit_test(an_ended_guest_stays_until_it_is_closed),
		cmocka_unit_test(quitting_asks_while_a_guest_runs),
		cmocka_unit_test(guests_out_of_sight_make_themselves_heard),
		cmocka_unit_test(a_flood_is_read_to_its_end),
		cmocka_unit_test(a_command_runs_beside_the_shell),
		cmocka_unit_test(the_newest_output_is_seen),
		cmocka_unit_test(the_machine_has_a_front_panel),
		cmocka_unit_test(the_pane_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
