/* UTF-8: strict decoding, display width, and making foreign text safe to show. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/*
 * Decodes one character (RFC 3629: shortest form, no surrogates, at most U+10FFFF). Returns its
 * length, -1 when the bytes at s can never be a character, 0 when n bytes are a proper beginning of
 * one.
 */
int utf8_decode(const char *s, size_t n, uint32_t *cp);
/* Whether all n bytes are well-formed UTF-8. */
bool utf8_valid(const char *s, size_t n);
/* Writes 1 to 4 bytes; returns their number. */
int utf8_encode(uint32_t cp, char out[4]);
/* Cells that a character takes on a terminal: 0, 1 or 2; control characters count 0. */
int utf8_char_width(uint32_t cp);
/* Cells of a string (bad bytes count one each). */
size_t utf8_width(const char *s);
/* Appends s with control characters (C0, DEL, C1) and bad bytes replaced by '?' or U+FFFD. With
 * keep_nl, newline and tab pass. For everything foreign that is shown outside the guest's own
 * screen. */
void utf8_sanitize(struct str *out, const char *s, size_t n, bool keep_nl);
