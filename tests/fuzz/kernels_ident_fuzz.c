/* Kernel identifiers: whatever the text, a kind with the parts that belong to it, and versions
 * whose order holds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/kernels/ident.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int ok)
{
	if (!ok)
		abort();
}

static void check(const struct ident *id)
{
	const char *why;
	bool valid = ident_validate(id, NULL) == 0;

	switch (id->kind) {
	case IDENT_PATH:
	case IDENT_PACKAGE:
		need(id->path && *id->path);
		break;
	case IDENT_GIT:
		need(id->url && (!valid || (id->ref && *id->ref)));
		break;
	case IDENT_RANGE: {
		struct kver end = kver_widen(id->end);

		need(id->separator && valid == (kver_compare(&id->version, &end) <= 0));
		break;
	}
	case IDENT_KEY:
		need(valid == ident_key_valid(id->text, &why) && !strchr(id->text, '/'));
		break;
	case IDENT_VERSION:
		need(valid && kver_compare(&id->version, &id->version) == 0);
		break;
	case IDENT_DISTRO:
		need(valid);
		break;
	case IDENT_RELEASE:
		need(!valid);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xstrndup((const char *)data, size);
	struct ident id;

	if (ident_parse(text, "/home/x", &id, NULL) == 0) {
		check(&id);
		ident_release(&id);
	}
	return 0;
}
