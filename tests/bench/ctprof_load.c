/*
 * ctprof_load PROCESSES THREADS: so many sleeping processes of so many threads each, until stdin
 * ends. Says "ready" when all are there.
 * ctprof_load loop: the plain way of reading them: every task's files, opened, read and closed by
 * one thread. Prints tasks, wall and CPU microseconds.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void process(int threads, int ready)
{
	pthread_attr_t a;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 32768);
	for (int i = 1; i < threads; i++) {
		pthread_t t;

		if (pthread_create(&t, &a, sleeper, NULL))
			_exit(1);
	}
	(void)!write(ready, "x", 1);
	sleeper(NULL);
}

static int load(int processes, int threads)
{
	pid_t *pids = calloc((size_t)processes, sizeof(*pids));
	int pipes[2];
	char c;

	if (!pids || pipe(pipes))
		return 1;
	for (int i = 0; i < processes; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			process(threads, pipes[1]);
	}
	close(pipes[1]);
	for (int i = 0; i < processes; i++)
		if (pids[i] < 0 || read(pipes[0], &c, 1) != 1)
			return 1;
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	for (int i = 0; i < processes; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < processes; i++)
		waitpid(pids[i], NULL, 0);
	return 0;
}

static size_t bytes;

static void slurp(const char *dir, const char *name)
{
	static char buf[65536];
	char path[512];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		bytes += (size_t)n;
	close(fd);
}

static unsigned tasks_of(const char *pid)
{
	static const char *const files[] = {
		"stat", "status", "sched", "schedstat", "io", "cgroup", "comm"};
	char path[300], dir[400];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	d = opendir(path);
	if (!d)
		return 0;
	for (const struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(dir, sizeof(dir), "%s/%s", path, e->d_name);
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			slurp(dir, files[i]);
		n++;
	}
	closedir(d);
	return n;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long cpu_us(const struct rusage *u)
{
	return (u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000L + u->ru_utime.tv_usec +
	       u->ru_stime.tv_usec;
}

static int loop(void)
{
	double from = now();
	struct rusage u;
	unsigned n = 0;
	DIR *d = opendir("/proc");

	if (!d)
		return 1;
	for (const struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			n += tasks_of(e->d_name);
	closedir(d);
	getrusage(RUSAGE_SELF, &u);
	printf("%u %.0f %ld\n", n, now() - from, cpu_us(&u));
	return 0;
}

static int run(char **argv)
{
	double from = now();
	struct rusage u;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status)
		return 1;
	printf("%.0f %ld %ld\n", now() - from, cpu_us(&u), u.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "loop") == 0)
		return loop();
	if (argc > 2 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (argc == 3)
		return load(atoi(argv[1]), atoi(argv[2]));
	return 2;
}
