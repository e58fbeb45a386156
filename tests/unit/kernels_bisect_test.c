/* The search itself, over lines of kernels whose first bad one is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "src/kernels/bisect.h"
#include "src/kernels/candidates.h"
#include "tests/lib/kernel_fixture.h"

static struct bisect line(size_t n)
{
	struct bisect b = {0};

	for (size_t i = 0; i < n; i++) {
		char id[32];

		snprintf(id, sizeof(id), "k%zu", i);
		bisect_add(&b, id, NULL);
	}
	b.items.v[0].verdict = BISECT_GOOD;
	b.items.v[n - 1].verdict = BISECT_BAD;
	return b;
}

/* Searches; `skip` is a bit mask of kernels that cannot be judged. Returns the tries. */
static unsigned search(struct bisect *b, size_t first_bad, uint64_t skip)
{
	unsigned tries = 0;
	size_t at;

	while (bisect_next(b, &at)) {
		assert_int_equal(b->items.v[at].verdict, BISECT_UNKNOWN);
		b->items.v[at].verdict = skip >> at & 1	  ? BISECT_SKIP
					 : at < first_bad ? BISECT_GOOD
							  : BISECT_BAD;
		assert_true(++tries <= b->items.n);
	}
	return tries;
}

static void the_first_bad_one_is_found(void **state)
{
	(void)state;
	for (size_t n = 2; n <= 40; n++)
		for (size_t bad = 1; bad < n; bad++) {
			struct bisect b = line(n);
			unsigned most = bisect_left(&b);
			size_t from, to;

			assert_true(search(&b, bad, 0) <= most);
			bisect_suspects(&b, &from, &to);
			assert_int_equal(from, bad);
			assert_int_equal(to, bad);
			assert_int_equal(bisect_left(&b), 0);
			bisect_release(&b);
		}
}

/* With skips the answer may be a range, and the first bad one is in it. */
static void skipped_ones_leave_a_range(void **state)
{
	(void)state;
	for (uint64_t skip = 0; skip < 1 << 10; skip++)
		for (size_t bad = 1; bad < 10; bad++) {
			struct bisect b = line(10);
			size_t from, to;

			search(&b, bad, skip);
			bisect_suspects(&b, &from, &to);
			assert_true(from <= bad && bad <= to);
			for (size_t i = from; i < to; i++)
				assert_int_equal(b.items.v[i].verdict, BISECT_SKIP);
			bisect_release(&b);
		}
}

static void statuses_are_judged(void **state)
{
	(void)state;
	assert_int_equal(bisect_judge(0), BISECT_GOOD);
	assert_int_equal(bisect_judge(1), BISECT_BAD);
	assert_int_equal(bisect_judge(124), BISECT_BAD);
	assert_int_equal(bisect_judge(125), BISECT_SKIP);
	assert_int_equal(bisect_judge(254), BISECT_SKIP);
	assert_int_equal(bisect_judge(255), BISECT_BAD);
	assert_int_equal(bisect_judge(-1), BISECT_SKIP);
}

static void what_is_known_is_kept(void **state)
{
	struct bisect b = line(5), again = line(5);
	cleanup_str struct str text = STR_INIT;

	(void)state;
	b.items.v[2] = (struct bisect_item){b.items.v[2].id, b.items.v[2].label, BISECT_SKIP, 125};
	b.items.v[3] = (struct bisect_item){b.items.v[3].id, b.items.v[3].label, BISECT_BAD, 7};
	bisect_write(&b, &text);
	bisect_read(&again, str_get(&text));
	assert_int_equal(again.items.v[2].verdict, BISECT_SKIP);
	assert_int_equal(again.items.v[3].verdict, BISECT_BAD);
	assert_int_equal(again.items.v[3].status, 7);
	assert_int_equal(bisect_known(&again), 2); /* the ends were not tried */
	/* what is not a line of ours changes nothing */
	bisect_read(&again, "bad\nbad 1\nbad 1 k99\nugly 1 k1\n\n good x k1\nbad 1 k11");
	assert_int_equal(again.items.v[1].verdict, BISECT_UNKNOWN);
	bisect_release(&b);
	bisect_release(&again);
}

/* ---- the commits of a tree ------------------------------------------------------------------ */

static void run(const char *dir, const char *command)
{
	cleanup_free char *line =
		xasprintf("cd '%s' && export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t "
			  "GIT_AUTHOR_EMAIL=t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t && %s",
			dir, command);

	assert_int_equal(system(line), 0);
}

static int between(const char *tree, const char *good, const char *bad, struct bisect *b)
{
	const struct place p = {.prefix = ""};
	struct err e = ERR_INIT;

	*b = (struct bisect){0};
	return candidates(&p, tree, tree, good, bad, NULL, b, &e);
}

static void commits_have_their_subjects(void **state)
{
	char *dir = fixture_dir();
	struct bisect b;

	(void)state;
	run(dir, "git init -q . && for i in 1 2 3 4; do git commit -q --allow-empty -m \"number "
		 "$i\"; "
		 "git tag c$i; done; printf 'bad \\033[31mbyte' | git commit -q --allow-empty -F - "
		 "&& "
		 "git tag c5");
	assert_int_equal(between(dir, "c1", "c5", &b), 0);
	assert_int_equal(b.items.n, 5);
	for (size_t i = 0; i < 4; i++) {
		cleanup_free char *subject = xasprintf(" number %zu", i + 1);

		assert_true(str_starts(b.items.v[i].id, "git+file:///"));
		assert_int_equal(strlen(strstr(b.items.v[i].id, "#sha=")), 5 + 40);
		assert_int_equal(strlen(b.items.v[i].label), 12 + strlen(subject));
		assert_true(str_ends(b.items.v[i].label, subject));
	}
	assert_true(str_ends(b.items.v[4].label, " bad ?[31mbyte"));
	bisect_release(&b);
	assert_int_equal(between(dir, "c5", "c1", &b), -EINVAL);
	assert_int_equal(between(dir, "c1", "c9", &b), -EIO);
	assert_int_equal(between(dir, "--all", "c5", &b), -EIO);
	fixture_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_bad_one_is_found),
		cmocka_unit_test(skipped_ones_leave_a_range),
		cmocka_unit_test(statuses_are_judged),
		cmocka_unit_test(what_is_known_is_kept),
		cmocka_unit_test(commits_have_their_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
