#include "src/cli/row_text.h"

#include "src/cli/wrap.h"

void row_text(struct str *out, const struct opt *o)
{
	sentence(out, o->help, o->more);
	if (o->type == OPT_LIST)
		str_add(out, " It may be given more than once.");
	if (o->type != OPT_CHOICES)
		return;
	str_add(out, " It takes one or more, parted by commas, of:");
	for (size_t i = 0; o->choices[i]; i++)
		str_printf(out, "%s %s", i ? "," : "", o->choices[i]);
	str_addc(out, '.');
}
