/* Any bytes as the head of a script: what is named must be in the first line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "vmm/payload/shebang.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *word, const char *line, size_t n)
{
	if (!*word || strpbrk(word, " \t\n") || !memmem(line, n, word, strlen(word)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that a read behind it is seen. */
	cleanup_free char *head = xmalloc(size);
	struct shebang s;

	memcpy(head, data, size);
	if (!shebang_parse(head, size, &s))
		return 0;
	check(s.interpreter, head, size);
	if (s.command)
		check(s.command, head, size);
	shebang_release(&s);
	return 0;
}
