/*
 * The guest pane and the boot dialog in a dashboard without a terminal, before a VM of the test's
 * own making: the functions below take the place of vmm/vmctl.o.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/json_in.h"
#include "ui/app_state.h"
#include "ui/boot.h"
#include "ui/panes.h"

/* ---- a VM ----------------------------------------------------------------------------------- */

struct vm {
	int console[2], control; /* console[1] is the guest's end */
	struct vm_event events[64];
	size_t n, at;
	int resizes;
	uint16_t rows, cols;
	/* what it was asked to be */
	char kernel[128], term[64];
	struct vm_topology topology;
	uint32_t memory_mib;
	uint64_t disk;
	enum vm_accel accel;
	struct strv include, append, env;
	char ran[128]; /* vm_run_command() */
	int signalled;
	char power[64]; /* what the machine was told, a letter each, SysRq's with its key */
};

static struct vm *latest;
static const char *refuse; /* the next start fails with this sentence */

struct vm *vm_start(const struct vm_config *c, struct err *e)
{
	struct vm *vm;

	if (refuse) {
		err_set(e, ENOENT, "%s", refuse);
		refuse = NULL;
		return NULL;
	}
	vm = xcalloc(1, sizeof(*vm));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, vm->console), 0);
	vm->control = eventfd(0, EFD_NONBLOCK);
	snprintf(vm->kernel, sizeof(vm->kernel), "%s", c->kernel ? c->kernel : "(automatic)");
	snprintf(vm->term, sizeof(vm->term), "%s", c->term ? c->term : "");
	vm->topology = c->topology;
	vm->memory_mib = c->memory_mib;
	vm->disk = c->disk_bytes;
	vm->accel = c->accel;
	strv_copy(&vm->include, &c->include);
	strv_copy(&vm->append, &c->append);
	strv_copy(&vm->env, &c->env);
	latest = vm;
	return vm;
}

void vm_free(struct vm *vm)
{
	if (latest == vm)
		latest = NULL;
	close(vm->console[0]);
	if (vm->console[1] >= 0)
		close(vm->console[1]);
	close(vm->control);
	for (size_t i = 0; i < vm->n; i++)
		free((char *)vm->events[i].text);
	strv_release(&vm->include);
	strv_release(&vm->append);
	strv_release(&vm->env);
	free(vm);
}

int vm_control_fd(const struct vm *vm)
{
	return vm->control;
}

int vm_console_fd(const struct vm *vm)
{
	return vm->console[0];
}

pid_t vm_pid(const struct vm *vm)
{
	(void)vm;
	return 1;
}

int vm_next_event(struct vm *vm, struct vm_event *ev)
{
	uint64_t drain;

	if (vm->at == vm->n) {
		(void)!read(vm->control, &drain, sizeof(drain));
		return 0;
	}
	*ev = vm->events[vm->at++];
	return 1;
}

ssize_t vm_stdin(struct vm *vm, const void *bytes, size_t n)
{
	(void)vm;
	(void)bytes;
	(void)n;
	return -EAGAIN;
}

int vm_stdin_end(struct vm *vm)
{
	(void)vm;
	return 0;
}

int vm_resize(struct vm *vm, uint16_t rows, uint16_t cols)
{
	vm->resizes++;
	vm->rows = rows;
	vm->cols = cols;
	return 0;
}

int vm_signal(struct vm *vm, int signo)
{
	vm->signalled = signo;
	return 0;
}

int vm_run_command(struct vm *vm, const char *command)
{
	snprintf(vm->ran, sizeof(vm->ran), "%s", command);
	return 0;
}

static int told(struct vm *vm, const char *what)
{
	strncat(vm->power, what, sizeof(vm->power) - strlen(vm->power) - 1);
	return 0;
}

int vm_pause(struct vm *vm)
{
	return told(vm, "p");
}

int vm_resume(struct vm *vm)
{
	return told(vm, "g");
}

int vm_nmi(struct vm *vm)
{
	return told(vm, "n");
}

int vm_sysrq(struct vm *vm, char key)
{
	const char what[] = {'s', key, '\0'};

	return told(vm, what);
}

int vm_reset(struct vm *vm)
{
	return told(vm, "r");
}

int vm_kill(struct vm *vm)
{
	return told(vm, "k");
}

/* ---- a dashboard ---------------------------------------------------------------------------- */

struct dash {
	struct loop *loop;
	struct app *app;
	struct str copied;
	int bells;
};

static void present(void *user, const struct canvas *c)
{
	(void)user;
	(void)c;
}

static void bell(void *user)
{
	((struct dash *)user)->bells++;
}

static void copy(void *user, const char *utf8, size_t n)
{
	struct dash *d = user;

	str_clear(&d->copied);
	str_append(&d->copied, utf8, n);
}

static const struct app_output output = {.present = present, .bell = bell, .copy = copy};

/* A pane beside the guests, so that the focus can be elsewhere. */
static void *host_open(struct pane *host, const void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return host;
}
static void host_draw(const void *self, const struct paint *p, struct view v)
{
	(void)self;
	view_text(v, 0, 0, theme_style(p->theme, THEME_TEXT), "the host pane");
}
static void host_status(const void *self, struct pane_status *out)
{
	(void)self;
	str_add(&out->tab, "Host");
}
static const struct pane_ops pane_host = {.id = "host",
	.name = "Host",
	.number = 1,
	.open = host_open,
	.draw = host_draw,
	.status = host_status};

static void dash_open(struct dash *d, int rows, int cols, bool readonly)
{
	struct err e = ERR_INIT;
	const struct app_options o = {
		.rows = rows,
		.cols = cols,
		.colours = 8,
		.readonly = readonly,
		.delay_ns = NS_PER_SEC,
		.boot = &dialog_boot,
		.output = &output,
		.user = d,
	};
	struct app_options with_loop = o;

	*d = (struct dash){.loop = loop_new(&e)};
	with_loop.loop = d->loop;
	d->app = app_new(&with_loop);
	assert_non_null(app_add(d->app, &pane_host, NULL, &e));
}

static void dash_close(struct dash *d)
{
	app_free(d->app);
	loop_free(d->loop);
	str_release(&d->copied);
}

static void frame(struct dash *d)
{
	do
		d->app->frame_cost = 0;
	while (!app_frame(d->app));
}

/* Lets the loop do what there is to do now. */
static void turn(struct dash *d)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_turn(d->loop, 0, NULL), 0);
	frame(d);
}

static void screen_line(struct dash *d, int row, struct str *out)
{
	str_clear(out);
	canvas_line(app_canvas(d->app), row, out);
}

static bool sees(struct dash *d, const char *text)
{
	cleanup_str struct str line = STR_INIT;

	for (int row = 0; row < app_canvas(d->app)->rows; row++) {
		screen_line(d, row, &line);
		if (strstr(str_get(&line), text))
			return true;
	}
	return false;
}

static void dump(struct dash *d)
{
	cleanup_str struct str line = STR_INIT;

	for (int row = 0; row < app_canvas(d->app)->rows; row++) {
		screen_line(d, row, &line);
		print_message("# |%s\n", str_get(&line));
	}
}

static void expect(struct dash *d, const char *text)
{
	if (sees(d, text))
		return;
	dump(d);
	fail_msg("\"%s\" is not on the screen", text);
}

static void expect_not(struct dash *d, const char *text)
{
	if (!sees(d, text))
		return;
	dump(d);
	fail_msg("\"%s\" is on the screen", text);
}

/* Until the screen shows it: an event of the loop, a timer's included, must bring it. */
static void wait_for(struct dash *d, const char *text)
{
	uint64_t until = clock_mono_ns() + 20 * NS_PER_SEC;

	while (!sees(d, text) && clock_mono_ns() < until) {
		loop_turn(d->loop, 100, NULL);
		frame(d);
	}
	expect(d, text);
}

static void keys(struct dash *d, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, " ");
		struct ui_key k;

		assert_true(ui_key_parse(names, n, &k));
		app_key(d->app, &k);
		turn(d);
		names += n;
		names += strspn(names, " ");
	}
}

static void type(struct dash *d, const char *text)
{
	for (; *text; text++) {
		struct ui_key k = ui_key_char((unsigned char)*text, 0);

		app_key(d->app, &k);
	}
	turn(d);
}

static void mouse(struct dash *d, enum ui_mouse what, int button, int row, int col)
{
	struct ui_key k = {
		.kind = UI_KEY_MOUSE, .mouse = what, .button = button, .row = row, .col = col};

	app_key(d->app, &k);
	turn(d);
}

/* ---- the guest's side ----------------------------------------------------------------------- */

static void tell(struct dash *d, struct vm_event ev)
{
	uint64_t one = 1;

	ev.text = xstrdup(ev.text ? ev.text : "");
	ev.size = strlen(ev.text);
	latest->events[latest->n++] = ev;
	assert_int_equal(write(latest->control, &one, sizeof(one)), sizeof(one));
	turn(d);
}

static void stage(struct dash *d, enum vm_stage s)
{
	tell(d, (struct vm_event){.kind = VM_EVENT_STAGE,
			.stage = s,
			.at_ns = (uint64_t)s * 100 * NS_PER_MS});
}

static void guest_writes(struct dash *d, const char *text)
{
	assert_int_equal(write(latest->console[1], text, strlen(text)), (ssize_t)strlen(text));
	turn(d);
}

static void guest_heard(const char *want)
{
	char buf[4096];
	ssize_t n = read(latest->console[1], buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	assert_string_equal(buf, want);
}

static void boot_default(struct dash *d)
{
	const struct vm_config c = {.topology = vm_topology_uniform(1, 2, 2, 1)};
	struct err e = ERR_INIT;

	assert_non_null(app_open(d->app, &pane_vm, &c, &e));
	turn(d);
}

static void boot_to_prompt(struct dash *d)
{
	boot_default(d);
	tell(d, (struct vm_event){.kind = VM_EVENT_INFO,
			.text = "{\"engine\":\"qemu\",\"accel\":\"tcg\",\"release\":\"6.1.0-51-"
				"cloud-"
				"amd64\",\"origin\":\"distribution package\",\"memory_mib\":512,"
				"\"vcpus\":4}"});
	stage(d, VM_STAGE_PROMPT);
	guest_writes(d, "/ # ");
}

/* ---- booting -------------------------------------------------------------------------------- */

static void a_boot_is_followed_step_by_step(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_default(&d);
	expect(&d, "Booting a Linux guest: 1n2l2c1t, 4 CPUs");
	assert_string_equal(latest->term, "xterm-256color");
	assert_true(strv_has(&latest->env, "PS1=\\w # "));
	stage(&d, VM_STAGE_KERNEL);
	expect(&d, "> kernel");
	tell(&d, (struct vm_event){.kind = VM_EVENT_PROGRESS,
			 .text = "fetching linux-image",
			 .done = 12 << 20,
			 .total = 24 << 20});
	expect(&d, "fetching linux-image 12M of 24M");
	tell(&d, (struct vm_event){.kind = VM_EVENT_NOTE, .text = "a note\x1b[31m for a person"});
	expect(&d, "a note?[31m for a person");
	stage(&d, VM_STAGE_BOOTING);
	expect(&d, "+ kernel");
	expect(&d, "> machine");
	expect(&d, "VM#1");
	assert_false(app_idle(d.app));
	stage(&d, VM_STAGE_PROMPT);
	assert_false(app_idle(d.app));
	guest_writes(&d, "hello\r\n/ # ");
	expect_not(&d, "Booting");
	expect(&d, "hello");
	assert_true(app_idle(d.app));
	dash_close(&d);
}

static void the_title_says_what_runs_and_who_has_the_keys(void **state)
{
	cleanup_str struct str line = STR_INIT;
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	screen_line(&d, 0, &line);
	assert_non_null(strstr(str_get(&line), "VM#1 6.1.0-51 1n2l2c1t"));
	assert_non_null(strstr(str_get(&line), "tcg: not for timing"));
	assert_non_null(strstr(str_get(&line), "INPUT: keys go to guest, C-] = ktstr"));
	keys(&d, "C-] o");
	screen_line(&d, 0, &line);
	assert_non_null(strstr(str_get(&line), "Enter = type into guest"));
	/* borderless: the guest has all 80 columns */
	guest_writes(&d, "\r\n\x1b[Kfirst column");
	screen_line(&d, 2, &line);
	assert_int_equal(strncmp(str_get(&line), "first column", 12), 0);
	assert_int_equal(app_canvas(d.app)->cols, 80);
	app_resize(d.app, 40, 120);
	turn(&d);
	expect(&d, "guest 118x");
	dash_close(&d);
}

static void a_guest_that_does_not_boot_says_why(void **state)
{
	struct err e = ERR_INIT;
	struct dash d;
	const struct pane *p;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_default(&d);
	tell(&d, (struct vm_event){.kind = VM_EVENT_EXIT,
			 .status = 254,
			 .text = "qemu-system-x86_64 is not installed\napt-get install "
				 "qemu-system-x86"});
	expect(&d, "The guest did not boot.");
	expect(&d, "qemu-system-x86_64 is not installed");
	expect(&d, "apt-get install qemu-system-x86");
	assert_true(app_idle(d.app));
	p = app_focused(d.app);
	assert_int_equal(p->ops->failed(p->self, &e), 254);
	assert_non_null(strstr(e.msg, "qemu-system-x86_64"));
	keys(&d, "Enter");
	expect(&d, "the host pane");
	assert_int_equal(d.app->panes.n, 1);
	dash_close(&d);
}

static void an_ended_guest_stays_until_it_is_closed(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	guest_writes(&d, "exit\r\nlast words\r\n");
	tell(&d, (struct vm_event){.kind = VM_EVENT_EXIT, .status = 0});
	close(latest->console[1]);
	latest->console[1] = -1;
	turn(&d);
	expect(&d, "last words");
	expect(&d, "The guest has ended.");
	expect(&d, "VM#1");
	keys(&d, "q"); /* nothing runs any more: no question */
	assert_true(app_done(d.app));
	dash_close(&d);
}

static void quitting_asks_while_a_guest_runs(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	keys(&d, "C-] o q");
	expect(&d, "A guest is running");
	assert_false(app_done(d.app));
	keys(&d, "n");
	expect_not(&d, "A guest is running");
	keys(&d, "q y");
	assert_true(app_done(d.app));
	dash_close(&d);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void every_key_reaches_the_guest(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	type(&d, "q?n/");
	guest_heard("q?n/");
	keys(&d, "Enter Tab S-Tab Esc F1 F12 Up C-c C-z C-l M-x Backspace");
	guest_heard("\r\t\x1b[Z\x1b\x1bOP\x1b[24~\x1b[A\x03\x1a\x0c\x1bx\x7f");
	assert_false(app_done(d.app));
	keys(&d, "C-] C-]");
	guest_heard("\x1d");
	dash_close(&d);
}

static void a_paste_and_the_mouse_reach_the_guest(void **state)
{
	const struct ui_key paste = {.kind = UI_KEY_PASTE, .text = "two\nlines", .size = 9};
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	app_key(d.app, &paste);
	turn(&d);
	guest_heard("two\rlines");
	guest_writes(&d, "\x1b[?1000h\x1b[?1006h\x1b[?2004h");
	mouse(&d, UI_MOUSE_PRESS, 1, 3, 4); /* the title has the first row */
	mouse(&d, UI_WHEEL_UP, 0, 3, 4);
	guest_heard("\x1b[<0;5;3M\x1b[<64;5;3M");
	app_key(d.app, &paste);
	turn(&d);
	guest_heard("\x1b[200~two\rlines\x1b[201~");
	dash_close(&d);
}

static void the_wheel_depends_on_the_screen(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	for (int i = 0; i < 60; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d\r\n", i);
		guest_writes(&d, line);
	}
	mouse(&d, UI_WHEEL_UP, 0, 5, 5);
	guest_heard("");
	expect(&d, "3 rows back");
	type(&d, "x"); /* any key is live again */
	guest_heard("x");
	expect_not(&d, "rows back");
	guest_writes(&d, "\x1b[?1049h");
	mouse(&d, UI_WHEEL_DOWN, 0, 5, 5);
	guest_heard("\x1b[B\x1b[B\x1b[B");
	dash_close(&d);
}

static void the_prefix_lists_its_keys(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	keys(&d, "C-]");
	expect_not(&d, "C-] then:");
	wait_for(&d, "C-] then:");
	expect(&d, "o Leave input");
	keys(&d, "t");
	expect(&d, "C-] t does nothing");
	guest_heard("");
	keys(&d, "C-] ?");
	expect(&d, "Help: Guest");
	expect(&d, "leave input mode");
	keys(&d, "Esc C-] 1");
	expect(&d, "the host pane");
	keys(&d, "4");
	expect(&d, "INPUT");
	dash_close(&d);
}

static void a_slow_guest_gets_all_keys_in_order(void **state)
{
	struct dash d;
	char buf[65536];
	size_t heard = 0;
	ssize_t n;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	memset(buf, 'p', sizeof(buf));
	for (int i = 0; i < 12; i++) {
		const struct ui_key paste = {.kind = UI_KEY_PASTE, .text = buf, .size = 50000};

		app_key(d.app, &paste);
	}
	for (int i = 0; i < 1000 && heard < 600000; i++) {
		while ((n = read(latest->console[1], buf, sizeof(buf))) > 0)
			heard += (size_t)n;
		turn(&d);
	}
	assert_int_equal(heard, 600000);
	dash_close(&d);
}

/* ---- size ----------------------------------------------------------------------------------- */

static void only_the_last_size_is_told(void **state)
{
	uint64_t until = clock_mono_ns() + 20 * NS_PER_SEC;
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	for (int i = 0; i < 10; i++) {
		app_resize(d.app, 24, 81 + i);
		turn(&d);
	}
	while (latest->cols != 90 && clock_mono_ns() < until)
		loop_turn(d.loop, 100, NULL);
	assert_int_equal(latest->cols, 90);
	assert_int_equal(latest->rows, 21);
	assert_in_range(latest->resizes, 1, 3);
	dash_close(&d);
}

static void every_size_is_survived(void **state)
{
	static const int sizes[][2] = {{1, 1}, {2, 3}, {4, 20}, {3, 200}, {200, 4}, {400, 200},
		{11, 59}, {12, 60}, {24, 80}, {5, 12}};
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	keys(&d, "C-] o");
	for (int zoom = 0; zoom < 2; zoom++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			app_resize(d.app, sizes[i][0], sizes[i][1]);
			guest_writes(&d, "text\r\n\x1b[5;5Hmore\x1b[200;200Hfar\r\n");
			keys(&d, "PgUp v l k y i C-] o n Esc");
		}
		keys(&d, "z");
	}
	app_resize(d.app, 24, 80);
	guest_writes(&d, "\x1b[2J\x1b[Hstill here");
	expect(&d, "still here");
	dash_close(&d);
}

/* ---- looking back --------------------------------------------------------------------------- */

static void write_numbers(struct dash *d, int n)
{
	for (int i = 0; i < n; i++) {
		char line[64];

		snprintf(line, sizeof(line), "number %03d of %s\r\n", i, i % 10 ? "many" : "TENS");
		guest_writes(d, line);
	}
}

static void scrolling_stays_where_it_is(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	write_numbers(&d, 100);
	keys(&d, "C-] o PgUp");
	expect(&d, "20 rows back");
	expect(&d, "number 061");
	expect_not(&d, "number 081");
	write_numbers(&d, 5);
	expect(&d, "number 061");
	expect(&d, "25 rows back");
	keys(&d, "g");
	expect(&d, "/ # number 000");
	keys(&d, "Esc");
	expect_not(&d, "rows back");
	expect(&d, "number 004");
	keys(&d, "k k j");
	expect(&d, "1 rows back");
	keys(&d, "G");
	expect_not(&d, "rows back");
	dash_close(&d);
}

static void search_finds_the_newest_first(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	write_numbers(&d, 100);
	keys(&d, "C-] /");
	type(&d, "tens");
	expect(&d, "number 090 of TENS");
	keys(&d, "Enter n");
	expect(&d, "number 080 of TENS");
	keys(&d, "n n n n");
	expect(&d, "number 040 of TENS");
	expect_not(&d, "number 080");
	keys(&d, "N");
	expect(&d, "number 050 of TENS");
	keys(&d, "Esc");
	expect(&d, "number 050 of TENS"); /* the search is over, the place stays */
	keys(&d, "n");
	expect(&d, "Kernel words");
	keys(&d, "Esc Esc");
	expect_not(&d, "rows back");
	keys(&d, "/");
	type(&d, "nothing like it");
	keys(&d, "Enter");
	expect(&d, "nothing here matches");
	dash_close(&d);
}

static void a_selection_is_copied(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	write_numbers(&d, 30);
	keys(&d, "C-] [");
	expect(&d, "COPY");
	keys(&d, "k k 0 v j y");
	assert_string_equal(str_get(&d.copied), "number 028 of many\nn");
	expect(&d, "copied 2 lines");
	expect(&d, "INPUT"); /* back to where it came from */
	keys(&d, "C-] [ k V k y");
	assert_string_equal(str_get(&d.copied), "number 028 of many\nnumber 029 of many");
	keys(&d, "C-] [ y");
	expect(&d, "nothing is selected");
	keys(&d, "C-] o y");
	assert_int_equal(strncmp(str_get(&d.copied), "number 010 of TENS\n", 19), 0);
	dash_close(&d);
}

static void text_is_copied_with_the_mouse(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	guest_writes(&d, "\x1b[2J\x1b[Hpick these words here");
	mouse(&d, UI_MOUSE_PRESS, 1, 1, 5);
	mouse(&d, UI_MOUSE_DRAG, 1, 1, 12);
	mouse(&d, UI_MOUSE_DRAG, 1, 1, 15);
	mouse(&d, UI_MOUSE_RELEASE, 1, 1, 15);
	assert_string_equal(str_get(&d.copied), "these words");
	guest_heard("");
	expect(&d, "INPUT");
	dash_close(&d);
}

/* ---- several guests ------------------------------------------------------------------------- */

static void guests_out_of_sight_make_themselves_heard(void **state)
{
	struct vm *first;
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	first = latest;
	boot_to_prompt(&d);
	expect(&d, "VM#2");
	keys(&d, "C-] 1");
	expect(&d, "4 VM#1 run");
	expect(&d, "5 VM#2 run");
	latest = first;
	guest_writes(&d, "news\r\n");
	expect(&d, "VM#1 run*");
	assert_int_equal(d.bells, 0);
	guest_writes(&d, "\a");
	expect(&d, "VM#1 run!");
	assert_int_equal(d.bells, 1);
	keys(&d, "4 C-] 1");
	expect_not(&d, "VM#1 run!");
	dash_close(&d);
}

static void a_flood_is_read_to_its_end(void **state)
{
	struct dash d;
	char block[8192];
	size_t left = 8 << 20, at = 0, n = 0;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
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
	turn(&d);
	guest_writes(&d, "\r\nthe end");
	wait_for(&d, "the end");
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
	boot_to_prompt(&d);
	boot_default(&d);
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

/* ---- the boot dialog ------------------------------------------------------------------------ */

static void enter_boots_with_the_defaults(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	turn(&d);
	keys(&d, "n");
	expect(&d, "New guest");
	expect(&d, "automatic");
	expect(&d, "1n1l1c1t, 1 CPU");
	keys(&d, "Enter");
	expect_not(&d, "Kernel words");
	assert_non_null(latest);
	assert_string_equal(latest->kernel, "(automatic)");
	assert_int_equal(latest->topology.llcs, 1);
	assert_int_equal(latest->accel, VM_ACCEL_AUTO);
	assert_int_equal(latest->memory_mib, 0);
	expect(&d, "INPUT");
	type(&d, "typed");
	guest_heard("typed");
	dash_close(&d);
}

static void the_fields_say_what_to_boot(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	turn(&d);
	keys(&d, "n");
	type(&d, "distro");
	keys(&d, "Tab");
	type(&d, "2,4,2,2");
	expect(&d, "2n4l2c2t, 16 CPUs");
	keys(&d, "Down");
	type(&d, "777");
	keys(&d, "Tab");
	type(&d, "strace '/' \"/etc\"");
	keys(&d, "Tab");
	type(&d, "panic=5 quiet");
	keys(&d, "Tab Right Right Tab");
	type(&d, "256mib");
	keys(&d, "Enter");
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

static void what_is_wrong_is_said_at_the_field(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	turn(&d);
	keys(&d, "n Tab");
	type(&d, "2,3,1,1");
	keys(&d, "S-Tab Enter");
	assert_null(latest);
	expect(&d, "> Topology");
	keys(&d, "C-u");
	type(&d, "2,4,1,1");
	keys(&d, "Tab");
	type(&d, "12");
	keys(&d, "Enter");
	expect(&d, "128 MiB or more");
	keys(&d, "C-u Tab");
	type(&d, "/no/such/file 'x");
	keys(&d, "Enter");
	expect(&d, "a quote (') is not closed");
	type(&d, "'");
	expect(&d, "there is no /no/such/file");
	keys(&d, "C-u Enter");
	assert_non_null(latest);
	dash_close(&d);
}

static void a_start_that_fails_keeps_the_dialog(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	turn(&d);
	refuse = "there is no memory for another process";
	keys(&d, "n Enter");
	expect(&d, "there is no memory for another process");
	expect(&d, "New guest");
	keys(&d, "Esc");
	expect_not(&d, "Kernel words");
	assert_int_equal(d.app->dialogs.n, 0);
	dash_close(&d);
}

static void a_shape_presets_the_topology(void **state)
{
	const struct boot_shape shape = {vm_topology_uniform(1, 1, 8, 2), "LLC 0"};
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	turn(&d);
	app_boot(d.app, &shape);
	turn(&d);
	expect(&d, "New guest, shaped like LLC 0");
	expect(&d, "1,1,8,2");
	keys(&d, "Enter");
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
	turn(&d);
	app_boot(d.app, &shape);
	turn(&d);
	expect(&d, "New guest, shaped like this machine");
	expect(&d, "4c2t+2c1t/3c1t/mem, 13 CPUs");
	expect(&d, "10,21,30/21,10,30/30,30,10");
	keys(&d, "Up Up");
	type(&d, "1,13");
	keys(&d, "Enter");
	expect(&d, "there is no CPU 13 to take offline");
	keys(&d, "Backspace");
	expect_not(&d, "there is no CPU");
	keys(&d, "Enter");
	assert_non_null(latest);
	shape.topology.offline[0] = 1U << 1;
	assert_memory_equal(&latest->topology, &shape.topology, sizeof(shape.topology));
	dash_close(&d);
}

static void the_title_says_what_was_verified(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 100, false);
	boot_to_prompt(&d);
	expect_not(&d, "verified");
	tell(&d, (struct vm_event){
			 .kind = VM_EVENT_TOPOLOGY, .status = 1, .text = "topology verified"});
	expect(&d, "topology verified");
	tell(&d,
		(struct vm_event){.kind = VM_EVENT_TOPOLOGY, .status = 0, .text = "CPU 1 is gone"});
	expect_not(&d, "verified");
	dash_close(&d);
}

static void read_only_means_no_guests(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, true);
	turn(&d);
	expect_not(&d, "New guest");
	keys(&d, "n b");
	app_boot(d.app, NULL);
	turn(&d);
	assert_int_equal(d.app->dialogs.n, 0);
	dash_close(&d);
}

static void a_command_runs_beside_the_shell(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	keys(&d, "C-] x");
	expect(&d, "Run in VM#1");
	type(&d, "dmesg");
	keys(&d, "Enter");
	assert_string_equal(latest->ran, "dmesg");
	expect(&d, "running");
	tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDOUT, .text = "one\ttab\ntw"});
	tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDERR, .text = "o\033[31m\n"});
	expect(&d, "one     tab");
	expect(&d, "two?[31m");
	/* one at a time */
	latest->ran[0] = '\0';
	keys(&d, "Enter");
	assert_string_equal(latest->ran, "");
	expect(&d, "still running");
	keys(&d, "C-c");
	assert_int_equal(latest->signalled, SIGINT);
	tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_EXIT, .status = 130});
	keys(&d, "Enter");
	assert_string_equal(latest->ran, "dmesg");
	expect_not(&d, "one     tab");
	tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_EXIT, .status = 3});
	expect(&d, "status 3");
	/* the keys never reached the shell */
	keys(&d, "Esc");
	expect_not(&d, "Run in VM#1");
	guest_heard("");
	dash_close(&d);
}

static void the_newest_output_is_seen(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	keys(&d, "C-] x s e q Enter");
	for (int i = 0; i < 40; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d.\n", i);
		tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDOUT, .text = line});
	}
	expect(&d, "line 39.");
	expect_not(&d, "line 3.");
	keys(&d, "PgUp PgUp PgUp");
	expect(&d, "line 0.");
	tell(&d, (struct vm_event){.kind = VM_EVENT_RUN_STDOUT, .text = "unseen\n"});
	expect_not(&d, "unseen");
	keys(&d, "PgDn PgDn PgDn");
	expect(&d, "unseen");
	keys(&d, "C-y");
	assert_non_null(strstr(str_get(&d.copied), "line 0.\nline 1.\n"));
	/* the guest ends under the box */
	tell(&d, (struct vm_event){.kind = VM_EVENT_EXIT});
	expect(&d, "the guest has ended");
	keys(&d, "C-c");
	expect_not(&d, "Run in VM#1");
	dash_close(&d);
}

static void the_machine_has_a_front_panel(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	boot_to_prompt(&d);
	keys(&d, "C-] o P");
	expect(&d, "pause its CPUs");
	keys(&d, "p");
	assert_string_equal(latest->power, "p");
	expect_not(&d, "PAUSED");
	tell(&d, (struct vm_event){.kind = VM_EVENT_POWER, .status = 0});
	expect(&d, "PAUSED");
	keys(&d, "P");
	expect(&d, "resume its CPUs");
	keys(&d, "p");
	tell(&d, (struct vm_event){.kind = VM_EVENT_POWER, .status = 1});
	expect_not(&d, "PAUSED");
	keys(&d, "P m P s w P s c P r P o");
	assert_string_equal(latest->power, "pgnswscrk");
	/* what is safe does nothing */
	keys(&d, "P Enter P Esc P s Enter P n");
	assert_string_equal(latest->power, "pgnswscrk");
	/* while typing, the prefix and p */
	keys(&d, "Enter C-] p");
	assert_string_equal(latest->power, "pgnswscrkp");
	guest_heard("");
	dash_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_boot_is_followed_step_by_step),
		cmocka_unit_test(the_title_says_what_runs_and_who_has_the_keys),
		cmocka_unit_test(a_guest_that_does_not_boot_says_why),
		cmocka_unit_test(an_ended_guest_stays_until_it_is_closed),
		cmocka_unit_test(quitting_asks_while_a_guest_runs),
		cmocka_unit_test(every_key_reaches_the_guest),
		cmocka_unit_test(a_paste_and_the_mouse_reach_the_guest),
		cmocka_unit_test(the_wheel_depends_on_the_screen),
		cmocka_unit_test(the_prefix_lists_its_keys),
		cmocka_unit_test(a_command_runs_beside_the_shell),
		cmocka_unit_test(the_newest_output_is_seen),
		cmocka_unit_test(the_machine_has_a_front_panel),
		cmocka_unit_test(a_slow_guest_gets_all_keys_in_order),
		cmocka_unit_test(only_the_last_size_is_told),
		cmocka_unit_test(every_size_is_survived),
		cmocka_unit_test(scrolling_stays_where_it_is),
		cmocka_unit_test(search_finds_the_newest_first),
		cmocka_unit_test(a_selection_is_copied),
		cmocka_unit_test(text_is_copied_with_the_mouse),
		cmocka_unit_test(guests_out_of_sight_make_themselves_heard),
		cmocka_unit_test(a_flood_is_read_to_its_end),
		cmocka_unit_test(the_pane_as_json),
		cmocka_unit_test(enter_boots_with_the_defaults),
		cmocka_unit_test(the_fields_say_what_to_boot),
		cmocka_unit_test(what_is_wrong_is_said_at_the_field),
		cmocka_unit_test(a_start_that_fails_keeps_the_dialog),
		cmocka_unit_test(a_shape_presets_the_topology),
		cmocka_unit_test(a_shape_of_unequal_parts),
		cmocka_unit_test(the_title_says_what_was_verified),
		cmocka_unit_test(read_only_means_no_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
