#include "src/cli/shell_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/topo/topo.h"
#include "src/base/clock.h"
#include "src/base/file.h"

#define EXEC_TIMEOUT_NS (120 * NS_PER_SEC)
enum { MIB = 1024 * 1024 };

const char *const shell_accels[] = {"auto", "kvm", "tcg", NULL};
const char *const shell_fetches[] = {"distro", "stable", NULL};

static enum vm_accel accel_of(const char *word)
{
	if (word && !strcmp(word, "kvm"))
		return VM_ACCEL_KVM;
	if (word && !strcmp(word, SHELL_ACCEL_QEMU_KVM))
		return VM_ACCEL_QEMU_KVM;
	return word && !strcmp(word, "tcg") ? VM_ACCEL_TCG : VM_ACCEL_AUTO;
}

/* spec/vmm 1.8; the suffix has been read already. */
static int check_disk(uint64_t bytes, struct err *e)
{
	if (bytes == 0)
		return err_set(e, EINVAL, "--disk: the size must be > 0");
	if (bytes % MIB)
		return err_set(e, EINVAL,
			"--disk: %llu bytes is not a whole number of MiB (the nearest: %llumib)",
			(unsigned long long)bytes,
			(unsigned long long)(bytes / MIB ? bytes / MIB : 1));
	if (bytes / MIB > UINT32_MAX)
		return err_set(e, EINVAL, "--disk: %llu MiB is more than %u MiB",
			(unsigned long long)(bytes / MIB), UINT32_MAX);
	return 0;
}

/* NAME=VALUE as it is, NAME with the value that it has here. */
static int add_env(const char *word, struct strv *out, struct err *e)
{
	size_t n = strcspn(word, "=");
	const char *value;

	if (n == 0)
		return err_set(e, EINVAL, "--env '%s': a variable needs a name", word);
	if (word[n]) {
		strv_push(out, word);
		return 0;
	}
	value = getenv(word);
	if (!value) {
		err_set(e, EINVAL, "--env %s: there is no such variable here", word);
		return err_hint(e, "--env %s=VALUE sets it for the guest alone", word);
	}
	strv_pushf(out, "%s=%s", word, value);
	return 0;
}

static int fill_env(const struct strv *words, struct strv *out, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < words->n && !rc; i++)
		rc = add_env(words->v[i], out, e);
	return rc;
}

static int check(const struct shell_values *v, struct err *e)
{
	if (v->disk.set && check_disk(v->disk.v, e))
		return -EINVAL;
	if (v->exec && !v->exec[strspn(v->exec, " \t\n")])
		return err_set(e, EINVAL, "--exec: the command is empty");
	if (v->exec && v->exec_timeout.set && v->exec_timeout.v == 0)
		return err_set(e, EINVAL, "--exec-timeout: must be more than 0");
	if (v->modules && !file_is_dir(v->modules))
		return err_set(e, ENOENT, "--modules: %s is no folder", v->modules);
	return 0;
}

static int reserve(const struct shell_values *v, struct vm_config *out, struct err *e)
{
	const struct reserve_options o = {
		.no_perf_mode = v->no_perf_mode,
		.perf_mode = v->perf_mode,
		.cap_set = v->cpu_cap.set,
		.cap = v->cpu_cap.v,
		.wait_ns = v->wait.set ? v->wait.v : 0,
	};

	return reserve_request_init(&out->reserve, &o, &out->notes, e);
}

static int host_topology(const char *text, struct vm_topology *out, struct err *e)
{
	struct sysroot *root = sysroot_open(NULL, e);
	struct topo *t = root ? topo_collect_shape(root, e) : NULL;
	int rc = t ? vm_topology_parse_host(text, t, out, e) : -ENODEV;

	topo_free(t);
	sysroot_close(root);
	return rc;
}

static int topology(const struct shell_values *v, struct vm_topology *out, struct err *e)
{
	const char *shape = v->topology ? v->topology : "1,1,1,1";
	int rc = vm_topology_wants_host(shape) ? host_topology(shape, out, e)
					       : vm_topology_parse(shape, out, e);

	if (!rc && v->distances && vm_topology_set_distances(out, v->distances, e))
		rc = err_prefix(e, "--distances");
	if (!rc && v->offline_cpus && vm_topology_set_offline(out, v->offline_cpus, e))
		rc = err_prefix(e, "--offline-cpus");
	return rc;
}

int shell_config(const struct shell_values *v, struct vm_config *out, struct err *e)
{
	int rc = check(v, e);

	*out = (struct vm_config){
		.kernel = v->kernel,
		.modules = v->modules,
		.fetch = v->fetch,
		.memory_mib = v->memory_mib.set ? v->memory_mib.v : 0,
		.accel = accel_of(v->accel),
		.exec = v->exec,
		.exec_timeout_ns = v->exec_timeout.set ? v->exec_timeout.v : EXEC_TIMEOUT_NS,
		.dmesg = v->dmesg,
		.kaslr = v->kaslr,
		.disk_bytes = v->disk.set ? v->disk.v : 0,
		.term = getenv("TERM"),
		.colorterm = getenv("COLORTERM"),
	};
	if (!rc)
		rc = topology(v, &out->topology, e);
	if (!rc)
		rc = reserve(v, out, e);
	if (!rc)
		rc = fill_env(&v->env, &out->env, e);
	strv_copy(&out->append, &v->append);
	if (!rc && vm_check_append(out, e))
		rc = -EINVAL;
	strv_copy(&out->modules_load, &v->modules_load);
	strv_copy(&out->include, &v->include);
	if (rc)
		shell_config_release(out);
	return rc;
}

void shell_config_release(struct vm_config *c)
{
	strv_release(&c->notes);
	strv_release(&c->append);
	strv_release(&c->env);
	strv_release(&c->modules_load);
	strv_release(&c->include);
}
