/* What the profile pane shows, into a file: lines as they stand, or the rows as JSON or CSV. */
#include <errno.h>

#include "probes/ctprof/export.h"
#include "probes/ctprof/store.h"
#include "src/base/file.h"
#include "ui/ct_view.h"

enum { TEXT_WIDTH = 160 };

static void text_of(const struct ct_view *w, struct str *out)
{
	if (w->lines.n && w->lines.v[0].kind != CT_TEXT) {
		ct_header_text(w, TEXT_WIDTH, out);
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < w->lines.n; i++) {
		ct_line_text(w, i, TEXT_WIDTH, out);
		while (out->len && out->s[out->len - 1] == ' ')
			out->s[--out->len] = '\0';
		str_addc(out, '\n');
	}
}

int ct_export(const struct ct_view *w, const char *path, struct err *e)
{
	struct ctp_export x = {.view = &w->view, .noise = w->noise};
	cleanup_str struct str out = STR_INIT;
	struct json_out j;

	if (!*path)
		return err_set(e, EINVAL, "an export needs the name of a file");
	if (str_ends(path, ".ctprof.zst"))
		return ctp_save(ct_snap(w, CTP_CAND), path, e);
	if (str_ends(path, ".json")) {
		json_init(&j, &out, true);
		ctp_json_compare(w->diff, &x, &j);
		str_addc(&out, '\n');
	} else if (str_ends(path, ".csv")) {
		ctp_csv_compare(w->diff, &x, &out);
	} else {
		text_of(w, &out);
	}
	return file_replace(path, str_get(&out), out.len, 0644, e);
}
