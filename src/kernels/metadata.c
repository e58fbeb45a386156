#include "src/kernels/metadata.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/json_out.h"
#include "src/base/utf8.h"
#include "src/kernels/json_fault.h"

enum { METADATA_MAX = 1 << 20, PACKAGES_MAX = 64 };

static const char *const source_names[] = {
	[METADATA_TARBALL] = "tarball",
	[METADATA_GIT] = "git",
	[METADATA_LOCAL] = "local",
	[METADATA_PACKAGE] = "package",
};

const char *metadata_source_name(enum metadata_source s)
{
	return source_names[s];
}

static int __attribute__((format(printf, 3, 4)))
fault(struct metadata_fault *f, const char *kind, const char *fmt, ...)
{
	va_list ap;

	f->kind = kind;
	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int drift(struct metadata_fault *f, const char *what, const char *key)
{
	return fault(f, "schema_drift", "metadata.json schema drift: %s `%s`", what, key);
}

static char *optional_text(const struct json *object, const char *key)
{
	const char *s = json_get_text(object, key, NULL);

	return s ? xstrdup(s) : NULL;
}

static int required_text(
	const struct json *object, const char *key, char **out, struct metadata_fault *f)
{
	*out = optional_text(object, key);
	if (*out)
		return 0;
	return drift(f, json_get(object, key) ? "not a string:" : "missing field", key);
}

static int required_flag(
	const struct json *object, const char *key, bool *out, struct metadata_fault *f)
{
	const struct json *v = json_get(object, key);

	*out = json_flag(v, false);
	if (*out == json_flag(v, true))
		return 0;
	return drift(f, v ? "not a boolean:" : "missing field", key);
}

static void parse_packages(const struct json *list, struct metadata *out)
{
	for (size_t i = 0; i < json_size(list) && i < PACKAGES_MAX; i++) {
		const struct json *p = json_at(list, i);

		vec_push(
			&out->packages, (struct metadata_package){
						.name = xstrdup(json_get_text(p, "name", "")),
						.version = xstrdup(json_get_text(p, "version", "")),
						.size = json_get_uint(p, "size", 0),
						.mtime_secs = json_get_uint(p, "mtime_secs", 0),
						.mtime_nsecs = json_get_uint(p, "mtime_nsecs", 0),
					});
	}
}

static int parse_source(const struct json *root, struct metadata *out, struct metadata_fault *f)
{
	const struct json *source = json_get(root, "source");
	const char *type = json_get_text(source, "type", NULL);

	if (!source)
		return drift(f, "missing field", "source");
	if (!type)
		return drift(f, "missing field", "source.type");
	for (unsigned i = 0; i < ARRAY_LEN(source_names); i++)
		if (strcmp(type, source_names[i]) == 0) {
			out->source = (enum metadata_source)i;
			out->git_hash = optional_text(source, "git_hash");
			out->git_ref = optional_text(source, "ref");
			out->tree = optional_text(source, "source_tree_path");
			out->manager = optional_text(source, "manager");
			parse_packages(json_get(source, "packages"), out);
			return 0;
		}
	return drift(f, "unknown source.type", type);
}

static bool plain_name(const char *s)
{
	return s[strspn(s, " \t")] && !strpbrk(s, "/\\") && !strstr(s, "..") && strcmp(s, ".") != 0;
}

static int parse_fields(const struct json *root, struct metadata *out, struct metadata_fault *f)
{
	const struct json *size = json_get(root, "source_vmlinux_size");
	int rc = parse_source(root, out, f);

	rc = rc ? rc : required_text(root, "arch", &out->arch, f);
	rc = rc ? rc : required_text(root, "image_name", &out->image_name, f);
	rc = rc ? rc : required_text(root, "built_at", &out->built_at, f);
	rc = rc ? rc : required_flag(root, "has_vmlinux", &out->has_vmlinux, f);
	rc = rc ? rc : required_flag(root, "vmlinux_stripped", &out->vmlinux_stripped, f);
	if (rc)
		return rc;
	if (!plain_name(out->image_name))
		return drift(f, "not a plain file name:", "image_name");
	out->version = optional_text(root, "version");
	out->config_hash = optional_text(root, "config_hash");
	out->kconfig_hash = optional_text(root, "ktstr_kconfig_hash");
	out->extra_kconfig_hash = optional_text(root, "extra_kconfig_hash");
	out->has_vmlinux_origin = size && !json_is_null(size);
	out->vmlinux_size = json_uint(size, 0);
	out->vmlinux_mtime = json_get_uint(root, "source_vmlinux_mtime_secs", 0);
	return 0;
}

static int syntax_fault(const char *text, size_t n, const struct err *e, struct metadata_fault *f)
{
	switch (json_fault(text, n)) {
	case JSON_FAULT_CUT:
		return fault(f, "truncated", "metadata.json truncated: it ends inside a value");
	case JSON_FAULT_SYNTAX:
		return fault(f, "malformed", "metadata.json malformed: %s", e->msg);
	case JSON_FAULT_NONE:
		break;
	}
	return fault(f, "parse_error", "metadata.json parse error: %s", e->msg);
}

int metadata_parse(const char *text, size_t n, struct metadata *out, struct metadata_fault *f)
{
	struct err e = ERR_INIT;
	struct json *root = json_parse(text, n, &e);
	int rc;

	memset(out, 0, sizeof(*out));
	if (!root)
		return syntax_fault(text, n, &e, f);
	if (json_is_object(root))
		rc = parse_fields(root, out, f);
	else
		rc = fault(f, "schema_drift", "metadata.json schema drift: it is not an object");
	json_free(root);
	if (rc)
		metadata_release(out);
	return rc;
}

int metadata_read(const char *dir, struct metadata *out, struct metadata_fault *f)
{
	cleanup_free char *path = file_join(dir, "metadata.json");
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;
	int rc = file_read(path, METADATA_MAX, &text, &e);

	memset(out, 0, sizeof(*out));
	if (rc == -ENOENT)
		return fault(f, "missing", "metadata.json missing");
	if (rc)
		return fault(f, "unreadable", "metadata.json unreadable: %s", strerror(-rc));
	return metadata_parse(str_get(&text), text.len, out, f);
}

static void write_source(struct json_out *j, const struct metadata *m)
{
	json_key(j, "source");
	json_object(j);
	json_key_str(j, "type", source_names[m->source]);
	if (m->source == METADATA_LOCAL)
		json_key_str(j, "source_tree_path", m->tree);
	if (m->source == METADATA_GIT || m->source == METADATA_LOCAL)
		json_key_str(j, "git_hash", m->git_hash);
	if (m->source == METADATA_GIT)
		json_key_str(j, "ref", m->git_ref);
	if (m->source == METADATA_PACKAGE) {
		json_key_str(j, "manager", m->manager);
		json_key(j, "packages");
		json_array(j);
		for (size_t i = 0; i < m->packages.n; i++) {
			const struct metadata_package *p = &m->packages.v[i];

			json_object(j);
			json_key_str(j, "name", p->name);
			json_key_str(j, "version", p->version);
			json_key_u64(j, "size", p->size);
			json_key_u64(j, "mtime_secs", p->mtime_secs);
			json_key_u64(j, "mtime_nsecs", p->mtime_nsecs);
			json_object_end(j);
		}
		json_array_end(j);
	}
	json_object_end(j);
}

static void write_known(struct json_out *j, const char *key, bool known, uint64_t v)
{
	if (known)
		json_key_u64(j, key, v);
	else
		json_key_null(j, key);
}

void metadata_write(const struct metadata *m, struct str *out)
{
	struct json_out j;

	json_init(&j, out, true);
	json_object(&j);
	json_key_str(&j, "version", m->version);
	write_source(&j, m);
	json_key_str(&j, "arch", m->arch);
	json_key_str(&j, "image_name", m->image_name);
	json_key_str(&j, "config_hash", m->config_hash);
	json_key_str(&j, "built_at", m->built_at);
	json_key_str(&j, "ktstr_kconfig_hash", m->kconfig_hash);
	json_key_str(&j, "extra_kconfig_hash", m->extra_kconfig_hash);
	json_key_bool(&j, "has_vmlinux", m->has_vmlinux);
	json_key_bool(&j, "vmlinux_stripped", m->vmlinux_stripped);
	write_known(&j, "source_vmlinux_size", m->has_vmlinux_origin, m->vmlinux_size);
	write_known(&j, "source_vmlinux_mtime_secs", m->has_vmlinux_origin, m->vmlinux_mtime);
	json_object_end(&j);
	str_addc(out, '\n');
}

void metadata_release(struct metadata *m)
{
	for (size_t i = 0; i < m->packages.n; i++) {
		free(m->packages.v[i].name);
		free(m->packages.v[i].version);
	}
	free(m->packages.v);
	free(m->git_hash);
	free(m->git_ref);
	free(m->tree);
	free(m->manager);
	free(m->version);
	free(m->arch);
	free(m->image_name);
	free(m->config_hash);
	free(m->built_at);
	free(m->kconfig_hash);
	free(m->extra_kconfig_hash);
	memset(m, 0, sizeof(*m));
}

char *metadata_now(void)
{
	time_t now = (time_t)(clock_real_ns() / NS_PER_SEC);
	char text[64];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}
