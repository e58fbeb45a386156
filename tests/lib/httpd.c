#include "tests/lib/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"

enum { PAGES_MAX = 32, HEAD_MAX = 8192 };

struct httpd {
	pid_t pid;
	int port, log;
	const struct httpd_page *pages;
};

/* In the server's process. */
struct server {
	const struct httpd_page *pages;
	unsigned asked[PAGES_MAX];
	int log;
};

static bool read_head(int fd, char head[HEAD_MAX])
{
	size_t n = 0;

	while (n < HEAD_MAX - 1) {
		ssize_t k = read(fd, head + n, HEAD_MAX - 1 - n);

		if (k <= 0)
			return false;
		n += (size_t)k;
		head[n] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void say(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			return;
		p += k;
		n -= (size_t)k;
	}
}

/* Until the client goes. */
static void stand_still(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
}

static void send_body(int fd, const struct httpd_page *p, size_t from, unsigned nth)
{
	size_t size = p->size ? p->size : strlen(p->body), to = size;
	bool cut = p->stalls || nth < p->cuts;

	if (cut && from + p->cut_at < size)
		to = from + p->cut_at;
	say(fd, p->body + from, to - from);
	if (p->stalls)
		stand_still(fd);
	while (p->endless && send(fd, p->body, size, MSG_NOSIGNAL) > 0)
		;
}

static void answer(int fd, const struct httpd_page *p, const char *range, unsigned nth)
{
	size_t size = p->body ? (p->size ? p->size : strlen(p->body)) : 0, from = 0;
	int status = p->status ? p->status : 200;

	if (nth < p->busy)
		status = 503;
	else if (p->redirect)
		status = 302;
	else if (range && !p->no_ranges && status == 200) {
		from = strtoul(range + strlen("bytes="), NULL, 10);
		status = from < size ? 206 : 416;
	}
	dprintf(fd, "HTTP/1.1 %d Because\r\nConnection: close\r\nContent-Type: %s\r\n", status,
		p->type ? p->type : "application/octet-stream");
	if (status == 302)
		dprintf(fd, "Location: %s\r\n", p->redirect);
	if (status == 206)
		dprintf(fd, "Content-Range: bytes %zu-%zu/%zu\r\n", from, size - 1, size);
	if (status != 200 && status != 206) {
		dprintf(fd, "Content-Length: 5\r\n\r\nsorry");
		return;
	}
	if (!p->endless)
		dprintf(fd, "Content-Length: %zu\r\n", size - from);
	say(fd, "\r\n", 2);
	send_body(fd, p, from, nth);
}

static void serve(struct server *s, int fd)
{
	static const struct httpd_page nothing = {.status = 404};
	char head[HEAD_MAX], path[1024], range[64] = "";
	const char *at;
	size_t i = 0;

	if (!read_head(fd, head) || sscanf(head, "GET %1000s", path) != 1)
		return;
	at = strcasestr(head, "\r\nRange: ");
	if (at)
		sscanf(at + strlen("\r\nRange: "), "%60s", range);
	dprintf(s->log, "GET %s%s%s\n", path, *range ? " " : "", range);
	while (s->pages[i].path && strcmp(s->pages[i].path, path) != 0)
		i++;
	answer(fd, s->pages[i].path ? &s->pages[i] : &nothing, *range ? range : NULL, s->asked[i]);
	s->asked[i]++;
}

static void run(struct server *s, int listener)
{
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		serve(s, fd);
		shutdown(fd, SHUT_WR);
		stand_still(fd);
		close(fd);
	}
}

struct httpd *httpd_start(const struct httpd_page *pages)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	struct httpd *h = xcalloc(1, sizeof(*h));
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	h->log = file_memfd("httpd-log");
	if (listener < 0 || h->log < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) ||
		listen(listener, 8) || getsockname(listener, (struct sockaddr *)&a, &size)) {
		perror("httpd");
		exit(99);
	}
	h->port = ntohs(a.sin_port);
	h->pid = fork();
	if (h->pid == 0)
		run(&(struct server){.pages = pages, .log = h->log}, listener);
	close(listener);
	return h;
}

char *httpd_url(const struct httpd *h, const char *path)
{
	return xasprintf("http://127.0.0.1:%d%s", h->port, path);
}

void httpd_log(struct httpd *h, struct str *out)
{
	char buf[4096];
	off_t at = 0;
	ssize_t n;

	str_clear(out);
	while ((n = pread(h->log, buf, sizeof(buf), at)) > 0) {
		str_append(out, buf, (size_t)n);
		at += n;
	}
}

void httpd_stop(struct httpd *h)
{
	kill(h->pid, SIGKILL);
	waitpid(h->pid, NULL, 0);
	close(h->log);
	free(h);
}
