/* Pieces of JSON text that ends in a zero byte: escapes and numbers, as json_pull.h reads them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The escape at s (a backslash), decoded to at most 4 bytes; the bytes read, 0 = wrong. Half of a
 * surrogate pair becomes U+FFFD. */
size_t json_escape(const char *s, char *to, size_t *len);
/* How many decimal digits stand at s. */
size_t json_digits(const char *s);
/* Behind the integer part: the length of fraction and exponent, -1 when they are wrong. */
ssize_t json_fraction(const char *s);
/* An integer of n digits; false when it does not fit. */
bool json_integer(const char *s, size_t n, uint64_t *out);
