#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/base/utf8.h"
#include "tests/lib/tui_impl.h"
#include "ui/keys.h"

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
		} else if (errno != EAGAIN || poll(&pfd, 1, TUI_PATIENCE_S * 1000) <= 0) {
			tui_die(t, "cannot write to the terminal", strerror(errno));
		} else {
			tui_read_output(t);
		}
	}
}

void tui_type(struct tui *t, const char *bytes)
{
	tui_send(t, bytes, strlen(bytes));
	tui_settle(t);
}

/* What xterm sends. */
static void fn_bytes(struct tui *t, const struct ui_key *k, struct str *out)
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
		[UI_FN_F1 + 3] = "\033OS",
		[UI_FN_F1 + 5] = "\033[17~",
		[UI_FN_F1 + 9] = "\033[21~",
	};

	if (k->fn == UI_FN_TAB && (k->mods & UI_SHIFT))
		str_add(out, "\033[Z");
	else if ((k->mods & UI_CTRL) && k->fn >= UI_FN_UP && k->fn <= UI_FN_RIGHT)
		str_printf(out, "\033[1;5%c", "ABDC"[k->fn - UI_FN_UP]);
	else if (!plain[k->fn])
		tui_die(t, "the harness does not know this key's bytes", NULL);
	else
		str_add(out, plain[k->fn]);
}

static void key_bytes(struct tui *t, const struct ui_key *k, struct str *out)
{
	char utf8[4];

	if (k->mods & UI_ALT)
		str_add(out, "\033");
	if (k->kind == UI_KEY_FN)
		fn_bytes(t, k, out);
	else if (k->mods & UI_CTRL)
		str_addc(out, (char)(k->cp & 0x1f));
	else
		str_append(out, utf8, (size_t)utf8_encode(k->cp, utf8));
}

void tui_keys(struct tui *t, const char *names)
{
	for (const char *s = names; *s; s += strspn(s, " ")) {
		cleanup_str struct str bytes = STR_INIT;
		size_t n = strcspn(s, " ");
		struct ui_key k;

		if (!ui_key_parse(s, n, &k))
			tui_die(t, "there is no such key", s);
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
	tui_screen_resize(t, rows, cols);
	if (ioctl(t->master, TIOCSWINSZ, &w))
		tui_die(t, "cannot set the window's size", strerror(errno));
	tui_settle(t);
}
