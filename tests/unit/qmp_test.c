/* QEMU's control channel: what is sent, and what comes back in any pieces, or is nonsense. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/json_in.h"
#include "src/base/mem.h"
#include "vmm/qemu/qmp.h"

static void answers_are_understood(void **state)
{
	static const struct {
		const char *line;
		enum engine_news_kind kind;
		char key;
		const char *why;
	} cases[] = {
		{"{\"QMP\": {\"version\": {}, \"capabilities\": []}}", ENGINE_NEWS_NONE, 0, ""},
		{"{\"return\": {}, \"id\": \"hello\"}", ENGINE_NEWS_NONE, 0, ""},
		{"{\"timestamp\": {\"seconds\": 1}, \"event\": \"STOP\"}", ENGINE_PAUSED, 0, ""},
		{"{\"event\": \"RESUME\"}", ENGINE_RESUMED, 0, ""},
		{"{\"return\": {}, \"id\": \"break 99\"}", ENGINE_SEND_KEY, 'c', ""},
		{"{\"return\": {}, \"id\": \"break 7\"}", ENGINE_NEWS_NONE, 0, ""},
		{"{\"return\": {}, \"id\": \"break x\"}", ENGINE_NEWS_NONE, 0, ""},
		{"{\"id\": \"hello\", \"error\": {\"class\": \"a\", \"desc\": \"b\"}}",
			ENGINE_NEWS_NONE, 0, ""},
		{"{\"id\": \"nmi\", \"error\": {\"desc\": \"no\\u001b[31m NMI\"}}", ENGINE_REFUSED,
			0, "no?[31m NMI"},
		{"{\"id\": \"nmi\", \"error\": 5}", ENGINE_REFUSED, 0,
			"for a reason that it does not give"},
		{"no JSON", ENGINE_NEWS_NONE, 0, ""},
		{"[1, 2]", ENGINE_NEWS_NONE, 0, ""},
		{"", ENGINE_NEWS_NONE, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct engine_news n;

		qmp_understand(cases[i].line, strlen(cases[i].line), &n);
		if (n.kind != cases[i].kind || n.key != cases[i].key || strcmp(n.why, cases[i].why))
			fail_msg("%s: %d '%s'", cases[i].line, n.kind, n.why);
	}
}

static void answers_come_in_pieces(void **state)
{
	static const char text[] = "{\"event\": \"STOP\"}\r\n{\"event\": \"RESUME\"}\n";
	struct engine_ear ear = {.len = 0};
	struct engine_news n;
	int s[2];
	unsigned paused = 0, resumed = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	for (size_t i = 0; i < strlen(text); i++) {
		assert_int_equal(write(s[1], text + i, 1), 1);
		while (qmp_hear(s[0], &ear, &n) == 1) {
			paused += n.kind == ENGINE_PAUSED;
			resumed += n.kind == ENGINE_RESUMED;
		}
	}
	assert_int_equal(paused, 1);
	assert_int_equal(resumed, 1);
	/* a line without an end is forgotten, what comes behind it is heard */
	for (int i = 0; i < 3; i++) {
		char flood[sizeof(ear.line)];

		memset(flood, 'x', sizeof(flood));
		assert_int_equal(write(s[1], flood, sizeof(flood)), sizeof(flood));
		while (qmp_hear(s[0], &ear, &n) == 1)
			assert_int_equal(n.kind, ENGINE_NEWS_NONE);
	}
	assert_int_equal(write(s[1], "\n{\"event\": \"STOP\"}\n", 19), 19);
	for (n.kind = ENGINE_NEWS_NONE; n.kind != ENGINE_PAUSED;)
		assert_int_equal(qmp_hear(s[0], &ear, &n), 1);
	assert_int_equal(qmp_hear(s[0], &ear, &n), -EAGAIN);
	close(s[1]);
	assert_int_equal(qmp_hear(s[0], &ear, &n), 0);
	close(s[0]);
}

/* Each order is lines of JSON of which the first makes QEMU obey. */
static void orders_are_json(void **state)
{
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	for (unsigned v = 0; v < ENGINE_VERBS; v++) {
		char text[1024], *rest = text, *line;
		unsigned lines = 0;
		ssize_t n;

		assert_int_equal(qmp_tell(s[0], (enum engine_verb)v, '"'), 0);
		n = read(s[1], text, sizeof(text) - 1);
		assert_true(n > 0);
		text[n] = '\0';
		while ((line = strsep(&rest, "\n")) && *line) {
			struct json *o = json_parse(line, strlen(line), NULL);

			assert_non_null(o);
			assert_non_null(json_get_text(o, "execute", NULL));
			assert_true(lines++ ||
				    !strcmp(json_get_text(o, "execute", ""), "qmp_capabilities"));
			json_free(o);
		}
		assert_int_equal(lines, 2);
	}
	close(s[0]);
	close(s[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_understood),
		cmocka_unit_test(answers_come_in_pieces),
		cmocka_unit_test(orders_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
