/*
 * The other side of tests/bench/locks.sh:
 *   hold DIR N    N processes, each with one of N lock files; says "ready", ends with its stdin
 *   idle N        N processes with a dozen descriptors each, likewise
 *   loop DIR      lists DIR, stats every file, reads /proc/locks: what the report costs at least
 *   scan          what ktstr reads of processes, medians of 15 in microseconds of CPU time: every
 * fdinfo, and the command lines of holders; then how many descriptors there are
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "probes/locks/holders.h"
#include "src/base/clock.h"

enum { LOOKS = 15, DESCRIPTORS = 12 };

static void hold_one(const char *dir, unsigned i)
{
	cleanup_free char *path = lockfile_cpu(dir, i);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || flock(fd, i % 2 ? LOCK_EX : LOCK_SH))
		_exit(1);
}

static void open_some(void)
{
	for (int i = 0; i < DESCRIPTORS; i++)
		(void)!open(i % 2 ? "/etc/passwd" : "/dev/null", O_RDONLY);
}

/* Children say on a pipe that they are there, and stay until the parent dies. */
static int crowd(const char *dir, unsigned n)
{
	int said[2];
	char c;

	if (pipe(said))
		return 1;
	for (unsigned i = 0; i < n; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dir)
			hold_one(dir, i);
		else
			open_some();
		(void)!write(said[1], "", 1);
		for (;;)
			pause();
	}
	for (unsigned i = 0; i < n; i++)
		if (read(said[0], &c, 1) != 1)
			return 1;
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}

static int loop(const char *path)
{
	static char text[1 << 20];
	DIR *dir = opendir(path);
	unsigned files = 0, bytes = 0;
	struct dirent *d;
	ssize_t n;
	int fd;

	while (dir && (d = readdir(dir))) {
		struct stat st;

		files += fstatat(dirfd(dir), d->d_name, &st, 0) == 0;
	}
	fd = open("/proc/locks", O_RDONLY);
	while ((n = read(fd, text, sizeof(text))) > 0)
		bytes += (unsigned)n;
	printf("%u %u\n", files, bytes);
	return 0;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of this process: other work on the machine does not count. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static uint64_t median(uint64_t *v)
{
	qsort(v, LOOKS, sizeof(*v), ascending);
	return v[LOOKS / 2] / 1000;
}

static uint64_t time_names(const struct sysroot *r, const struct flocks *f)
{
	uint64_t from = cpu_ns();

	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < f->v[i].nholders; k++) {
			cleanup_str struct str text = STR_INIT;

			holder_cmdline(r, f->v[i].holders[k].pid, &text);
		}
	return cpu_ns() - from;
}

static int scan(void)
{
	struct sysroot *r = sysroot_open(NULL, NULL);
	uint64_t fdinfo[LOOKS], names[LOOKS];
	unsigned descriptors = 0;

	for (int i = 0; i < LOOKS; i++) {
		uint64_t from = cpu_ns(), plain;
		struct flocks *f;

		flocks_free(flocks_read(r, false, NULL));
		plain = cpu_ns() - from;
		from = cpu_ns();
		f = flocks_read(r, true, NULL);
		fdinfo[i] = cpu_ns() - from;
		fdinfo[i] = fdinfo[i] > plain ? fdinfo[i] - plain : 0;
		names[i] = time_names(r, f);
		descriptors = f->descriptors;
		flocks_free(f);
	}
	printf("%llu %llu %u\n", (unsigned long long)median(fdinfo),
		(unsigned long long)median(names), descriptors);
	sysroot_close(r);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return crowd(argv[2], (unsigned)atoi(argv[3]));
	if (argc == 3 && strcmp(argv[1], "idle") == 0)
		return crowd(NULL, (unsigned)atoi(argv[2]));
	if (argc == 3 && strcmp(argv[1], "loop") == 0)
		return loop(argv[2]);
	return argc == 2 && strcmp(argv[1], "scan") == 0 ? scan() : 2;
}
