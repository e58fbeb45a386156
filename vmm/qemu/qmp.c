#include "vmm/qemu/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "src/base/json_in.h"
#include "src/base/parse.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

/* QEMU obeys nothing before it has been told this; told again it answers with an error that carries
 * this id and means nothing. */
#define HELLO "{\"execute\":\"qmp_capabilities\",\"id\":\"hello\"}\n"
#define BREAK "break "

int qmp_tell(int fd, enum engine_verb verb, char key)
{
	static const char *const commands[ENGINE_VERBS] = {
		[ENGINE_PAUSE] = "{\"execute\":\"stop\",\"id\":\"pause\"}\n",
		[ENGINE_RESUME] = "{\"execute\":\"cont\",\"id\":\"resume\"}\n",
		[ENGINE_NMI] = "{\"execute\":\"inject-nmi\",\"id\":\"nmi\"}\n",
		[ENGINE_RESET] = "{\"execute\":\"system_reset\",\"id\":\"reset\"}\n",
	};
	char text[256];
	ssize_t n;
	int len;

	/* the key goes as a number: it may be a quote */
	if (verb == ENGINE_SYSRQ)
		len = snprintf(text, sizeof(text),
			HELLO "{\"execute\":\"chardev-send-break\",\"arguments\":{\"id\":\"log\"},"
			      "\"id\":\"" BREAK "%d\"}\n",
			key);
	else
		len = snprintf(text, sizeof(text), HELLO "%s", commands[verb]);
	do
		n = send(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == len ? 0 : -EAGAIN;
}

static void refused(const struct json *error, const char *id, struct engine_news *out)
{
	cleanup_str struct str clean = STR_INIT;
	const char *text = json_get_text(error, "desc", "for a reason that it does not give");

	if (!strcmp(id, "hello"))
		return;
	utf8_sanitize(&clean, text, strlen(text), false);
	out->kind = ENGINE_REFUSED;
	snprintf(out->why, sizeof(out->why), "%s", str_get(&clean));
}

void qmp_understand(const char *line, size_t n, struct engine_news *out)
{
	struct json *o = json_parse(line, n, NULL);
	const char *event = json_get_text(o, "event", ""), *id = json_get_text(o, "id", "");
	uint32_t key;

	*out = (struct engine_news){.kind = ENGINE_NEWS_NONE};
	if (!strcmp(event, "STOP")) {
		out->kind = ENGINE_PAUSED;
	} else if (!strcmp(event, "RESUME")) {
		out->kind = ENGINE_RESUMED;
	} else if (json_get(o, "error")) {
		refused(json_get(o, "error"), id, out);
	} else if (json_get(o, "return") && str_starts(id, BREAK) &&
		   !parse_u32(id + strlen(BREAK), &key, NULL) && key >= ' ' && key <= '~') {
		out->kind = ENGINE_SEND_KEY;
		out->key = (char)key;
	}
	json_free(o);
}

int qmp_hear(int fd, struct engine_ear *ear, struct engine_news *out)
{
	char *end = memchr(ear->line, '\n', ear->len);
	ssize_t n;

	if (!end) {
		/* a line that does not fit is none that we wait for */
		if (ear->len == sizeof(ear->line))
			ear->len = 0;
		do
			n = recv(fd, ear->line + ear->len, sizeof(ear->line) - ear->len,
				MSG_DONTWAIT);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		ear->len += (size_t)n;
		end = memchr(ear->line, '\n', ear->len);
	}
	*out = (struct engine_news){.kind = ENGINE_NEWS_NONE};
	if (!end)
		return 1;
	n = end + 1 - ear->line;
	qmp_understand(ear->line, (size_t)n - 1, out);
	ear->len -= (size_t)n;
	memmove(ear->line, ear->line + n, ear->len);
	return 1;
}
