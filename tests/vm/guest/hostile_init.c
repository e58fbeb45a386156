/*
 * A guest's first process that is not ours: it finds the framed port as ours does, and then sends
 * what ours never would. The kernel passes words of its command line as the environment: HOSTILE
 * says in which way.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/proto.h"

static void load_modules(void)
{
	struct dirent **e;
	int n = scandir("/modules", &e, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[300];
		int fd;

		snprintf(path, sizeof(path), "/modules/%s", e[i]->d_name);
		fd = open(path, O_RDONLY);
		syscall(SYS_finit_module, fd, "", 0);
		close(fd);
	}
}

static int open_port(void)
{
	static const char *const names[] = {"/dev/vport0p1", "/dev/vport1p1", "/dev/vport2p1"};

	for (unsigned i = 0;; i = (i + 1) % 3) {
		int fd = open(names[i], O_RDWR);

		if (fd >= 0)
			return fd;
		usleep(10000);
	}
}

static void all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t some = write(fd, p, n);

		if (some > 0) {
			p += some;
			n -= (size_t)some;
		}
	}
}

static void frame(int fd, uint32_t tag, const void *payload, size_t n)
{
	unsigned char header[PROTO_HEADER_SIZE];

	proto_pack(header, tag, payload, n);
	all(fd, header, sizeof(header));
	all(fd, payload, n);
}

static void noise(int fd)
{
	unsigned x = 1;

	for (;;) {
		x = x * 1664525U + 1013904223U;
		all(fd, &x, sizeof(x));
	}
}

static void checksum(int fd)
{
	unsigned char header[PROTO_HEADER_SIZE];

	proto_pack(header, PROTO_STDOUT, "right", 5);
	all(fd, header, sizeof(header));
	all(fd, "wrong", 5);
}

static void length(int fd)
{
	static const unsigned char header[PROTO_HEADER_SIZE] = {
		'T', 'U', 'O', 'S', 0xff, 0xff, 0xff, 0xff};

	all(fd, header, sizeof(header));
}

/* Right frames that mean nothing, for ever. */
static void unknown(int fd)
{
	static unsigned char payload[PROTO_CHUNK];

	for (unsigned tag = 1;; tag++)
		frame(fd, tag % 2 ? tag : PROTO_CONSOLE_TAKEN, payload, sizeof(payload));
}

/* Fixed frames of the wrong size, counts of what was never sent, and a reason full of controls. */
static void lies(int fd)
{
	static const char reason[] = "\003\033]0;owned\007\033[2Jgone \x9b"
				     "31m\xc2\x9b"
				     "31m\177\r\nktstr: all is well";
	static const unsigned char many[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	frame(fd, PROTO_EXEC_EXIT, many, 3);
	frame(fd, PROTO_EXEC_EXIT, many, 8);
	frame(fd, PROTO_STDIN_TAKEN, many, 4);
	frame(fd, PROTO_STDIN_TAKEN, many, 8);
	frame(fd, PROTO_CONSOLE_TAKEN, many, 4);
	frame(fd, PROTO_LIFECYCLE, many, 0);
	frame(fd, PROTO_LIFECYCLE, reason, sizeof(reason) - 1);
}

/* More than it may send before the terminal outside has taken some. */
static void console(int fd)
{
	static unsigned char payload[4 * PROTO_CHUNK];

	frame(fd, PROTO_CONSOLE, payload, sizeof(payload));
}

/* A description that never ends. */
static void topology(int fd)
{
	static unsigned char payload[PROTO_CHUNK];

	for (;;)
		frame(fd, PROTO_TOPOLOGY, payload, sizeof(payload));
}

/* Bytes that will never come are to be waited for. */
static void promise(int fd)
{
	static const unsigned char many[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

	frame(fd, PROTO_CONSOLE_END, many, sizeof(many));
}

/* A goodbye that never ends. */
static void lingers(int fd)
{
	promise(fd);
	for (;; sleep(1))
		frame(fd, PROTO_LIFECYCLE, "\002", 1);
}

static void gives_up(int fd)
{
	promise(fd);
	frame(fd, PROTO_LIFECYCLE, "\003no more", 8);
}

/* A command that ended, in a guest that does not. */
static void stays(int fd)
{
	frame(fd, PROTO_EXEC_EXIT, "\005\0\0\0", 4);
}

static void shouts(int fd)
{
	int log = open("/dev/kmsg", O_WRONLY);

	(void)fd;
	for (;;)
		(void)!write(log,
			"<4>\033]0;owned\007\033[2J\x9b"
			"31m\xc2\x9b"
			"31m\177 shouting",
			36);
}

static void says_nothing(int fd)
{
	(void)fd;
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(int fd);
		int ready; /* it first says that it is there */
	} ways[] = {
		{.name = "noise", .run = noise},
		{.name = "checksum", .run = checksum, .ready = 1},
		{.name = "length", .run = length, .ready = 1},
		{.name = "unknown", .run = unknown, .ready = 1},
		{.name = "lies", .run = lies, .ready = 1},
		{.name = "console", .run = console, .ready = 1},
		{.name = "topology", .run = topology, .ready = 1},
		{.name = "lingers", .run = lingers, .ready = 1},
		{.name = "gives_up", .run = gives_up, .ready = 1},
		{.name = "stays", .run = stays, .ready = 1},
		{.name = "shouts", .run = shouts, .ready = 1},
		{.name = "says_nothing", .run = says_nothing},
	};
	const char *way = getenv("HOSTILE");
	int fd;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	load_modules();
	fd = open_port();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!way || strcmp(way, ways[i].name) != 0)
			continue;
		if (ways[i].ready)
			frame(fd, PROTO_SYS_RDY, NULL, 0);
		ways[i].run(fd);
	}
	for (;;) /* and it never ends */
		pause();
}
