/* Where the kernel of an identifier is: its image, module tree and release, a line each. With the
 * tests' own cache. */
#include <stdio.h>

#include "tests/lib/vm.h"

static void say_note(void *user, const char *text)
{
	(void)user;
	fprintf(stderr, "# %s\n", text);
}

static bool say_progress(void *user, const char *what, uint64_t done, uint64_t total)
{
	(void)user;
	(void)what;
	(void)done;
	(void)total;
	return false;
}

int main(int argc, char **argv)
{
	const struct kernel_report report = {.note = say_note, .progress = say_progress};
	struct err e = ERR_INIT;
	struct kernel k = {0};

	if (argc != 2) {
		fprintf(stderr, "usage: kernel ID\n");
		return 2;
	}
	if (kernel_resolve(&(struct kernel_wish){.id = argv[1]}, &report, &k, &e)) {
		fprintf(stderr, "# %s\n", e.msg);
		return 1;
	}
	printf("%s\n%s\n%s\n", k.image, k.modules ? k.modules : "", k.release ? k.release : "");
	kernel_release(&k);
	return 0;
}
