/* The model of the locks of a machine of our own making, and what is said about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <cmocka.h>

#include "probes/locks/collect.h"
#include "probes/locks/lines.h"
#include "probes/locks/locks.h"
#include "probes/topo/topo.h"
#include "tests/lib/locked.h"

struct fixture {
	struct machine *m;
	struct topo *topo;
	struct lockfile_roots roots;
	struct locks_reader *reader;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->m = machine_load("tests/golden/topo/epyc.machine");
	locked_add(f->m);
	f->topo = topo_collect_shape(f->m->root, NULL);
	f->roots = (struct lockfile_roots){
		xstrdup("/tmp"), xstrdup("/cache/.locks"), xstrdup("/runs/.locks")};
	f->reader = locks_reader_new(
		&(struct locks_options){.root = f->m->root, .roots = &f->roots, .facts = true});
	locks_reader_set_numa(
		f->reader, &(struct locks_numa){f->topo, topo_llc_node, topo_cpu_llc_node});
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	locks_reader_free(f->reader);
	lockfile_roots_release(&f->roots);
	topo_free(f->topo);
	machine_free(f->m);
	free(f);
	return 0;
}

static void the_model_has_everybody(void **state)
{
	struct fixture *f = *state;
	struct locks *l = locks_read(f->reader, NULL);
	const struct locks_file *llc = locks_file_of(l, LOCKFILE_LLC, 0, "");
	const struct locks_file *run = locks_file_of(l, LOCKFILE_RUN, 0, "7.0.14-73730e0-dirty");

	assert_int_equal(l->nfiles, 6);
	assert_int_equal(l->exclusive, 3);
	assert_int_equal(l->shared, 2);
	assert_int_equal(l->waiting, 1);
	assert_int_equal(l->unreadable, 0);
	assert_null(l->warning);
	assert_non_null(llc);
	assert_int_equal(llc->nholders, 2);
	assert_int_equal(llc->holders[0].pid, 41822);
	assert_int_equal(llc->holders[0].fd, 9);
	assert_string_equal(llc->holders[0].cmdline, "cargo-ktstr test sched_basic");
	assert_string_equal(llc->holders[0].cgroup, "/user.slice/user-1000.slice");
	assert_int_equal(llc->holders[0].uid, 1000);
	assert_int_equal(llc->holders[0].held.known, LOCKS_AT_MOST);
	assert_true(llc->holders[0].held.ns == 131 * UINT64_C(1000000000));
	assert_int_equal(llc->holders[1].pid, 41840);
	assert_int_equal(llc->holders[1].acquirer, 41822);
	assert_int_equal(llc->holders[1].held.known, LOCKS_AT_LEAST);
	assert_int_equal(llc->waiters[0].pid, 44010);
	assert_true(locks_blocks(&llc->holders[0], &llc->waiters[0]));
	assert_false(llc->stale);
	assert_int_equal(llc->node, 0);
	assert_true(run && run->stale && run->nholders == 1);
	assert_int_equal(run->holders[0].pid, 39951);
	assert_int_equal(run->holders[0].acquirer, 39900);
	assert_null(locks_file_of(l, LOCKFILE_LLC, 9, ""));
	assert_int_equal(l->nevents, 0);
	locks_free(l);
}

static bool has_event(const struct locks *l, enum locks_happening what, pid_t pid)
{
	for (size_t i = 0; i < l->nevents; i++)
		if (l->events[i].what == what && l->events[i].pid == pid)
			return true;
	return false;
}

static void a_release_is_an_event(void **state)
{
	struct fixture *f = *state;
	struct locks *l;
	cleanup_str struct str text = STR_INIT;

	locks_free(locks_read(f->reader, NULL));
	locked_release(f->m);
	l = locks_read(f->reader, NULL);
	assert_int_equal(locks_file_of(l, LOCKFILE_CPU, 24, "")->nholders, 0);
	assert_true(has_event(l, LOCKS_RELEASED, 43110));
	assert_int_equal(l->nevents, 1);
	locks_event_text(&l->events[0], &text);
	assert_true(str_starts(str_get(&text), "cpu 24  43110 released EX, held at least "));
	locks_free(l);
	/* It comes back: this time its beginning was seen. */
	locked_add(f->m);
	l = locks_read(f->reader, NULL);
	assert_true(has_event(l, LOCKS_ACQUIRED, 43110));
	assert_int_equal(locks_file_of(l, LOCKFILE_CPU, 24, "")->holders[0].held.known, LOCKS_SEEN);
	assert_int_equal(l->seq, 2);
	locks_free(l);
}

static void text_is_that_of_the_specification(void **state)
{
	static const char want[] =
		"LLC locks:\n"
		" LLC  NODE  LOCKFILE               HOLDERS                              \n"
		" 0    0     /tmp/ktstr-llc-0.lock  41822 (cargo-ktstr test sched_basic) \n"
		"                                   41840 (ktstr-vmm)                    \n"
		" 1    0     /tmp/ktstr-llc-1.lock  40977 (ktstr kernel build 6.14.2)    \n"
		" 3    0     /tmp/ktstr-llc-3.lock  43110 (ktstr shell --cpu-cap 4)      \n"
		"\n"
		"Per-CPU locks:\n"
		" CPU  NODE  LOCKFILE                HOLDERS                         \n"
		" 5    0     /tmp/ktstr-cpu-5.lock   <none recorded>                 \n"
		" 24   0     /tmp/ktstr-cpu-24.lock  43110 (ktstr shell --cpu-cap 4) \n"
		"\n"
		"Cache-entry locks:\n"
		"  (none)\n"
		"\n"
		"Run-dir locks:\n"
		" RUN KEY               LOCKFILE                                HOLDERS            "
		"     "
		"  \n"
		" 7.0.14-73730e0-dirty  /runs/.locks/7.0.14-73730e0-dirty.lock  39951 (tail -f "
		"/dev/null) \n";
	struct fixture *f = *state;
	struct locks *l = locks_read(f->reader, NULL);
	cleanup_str struct str text = STR_INIT;

	locks_text(l, &(struct locks_view){0}, &text);
	assert_string_equal(str_get(&text), want);
	str_clear(&text);
	locks_text(l, &(struct locks_view){.pids = (pid_t[]){44010}, .npids = 1, .detail = true},
		&text);
	assert_non_null(strstr(str_get(&text), "EX*   44010"));
	assert_non_null(strstr(str_get(&text), "41822,41840"));
	assert_null(strstr(str_get(&text), "40977"));
	locks_free(l);
}

static void json_is_that_of_the_specification(void **state)
{
	struct fixture *f = *state;
	struct locks *l = locks_read(f->reader, NULL);
	const struct locks_view llcs = {.kinds = 1U << LOCKFILE_CPU};
	cleanup_str struct str text = STR_INIT;
	struct json_out j;

	json_init(&j, &text, false);
	locks_json(l, &llcs, &j);
	assert_string_equal(str_get(&text),
		"{\"llcs\":[],\"cpus\":[{\"cpu\":5,\"numa_node\":0,\"lockfile\":\"/tmp/"
		"ktstr-cpu-5.lock\",\"holders\":[]},{\"cpu\":24,\"numa_node\":0,\"lockfile\":\"/"
		"tmp/ktstr-cpu-24.lock\",\"holders\":[{\"pid\":43110,\"cmdline\":\"ktstr shell "
		"--cpu-cap 4\"}]}],\"cache\":[],\"run_dirs\":[]}");
	locks_free(l);
}

/* Another file system: the same inode there is somebody else's lock. */
static void the_device_counts(void **state)
{
	struct fixture *f = *state;
	struct locks *l;

	machine_change(f->m, "[/proc/self]\nmountinfo=22 1 8:2 / / rw - ext4 /dev/sda2 rw\n");
	l = locks_read(f->reader, NULL);
	assert_int_equal(l->exclusive + l->shared, 0);
	locks_free(l);
}

static void without_a_mount_table_inodes_have_to_do(void **state)
{
	struct fixture *f = *state;
	struct locks *l;

	machine_change(f->m, "[/proc/self]\nmountinfo=rubbish\n");
	l = locks_read(f->reader, NULL);
	assert_int_equal(l->exclusive, 3);
	assert_true(locks_file_of(l, LOCKFILE_LLC, 0, "")->uncertain);
	locks_free(l);
}

/* ---- parsers --------------------------------------------------------------------------------- */

static bool parses(const char *line, struct flock_line *out)
{
	return flock_line_parse(line, strlen(line), out);
}

static void lines_of_the_table(void **state)
{
	static const char *const others[] = {"", "1:", "1: POSIX  ADVISORY  WRITE 5 08:01:7 0 EOF",
		"1: OFDLCK ADVISORY  READ -1 08:01:7 0 EOF", "1: LEASE  ACTIVE    READ 5 08:01:7",
		"1: FLOCK  ADVISORY  WRITE x 08:01:7 0 EOF", "1: FLOCK  ADVISORY  WRITE -1 08:01:7",
		"1: FLOCK  ADVISORY  UNLCK 5 08:01:7 0 EOF", "1: FLOCK  ADVISORY  WRITE 5 08:01",
		"1: FLOCK  ADVISORY  WRITE 5 08:zz:7 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 99999999999 08:01:7",
		"1: FLOCKS ADVISORY WRITE 5 08:01:7",
		"1: FLOCK  ADVISORY  WRITE 5 08:01:99999999999999999999 0 EOF",
		"FLOCK  ADVISORY  WRITE 5 08:01:7 0 EOF",
		"1: FLOCK  ADVISORY  WRITE 5 <none>:0 0 EOF"};
	struct flock_line l;

	(void)state;
	assert_true(parses("12: FLOCK  ADVISORY  WRITE 4321 fd:1a:131 0 EOF", &l));
	assert_int_equal(l.pid, 4321);
	assert_int_equal(l.id.major, 0xfd);
	assert_int_equal(l.id.minor, 0x1a);
	assert_int_equal(l.id.inode, 131);
	assert_int_equal(l.mode, LOCKFILE_EXCLUSIVE);
	assert_false(l.waits);
	assert_true(parses("12:    -> FLOCK  ADVISORY  READ  7 00:10:18446744073709551615", &l));
	assert_true(l.waits && l.mode == LOCKFILE_SHARED);
	assert_true(parses("1: FLOCK  ADVISORY  WRITE 0 08:01:7 0 EOF", &l)); /* in an fdinfo */
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(parses(others[i], &l));
}

static bool device(const char *table, const char *path, unsigned *major, unsigned *minor)
{
	struct mounts *m = mounts_parse(table);
	bool found = mounts_device(m, path, major, minor);

	mounts_free(m);
	return found;
}

static void the_longest_mount_point_counts(void **state)
{
	static const char table[] = "22 1 8:1 / / rw - ext4 x rw\n"
				    "23 22 0:30 / /mnt/a rw - tmpfs x rw\n"
				    "24 22 0:31 / /mnt/a\\040b rw - tmpfs x rw\n"
				    "25 23 0:32 / /mnt/a/c rw - tmpfs x rw\n"
				    "26 23 0:33 / /mnt/a/c rw - tmpfs x rw\n"
				    "rubbish\n27 1 x:y / /mnt/a/c/d rw\n28 1 1:2 / relative rw\n";
	unsigned major, minor;

	(void)state;
	assert_true(device(table, "/mnt/a/x.lock", &major, &minor) && minor == 30);
	assert_true(device(table, "/mnt/ab/x.lock", &major, &minor) && major == 8 && minor == 1);
	assert_true(device(table, "/mnt/a b/x", &major, &minor) && minor == 31);
	/* Of two on one place the first line counts. */
	assert_true(device(table, "/mnt/a/c/d/x", &major, &minor) && minor == 32);
	assert_true(device(table, "/mnt/a", &major, &minor) && minor == 30);
	assert_false(device("", "/x", &major, &minor));
}

static void what_is_mounted_in_a_folder_is_known(void **state)
{
	struct mounts *m = mounts_parse("22 1 8:1 / / rw - ext4 x rw\n"
					"23 22 0:30 / /mnt/a/x.lock rw - tmpfs x rw\n");

	(void)state;
	assert_true(mounts_below(m, "/"));
	assert_true(mounts_below(m, "/mnt") && mounts_below(m, "/mnt/a"));
	assert_false(mounts_below(m, "/mnt/a/x.lock"));
	assert_false(mounts_below(m, "/mnt/a/x") || mounts_below(m, "/mn"));
	mounts_free(m);
}

static void command_lines_are_cut_at_100_characters(void **state)
{
	struct fixture *f = *state;
	cleanup_str struct str text = STR_INIT, long_one = STR_INIT;

	holder_cmdline(f->m->root, 1, &text);
	assert_string_equal(str_get(&text), "<cmdline unavailable>");
	str_add(&long_one, "[/proc/77]\ncmdline=");
	for (int i = 0; i < 120; i++)
		str_add(&long_one, "\xc3\xa4");
	str_addc(&long_one, '\n');
	machine_change(f->m, str_get(&long_one));
	str_clear(&text);
	holder_cmdline(f->m->root, 77, &text);
	assert_int_equal(text.len, 100 * 2 + 3);
	assert_true(str_ends(str_get(&text), "\xc3\xa4\xe2\x80\xa6"));
}

static void waits_end_by_the_median(void **state)
{
	struct past *p = past_new();
	uint64_t ns = 0;

	(void)state;
	assert_int_equal(past_median(p, LOCKFILE_LLC, "make", &ns), 0);
	for (uint64_t i = 1; i <= 3; i++)
		past_add(p, LOCKFILE_LLC, "make", i * i * 100);
	past_add(p, LOCKFILE_CPU, "make", 7);
	assert_int_equal(past_median(p, LOCKFILE_LLC, "make", &ns), 3);
	assert_true(ns == 400);
	assert_int_equal(past_median(p, LOCKFILE_CPU, "make", &ns), 1);
	assert_int_equal(past_median(p, LOCKFILE_LLC, "make -j", &ns), 0);
	for (int i = 0; i < 100; i++) /* the last ones count */
		past_add(p, LOCKFILE_LLC, "make", 5);
	assert_int_equal(past_median(p, LOCKFILE_LLC, "make", &ns), 63);
	assert_true(ns == 5);
	past_free(p);
}

/* Of two holders that must both let go the slower counts; one of whom nothing is known hides it. */
static void the_slowest_holder_is_waited_for(void **state)
{
	struct locks_who holders[] = {
		{.pid = 1, .mode = LOCKFILE_SHARED, .cmdline = "a", .held = {LOCKS_SEEN, 60}},
		{.pid = 2, .mode = LOCKFILE_SHARED, .cmdline = "b", .held = {LOCKS_SEEN, 20}},
	};
	struct locks_who waiter = {.pid = 3, .mode = LOCKFILE_EXCLUSIVE, .cmdline = "c"};
	struct locks_file f = {
		.holders = holders, .nholders = 2, .waiters = &waiter, .nwaiters = 1};
	struct locks l = {.files = &f, .nfiles = 1};
	struct past *p = past_new();
	cleanup_str struct str text = STR_INIT;

	(void)state;
	past_add(p, f.kind, "a", 100);
	past_expect(p, &l);
	assert_int_equal(waiter.eta.holds, 0);
	past_add(p, f.kind, "b", UINT64_C(80000000020));
	past_expect(p, &l);
	assert_int_equal(waiter.eta.holds, 1);
	assert_true(waiter.eta.ns == UINT64_C(80000000000));
	locks_eta_text(&waiter.eta, &text);
	assert_string_equal(str_get(&text), "ETA ~01:20 (median of 1 past hold of that command)");
	holders[0].held.known = LOCKS_AT_MOST;
	waiter.eta = (struct locks_eta){0};
	past_expect(p, &l);
	assert_int_equal(waiter.eta.holds, 0);
	past_free(p);
}

/* Whoever waited before has its turn before, readers theirs at the same time. */
static void who_waits_before_is_waited_for(void **state)
{
	struct locks_who holder = {
		.pid = 1, .mode = LOCKFILE_EXCLUSIVE, .cmdline = "a", .held = {LOCKS_SEEN, 60}};
	struct locks_who waiters[] = {
		{.pid = 2, .mode = LOCKFILE_SHARED, .cmdline = "a"},
		{.pid = 3, .mode = LOCKFILE_SHARED, .cmdline = "b"},
		{.pid = 4, .mode = LOCKFILE_EXCLUSIVE, .cmdline = "new"},
		{.pid = 5, .mode = LOCKFILE_SHARED, .cmdline = "a"},
	};
	struct locks_file f = {
		.holders = &holder, .nholders = 1, .waiters = waiters, .nwaiters = 4};
	struct locks l = {.files = &f, .nfiles = 1};
	struct past *p = past_new();
	cleanup_str struct str text = STR_INIT;

	(void)state;
	past_add(p, f.kind, "a", 100);
	past_add(p, f.kind, "b", UINT64_C(2000000000));
	past_expect(p, &l);
	assert_true(waiters[0].eta.ns == 40 && waiters[0].eta.before == 0);
	assert_true(waiters[1].eta.ns == 40 && waiters[1].eta.before == 0);
	assert_true(waiters[2].eta.ns == UINT64_C(2000000040) && waiters[2].eta.before == 2);
	assert_int_equal(waiters[3].eta.holds, 0); /* nobody knows how long "new" takes */
	locks_eta_text(&waiters[2].eta, &text);
	assert_string_equal(str_get(&text),
		"ETA ~00:02 (median of 1 past hold of that command, 2 get it before)");
	past_free(p);
}

static void times_are_told_with_their_bounds(void **state)
{
	static const struct {
		struct locks_time t;
		const char *text;
	} cases[] = {
		{{LOCKS_UNKNOWN, 5}, "-"},
		{{LOCKS_SEEN, 131 * UINT64_C(1000000000)}, "02:11"},
		{{LOCKS_AT_MOST, 1}, "<00:01"},
		{{LOCKS_AT_LEAST, 1}, ">00:00"},
		{{LOCKS_SEEN, 3731 * UINT64_C(1000000000)}, "1:02:11"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_str struct str text = STR_INIT;

		locks_time_text(&cases[i].t, &text);
		assert_string_equal(str_get(&text), cases[i].text);
	}
}

/* Below a chroot that is no mount point of its own nothing leads to the file. */
static void without_a_mount_point_stat_knows_the_device(void **state)
{
	struct mounts *m = mounts_parse("36 35 98:7 / /elsewhere rw - ext4 /dev/x rw\n");
	struct lock_id id;
	struct stat st;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	assert_int_equal(lock_id_of(m, "/proc/self/exe", &id, &e), 0);
	assert_true(id.inode == st.st_ino);
	assert_int_equal(id.major, major(st.st_dev));
	assert_int_equal(id.minor, minor(st.st_dev));
	mounts_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_model_has_everybody, setup, teardown),
		cmocka_unit_test_setup_teardown(a_release_is_an_event, setup, teardown),
		cmocka_unit_test_setup_teardown(text_is_that_of_the_specification, setup, teardown),
		cmocka_unit_test_setup_teardown(json_is_that_of_the_specification, setup, teardown),
		cmocka_unit_test_setup_teardown(the_device_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(
			without_a_mount_table_inodes_have_to_do, setup, teardown),
		cmocka_unit_test_setup_teardown(
			command_lines_are_cut_at_100_characters, setup, teardown),
		cmocka_unit_test(without_a_mount_point_stat_knows_the_device),
		cmocka_unit_test(lines_of_the_table),
		cmocka_unit_test(the_longest_mount_point_counts),
		cmocka_unit_test(what_is_mounted_in_a_folder_is_known),
		cmocka_unit_test(waits_end_by_the_median),
		cmocka_unit_test(the_slowest_holder_is_waited_for),
		cmocka_unit_test(who_waits_before_is_waited_for),
		cmocka_unit_test(times_are_told_with_their_bounds),
	};

	return cmocka_run_group_tests_name("locks", tests, NULL, NULL);
}
