/* Runs a fuzz target over its committed corpus (tests/fuzz/corpus/<target>/), so that the ordinary
 * suite replays every input that ever mattered; without a corpus, over a few built-in ones. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path, unsigned *count)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (!f)
		return;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	data = malloc(size > 0 ? (size_t)size : 1);
	if (size >= 0 && data && fread(data, 1, (size_t)size, f) == (size_t)size) {
		LLVMFuzzerTestOneInput(data, (size_t)size);
		printf("ok %u - %s\n", ++*count, path);
	}
	free(data);
	fclose(f);
}

int main(int argc, char **argv)
{
	static const char *const builtin[] = {
		"", "\n", "0", "a,b\r\n\t", "\xff\xfe\x80\x1b[m", "{\"a\":[1]}"};
	const char *base = strrchr(argv[0], '/');
	char dir[512], path[1024];
	unsigned count = 0;
	struct dirent *d;
	DIR *corpus;

	(void)argc;
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		LLVMFuzzerTestOneInput((const uint8_t *)builtin[i], strlen(builtin[i]));
		printf("ok %u - built-in input %zu\n", ++count, i);
	}
	snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%s", base ? base + 1 : argv[0]);
	corpus = opendir(dir);
	while (corpus && (d = readdir(corpus))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		replay(path, &count);
	}
	if (corpus)
		closedir(corpus);
	return 0;
}
