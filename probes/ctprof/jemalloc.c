#include "probes/ctprof/jemalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "probes/ctprof/dwarftsd.h"
#include "probes/ctprof/elftls.h"
#include "probes/ctprof/scan.h"
#include "src/base/file.h"
#include "src/base/str.h"

/* A file as far as it matters here. */
struct file {
	dev_t dev;
	ino_t ino;
	enum jemalloc_fail fail; /* JEMALLOC_OK: the rest is filled in */
	struct elf_tls elf;
	uint64_t allocated, deallocated;
};

struct jemalloc_cache {
	pthread_mutex_t lock;
	VEC(struct file *) files;
};

const char *jemalloc_fail_word(enum jemalloc_fail f)
{
	static const char *const words[JEMALLOC_NFAILS] = {
		[JEMALLOC_OK] = "",
		[JEMALLOC_ARCH_MISMATCH] = "arch-mismatch",
		[JEMALLOC_DWARF_PARSE_FAILURE] = "dwarf-parse-failure",
		[JEMALLOC_GET_REGSET] = "get-regset",
		[JEMALLOC_IN_DSO] = "jemalloc-in-dso",
		[JEMALLOC_MAPS_READ_FAILURE] = "maps-read-failure",
		[JEMALLOC_PID_MISSING] = "pid-missing",
		[JEMALLOC_PROCESS_VM_READV] = "process-vm-readv",
		[JEMALLOC_PTRACE_INTERRUPT] = "ptrace-interrupt",
		[JEMALLOC_PTRACE_SEIZE] = "ptrace-seize",
		[JEMALLOC_TLS_ARITHMETIC] = "tls-arithmetic",
		[JEMALLOC_WAITPID] = "waitpid",
		[JEMALLOC_NOT_FOUND] = "jemalloc-not-found",
		[JEMALLOC_READLINK_FAILURE] = "readlink-failure",
	};

	return words[f];
}

bool jemalloc_fail_counts(enum jemalloc_fail f)
{
	return f != JEMALLOC_OK && f < JEMALLOC_NOT_FOUND;
}

struct jemalloc_cache *jemalloc_cache_new(void)
{
	struct jemalloc_cache *c = xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void jemalloc_cache_free(struct jemalloc_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->files.n; i++)
		free(c->files.v[i]);
	free(c->files.v);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/*
 * Builds whose debug information is gone, told by version and by the size of the struct: measured
 * by asking the library itself for the addresses of its counters.
 */
static const struct {
	const char *version;
	uint64_t size, allocated, deallocated;
} known[] = {
	{"5.3.0-", 2632, 824, 840}, /* 64 bits, as Debian 12 and Rust's jemalloc-sys build it */
};

static bool by_version(int fd, struct file *f)
{
	uint64_t size = f->elf.has_symbol && f->elf.size ? f->elf.size : f->elf.memsz;

	elf_tls_version(fd, &f->elf);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (size != known[i].size || !str_starts(f->elf.version, known[i].version))
			continue;
		f->allocated = known[i].allocated;
		f->deallocated = known[i].deallocated;
		return true;
	}
	return false;
}

static bool try_debug(struct file *f, char *path)
{
	cleanup_free char *own = path;
	cleanup_close int fd = open(own, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 && dwarf_tsd(fd, &f->allocated, &f->deallocated) == 0;
}

/* Debug files beside the program and where distributions put them; below `root`. */
static bool try_beside(struct file *f, const char *root, const char *path)
{
	cleanup_free char *dir = file_dir(path);
	const char *id = f->elf.build_id, *link = f->elf.debuglink;

	if (id[0] && id[1] && id[2] &&
		try_debug(
			f, xasprintf("%s/usr/lib/debug/.build-id/%.2s/%s.debug", root, id, id + 2)))
		return true;
	if (link[0] && (try_debug(f, xasprintf("%s%s/%s", root, dir, link)) ||
			       try_debug(f, xasprintf("%s%s/.debug/%s", root, dir, link)) ||
			       try_debug(f, xasprintf("%s/usr/lib/debug%s/%s", root, dir, link))))
		return true;
	return try_debug(f, xasprintf("%s%s.debug", root, path)) ||
	       try_debug(f, xasprintf("%s%s.debuginfo", root, path));
}

/* The file's own information, then what is known by version, then files that may hold it. */
static bool find_offsets(int fd, struct file *f, uint32_t tgid, const char *path)
{
	cleanup_free char *root = xasprintf("/proc/%u/root", tgid);

	if (dwarf_tsd(fd, &f->allocated, &f->deallocated) == 0 || by_version(fd, f))
		return true;
	return path[0] == '/' && (try_beside(f, root, path) || try_beside(f, "", path));
}

/* A struct that is the whole of the storage begins where that does. */
static bool find_struct(const struct elf_tls *e)
{
	return e->memsz && (e->has_symbol || e->looks_like);
}

static void examine(int fd, struct file *f, uint32_t tgid, const char *path)
{
	int rc = elf_tls_read(fd, &f->elf);

	f->fail = JEMALLOC_NOT_FOUND;
	if (rc == -ENOEXEC)
		f->fail = JEMALLOC_ARCH_MISMATCH;
	if (rc < 0 || !find_struct(&f->elf))
		return;
	if (f->elf.shared && !f->elf.has_slot)
		f->fail = JEMALLOC_IN_DSO;
	else if (!find_offsets(fd, f, tgid, path))
		f->fail = f->elf.has_symbol ? JEMALLOC_DWARF_PARSE_FAILURE : JEMALLOC_NOT_FOUND;
	else
		f->fail = JEMALLOC_OK;
}

/* What is known of an open file; files are few, and lie here as long as the capture takes. */
static const struct file *look_up(struct jemalloc_cache *c, int fd, uint32_t tgid, const char *path)
{
	struct file *f = NULL;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NULL;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->files.n && !f; i++)
		if (c->files.v[i]->ino == st.st_ino && c->files.v[i]->dev == st.st_dev)
			f = c->files.v[i];
	if (!f) {
		f = xcalloc(1, sizeof(*f));
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		examine(fd, f, tgid, path);
		vec_push(&c->files, f);
	}
	pthread_mutex_unlock(&c->lock);
	return f;
}

static uint64_t round_up(uint64_t v, uint64_t align)
{
	return align > 1 ? (v + align - 1) / align * align : v;
}

/* Where the program's own storage is: fixed by the ABI (variant II on x86, I on ARM). */
static uint64_t exe_offset(const struct elf_tls *e)
{
#if defined(__aarch64__)
	return round_up(16, e->align) + e->symbol;
#else
	return e->symbol - round_up(e->memsz, e->align);
#endif
}

static void fill(const struct file *f, uint64_t from_tp, struct jemalloc *out)
{
	*out = (struct jemalloc){from_tp, f->allocated, f->deallocated};
}

/* A mapping of a file that begins at its offset 0: "start-end perms offset dev inode path". */
struct mapping {
	uint64_t start;
	struct scan path;
};

static bool hex(struct scan *s, uint64_t *out)
{
	uint64_t v = 0;
	const char *from = s->p;

	for (; s->p < s->end && s->p - from < 16; s->p++) {
		char c = *s->p;

		if (c >= '0' && c <= '9')
			v = v * 16 + (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	*out = v;
	return s->p > from;
}

static bool parse_mapping(struct scan line, struct mapping *m)
{
	struct scan range = scan_word(&line), offset;
	uint64_t at;

	scan_word(&line); /* perms */
	offset = scan_word(&line);
	scan_word(&line); /* device */
	scan_word(&line); /* inode */
	scan_trim(&line);
	m->path = line;
	return hex(&range, &m->start) && hex(&offset, &at) && at == 0 && line.p < line.end &&
	       *line.p == '/';
}

/* The word that the loader filled, in the memory of a process that runs on meanwhile. */
static bool read_slot(uint32_t tgid, uint64_t address, uint64_t *out)
{
	struct iovec local = {out, 8}, remote = {NULL, 8};

	memcpy(&remote.iov_base, &address, sizeof(address));
	return process_vm_readv((pid_t)tgid, &local, 1, &remote, 1, 0) == 8;
}

static enum jemalloc_fail attach_library(
	struct jemalloc_cache *c, uint32_t tgid, const struct mapping *m, struct jemalloc *out)
{
	cleanup_free char *path = xstrndup(m->path.p, (size_t)(m->path.end - m->path.p));
	/* as the process sees it */
	cleanup_free char *seen = xasprintf("/proc/%u/root%s", tgid, path);
	cleanup_close int fd = open(seen, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const struct file *f = fd < 0 ? NULL : look_up(c, fd, tgid, path);
	uint64_t slot;

	if (!f || f->fail == JEMALLOC_ARCH_MISMATCH)
		return JEMALLOC_NOT_FOUND;
	if (f->fail != JEMALLOC_OK)
		return f->fail;
	if (!f->elf.shared)
		return JEMALLOC_NOT_FOUND;
	if (!read_slot(tgid, m->start - f->elf.vaddr0 + f->elf.slot, &slot))
		return JEMALLOC_PROCESS_VM_READV;
	fill(f, slot - f->elf.slot_of + f->elf.symbol, out);
	return JEMALLOC_OK;
}

/* The shared objects, each once; the first that has the allocator counts. */
static enum jemalloc_fail search_libraries(
	struct jemalloc_cache *c, uint32_t tgid, const struct str *maps, struct jemalloc *out)
{
	struct scan s = {str_get(maps), str_get(maps) + maps->len}, line;
	enum jemalloc_fail worst = JEMALLOC_NOT_FOUND;

	while (scan_line(&s, &line)) {
		enum jemalloc_fail rc;
		struct mapping m;

		if (!parse_mapping(line, &m))
			continue;
		rc = attach_library(c, tgid, &m, out);
		if (rc == JEMALLOC_OK)
			return rc;
		if (rc != JEMALLOC_NOT_FOUND)
			worst = rc;
	}
	return worst;
}

static bool is_denied(int code)
{
	return code == EACCES || code == EPERM;
}

/* Opens /proc/<tgid>/exe, which works also where the path leads nowhere any more. */
static enum jemalloc_fail open_exe(int proc, uint32_t tgid, int *fd, char *path, size_t size)
{
	char name[32];
	ssize_t n;

	snprintf(name, sizeof(name), "%u/exe", tgid);
	n = readlinkat(proc, name, path, size - 1);
	if (n < 0)
		return JEMALLOC_READLINK_FAILURE;
	path[n] = '\0';
	*fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? JEMALLOC_READLINK_FAILURE : JEMALLOC_OK;
}

static int read_maps(int proc, uint32_t tgid, struct str *out)
{
	char name[32];
	int fd, rc;

	snprintf(name, sizeof(name), "%u/maps", tgid);
	fd = openat(proc, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = file_read_fd(fd, 16 << 20, out);
	close(fd);
	return rc;
}

enum jemalloc_fail jemalloc_attach(
	struct jemalloc_cache *c, int proc, uint32_t tgid, struct jemalloc *out, bool *denied)
{
	cleanup_str struct str maps = STR_INIT;
	cleanup_close int fd = -1;
	char path[4096];
	const struct file *f;
	enum jemalloc_fail rc = open_exe(proc, tgid, &fd, path, sizeof(path));

	*denied = rc != JEMALLOC_OK && is_denied(errno);
	if (rc != JEMALLOC_OK)
		return rc;
	f = look_up(c, fd, tgid, path);
	if (f && f->fail == JEMALLOC_OK) {
		fill(f, exe_offset(&f->elf), out);
		return JEMALLOC_OK;
	}
	if (f && f->fail != JEMALLOC_NOT_FOUND)
		return f->fail;
	if (read_maps(proc, tgid, &maps) < 0) {
		*denied = is_denied(errno);
		return JEMALLOC_MAPS_READ_FAILURE;
	}
	return search_libraries(c, tgid, &maps, out);
}
