/*
 * The hidden `ktstr __vm`: the child process of one guest. vmm/vmctl.c starts it with the
 * configuration on descriptor 0 and its two sockets on 3 and 4.
 */
#include <errno.h>
#include <sys/socket.h>

#include "src/cli/cli.h"
#include "src/kernels/kernels.h"
#include "vmm/host.h"

enum { CONFIG_FD = 0, CONTROL_FD = 3, CONSOLE_FD = 4 };

static int resolve(
	const struct vm_config *c, const struct vm_report *r, struct vm_kernel *out, struct err *e)
{
	const struct kernel_report report = {
		.user = r->user,
		.note = r->note,
		.progress = r->progress,
	};
	const struct kernel_wish wish = {.id = c->kernel, .modules = c->modules, .fetch = c->fetch};
	struct kernel k = {0};
	int rc = kernel_resolve(&wish, &report, &k, e);

	if (rc)
		return rc;
	/* the strings change hands, and so does the lock */
	*out = (struct vm_kernel){
		.image = k.image,
		.release = k.release,
		.modules = k.modules,
		.origin = k.origin,
		.lock = k.lock,
		.init_size = k.init_size,
		.cache = kernel_cache_root(NULL),
	};
	return 0;
}

static bool is_socket(int fd, int want)
{
	int type;
	socklen_t n = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == want;
}

static int run(const void *values, const struct cli_context *cx)
{
	static const struct vm_host_ops ops = {.resolve_kernel = resolve};
	struct err e = ERR_INIT;

	(void)values;
	if (!is_socket(CONTROL_FD, SOCK_SEQPACKET) || !is_socket(CONSOLE_FD, SOCK_STREAM)) {
		err_set(&e, EINVAL, "this is the inner part of a guest, started by `ktstr shell`");
		cli_error(cx, &e);
		return EXIT_USAGE;
	}
	return vm_host_main(CONFIG_FD, CONTROL_FD, CONSOLE_FD, &ops);
}

const struct command cmd_vm = {
	.name = "__vm",
	.summary = "run one guest for another process",
	.hidden = true,
	.run = run,
};
