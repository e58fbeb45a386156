#include "vmm/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/parse.h"

enum kind { TEXT, LIST, U16, U32, U64, BOOLEAN, TOPOLOGY, DISTANCES, OFFLINE, ACCEL, MODE };

/* One row per member that travels; a new member of struct vm_config is a new row. */
struct row {
	const char *key;
	enum kind kind;
	size_t offset; /* in struct vm_setup */
};
#define ROW(key_, kind_, member)                                                                   \
	{                                                                                          \
		.key = (key_), .kind = (kind_), .offset = offsetof(struct vm_setup, member)        \
	}

static const struct row rows[] = {
	ROW("kernel", TEXT, c.kernel),
	ROW("modules", TEXT, c.modules),
	ROW("fetch", TEXT, c.fetch),
	ROW("topology", TOPOLOGY, c.topology),
	ROW("distances", DISTANCES, c.topology), /* behind the shape that they are of */
	ROW("offline", OFFLINE, c.topology),
	ROW("memory_mib", U32, c.memory_mib),
	ROW("accel", ACCEL, c.accel),
	ROW("reserve", MODE, c.reserve.mode),
	ROW("cpu_cap", U32, c.reserve.cap),
	ROW("reserve_wait_ns", U64, c.reserve.wait_ns),
	ROW("note", LIST, c.notes),
	ROW("kaslr", BOOLEAN, c.kaslr),
	ROW("exec", TEXT, c.exec),
	ROW("exec_timeout_ns", U64, c.exec_timeout_ns),
	ROW("dmesg", BOOLEAN, c.dmesg),
	ROW("append", LIST, c.append),
	ROW("env", LIST, c.env),
	ROW("modules_load", LIST, c.modules_load),
	ROW("include", LIST, c.include),
	ROW("disk_bytes", U64, c.disk_bytes),
	ROW("rows", U16, c.rows),
	ROW("cols", U16, c.cols),
	ROW("term", TEXT, c.term),
	ROW("colorterm", TEXT, c.colorterm),
	ROW("started_ns", U64, started_ns),
};

static void put(struct str *out, const char *key, const char *value)
{
	str_printf(out, "%s=", key);
	str_append(out, value, strlen(value) + 1);
}

static void put_number(struct str *out, const char *key, uint64_t v)
{
	str_printf(out, "%s=%llu", key, (unsigned long long)v);
	str_append(out, "", 1);
}

/* What holds anyway is not said. */
static void encode_topology(const struct row *r, const struct vm_topology *t, struct str *out)
{
	cleanup_str struct str text = STR_INIT;

	if (r->kind == TOPOLOGY)
		vm_topology_spell(t, &text);
	else if (r->kind == DISTANCES && t->distances)
		vm_topology_spell_distances(t, &text);
	else if (r->kind == OFFLINE)
		vm_topology_spell_offline(t, &text);
	if (text.len)
		put(out, r->key, text.s);
}

static void encode_row(const struct row *r, const void *setup, struct str *out)
{
	const void *m = (const char *)setup + r->offset;
	const struct strv *l = m;

	switch (r->kind) {
	case TEXT:
		if (*(const char *const *)m)
			put(out, r->key, *(const char *const *)m);
		break;
	case LIST:
		for (size_t i = 0; i < l->n; i++)
			put(out, r->key, l->v[i]);
		break;
	case U16:
		put_number(out, r->key, *(const uint16_t *)m);
		break;
	case U32:
		put_number(out, r->key, *(const uint32_t *)m);
		break;
	case U64:
		put_number(out, r->key, *(const uint64_t *)m);
		break;
	case BOOLEAN:
		put_number(out, r->key, *(const bool *)m);
		break;
	case ACCEL:
		put_number(out, r->key, *(const enum vm_accel *)m);
		break;
	case MODE:
		put_number(out, r->key, *(const enum reserve_mode *)m);
		break;
	case TOPOLOGY:
	case DISTANCES:
	case OFFLINE:
		encode_topology(r, m, out);
		break;
	}
}

void vm_config_encode(const struct vm_config *c, uint64_t started_ns, struct str *out)
{
	struct vm_setup s = {.c = *c, .started_ns = started_ns};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		encode_row(&rows[i], &s, out);
}

static int decode_number(const struct row *r, char *value, void *m)
{
	static const uint64_t most[] = {
		[U16] = UINT16_MAX,
		[U32] = UINT32_MAX,
		[U64] = UINT64_MAX,
		[BOOLEAN] = 1,
		[ACCEL] = VM_ACCEL_QEMU_KVM,
		[MODE] = RESERVE_NONE,
	};
	uint64_t v;

	if (parse_u64(value, &v, NULL) || v > most[r->kind])
		return -EINVAL;
	if (r->kind == U16)
		*(uint16_t *)m = (uint16_t)v;
	else if (r->kind == U32)
		*(uint32_t *)m = (uint32_t)v;
	else if (r->kind == U64)
		*(uint64_t *)m = v;
	else if (r->kind == BOOLEAN)
		*(bool *)m = v != 0;
	else if (r->kind == MODE)
		*(enum reserve_mode *)m = (enum reserve_mode)v;
	else
		*(enum vm_accel *)m = (enum vm_accel)v;
	return 0;
}

static int decode_row(const struct row *r, char *value, void *setup)
{
	void *m = (char *)setup + r->offset;

	switch (r->kind) {
	case TEXT:
		if (*(char **)m)
			return -EINVAL;
		*(char **)m = value;
		return 0;
	case LIST:
		strv_push(m, value);
		return 0;
	case TOPOLOGY:
		return vm_topology_parse(value, m, NULL);
	case DISTANCES:
		return vm_topology_set_distances(m, value, NULL);
	case OFFLINE:
		return vm_topology_set_offline(m, value, NULL);
	default:
		return decode_number(r, value, m);
	}
}

static int decode_record(char *record, struct vm_setup *out)
{
	char *value = strchr(record, '=');

	if (!value)
		return -EINVAL;
	*value++ = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(record, rows[i].key))
			return decode_row(&rows[i], value, out);
	return -EINVAL;
}

int vm_config_decode(const char *bytes, size_t n, struct vm_setup *out, struct err *e)
{
	size_t at = 0;

	*out = (struct vm_setup){0};
	if (n == 0 || n > VM_CONFIG_BYTES_MAX || bytes[n - 1] != 0)
		return err_set(e, EINVAL,
			"the configuration of a VM is %zu bytes that are no NUL-terminated records",
			n);
	out->bytes = xmalloc(n);
	memcpy(out->bytes, bytes, n);
	while (at < n) {
		size_t len = strlen(out->bytes + at);

		if (decode_record(out->bytes + at, out)) {
			vm_setup_release(out);
			return err_set(e, EINVAL,
				"the configuration of a VM has a bad record at byte %zu", at);
		}
		at += len + 1;
	}
	if (!out->c.topology.vcpus) {
		vm_setup_release(out);
		return err_set(e, EINVAL, "the configuration of a VM has no topology");
	}
	return 0;
}

void vm_setup_release(struct vm_setup *s)
{
	strv_release(&s->c.notes);
	strv_release(&s->c.append);
	strv_release(&s->c.env);
	strv_release(&s->c.modules_load);
	strv_release(&s->c.include);
	free(s->bytes);
	*s = (struct vm_setup){0};
}
