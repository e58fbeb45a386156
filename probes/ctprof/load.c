#include "probes/ctprof/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "probes/ctprof/store.h"
#include "src/base/zst.h"

/* The model may take as much as the text may: nothing that a kernel wrote comes near. */
static int check_held(struct ctp_loader *l, uint64_t max)
{
	if (ctp_build_held(l->b) <= max)
		return 0;
	return err_set(l->e, EFBIG, "it describes more than fits into %llu bytes",
		(unsigned long long)max);
}

static int load_threads(struct ctp_loader *l, uint64_t max)
{
	int event = ctp_load_next(l);

	if (event != JSON_ARRAY)
		return ctp_load_mismatch(l, "an array", event);
	for (size_t i = 0; (event = ctp_load_next(l)) == JSON_OBJECT; i++) {
		int rc = ctp_load_thread(l);

		if (rc == 0)
			rc = check_held(l, max);
		if (rc < 0)
			return err_prefix(l->e, "number %zu", i);
	}
	return event == JSON_ARRAY_END ? 0 : ctp_load_mismatch(l, "a thread's object", event);
}

static int load_cgroups(struct ctp_loader *l, uint64_t max)
{
	int event = ctp_load_next(l);

	if (event != JSON_OBJECT)
		return ctp_load_mismatch(l, "an object", event);
	while ((event = ctp_load_next(l)) == JSON_KEY) {
		const char *path = ctp_load_string(l);
		struct ctp_cgroup *c = ctp_build_cgroup(l->b, path, strlen(path));
		int rc = ctp_load_shape(l, &ctp_shape_cgroup, c, ctp_load_next(l));

		if (rc == 0)
			rc = check_held(l, max);
		if (rc < 0)
			return err_prefix(l->e, "'%.128s'", path);
	}
	return event < 0 ? event : 0;
}

static int load_object(struct ctp_loader *l, const struct shape_top *top)
{
	int event = ctp_load_next(l), rc;
	void *object;

	if (event == JSON_NULL)
		return 0;
	object = ctp_build_zeroed(l->b, top->size);
	rc = ctp_load_shape(l, top->shape, object, event);
	if (rc == 0)
		memcpy((char *)ctp_build_top(l->b) + top->offset, &object, sizeof(object));
	return rc;
}

static int load_top(struct ctp_loader *l, const struct shape_top *top, uint64_t max)
{
	struct ctp_snapshot *s = ctp_build_top(l->b);

	switch (top->kind) {
	case SHAPE_TOP_TIME:
		return ctp_load_u64(l, UINT64_MAX, &s->captured_at_unix_ns);
	case SHAPE_TOP_THREADS:
		return load_threads(l, max);
	case SHAPE_TOP_CGROUPS:
		return load_cgroups(l, max);
	case SHAPE_TOP_PSI:
		return ctp_load_shape(l, top->shape, &s->psi, ctp_load_next(l));
	case SHAPE_TOP_OBJECT:
		break;
	}
	return load_object(l, top);
}

static const struct shape_top *find_top(const char *key, size_t n)
{
	for (size_t i = 0; i < ctp_shape_ntops; i++)
		if (strlen(ctp_shape_tops[i].key) == n &&
			memcmp(ctp_shape_tops[i].key, key, n) == 0)
			return &ctp_shape_tops[i];
	return NULL;
}

static int no_snapshot(struct ctp_loader *l)
{
	return err_set(l->e, EBADMSG, "it is no ctprof snapshot: there is no \"threads\" in it");
}

static int load_all(struct ctp_loader *l, uint64_t max)
{
	int event = ctp_load_next(l);
	bool threads = false;

	if (event < 0)
		return event;
	if (event != JSON_OBJECT)
		return no_snapshot(l);
	while ((event = ctp_load_next(l)) == JSON_KEY) {
		const struct shape_top *top = find_top(l->json.s, l->json.n);
		int rc = top ? load_top(l, top, max)
			     : json_pull_skip(&l->json, ctp_load_next(l), l->e);

		if (rc < 0)
			return top ? err_prefix(l->e, "%s", top->key) : rc;
		threads |= top && top->kind == SHAPE_TOP_THREADS;
	}
	if (event == JSON_OBJECT_END)
		event = threads ? ctp_load_next(l) : no_snapshot(l);
	return event < 0 ? event : 0;
}

static struct ctp_snapshot *load(
	json_pull_read *read, void *ctx, uint64_t max, const char *name, struct err *e)
{
	struct err own = ERR_INIT;
	struct ctp_loader l = {.e = e ? e : &own};
	int rc;

	json_pull_init(&l.json, read, ctx);
	l.b = ctp_builder_new();
	rc = load_all(&l, max);
	json_pull_release(&l.json);
	free(l.pairs.v);
	free(l.texts.v);
	free(l.runs.v);
	cpuset_release(&l.cpus);
	str_release(&l.text);
	if (rc == 0)
		return ctp_build_finish(l.b);
	ctp_builder_free(l.b);
	err_prefix(l.e, "cannot load snapshot '%s'", name);
	if (rc == -EFBIG)
		err_hint(l.e, "--max-size raises the bound");
	return NULL;
}

struct ctp_snapshot *ctp_load_text(const char *text, size_t n, const char *name, struct err *e)
{
	struct json_pull_text t = {text, n};

	return load(json_pull_text_read, &t, CTP_MAX_SIZE, name, e);
}

static ssize_t read_zst(void *ctx, void *buf, size_t n, struct err *e)
{
	return zst_in_read(ctx, buf, n, e);
}

struct ctp_snapshot *ctp_load_fd(int fd, const char *name, uint64_t max_size, struct err *e)
{
	uint64_t max = max_size ? max_size : CTP_MAX_SIZE;
	struct zst_in *z = zst_in_new(fd, max, e);
	struct ctp_snapshot *s = z ? load(read_zst, z, max, name, e) : NULL;

	zst_in_free(z);
	return s;
}

static int check_file(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(e, errno, "cannot load snapshot '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "cannot load snapshot '%s': it is a directory", path);
	return 0;
}

struct ctp_snapshot *ctp_load(const char *path, uint64_t max_size, struct err *e)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		err_sys(e, errno, "cannot load snapshot '%s'", path);
		return NULL;
	}
	return check_file(fd, path, e) ? NULL : ctp_load_fd(fd, path, max_size, e);
}
