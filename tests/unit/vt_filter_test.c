/* The gate before libvterm: what comes out of it, token by token, however the input is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/str.h"
#include "src/base/utf8.h"
#include "ui/vt_filter.h"

/* ---- tokens as text: T(...) C(hex) E(...) S(leader args intermediate final) O(...) D(...) ------
 */

static void on_text(void *user, const char *p, size_t n)
{
	struct str *out = user;

	/* Runs may be cut anywhere: adjacent ones are one. */
	if (out->len && out->s[out->len - 1] == ')' && out->s[0] && strrchr(out->s, '(') > out->s &&
		strrchr(out->s, '(')[-1] == 'T')
		out->s[--out->len] = '\0';
	else
		str_add(out, "T(");
	str_append(out, p, n);
	str_addc(out, ')');
}

static void on_control(void *user, unsigned char c)
{
	str_printf(user, "C(%02x)", c);
}

static void on_escape(void *user, const char *p, size_t n)
{
	str_printf(user, "E(%.*s)", (int)n, p);
}

static void on_csi(void *user, const struct vt_csi *c)
{
	str_add(user, "S(");
	if (c->leader)
		str_addc(user, c->leader);
	for (int i = 0; i < c->nargs; i++) {
		if (c->arg[i] >= 0)
			str_printf(user, "%d", c->arg[i]);
		if (i + 1 < c->nargs)
			str_addc(user, c->more[i] ? ':' : ';');
	}
	if (c->intermed)
		str_addc(user, c->intermed);
	str_printf(user, "%c)", c->final);
}

static void on_osc(void *user, const char *p, size_t n)
{
	str_printf(user, "O(%.*s)", (int)n, p);
}

static void on_dcs(void *user, const char *p, size_t n)
{
	str_printf(user, "D(%.*s)", (int)n, p);
}

static const struct vt_sink sink = {.text = on_text,
	.control = on_control,
	.escape = on_escape,
	.csi = on_csi,
	.osc = on_osc,
	.dcs = on_dcs};

static void expect_n(const char *in, size_t n, const char *want)
{
	for (size_t chunk = 1; chunk <= n; chunk = chunk * 3 + 1) {
		cleanup_str struct str out = STR_INIT;
		struct vt_filter f = {0};

		for (size_t i = 0; i < n; i += chunk)
			vt_filter_feed(&f, in + i, n - i < chunk ? n - i : chunk, &sink, &out);
		assert_string_equal(str_get(&out), want);
	}
	if (n) {
		cleanup_str struct str out = STR_INIT;
		struct vt_filter f = {0};

		vt_filter_feed(&f, in, n, &sink, &out);
		assert_string_equal(str_get(&out), want);
	}
}

static void expect(const char *in, const char *want)
{
	expect_n(in, strlen(in), want);
}

static void text_and_controls(void **state)
{
	(void)state;
	expect("plain text of some length, more than eight",
		"T(plain text of some length, more than eight)");
	expect("a\r\nb\t\b\x07", "T(a)C(0d)C(0a)T(b)C(09)C(08)C(07)");
	expect("a\x7f"
	       "b",
		"T(ab)");
	expect_n("a\0b", 3, "T(ab)");
	expect("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80!", "T(\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80!)");
}

static void malformed_utf8_becomes_a_sign(void **state)
{
#define BAD UTF8_REPLACEMENT
	(void)state;
	expect("\xff", "T(" BAD ")");
	expect("\x80\xbf", "T(" BAD BAD ")");
	expect("\xc3(", "T(" BAD "()");
	expect("\xe2\x82(", "T(" BAD "()");
	expect("\xf0\x9f\x98(", "T(" BAD "()");
	expect("\xe0\x80\x80", "T(" BAD BAD BAD ")");
	expect("\xed\xa0\x80", "T(" BAD BAD BAD ")");
	expect("\xf5\x80\x80\x80", "T(" BAD BAD BAD BAD ")");
	expect("\xc2\x9b"
	       "1m",
		"T(" BAD "1m)"); /* C1 CSI */
	expect("\xef\xbf\xbe\xef\xbf\xbf", "T(" BAD BAD ")");
	expect("\xe2\x82\x1b[m", "T(" BAD ")S(m)");
	expect("\xe2\x82\n", "T(" BAD ")C(0a)");
#undef BAD
}

static void control_sequences(void **state)
{
	(void)state;
	expect("\x1b[m", "S(m)");
	expect("\x1b[1;31m", "S(1;31m)");
	expect("\x1b[;5H", "S(;5H)");
	expect("\x1b[?25h", "S(?25h)");
	expect("\x1b[>c", "S(>c)");
	expect("\x1b[2 q", "S(2 q)");
	expect("\x1b[38:2::1:2:3m", "S(38:2::1:2:3m)");
	expect("\x1b[4:m", "S(4:m)");
	expect("\x1b[999999999999999999999A", "S(9999A)");
	expect("\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18m",
		"S(1;2;3;4;5;6;7;8;9;10;11;12;13;14;15m)");
	expect("\x1b[1\n2m", "C(0a)S(12m)");
	/* dropped: two leaders, two intermediates, a byte that does not belong there */
	expect("\x1b[??1hx", "T(x)");
	expect("\x1b[1 !qx", "T(x)");
	expect("\x1b[1\xc3\xa9x", "T(x)");
	expect("\x1b[1<mx", "T(mx)");
}

static void sequences_are_cancelled(void **state)
{
	(void)state;
	expect("\x1b[1\x18m", "T(m)");
	expect("\x1b[1\x1a"
	       "2",
		"T(2)");
	expect("\x1b[1\x1b[2m", "S(2m)");
	expect("\x1b\x1b[2m", "S(2m)");
	expect("\x1b]0;t\x18x", "T(x)");
	expect("\x1b]0;t\x1b[1mx", "S(1m)T(x)");
}

static void escapes(void **state)
{
	(void)state;
	expect("\x1b"
	       "7\x1b"
	       "8\x1b"
	       "c",
		"E(7)E(8)E(c)");
	expect("\x1b(B\x1b#8\x1b F", "E((B)E(#8)E( F)");
	expect("\x1b((((((Bx", "T(x)");
	expect("\x1b\xc3\xa9x", "T(x)");
	expect("\x1b&[1m", "E(&[)T(1m)");
}

static void strings(void **state)
{
	cleanup_str struct str in = STR_INIT, want = STR_INIT;

	(void)state;
	expect("\x1b]0;title\x07", "O(0;title)");
	expect("\x1b]2;title\x1b\\x", "O(2;title)T(x)");
	expect("\x1bP$qm\x1b\\", "D($qm)");
	expect("\x1b]0;a\xff"
	       "b\x07",
		"O(0;a" UTF8_REPLACEMENT "b)");
	expect("\x1b]0;\xc3\xa9\x07", "O(0;\xc3\xa9)");
	/* APC, PM, SOS and screen's title are swallowed whole */
	expect("\x1b_a\x1b\\\x1b^b\x1b\\\x1bXc\x1b\\\x1bkd\x1b\\x", "T(x)");
	/* a line feed inside acts at once */
	expect("\x1b]0;a\nb\x07", "C(0a)O(0;ab)");
	str_add(&in, "\x1b]0;");
	str_repeat(&in, 'y', 3 * VT_STRING_MAX);
	str_add(&in, "\x07z");
	str_add(&want, "O(0;");
	str_repeat(&want, 'y', VT_STRING_MAX - 2);
	str_add(&want, ")T(z)");
	expect(in.s, want.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_controls),
		cmocka_unit_test(malformed_utf8_becomes_a_sign),
		cmocka_unit_test(control_sequences),
		cmocka_unit_test(sequences_are_cancelled),
		cmocka_unit_test(escapes),
		cmocka_unit_test(strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
