/*
 * Loads a scheduler (scx_first.bpf.o), lets tasks run under it, and says what the kernel made of
 * it:
 *
 *   scx_first OBJECT
 *
 * Prints "enabled first" once the kernel says so, "queued N" after a second of two tasks at work,
 * and "disabled" when it is unloaded again. Anything else is on stderr, with status 1.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATE "/sys/kernel/sched_ext/state"
#define NAME  "/sys/kernel/sched_ext/root/ops"

static int fail(const char *what, int code)
{
	fprintf(stderr, "scx_first: %s: %s\n", what, strerror(code));
	return 1;
}

static int read_word(const char *path, char word[64])
{
	FILE *f = fopen(path, "r");
	int n = f ? fscanf(f, "%63s", word) : 0;

	if (f)
		fclose(f);
	return n == 1 ? 0 : -1;
}

/* Waits for the kernel to say so. */
static int await_state(const char *want)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	char word[64] = "";

	for (int i = 0; i < 1000; i++) {
		if (!read_word(STATE, word) && !strcmp(word, want))
			return 0;
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "scx_first: " STATE " is '%s', not '%s'\n", word, want);
	return 1;
}

/* Two tasks that give way to each other: the scheduler is asked each time. */
static void work(void)
{
	time_t end = time(NULL) + 2;

	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			while (time(NULL) < end)
				usleep(100);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
}

static int run(struct bpf_object *object)
{
	struct bpf_map *ops = bpf_object__find_map_by_name(object, "first");
	int counts = bpf_object__find_map_fd_by_name(object, "queued");
	struct bpf_link *link = ops ? bpf_map__attach_struct_ops(ops) : NULL;
	char name[64] = "";
	uint64_t queued = 0;
	uint32_t key = 0;

	if (!link)
		return fail("the kernel did not take the scheduler", errno);
	if (await_state("enabled") || read_word(NAME, name))
		return 1;
	printf("enabled %s\n", name);
	work();
	if (bpf_map_lookup_elem(counts, &key, &queued))
		return fail("cannot read its count", errno);
	printf("queued %llu\n", (unsigned long long)queued);
	bpf_link__destroy(link);
	if (await_state("disabled"))
		return 1;
	puts("disabled");
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	int rc;

	if (argc != 2)
		return fail("usage: scx_first OBJECT", EINVAL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return fail(argv[1], errno);
	rc = bpf_object__load(object);
	rc = rc ? fail("cannot load it", -rc) : run(object);
	bpf_object__close(object);
	return rc;
}
