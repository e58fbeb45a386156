/*
 * Round trip of the cpio writer: the input is a list of entries to write; a reader of its own, as
 * strict as the kernel's and stricter, must find exactly those that the writer accepted, each below
 * directories that came before it.
 *
 * An entry of the input: kind byte, path length byte, path, data length byte (times 1 or 512),
 * data.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/map.h"
#include "src/base/str.h"
#include "vmm/payload/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

struct wanted {
	char path[256];
	mode_t type;
	size_t size;
	unsigned char data[255 * 512];
};

struct input {
	const uint8_t *p, *end;
};

static size_t byte(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static size_t take(struct input *in, void *to, size_t n)
{
	if (n > (size_t)(in->end - in->p))
		n = (size_t)(in->end - in->p);
	memcpy(to, in->p, n);
	in->p += n;
	return n;
}

/* Writes one entry; true when the writer took it. */
static bool write_one(struct cpio *c, struct input *in, struct wanted *w)
{
	static const mode_t types[] = {S_IFREG, S_IFREG, S_IFLNK, S_IFDIR, S_IFCHR};
	size_t kind = byte(in) % ARRAY_LEN(types), n;
	struct cpio_meta m = {.path = w->path, .mode = 0644, .mtime = (int64_t)kind - 1};
	struct err e = ERR_INIT;
	int fd, rc;

	w->type = types[kind];
	w->path[take(in, w->path, byte(in))] = '\0';
	n = byte(in) * (kind ? 1 : 512);
	memset(w->data, (int)n, n);
	take(in, w->data, n);
	w->size = n;
	if (kind == 0) {
		fd = file_memfd("fuzz");
		CHECK(file_write_fd(fd, w->data, n) == 0);
		rc = cpio_file(c, &m, fd, n, &e);
		close(fd);
	} else if (kind == 1) {
		rc = cpio_bytes(c, &m, w->data, n, &e);
	} else if (kind == 2) {
		w->data[n] = '\0';
		w->size = strlen((char *)w->data);
		rc = cpio_symlink(c, &m, (char *)w->data, &e);
	} else {
		w->size = 0;
		rc = kind == 3 ? cpio_dir(c, &m, &e) : cpio_chardev(c, &m, 5, 1, &e);
	}
	CHECK(rc <= 0 && (rc == 0) == (e.code == 0));
	return rc == 0;
}

static uint32_t field(const char *header, unsigned i)
{
	char digits[9] = {0}, *end;
	uint32_t v;

	memcpy(digits, header + 6 + (size_t)8 * i, 8);
	v = (uint32_t)strtoul(digits, &end, 16);
	CHECK(end == digits + 8);
	return v;
}

static void check_parents(const struct map *dirs, const char *path)
{
	for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		cleanup_free char *parent = xstrndup(path, (size_t)(s - path));

		CHECK(map_has(dirs, parent));
	}
}

/* Padding must be there and zero. */
static void skip_zeros(const struct str *all, size_t *at, size_t to)
{
	for (; *at % to; ++*at)
		CHECK(*at < all->len && all->s[*at] == 0);
}

static void read_back(const struct str *all, const struct wanted *want, size_t n)
{
	struct map seen = {0}, dirs = {0};
	size_t at = 0, next = 0;

	for (uint32_t ino = 1;; ino++) {
		const char *h = all->s + at, *path = h + 110, *body;
		uint32_t mode, size;

		CHECK(at + 110 <= all->len && memcmp(h, "070701", 6) == 0);
		mode = field(h, 1);
		size = field(h, 6);
		at += 110 + field(h, 11);
		CHECK(at <= all->len && strlen(path) + 1 == field(h, 11));
		skip_zeros(all, &at, 4);
		if (strcmp(path, "TRAILER!!!") == 0 && !mode)
			break;
		CHECK(field(h, 0) == ino);
		CHECK(at + size <= all->len);
		CHECK(map_add(&seen, path, NULL));
		check_parents(&dirs, path);
		body = all->s + at;
		at += size;
		skip_zeros(all, &at, 4);
		if (S_ISDIR(mode))
			map_add(&dirs, path, NULL);
		if (next < n && strcmp(path, want[next].path) == 0) {
			CHECK((mode & S_IFMT) == want[next].type && size == want[next].size);
			CHECK(memcmp(body, want[next].data, size) == 0);
			next++;
		} else {
			CHECK(S_ISDIR(mode) && size == 0);
		}
	}
	skip_zeros(all, &at, 512);
	CHECK(at == all->len && next == n);
	map_release(&seen);
	map_release(&dirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MAX = 16 };
	struct input in = {data, data + size};
	struct wanted *want = xcalloc(MAX, sizeof(*want));
	struct str all = STR_INIT;
	int fd = file_memfd("cpio");
	struct cpio *c = cpio_new(fd);
	uint64_t total = 0;
	size_t n = 0;

	while (n < MAX && in.p < in.end)
		if (write_one(c, &in, &want[n]))
			n++;
	CHECK(cpio_finish(c, &total, NULL) == 0);
	lseek(fd, 0, SEEK_SET);
	CHECK(file_read_fd(fd, 64 << 20, &all) == 0 && all.len == total);
	read_back(&all, want, n);
	cpio_free(c);
	close(fd);
	str_release(&all);
	free(want);
	return 0;
}
