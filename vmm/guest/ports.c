/*
 * The way to the host: two virtio ports found by the names the host gave them, or COM2. A port
 * appears a moment after its driver, and its name a moment after the port; both are announced by
 * uevents, so nothing here looks twice without having been told to.
 */
#include "vmm/guest/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CLASS "/sys/class/virtio-ports"

int uevents_open(void)
{
	struct sockaddr_nl a = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int fd = socket(
		AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	int room = 1 << 20;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool has_name(const char *port, const char *wanted)
{
	char path[300], name[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), CLASS "/%s/name", port);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, name, sizeof(name) - 1);
	close(fd);
	if (n <= 0)
		return false;
	name[n] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return strcmp(name, wanted) == 0;
}

/* The descriptor of the port with this name, -1 while there is none. */
static int open_named(const char *wanted)
{
	DIR *d = opendir(CLASS);
	struct dirent *e;
	int fd = -1;

	while (d && fd < 0 && (e = readdir(d))) {
		char path[300];

		if (e->d_name[0] == '.' || !has_name(e->d_name, wanted))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (d)
		closedir(d);
	return fd;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for a uevent and takes all that are there. False when the time is over. */
static bool hear(int uevents, long until)
{
	struct pollfd p = {uevents, POLLIN, 0};
	char event[8192];
	long left = until - now_ms();

	if (left <= 0 || poll(&p, 1, (int)left) == 0)
		return false;
	while (recv(uevents, event, sizeof(event), 0) > 0)
		continue;
	return true;
}

/* How long to wait for a device: emulated machines with many CPUs take their time (spec 2.2). */
static long patience_ms(void)
{
	long ms = 10000 + 150 * sysconf(_SC_NPROCESSORS_ONLN);

	return ms < 90000 ? ms : 90000;
}

static int open_virtio(int uevents, int *bulk, int *console)
{
	static const char driver[] = "/sys/bus/virtio/drivers/virtio_console";
	long until = now_ms() + patience_ms();

	if (access(driver, F_OK)) { /* nothing to wait for */
		say("no virtio ports: the driver virtio_console is neither built in nor loaded");
		return -1;
	}
	do {
		if (*bulk < 0)
			*bulk = open_named(PROTO_PORT_BULK);
		if (*console < 0)
			*console = open_named(PROTO_PORT_CONSOLE);
		if (*bulk >= 0 && *console >= 0)
			return 0;
	} while (uevents >= 0 && hear(uevents, until));
	say("no virtio port '%s' appeared", *bulk < 0 ? PROTO_PORT_BULK : PROTO_PORT_CONSOLE);
	return -1;
}

static int open_serial(int *bulk)
{
	struct termios t;

	*bulk = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*bulk < 0 || tcgetattr(*bulk, &t)) {
		say("cannot use /dev/ttyS1: %s", strerror(errno));
		return -1;
	}
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL;
	cfsetspeed(&t, B115200);
	return tcsetattr(*bulk, TCSANOW, &t);
}

int ports_open(const struct guest_conf *c, int uevents, int *bulk, int *console)
{
	*bulk = *console = -1;
	return c->virtio ? open_virtio(uevents, bulk, console) : open_serial(bulk);
}
