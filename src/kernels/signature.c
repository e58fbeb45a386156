#include "src/kernels/signature.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/base/utf8.h"
#include "src/kernels/command.h"
#include "src/kernels/report.h"

enum { GPGV_BAD = 1, SHOWN_MAX = 200 }; /* its status where the signature is wrong */

char *signature_keyring(const struct place *p)
{
	static const char *const usual[] = {"trustedkeys.kbx", "trustedkeys.gpg"};

	if (p->keyring && *p->keyring)
		return place_relative(p, p->keyring);
	for (size_t i = 0; i < ARRAY_LEN(usual) && p->home && *p->home; i++) {
		char *path = xasprintf("%s/.gnupg/%s", p->home, usual[i]);

		if (file_exists(path))
			return path;
		free(path);
	}
	return NULL;
}

static bool tick(void *user)
{
	return report_progress(user, "checking a signature", 0, 0);
}

/* What it said last, for people. */
static void last_words(const struct str *errs, struct str *out)
{
	cleanup_free char *copy = xstrdup(str_get(errs));
	const char *trimmed = str_trim(copy), *line = strrchr(trimmed, '\n');

	line = line ? line + 1 : trimmed;
	line += str_starts(line, "gpgv: ") ? strlen("gpgv: ") : 0;
	utf8_sanitize(out, line, strnlen(line, SHOWN_MAX), false);
}

static int verdict(int status, const char *keyring, const struct str *errs, struct err *e)
{
	cleanup_str struct str why = STR_INIT;

	if (status <= 0)
		return status == -ECANCELED ? err_set(e, ECANCELED, "cancelled") : status;
	last_words(errs, &why);
	if (status == GPGV_BAD)
		return err_set(e, EKEYREJECTED, "its signature is wrong: %s", str_get(&why));
	return err_set(e, ENOKEY, "its signature cannot be checked with the keys of %s: %s",
		keyring, str_get(&why));
}

static int run(const char *keyring, const char *file, struct str *out,
	const struct kernel_report *report, struct err *e)
{
	const char *const argv[] = {
		"gpgv", "--keyring", keyring, "--output", "-", "--", file, NULL};
	const struct command c = {.argv = argv, .tick = tick, .user = (void *)report};
	cleanup_str struct str errs = STR_INIT;

	return verdict(command_run(&c, out, &errs, e), keyring, &errs, e);
}

int signature_check(const char *keyring, const char *scratch, struct str *text,
	const struct kernel_report *report, struct err *e)
{
	cleanup_free char *gpgv = spawn_find("gpgv");
	cleanup_str struct str covered = STR_INIT;
	int rc;

	if (!gpgv)
		return err_set(e, ENOKEY,
			"its signature is not checked: gpgv is not installed (apt-get install "
			"gpgv)");
	if (!file_exists(keyring))
		return err_set(
			e, ENOKEY, "its signature is not checked: there is no keyring %s", keyring);
	rc = file_replace(scratch, str_get(text), text->len, 0600, e);
	rc = rc ? rc : run(keyring, scratch, &covered, report, e);
	unlink(scratch);
	if (rc)
		return rc;
	str_clear(text);
	str_append(text, str_get(&covered), covered.len);
	return 0;
}
