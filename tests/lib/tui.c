#include "tests/lib/tui.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/utf8.h"
#include "tests/lib/svg.h"
#include "ui/keys.h"

enum {
	PATIENCE_S = 60, /* then a wait has failed; nothing that works takes so long */
	ROWS_MAX = 400,
	COLS_MAX = 1000,
};

struct tui {
	int master, sync;
	pid_t pid, child; /* pid: whom we wait for; child: the program */
	int rows, cols;
	bool job, ended;
	int status;
	struct termios before;
	VTerm *vt;
	VTermScreen *screen;
	struct str output, line, sync_line;
	size_t marks_at; /* of output, where the search for marks goes on */
	bool cursor_shown;
	VTermPos cursor;
	uint64_t sent;	       /* bytes */
	uint64_t frame, bytes; /* as the program told */
	int told_rows, told_cols, told_idle;
	uint64_t marked;   /* last frame whose mark was read */
	size_t marked_end; /* of output, right behind that mark */
};

static void dump(struct tui *t)
{
	cleanup_str struct str screen = STR_INIT;

	tui_screen(t, &screen);
	fprintf(stderr, "# the screen (%dx%d), frame %llu, %llu of %llu bytes handled:\n", t->cols,
		t->rows, (unsigned long long)t->frame, (unsigned long long)t->bytes,
		(unsigned long long)t->sent);
	for (char *s = screen.s; s && *s;) {
		char *end = strchr(s, '\n');

		fprintf(stderr, "# |%.*s\n", (int)(end - s), s);
		s = end + 1;
	}
	if (t->ended)
		fprintf(stderr,
			"# the program ended with status %d; it wrote %zu bytes, the last: %.*s\n",
			t->status, t->output.len,
			(int)(t->output.len < 2000 ? t->output.len : 2000),
			str_get(&t->output) + (t->output.len < 2000 ? 0 : t->output.len - 2000));
}

static _Noreturn void die(struct tui *t, const char *what, const char *arg)
{
	fprintf(stderr, "not ok - tui: %s%s%s\n", what, arg ? ": " : "", arg ? arg : "");
	if (t)
		dump(t);
	if (t && !t->ended)
		kill(-t->pid, SIGKILL);
	abort();
}

/* ---- the program ----------------------------------------------------------------------------- */

static void child_env(const struct tui_options *o, int sync_fd)
{
	static const char *const keep[] = {"PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS",
		"TSAN_OPTIONS", "TMPDIR", "XDG_CACHE_HOME", "KTSTR_CACHE_DIR", "KTSTR_KERNEL",
		"KTSTR_LOCK_DIR", NULL};
	char *kept[ARRAY_LEN(keep)] = {0}, text[32];

	for (int i = 0; keep[i]; i++)
		kept[i] = getenv(keep[i]) ? strdup(getenv(keep[i])) : NULL;
	clearenv();
	for (int i = 0; keep[i]; i++)
		if (kept[i])
			setenv(keep[i], kept[i], 1);
	setenv("TERM", o->term ? o->term : "tmux-256color", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	snprintf(text, sizeof(text), "%d", sync_fd);
	setenv("KTSTR_SYNC_FD", text, 1);
	for (int i = 0; o->env && o->env[i]; i++)
		putenv(strdup(o->env[i]));
}

static _Noreturn void exec_program(const struct tui_options *o, int sync_fd)
{
	const char *program = getenv("KTSTR");
	const char *argv[64] = {program ? program : "./ktstr"};

	argv[0] = strdup(argv[0]);
	for (int i = 0; o->args && o->args[i] && i < 62; i++)
		argv[i + 1] = o->args[i];
	child_env(o, sync_fd);
	execv(argv[0], (char **)argv);
	perror(argv[0]);
	_exit(127);
}

/* What a shell does for its jobs: the program in a group of its own in the foreground, and a parent
 * in the same session, without which a stop would be ignored. It stops itself with the program and
 * continues it. */
static _Noreturn void run_job(const struct tui_options *o, int sync_fd)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
		exec_program(o, sync_fd);
	}
	close(sync_fd);
	while (waitpid(pid, &status, WUNTRACED) >= 0) {
		if (!WIFSTOPPED(status))
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		raise(SIGSTOP);
		kill(-pid, SIGCONT);
	}
	_exit(126);
}

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct tui *t = user;

	(void)old;
	(void)visible;
	t->cursor = pos;
	return 1;
}

static int on_term_prop(VTermProp prop, VTermValue *value, void *user)
{
	struct tui *t = user;

	if (prop == VTERM_PROP_CURSORVISIBLE)
		t->cursor_shown = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = {
	.movecursor = on_cursor, .settermprop = on_term_prop};

static void open_screen(struct tui *t)
{
	t->vt = vterm_new(t->rows, t->cols);
	vterm_set_utf8(t->vt, 1);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_reset(t->screen, 1);
	t->cursor_shown = true;
}

static struct tui *start(const struct tui_options *o)
{
	struct tui *t = xcalloc(1, sizeof(*t));
	struct winsize w = {0};
	int pipe_fd[2], slave;

	t->rows = o->rows ? o->rows : 24;
	t->cols = o->cols ? o->cols : 80;
	t->job = o->job;
	w.ws_row = (unsigned short)t->rows;
	w.ws_col = (unsigned short)t->cols;
	if (pipe(pipe_fd))
		die(NULL, "pipe", strerror(errno));
	fcntl(pipe_fd[0], F_SETFD, FD_CLOEXEC);
	open_screen(t);
	if (openpty(&t->master, &slave, NULL, NULL, &w))
		die(NULL, "openpty", strerror(errno));
	tcgetattr(t->master, &t->before);
	t->pid = fork();
	if (t->pid < 0)
		die(NULL, "fork", strerror(errno));
	if (t->pid == 0) {
		close(t->master);
		login_tty(slave);
		if (o->job)
			run_job(o, pipe_fd[1]);
		exec_program(o, pipe_fd[1]);
	}
	close(pipe_fd[1]);
	close(slave);
	t->sync = pipe_fd[0];
	fcntl(t->master, F_SETFL, O_NONBLOCK);
	fcntl(t->sync, F_SETFL, O_NONBLOCK);
	return t;
}

struct tui *tui_start(const struct tui_options *o)
{
	struct tui *t = start(o);

	tui_next_frame(t);
	return t;
}

int tui_run_refused(const char *term, const char *why)
{
	struct tui *t = start(&(struct tui_options){.term = term});
	int status = tui_wait(t);

	if (!strstr(str_get(&t->output), why))
		die(t, "the refusal does not say", why);
	tui_free(t);
	return status;
}

void tui_free(struct tui *t)
{
	if (!t->ended) {
		kill(-t->pid, SIGKILL);
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	if (t->master >= 0)
		close(t->master);
	close(t->sync);
	vterm_free(t->vt);
	str_release(&t->output);
	str_release(&t->line);
	str_release(&t->sync_line);
	free(t);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* "\033]9999;N\a": frame N ends here. */
static void find_marks(struct tui *t)
{
	static const char head[] = "\033]9999;";

	for (;;) {
		const char *s = str_get(&t->output) + t->marks_at, *hit = strstr(s, head), *end;

		if (!hit)
			break;
		end = strchr(hit, '\a');
		if (!end)
			return;
		t->marked = strtoull(hit + sizeof(head) - 1, NULL, 10);
		t->marks_at = t->marked_end = (size_t)(end + 1 - t->output.s);
	}
	/* A head that is cut in two is found the next time. */
	if (t->output.len - t->marks_at > 64)
		t->marks_at = t->output.len - 64;
}

static bool read_output(struct tui *t)
{
	char buf[65536];
	ssize_t n = read(t->master, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	/* A NUL would end the searches early and means nothing to a terminal. */
	for (ssize_t i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	str_append(&t->output, buf, (size_t)n);
	vterm_input_write(t->vt, buf, (size_t)n);
	find_marks(t);
	/* Answers to queries are the terminal's own business. */
	while (vterm_output_read(t->vt, buf, sizeof(buf)) > 0)
		;
	return true;
}

static void read_sync(struct tui *t)
{
	char buf[4096], *end;
	ssize_t n = read(t->sync, buf, sizeof(buf));
	unsigned long long frame, bytes;

	if (n <= 0)
		return;
	str_append(&t->sync_line, buf, (size_t)n);
	while ((end = memchr(str_get(&t->sync_line), '\n', t->sync_line.len))) {
		size_t used = (size_t)(end + 1 - t->sync_line.s);

		if (sscanf(t->sync_line.s, "frame=%llu bytes=%llu size=%dx%d idle=%d", &frame,
			    &bytes, &t->told_cols, &t->told_rows, &t->told_idle) != 5)
			die(t, "the program's sync line is not understood", t->sync_line.s);
		t->frame = frame;
		t->bytes = bytes;
		memmove(t->sync_line.s, t->sync_line.s + used, t->sync_line.len - used + 1);
		t->sync_line.len -= used;
	}
}

/* Waits for anything to read and reads it; false when the time is up or the program is gone. */
static bool turn(struct tui *t, uint64_t until)
{
	struct pollfd p[2] = {{t->master, POLLIN, 0}, {t->sync, POLLIN, 0}};
	uint64_t now = clock_mono_ns();
	int n;

	if (now >= until)
		return false;
	n = poll(p, 2, (int)((until - now) / NS_PER_MS) + 1);
	if (n < 0)
		return errno == EINTR;
	if (p[1].revents & POLLIN)
		read_sync(t);
	if (p[0].revents & POLLIN)
		return read_output(t);
	return !(p[0].revents & (POLLHUP | POLLERR));
}

static uint64_t deadline(void)
{
	return clock_mono_ns() + PATIENCE_S * NS_PER_SEC;
}

static bool is_settled(struct tui *t, void *user)
{
	(void)user;
	return t->bytes >= t->sent && t->told_rows == t->rows && t->told_cols == t->cols;
}

/* What is looked at is never half drawn: the frame told of has been read, and nothing of the next.
 */
static bool is_whole(const struct tui *t)
{
	return t->frame && t->marked >= t->frame && t->marked_end == t->output.len;
}

void tui_until(
	struct tui *t, bool (*check)(struct tui *t, void *user), void *user, const char *what)
{
	uint64_t until = deadline();

	while (!is_whole(t) || !check(t, user))
		if (!turn(t, until))
			die(t, "never seen", what);
}

void tui_settle(struct tui *t)
{
	uint64_t until = deadline();

	/* A key that ends the program is handled too. */
	while (!is_whole(t) || !is_settled(t, NULL))
		if (!turn(t, until)) {
			if (clock_mono_ns() >= until)
				die(t, "never seen", "all input handled");
			return;
		}
}

static bool is_after(struct tui *t, void *user)
{
	return t->frame > *(const uint64_t *)user;
}

void tui_next_frame(struct tui *t)
{
	uint64_t now = t->frame;

	tui_until(t, is_after, &now, "another frame");
}

static bool has_text(struct tui *t, void *user)
{
	int row, col;

	return tui_find(t, user, &row, &col);
}

static bool has_not(struct tui *t, void *user)
{
	return !has_text(t, user);
}

void tui_expect(struct tui *t, const char *text)
{
	tui_until(t, has_text, (void *)text, text);
}

void tui_expect_not(struct tui *t, const char *text)
{
	cleanup_free char *what = xasprintf("a screen without \"%s\"", text);

	tui_until(t, has_not, (void *)text, what);
}

/* ---- writing --------------------------------------------------------------------------------- */

void tui_send(struct tui *t, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		struct pollfd pfd = {t->master, POLLOUT, 0};
		ssize_t done = write(t->master, p, n);

		if (done > 0) {
			p += done;
			n -= (size_t)done;
			t->sent += (uint64_t)done;
		} else if (errno != EAGAIN || poll(&pfd, 1, PATIENCE_S * 1000) <= 0) {
			die(t, "cannot write to the terminal", strerror(errno));
		} else {
			read_output(t);
		}
	}
}

void tui_type(struct tui *t, const char *bytes)
{
	tui_send(t, bytes, strlen(bytes));
	tui_settle(t);
}

/* What xterm sends. */
static void key_bytes(struct tui *t, const struct ui_key *k, struct str *out)
{
	static const char *const plain[UI_FN_COUNT] = {
		[UI_FN_ENTER] = "\r",
		[UI_FN_TAB] = "\t",
		[UI_FN_BACKSPACE] = "\177",
		[UI_FN_ESC] = "\033",
		[UI_FN_UP] = "\033OA",
		[UI_FN_DOWN] = "\033OB",
		[UI_FN_RIGHT] = "\033OC",
		[UI_FN_LEFT] = "\033OD",
		[UI_FN_HOME] = "\033OH",
		[UI_FN_END] = "\033OF",
		[UI_FN_INS] = "\033[2~",
		[UI_FN_DEL] = "\033[3~",
		[UI_FN_PGUP] = "\033[5~",
		[UI_FN_PGDN] = "\033[6~",
		[UI_FN_F1] = "\033OP",
		[UI_FN_F1 + 9] = "\033[21~",
	};
	char utf8[4];

	if (k->mods & UI_ALT)
		str_add(out, "\033");
	if (k->kind == UI_KEY_FN && k->fn == UI_FN_TAB && (k->mods & UI_SHIFT)) {
		str_add(out, "\033[Z");
	} else if (k->kind == UI_KEY_FN && (k->mods & UI_CTRL) && k->fn >= UI_FN_UP &&
		   k->fn <= UI_FN_RIGHT) {
		str_printf(out, "\033[1;5%c", "ABDC"[k->fn - UI_FN_UP]);
	} else if (k->kind == UI_KEY_FN) {
		if (!plain[k->fn])
			die(t, "the harness does not know this key's bytes", NULL);
		str_add(out, plain[k->fn]);
	} else if (k->mods & UI_CTRL) {
		str_addc(out, (char)(k->cp & 0x1f));
	} else {
		str_append(out, utf8, (size_t)utf8_encode(k->cp, utf8));
	}
}

void tui_keys(struct tui *t, const char *names)
{
	for (const char *s = names; *s; s += strspn(s, " ")) {
		cleanup_str struct str bytes = STR_INIT;
		size_t n = strcspn(s, " ");
		struct ui_key k;

		if (!ui_key_parse(s, n, &k))
			die(t, "there is no such key", s);
		key_bytes(t, &k, &bytes);
		tui_send(t, bytes.s, bytes.len);
		/* Esc is one only when nothing follows. */
		if (k.kind == UI_KEY_FN && k.fn == UI_FN_ESC)
			tui_settle(t);
		s += n;
	}
	tui_settle(t);
}

void tui_resize(struct tui *t, int rows, int cols)
{
	struct winsize w = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	t->rows = rows;
	t->cols = cols;
	vterm_set_size(t->vt, rows, cols);
	if (ioctl(t->master, TIOCSWINSZ, &w))
		die(t, "cannot set the window's size", strerror(errno));
	tui_settle(t);
}

/* ---- the screen ------------------------------------------------------------------------------ */

int tui_rows(const struct tui *t)
{
	return t->rows;
}

int tui_cols(const struct tui *t)
{
	return t->cols;
}

static int index_of(const VTermColor *c, bool fg)
{
	if (fg ? VTERM_COLOR_IS_DEFAULT_FG(c) : VTERM_COLOR_IS_DEFAULT_BG(c))
		return -1;
	return VTERM_COLOR_IS_INDEXED(c) ? c->indexed.idx : -1;
}

void tui_cell(struct tui *t, int row, int col, struct tui_cell *out)
{
	VTermPos pos = {.row = row, .col = col};
	VTermScreenCell c;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	out->width = 1;
	out->fg = out->bg = -1;
	if (!vterm_screen_get_cell(t->screen, pos, &c))
		return;
	/* The right half of a wide character. */
	if (c.chars[0] == (uint32_t)-1) {
		out->width = 0;
		return;
	}
	for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && c.chars[i] && n + 5 < sizeof(out->text);
		i++)
		n += (size_t)utf8_encode(c.chars[i], out->text + n);
	out->width = c.width;
	out->bold = c.attrs.bold;
	out->underline = c.attrs.underline;
	out->reverse = c.attrs.reverse;
	out->fg = index_of(&c.fg, true);
	out->bg = index_of(&c.bg, false);
}

const char *tui_line(struct tui *t, int row)
{
	size_t keep = 0;

	str_clear(&t->line);
	str_add(&t->line, "");
	for (int col = 0; col < t->cols; col++) {
		struct tui_cell c;

		tui_cell(t, row, col, &c);
		if (c.width == 0)
			continue;
		str_add(&t->line, c.text[0] ? c.text : " ");
		if (c.text[0] && strcmp(c.text, " ") != 0)
			keep = t->line.len;
	}
	t->line.len = keep;
	t->line.s[keep] = 0;
	return t->line.s;
}

void tui_screen(struct tui *t, struct str *out)
{
	for (int row = 0; row < t->rows; row++) {
		str_add(out, tui_line(t, row));
		str_addc(out, '\n');
	}
}

bool tui_find(struct tui *t, const char *text, int *row, int *col)
{
	for (*row = 0; *row < t->rows; ++*row) {
		const char *line = tui_line(t, *row), *hit = strstr(line, text);
		cleanup_str struct str before = STR_INIT;

		if (!hit)
			continue;
		str_append(&before, line, (size_t)(hit - line));
		*col = (int)utf8_width(str_get(&before));
		return true;
	}
	return false;
}

bool tui_cursor(struct tui *t, int *row, int *col)
{
	*row = t->cursor.row;
	*col = t->cursor.col;
	return t->cursor_shown;
}

/* ---- the end --------------------------------------------------------------------------------- */

int tui_pid(const struct tui *t)
{
	return t->pid;
}

int tui_master(const struct tui *t)
{
	return t->master;
}

const struct str *tui_output(const struct tui *t)
{
	return &t->output;
}

const struct termios *tui_modes_before(const struct tui *t)
{
	return &t->before;
}

void tui_modes(const struct tui *t, struct termios *out)
{
	tcgetattr(t->master, out);
}

int tui_wait(struct tui *t)
{
	uint64_t until = deadline();
	int status;

	/* Its end of the terminal closes with it; what it wrote before is read first. */
	while (turn(t, until))
		;
	if (clock_mono_ns() >= until)
		die(t, "the program does not end", NULL);
	if (waitpid(t->pid, &status, 0) != t->pid)
		die(t, "waitpid", strerror(errno));
	t->ended = true;
	t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return t->status;
}

void tui_quit(struct tui *t)
{
	tui_keys(t, "q");
	if (tui_wait(t) != 0)
		die(t, "q did not end it well", NULL);
	tui_free(t);
}

int tui_hang_up(struct tui *t)
{
	int status;

	close(t->master);
	t->master = -1;
	if (waitpid(t->pid, &status, 0) != t->pid)
		die(t, "waitpid", strerror(errno));
	t->ended = true;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void tui_wait_stop(struct tui *t)
{
	int status;

	if (!t->job || waitpid(t->pid, &status, WUNTRACED) != t->pid || !WIFSTOPPED(status))
		die(t, "the program did not stop", NULL);
	while (read_output(t) && errno != EAGAIN)
		errno = 0;
}

void tui_continue(struct tui *t)
{
	kill(t->pid, SIGCONT);
	tui_next_frame(t);
}

/* ---- goldens --------------------------------------------------------------------------------- */

static void write_picture(struct tui *t, const char *dir, const char *name)
{
	cleanup_str struct str svg = STR_INIT;
	cleanup_free char *path = xasprintf("%s/%s.svg", dir, name);
	struct err e = ERR_INIT;

	svg_screen(t, name, &svg);
	if (file_mkdirs(dir, 0755, &e) || file_replace(path, svg.s, svg.len, 0644, &e))
		die(t, "cannot write a picture", e.msg);
}

void tui_screenshot(struct tui *t, const char *name)
{
	const char *dir = getenv("SCREENSHOTS");

	if (dir && *dir)
		write_picture(t, dir, name);
}

void tui_golden(struct tui *t, const char *name)
{
	cleanup_free char *path = xasprintf("tests/tui/golden/%s.txt", name);
	cleanup_str struct str want = STR_INIT, have = STR_INIT;
	struct err e = ERR_INIT;

	tui_screen(t, &have);
	if (getenv("UPDATE")) {
		if (file_mkdirs("tests/tui/golden", 0755, &e) ||
			file_replace(path, have.s, have.len, 0644, &e))
			die(t, "cannot write a golden screen", e.msg);
		return;
	}
	if (file_read(path, 1 << 20, &want, &e))
		die(t, "no golden screen (UPDATE=1 makes it)", e.msg);
	if (strcmp(str_get(&want), str_get(&have)) != 0) {
		fprintf(stderr, "# %s says:\n%s", path, str_get(&want));
		die(t, "the screen differs from its golden", name);
	}
}
