#include "tests/lib/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/kernels/kernels.h"
#include "tests/lib/patience.h"
#include "tests/lib/vm.h"

#define LIMIT_NS (PATIENCE_S * NS_PER_SEC)

static bool find_kernel(struct kernel *k, struct err *e)
{
	return vm_test_kernel(k, e) == 0;
}

bool guest_possible(void)
{
	cleanup_free char *qemu = spawn_find("qemu-system-x86_64");
	cleanup_free char *busybox = NULL;
	struct err e = ERR_INIT;
	struct kernel k;

	if (!qemu) {
		printf("ok 1 - a guest # SKIP qemu-system-x86_64 is not installed\n");
		return false;
	}
	busybox = payload_busybox(&e);
	if (!busybox || !find_kernel(&k, &e)) {
		printf("ok 1 - a guest # SKIP %s\n", e.msg);
		return false;
	}
	kernel_release(&k);
	return true;
}

static void push_all(struct strv *to, const char *prefix, const char *const *list)
{
	for (; list && *list; list++)
		strv_pushf(to, "%s%s", prefix, *list);
}

/* Renames the archive's last entry, so that init does not find the sign of a whole archive. */
static void truncate_archive(const struct payload *p)
{
	char *map = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	const char *name = &PROTO_INIT_OK_PATH[1];
	char *at = map == MAP_FAILED ? NULL : memmem(map, p->size, name, strlen(name));

	for (char *next = at; next;
		next = memmem(at + 1, p->size - (size_t)(at + 1 - map), name, strlen(name)))
		at = next; /* the last one: init itself holds the name too */
	if (at)
		at[strlen(name) - 1] = 'x';
	if (map != MAP_FAILED)
		munmap(map, p->size);
}

static int choose_engine(struct guest *g)
{
	struct accel_choice choice;
	int rc = engine_choose_accel(VM_ACCEL_AUTO, &choice, &g->e);

	g->accel = choice.accel;
	g->engine = engine_of(choice.accel);
	g->report = mmap(NULL, sizeof(*g->report), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return g->report == MAP_FAILED ? -ENOMEM : rc;
}

static int pack(struct guest *g, const struct guest_setup *s, const struct kernel *k)
{
	cleanup_strv struct strv conf = STRV_INIT, include = STRV_INIT;
	const struct payload_note silent = {0};
	const struct payload_request q = {
		.modules = s->serial ? NULL : k->modules,
		.want = g->engine->wanted_modules(s->disk_bytes != 0),
		.include = &include,
		.conf = &conf,
	};
	int rc;

	if (s->exec)
		strv_pushf(&conf, PROTO_CONF_EXEC "=%s", s->exec);
	strv_pushf(&conf, PROTO_CONF_VIRTIO "=%d", !s->serial);
	push_all(&conf, PROTO_CONF_ENV "=", s->env);
	push_all(&conf, "", s->conf);
	push_all(&include, "", s->include);
	rc = payload_build(&q, &silent, &g->payload, &g->e);
	if (!rc && s->truncated)
		truncate_archive(&g->payload);
	return rc;
}

static int open_disk(uint64_t bytes)
{
	char path[] = "/tmp/ktstr-test-disk-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	unlink(path);
	if (ftruncate(fd, (off_t)bytes))
		abort();
	return fd;
}

static void pair(int *ours, int *theirs)
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
		abort();
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	*ours = s[0];
	*theirs = s[1];
}

static pid_t boot(struct guest *g, const struct guest_setup *s, const struct kernel *k)
{
	struct vm_config c = {.topology = s->topology};
	struct vm_kernel vk = {.image = k->image, .release = k->release, .init_size = k->init_size};
	cleanup_free char *cmdline = NULL;
	int log_fd, bulk_fd, console_fd;
	pid_t pid;

	if (!c.topology.vcpus)
		c.topology = vm_topology_uniform(1, 1, 1, 1);
	push_all(&c.append, "", s->append);
	cmdline = engine_cmdline(&c, &(struct engine_boot){g->accel, !s->serial, false}, &g->e);
	strv_release(&c.append);
	if (!cmdline)
		return -1;
	if (s->disk_bytes)
		g->disk_fd = open_disk(s->disk_bytes);
	if (!s->serial)
		g->kernel_fd = g->engine->unpack(&vk, &c, g->accel);
	pair(&g->log_fd, &log_fd);
	pair(&g->bulk_fd, &bulk_fd);
	pair(&g->console_fd, &console_fd);
	pid = g->engine->start(
		&(struct engine_request){
			.config = &c,
			.kernel = &vk,
			.kernel_fd = g->kernel_fd,
			.accel = g->accel,
			.memory_mib = engine_memory_mib(
				g->payload.size, &vk, c.topology.vcpus, s->memory_mib),
			.virtio = !s->serial,
			.cmdline = cmdline,
			.initrd_fd = g->payload.fd,
			.disk_fd = g->disk_fd,
			.log_fd = log_fd,
			.bulk_fd = bulk_fd,
			.console_fd = s->serial ? -1 : console_fd,
			.stderr_fd = 2,
			.control_fd = -1,
			.report = g->report,
		},
		&g->e);
	close(log_fd);
	close(bulk_fd);
	close(console_fd);
	return pid;
}

struct guest *guest_boot(const struct guest_setup *s)
{
	struct guest *g = xcalloc(1, sizeof(*g));
	struct kernel k = {0};

	*g = (struct guest){.log_fd = -1,
		.bulk_fd = -1,
		.console_fd = -1,
		.disk_fd = -1,
		.kernel_fd = -1,
		.payload.fd = -1,
		.console_end = UINT64_MAX};
	if (find_kernel(&k, &g->e) && !choose_engine(g) && !pack(g, s, &k))
		g->pid = boot(g, s, &k);
	g->serial = s->serial;
	kernel_release(&k);
	if (g->pid > 0)
		return g;
	printf("# cannot boot a guest: %s\n", g->e.msg);
	guest_free(g);
	return NULL;
}

void guest_free(struct guest *g)
{
	struct str *const strings[] = {&g->log, &g->console, &g->out, &g->err, &g->dmesg,
		&g->reason, &g->run_out, &g->run_err};
	const int fds[] = {g->log_fd, g->bulk_fd, g->console_fd, g->disk_fd, g->kernel_fd};

	if (g->pid > 0) {
		kill(g->pid, SIGKILL);
		spawn_wait(g->pid);
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		str_release(strings[i]);
	proto_parser_release(&g->parser);
	payload_release(&g->payload);
	if (g->report)
		munmap(g->report, sizeof(*g->report));
	free(g);
}

static uint64_t le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void lifecycle(struct guest *g, const unsigned char *p, size_t n)
{
	g->prompt |= n && p[0] == PROTO_PHASE_PROMPT;
	g->ending |= n && p[0] == PROTO_PHASE_ENDING;
	g->failed |= n && p[0] == PROTO_PHASE_FAILED;
	if (g->failed)
		str_append(&g->reason, p + 1, n - 1);
}

static void stream(struct str *to, bool *closed, const unsigned char *p, size_t n)
{
	if (n)
		str_append(to, p, n);
	else
		*closed = true;
}

static void on_frame(void *user, uint32_t tag, const unsigned char *p, size_t n)
{
	struct guest *g = user;

	if (tag == PROTO_SYS_RDY)
		g->ready = true;
	else if (tag == PROTO_STDOUT)
		stream(&g->out, &g->out_closed, p, n);
	else if (tag == PROTO_STDERR)
		stream(&g->err, &g->err_closed, p, n);
	else if (tag == PROTO_RUN_STDOUT)
		str_append(&g->run_out, p, n);
	else if (tag == PROTO_RUN_STDERR)
		str_append(&g->run_err, p, n);
	else if (tag == PROTO_DMESG)
		str_append(&g->dmesg, p, n);
	else if (tag == PROTO_CONSOLE)
		str_append(&g->console, p, n);
	else if (tag == PROTO_LIFECYCLE)
		lifecycle(g, p, n);
	else if (tag == PROTO_STDIN_TAKEN)
		g->stdin_taken += le(p, n);
	else if (tag == PROTO_CONSOLE_TAKEN)
		g->console_taken += le(p, n);
	else if (tag == PROTO_CONSOLE_END)
		g->console_end = le(p, n);
	else if (tag == PROTO_RUN_EXIT) {
		g->run_ends++;
		g->run_status = (int)le(p, n);
	} else if (tag == PROTO_EXEC_EXIT) {
		g->has_status = true;
		g->status = (int)le(p, n);
	}
}

/* One read of what is there; closes at the end. */
static ssize_t take(int *fd, char *buf, size_t size)
{
	ssize_t n = read(*fd, buf, size);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
	return n;
}

/* Waits and reads; false when nothing is left to wait for. */
static bool turn(struct guest *g, uint64_t until, short bulk_events)
{
	struct pollfd p[3] = {{g->log_fd, POLLIN, 0},
		{g->bulk_fd, (short)(POLLIN | bulk_events), 0}, {g->console_fd, POLLIN, 0}};
	uint64_t now = clock_mono_ns();
	char buf[65536];
	ssize_t n;

	if (now >= until || (g->log_fd < 0 && g->bulk_fd < 0 && g->console_fd < 0))
		return false;
	poll(p, 3, (int)((until - now) / NS_PER_MS) + 1);
	if (p[0].revents && (n = take(&g->log_fd, buf, sizeof(buf))) > 0)
		str_append(&g->log, buf, (size_t)n);
	if (p[1].revents & (POLLIN | POLLHUP | POLLERR) &&
		(n = take(&g->bulk_fd, buf, sizeof(buf))) > 0 &&
		proto_feed(&g->parser, buf, (size_t)n, on_frame, g)) {
		printf("# the guest broke the port protocol\n");
		return false;
	}
	if (p[2].revents && (n = take(&g->console_fd, buf, sizeof(buf))) > 0) {
		str_append(&g->console, buf, (size_t)n);
		g->console_seen += (uint64_t)n;
	}
	return true;
}

/* Whether the engine works, waits or is gone: a quiet kernel's log says nothing of that. */
static void print_engine(const struct guest *g)
{
	cleanup_free char *tasks = xasprintf("/proc/%d/task", g->pid);
	DIR *d = opendir(tasks);
	struct dirent *e;

	printf("# engine, its threads (name, state, figures of stat(5)):\n");
	while (d && (e = readdir(d))) {
		cleanup_free char *path = xasprintf("%s/%s/stat", tasks, e->d_name);
		cleanup_str struct str line = STR_INIT;

		if (e->d_name[0] != '.' && !file_read(path, 4096, &line, NULL))
			printf("# %.120s\n", str_get(&line));
	}
	if (d)
		closedir(d);
}

bool guest_until(struct guest *g, guest_condition *c, const void *arg)
{
	uint64_t until = clock_mono_ns() + LIMIT_NS;

	while (!c(g, arg))
		if (!turn(g, until, 0)) {
			printf("# not seen; log: %.2000s\n# console: %.2000s\n# stderr: %.500s\n",
				str_get(&g->log), str_get(&g->console), str_get(&g->err));
			print_engine(g);
			return false;
		}
	return true;
}

static bool console_has(const struct guest *g, const void *text)
{
	return g->console.len && memmem(g->console.s, g->console.len, text, strlen(text));
}

static bool out_has(const struct guest *g, const void *text)
{
	return g->out.len && memmem(g->out.s, g->out.len, text, strlen(text));
}

bool guest_until_console(struct guest *g, const char *text)
{
	return guest_until(g, console_has, text);
}

bool guest_until_out(struct guest *g, const char *text)
{
	return guest_until(g, out_has, text);
}

static bool at_end(const struct guest *g, const void *arg)
{
	(void)arg;
	return g->failed ||
	       (g->ending && (g->console_end == UINT64_MAX || g->console_seen >= g->console_end));
}

bool guest_until_end(struct guest *g)
{
	return guest_until(g, at_end, NULL);
}

static bool all_closed(const struct guest *g, const void *arg)
{
	(void)arg;
	return g->log_fd < 0 && g->bulk_fd < 0;
}

bool guest_finish(struct guest *g)
{
	guest_send(g, PROTO_SHUTDOWN, NULL, 0);
	if (!guest_until(g, all_closed, NULL))
		return false;
	g->engine_status = spawn_wait(g->pid);
	g->pid = 0;
	return true;
}

/* Writes everything, reading meanwhile, so that neither side waits for the other for ever. */
static bool write_all(struct guest *g, int *fd, const char *bytes, size_t n)
{
	uint64_t until = clock_mono_ns() + LIMIT_NS;

	while (n && *fd >= 0) {
		ssize_t put = send(*fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put > 0) {
			bytes += put;
			n -= (size_t)put;
		} else if (errno != EAGAIN || !turn(g, until, POLLOUT)) {
			return false;
		}
	}
	return n == 0;
}

void guest_send(struct guest *g, uint32_t tag, const void *payload, size_t n)
{
	unsigned char header[PROTO_HEADER_SIZE];

	proto_pack(header, tag, payload, n);
	write_all(g, &g->bulk_fd, (const char *)header, sizeof(header));
	write_all(g, &g->bulk_fd, payload, n);
}

struct credit {
	uint64_t sent;
	size_t wanted;
};

static bool has_room(const struct guest *g, const void *arg)
{
	const struct credit *c = arg;

	return c->sent + c->wanted - g->stdin_taken <= PROTO_WINDOW || g->has_status;
}

bool guest_stdin(struct guest *g, const void *bytes, size_t n)
{
	uint64_t before = g->stdin_taken;
	size_t sent = 0;

	while (sent < n) {
		size_t piece = n - sent < PROTO_CHUNK ? n - sent : PROTO_CHUNK;
		const struct credit c = {.sent = before + sent, .wanted = piece};

		if (!guest_until(g, has_room, &c))
			return false;
		guest_send(g, PROTO_STDIN, (const char *)bytes + sent, piece);
		sent += piece;
	}
	guest_send(g, PROTO_STDIN, NULL, 0);
	return true;
}

void guest_type(struct guest *g, const char *text)
{
	if (g->serial)
		guest_send(g, PROTO_CONSOLE, text, strlen(text));
	else
		write_all(g, &g->console_fd, text, strlen(text));
}
