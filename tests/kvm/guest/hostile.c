/*
 * A guest program that tries to break its monitor, one way for each name: ports (every port, every
 * width), strings (long string instructions on all that answers), mmio (random accesses to the
 * windows of virtio devices), dark (addresses where nothing is), serial (a flood of the console),
 * frames (noise on the port that init speaks on).
 * Says so when it came through. Whatever asks the machine to reset or switch off is left out.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	PORTS = 0x10000,
	RESET_KEYBOARD = 0x64,
	POWER_FIRST = 0x600,
	POWER_LAST = 0x60b,
	RESET_CONTROL = 0xcf9,
	WINDOW = 0x1000,
	ACCESSES = 20000,
	COM1 = 0x3f8,
};
#define VIRTIO_AT 0xc0000000UL

static int spared(unsigned port)
{
	return port == RESET_KEYBOARD || port == RESET_CONTROL ||
	       (port >= POWER_FIRST && port <= POWER_LAST);
}

static void ports(void)
{
	for (unsigned p = 0; p + 4 <= PORTS; p += p < 0x1000 ? 1 : 61) {
		(void)inb((unsigned short)p);
		(void)inw((unsigned short)p);
		(void)inl((unsigned short)p);
		/* a wide access touches the ports behind it too */
		if (spared(p) || spared(p + 1) || spared(p + 2) || spared(p + 3))
			continue;
		outb((unsigned char)(p * 7), (unsigned short)p);
		outw((unsigned short)(p * 7), (unsigned short)p);
		outl(p * 7, (unsigned short)p);
	}
}

static void strings(void)
{
	static const unsigned short some[] = {
		0x3f8, 0x3f9, 0x3fd, 0x2f8, 0x60, 0x70, 0x80, 0xcf8, 0x608, 0xfff0};
	static unsigned char buf[64 * 1024];

	for (unsigned i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		insb(some[i], buf, sizeof(buf) / 16);
		insl(some[i], buf, sizeof(buf) / 64);
		outsb(some[i], buf, sizeof(buf) / 16);
		outsw(some[i], buf, sizeof(buf) / 32);
		outsl(some[i], buf, sizeof(buf) / 64);
	}
}

static volatile unsigned char *window(unsigned long at, size_t size)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);

	if (p == MAP_FAILED) {
		perror("/dev/mem");
		exit(1);
	}
	return p;
}

static uint32_t roll(uint32_t *x)
{
	*x = *x * 1664525U + 1013904223U;
	return *x >> 8;
}

static void touch(volatile unsigned char *at, uint32_t how)
{
	switch (how % 8) {
	case 0:
		(void)*at;
		break;
	case 1:
		(void)*(volatile uint16_t *)at;
		break;
	case 2:
		(void)*(volatile uint32_t *)at;
		break;
	case 3:
		(void)*(volatile uint64_t *)at;
		break;
	case 4:
		*at = (unsigned char)how;
		break;
	case 5:
		*(volatile uint16_t *)at = (uint16_t)how;
		break;
	case 6:
		*(volatile uint32_t *)at = how;
		break;
	case 7:
		*(volatile uint64_t *)at = (uint64_t)how << 32 | how;
		break;
	}
}

static void mmio(uint32_t seed)
{
	volatile unsigned char *w = window(VIRTIO_AT, 3 * WINDOW);

	for (unsigned i = 0; i < ACCESSES; i++) {
		unsigned device = roll(&seed) % 3, reg = roll(&seed) % 0x200;

		touch(w + device * WINDOW + reg, roll(&seed));
	}
}

static void dark(void)
{
	static const unsigned long at[] = {
		0xc0003000, 0xd0000000, 0xe0000000, 0xfec00000, 0xfed00000};
	uint32_t seed = 3;

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		volatile unsigned char *w = window(at[i], WINDOW);

		/* the interrupt controller's own registers are read only here: the guest needs them
		 */
		for (unsigned n = 0; n < 500; n++)
			touch(w + roll(&seed) % (WINDOW - 8),
				at[i] == 0xfec00000 ? n % 4 : roll(&seed));
	}
}

/* Through the driver, and then past it. Each byte is an exit of its own, which takes 0.3 ms in the
 * nested host: as much as fills what is held for a reader is left to the serial port's unit test.
 */
static void serial(void)
{
	static char flood[64 * 1024];
	int fd = open("/dev/ttyS0", O_WRONLY);

	memset(flood, '\033', sizeof(flood));
	for (size_t i = 255; i < sizeof(flood); i += 256)
		flood[i] = '\n';
	(void)!write(fd, flood, 25600);
	outsb(COM1, flood, sizeof(flood));
}

/* Init's ports are open once; a descriptor of them can be taken all the same. */
static void frames(void)
{
	int init = (int)syscall(SYS_pidfd_open, 1, 0);
	uint32_t seed = 7;

	for (int n = 3; n < 40; n++) {
		char path[32], to[64] = "";
		unsigned char noise[4096];
		int fd;

		snprintf(path, sizeof(path), "/proc/1/fd/%d", n);
		if (readlink(path, to, sizeof(to) - 1) < 0 || strncmp(to, "/dev/vport", 10) != 0)
			continue;
		fd = (int)syscall(SYS_pidfd_getfd, init, n, 0);
		for (unsigned i = 0; i < 50; i++) {
			for (unsigned k = 0; k < sizeof(noise); k++)
				noise[k] = (unsigned char)roll(&seed);
			if (write(fd, noise, sizeof(noise)) <= 0)
				break;
		}
	}
	pause();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (iopl(3)) {
		perror("iopl");
		return 1;
	}
	if (!strcmp(what, "ports"))
		ports();
	else if (!strcmp(what, "strings"))
		strings();
	else if (!strcmp(what, "mmio"))
		mmio(argc > 2 ? (uint32_t)atoi(argv[2]) : 1);
	else if (!strcmp(what, "dark"))
		dark();
	else if (!strcmp(what, "frames"))
		frames();
	else if (!strcmp(what, "serial"))
		serial();
	else
		return 2;
	printf("came through\n");
	return 0;
}
