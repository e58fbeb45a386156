#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/loop.h"

struct seen {
	struct loop *loop;
	struct loop_fd *fd, *other;
	struct loop_timer *timer;
	unsigned reads, ticks, signals, sleeps;
};

static void stop_after_three(void *user)
{
	struct seen *s = user;

	if (++s->ticks == 3)
		loop_stop(s->loop);
}

static void count_sleep(void *user)
{
	struct seen *s = user;

	s->sleeps++;
}

static void timers_repeat_and_the_hook_runs_each_turn(void **state)
{
	struct seen s = {.loop = loop_new(NULL)};

	(void)state;
	loop_before_sleep(s.loop, count_sleep, &s);
	loop_add_timer(s.loop, 1000, 1000, stop_after_three, &s);
	assert_int_equal(loop_run(s.loop, NULL), 0);
	assert_int_equal(s.ticks, 3);
	assert_true(s.sleeps >= 2);
	loop_free(s.loop);
}

/* Both pipes are readable in one turn; the first callback removes both sources. */
static void remove_both(void *user, int fd, uint32_t events)
{
	struct seen *s = user;

	(void)fd;
	(void)events;
	s->reads++;
	loop_del_fd(s->loop, s->fd);
	loop_del_fd(s->loop, s->other);
}

static void a_source_may_go_inside_a_callback(void **state)
{
	struct seen s = {.loop = loop_new(NULL)};
	int a[2], b[2];

	(void)state;
	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	s.fd = loop_add_fd(s.loop, a[0], EPOLLIN, remove_both, &s, NULL);
	s.other = loop_add_fd(s.loop, b[0], EPOLLIN, remove_both, &s, NULL);
	loop_turn(s.loop, 0, NULL);
	loop_turn(s.loop, 0, NULL);
	assert_int_equal(s.reads, 1);
	loop_free(s.loop);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void on_signal(void *user, int signo)
{
	struct seen *s = user;

	s->signals += signo == SIGUSR1;
	loop_stop(s->loop);
}

static void signals_arrive_in_the_loop(void **state)
{
	struct seen s = {.loop = loop_new(NULL)};
	sigset_t now;

	(void)state;
	assert_int_equal(loop_add_signal(s.loop, SIGUSR1, on_signal, &s, NULL), 0);
	assert_int_equal(loop_add_signal(s.loop, SIGUSR2, on_signal, &s, NULL), 0);
	raise(SIGUSR1);
	assert_int_equal(loop_run(s.loop, NULL), 0);
	assert_int_equal(s.signals, 1);
	loop_free(s.loop);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	assert_false(sigismember(&now, SIGUSR1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_repeat_and_the_hook_runs_each_turn),
		cmocka_unit_test(a_source_may_go_inside_a_callback),
		cmocka_unit_test(signals_arrive_in_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
