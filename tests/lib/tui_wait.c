#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "tests/lib/tui_impl.h"

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

bool tui_read_output(struct tui *t)
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
	tui_screen_feed(t, buf, (size_t)n);
	find_marks(t);
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
			tui_die(t, "the program's sync line is not understood", t->sync_line.s);
		t->frame = frame;
		t->bytes = bytes;
		memmove(t->sync_line.s, t->sync_line.s + used, t->sync_line.len - used + 1);
		t->sync_line.len -= used;
	}
}

bool tui_turn(struct tui *t, uint64_t until)
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
		return tui_read_output(t);
	return !(p[0].revents & (POLLHUP | POLLERR));
}

uint64_t tui_deadline(void)
{
	return clock_mono_ns() + TUI_PATIENCE_S * NS_PER_SEC;
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
	uint64_t until = tui_deadline();

	while (!is_whole(t) || !check(t, user))
		if (!tui_turn(t, until))
			tui_die(t, "never seen", what);
}

void tui_settle(struct tui *t)
{
	uint64_t until = tui_deadline();

	/* A key that ends the program is handled too. */
	while (!is_whole(t) || !is_settled(t, NULL))
		if (!tui_turn(t, until)) {
			if (clock_mono_ns() >= until)
				tui_die(t, "never seen", "all input handled");
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
