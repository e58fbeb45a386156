/* Leaving a test out. cmocka's own skip() has no room for the reason. */
#pragma once

/*
 * Ends the running cmocka test as skipped, from wherever it is called; what the caller owns is not
 * freed. The reason is a phrase without a newline ("no xz"), printed as "# skipped: REASON" right
 * before the result, where tests/run.sh takes it from.
 */
_Noreturn void skip_because(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
