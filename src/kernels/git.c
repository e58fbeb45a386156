#include "src/kernels/git.h"

#include <errno.h>
#include <string.h>

#include "src/kernels/command.h"
#include "src/kernels/report.h"

/* Settings of the user and the system do not matter, unless it is a person's own tree. */
static const char *const strangers[] = {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"};
static const char *const always[] = {"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true",
	"GIT_ALLOW_PROTOCOL=https:http:git:ssh:file", "git"};

static bool tick(void *user)
{
	const struct git *g = user;

	return report_progress(g->report, g->what, 0, 0);
}

static void arguments(const struct git *g, const char *const *words, struct strv *argv)
{
	strv_push(argv, "env");
	for (size_t i = 0; i < ARRAY_LEN(strangers) && !g->as_user; i++)
		strv_push(argv, strangers[i]);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		strv_push(argv, always[i]);
	for (; *words; words++)
		strv_push(argv, *words);
}

int git_run(const struct git *g, const char *const *words, struct str *out, struct err *e)
{
	cleanup_strv struct strv argv = STRV_INIT;
	cleanup_str struct str text = STR_INIT, errs = STR_INIT;
	int rc;

	arguments(g, words, &argv);
	rc = command_run(
		&(struct command){
			.argv = (const char *const *)argv.v,
			.cwd = g->cwd ? g->cwd : "/",
			.tick = tick,
			.user = (void *)g,
		},
		out ? out : &text, &errs, e);
	if (rc == -ECANCELED)
		return err_set(e, ECANCELED, "cancelled while %s", g->what);
	if (rc == 127) /* env(1) did not find it */
		return err_set(e, ENOSYS, "git is not installed: apt-get install git");
	if (rc <= 0)
		return rc;
	return err_set(e, EIO, "%s: git: %.400s", g->about,
		errs.len ? str_trim(errs.s) : "it failed without a word");
}

bool git_is_commit(const char *text)
{
	return strspn(text, "0123456789abcdef") == GIT_COMMIT;
}

/* The commit of a name in `git ls-remote`'s list. */
static bool listed(const char *list, const char *name, char commit[GIT_COMMIT + 1])
{
	for (const char *line = list; *line;) {
		size_t n = strcspn(line, "\n");

		if (n == GIT_COMMIT + 1 + strlen(name) && git_is_commit(line) &&
			!strncmp(line + GIT_COMMIT + 1, name, strlen(name))) {
			memcpy(commit, line, GIT_COMMIT);
			commit[GIT_COMMIT] = '\0';
			return true;
		}
		line += n + (line[n] == '\n');
	}
	return false;
}

int git_remote_commit(const struct git *g, const char *url, const char *kind, const char *name,
	char commit[GIT_COMMIT + 1], struct err *e)
{
	bool tag = !strcmp(kind, "tag");
	cleanup_free char *full = xasprintf("refs/%s/%s", tag ? "tags" : "heads", name);
	/* a tag's own object gives way to what it names */
	cleanup_free char *peeled = xasprintf("%s^{}", full);
	const char *const words[] = {"ls-remote", "--", url, full, peeled, NULL};
	cleanup_str struct str list = STR_INIT;
	int rc = git_run(g, words, &list, e);

	if (rc)
		return rc;
	if (listed(str_get(&list), peeled, commit) || listed(str_get(&list), full, commit))
		return 0;
	return err_set(e, ENOENT, "%s has no %s %s", url, kind, name);
}
