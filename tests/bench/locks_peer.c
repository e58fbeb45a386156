/*
 * The other side of tests/bench/locks.sh:
 *   hold DIR N    N processes, each with one of N lock files; says "ready", ends with its stdin
 *   idle N        N processes with a dozen descriptors each, likewise
 *   loop DIR      lists DIR, stats every file, reads /proc/locks: what the report costs at least
 *   cost CMD...   runs it, its output thrown away; says what CPU time it took, in microseconds
 *   scan          reads every fdinfo as the program does, and nothing else; says what that took
 * likewise, and how many there are
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/locks/fdscan.h"

enum { DESCRIPTORS = 12 };

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

/* Of this process, or of its children: other work on the machine does not count. */
static unsigned long long cpu_us(int whose)
{
	struct rusage u;

	getrusage(whose, &u);
	return (unsigned long long)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (unsigned long long)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int cost(char **command)
{
	pid_t pid = fork();
	int status, null;

	if (pid == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return 1;
	printf("%llu\n", cpu_us(RUSAGE_CHILDREN));
	return 0;
}

static int scan(void)
{
	struct sysroot *r = sysroot_open(NULL, NULL);
	struct fdscan *s = fdscan_new(r);
	unsigned long long from = cpu_us(RUSAGE_SELF);

	fdscan_update(s);
	printf("%llu %u\n", cpu_us(RUSAGE_SELF) - from, fdscan_descriptors(s));
	fdscan_free(s);
	sysroot_close(r);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return crowd(argv[2], (unsigned)atoi(argv[3]));
	if (argc == 3 && strcmp(argv[1], "idle") == 0)
		return crowd(NULL, (unsigned)atoi(argv[2]));
	if (argc > 2 && strcmp(argv[1], "cost") == 0)
		return cost(argv + 2);
	if (argc == 3 && strcmp(argv[1], "loop") == 0)
		return loop(argv[2]);
	return argc == 2 && strcmp(argv[1], "scan") == 0 ? scan() : 2;
}
