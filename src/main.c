#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"

/*
 * A closed standard descriptor would be handed to the next file that is opened, which would then
 * receive our output. It is filled with one that fails in the closed direction, as coreutils do.
 */
static void fill_standard_descriptors(void)
{
	static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) < 0)
			exit(EXIT_FAILED);
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	/* Character types only: numbers are read and printed with a point everywhere. Not for our
	 * inner parts, which nobody reads: it would be a quarter of a guest's way to its engine. */
	if (argc < 2 || strncmp(argv[1], "__", 2) != 0)
		setlocale(LC_CTYPE, "");
	/* `| head` ends us quietly, whatever we inherited. */
	signal(SIGPIPE, SIG_DFL);
	exit(cli_main(argc, argv));
}
