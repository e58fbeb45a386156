#include "src/kernels/ident.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"

static const char *const package_suffixes[] = {".deb", ".rpm", ".pkg.tar.zst"};
/* Names of distributions; a release follows after a dash, or at once where `glued` says so. */
static const struct {
	const char *name;
	bool alone, dashed, glued;
} releases[] = {
	{.name = "fedora", .alone = true, .dashed = true},
	{.name = "f", .glued = true},
	{.name = "ubuntu", .alone = true, .dashed = true},
	{.name = "amazonlinux", .alone = true, .dashed = true},
	{.name = "al", .glued = true},
	{.name = "steamos", .alone = true, .dashed = true},
	{.name = "gke", .alone = true, .dashed = true},
};

static bool is_package(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(package_suffixes); i++)
		if (str_ends(s, package_suffixes[i]))
			return true;
	return false;
}

/* "44", "24.04", "3.8" */
static bool is_release_number(const char *s)
{
	return isdigit((unsigned char)*s) && !s[strspn(s, "0123456789.")];
}

static bool is_release(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		const char *rest = s + strlen(releases[i].name);

		if (!str_starts(s, releases[i].name))
			continue;
		if (releases[i].alone && !*rest)
			return true;
		if (releases[i].dashed && *rest == '-' && is_release_number(rest + 1))
			return true;
		if (releases[i].glued && is_release_number(rest))
			return true;
	}
	return false;
}

static bool parse_range(const char *s, struct ident *out)
{
	const char *dots = strstr(s, ".."), *right;
	bool eq;

	if (!dots)
		return false;
	eq = dots[2] == '=';
	right = dots + (eq ? 3 : 2);
	if (!kver_parse(s, (size_t)(dots - s), &out->version) ||
		!kver_parse(right, strlen(right), &out->end))
		return false;
	out->separator = eq ? "..=" : "..";
	return true;
}

static void parse_git(const char *s, struct ident *out)
{
	const char *hash = strrchr(s, '#'), *eq;

	if (!hash) {
		out->url = xstrdup(s);
		return;
	}
	out->url = xstrndup(s, (size_t)(hash - s));
	eq = strchr(hash, '=');
	out->ref_kind = eq ? xstrndup(hash + 1, (size_t)(eq - hash - 1)) : xstrdup("");
	out->ref = xstrdup(eq ? eq + 1 : hash + 1);
}

static int expand_home(const char *s, const char *home, char **out, struct err *e)
{
	if (s[0] != '~' || (s[1] && s[1] != '/')) {
		*out = xstrdup(s);
		return 0;
	}
	if (!home || !*home)
		return err_set(e, EINVAL, "cannot expand '~' in '%s': HOME is not set", s);
	*out = xasprintf("%s%s", home, s + 1);
	return 0;
}

static enum ident_kind classify(const char *s, struct ident *out)
{
	if (is_package(s))
		return IDENT_PACKAGE;
	if (strcmp(s, "distro") == 0)
		return IDENT_DISTRO;
	if (is_release(s))
		return IDENT_RELEASE;
	if (str_starts(s, "git+"))
		return IDENT_GIT;
	if (parse_range(s, out))
		return IDENT_RANGE;
	if (strchr(s, '/') || s[0] == '.' || s[0] == '~')
		return IDENT_PATH;
	if (kver_parse(s, strlen(s), &out->version))
		return IDENT_VERSION;
	return IDENT_KEY;
}

int ident_parse(const char *text, const char *home, struct ident *out, struct err *e)
{
	cleanup_free char *copy = xstrdup(text);
	const char *s = str_trim(copy);
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (!*s)
		return err_set(e, EINVAL, "the kernel identifier is empty");
	out->text = xstrdup(s);
	out->kind = classify(s, out);
	if (out->kind == IDENT_GIT)
		parse_git(s + strlen("git+"), out);
	if (out->kind == IDENT_PATH || out->kind == IDENT_PACKAGE)
		rc = expand_home(s, home, &out->path, e);
	if (rc)
		ident_release(out);
	return rc;
}

void ident_release(struct ident *id)
{
	free(id->text);
	free(id->path);
	free(id->url);
	free(id->ref_kind);
	free(id->ref);
	memset(id, 0, sizeof(*id));
}

bool ident_key_valid(const char *key, const char **why)
{
	*why = NULL;
	if (!key[strspn(key, " \t\r\n\v\f")])
		*why = "it is blank";
	else if (key[0] == '.')
		*why = "it starts with a dot";
	else if (strpbrk(key, "/\\"))
		*why = "it holds a slash or a backslash";
	else if (strstr(key, ".."))
		*why = "it holds '..'";
	return !*why;
}

static int validate_git(const struct ident *id, struct err *e)
{
	static const char *const kinds[] = {"tag", "branch", "sha"};
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		known |= id->ref_kind && strcmp(id->ref_kind, kinds[i]) == 0;
	if (!*id->url)
		return err_set(e, EINVAL, "git source '%s' has an empty URL", id->text);
	if (!known)
		return err_set(e, EINVAL,
			"git source '%s': the ref kind must be explicit: end it with #tag=NAME, "
			"#branch=NAME or #sha=COMMIT",
			id->text);
	if (!*id->ref)
		return err_set(e, EINVAL, "git source '%s' has an empty ref value after '#%s='",
			id->text, id->ref_kind);
	if (strcmp(id->ref_kind, "sha") == 0 &&
		(strlen(id->ref) != 40 || strspn(id->ref, "0123456789abcdefABCDEF") != 40))
		return err_set(
			e, EINVAL, "git source '%s': sha= takes a full 40-hex commit id", id->text);
	return 0;
}

static int validate_range(const struct ident *id, struct err *e)
{
	struct kver end = kver_widen(id->end);
	const char *right = strstr(id->text, "..") + strlen(id->separator);
	int left = (int)(strstr(id->text, "..") - id->text);

	if (kver_compare(&id->version, &end) <= 0)
		return 0;
	err_set(e, EINVAL, "inverted kernel range `%s`", id->text);
	return err_hint(e, "Swap the endpoints (`%s%s%.*s`)", right, id->separator, left, id->text);
}

static int refuse_release(const struct ident *id, struct err *e)
{
	err_set(e, ENOTSUP,
		"'%s': of distributions only this machine's own kernel is fetched: `distro`",
		id->text);
	return err_hint(e,
		"download its kernel package and name the file: ./linux-image-VERSION.deb or "
		"./kernel-core-VERSION.rpm, what has the modules beside it");
}

int ident_validate(const struct ident *id, struct err *e)
{
	const char *why;

	if (id->kind == IDENT_GIT)
		return validate_git(id, e);
	if (id->kind == IDENT_RANGE)
		return validate_range(id, e);
	if (id->kind == IDENT_RELEASE)
		return refuse_release(id, e);
	if (id->kind == IDENT_KEY && !ident_key_valid(id->text, &why))
		return err_set(e, EINVAL, "'%s' cannot name a cached kernel: %s", id->text, why);
	return 0;
}
