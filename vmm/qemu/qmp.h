/*
 * QEMU's control channel (QMP, docs/interop/qmp-spec): lines of JSON both ways. What is asked for
 * comes back as the `id` of the answer, so no order of answers is relied on.
 */
#pragma once

#include "vmm/engine.h"

int qmp_tell(int fd, enum engine_verb verb, char key);
int qmp_hear(int fd, struct engine_ear *ear, struct engine_news *out);
/* One line of QEMU's, without its end. Foreign bytes. */
void qmp_understand(const char *line, size_t n, struct engine_news *out);
