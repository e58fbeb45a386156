/*
 * The gate before libvterm: cuts a guest's bytes into whole, bounded tokens. Text is valid UTF-8
 * (what is not becomes U+FFFD, C1 characters included), control sequences are complete, with a
 * bounded number of bounded arguments; strings end or are dropped. libvterm's own parser keeps
 * arguments in a fixed array without counting and decodes split characters out of bounds, so it is
 * shown nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VT_CSI_ARGS = 15,     /* libvterm's array holds 16, one more than it counts */
	VT_CSI_VALUE = 9999,  /* larger arguments mean the same on any screen of ours */
	VT_ESC_MAX = 3,	      /* intermediates and final of an escape sequence */
	VT_STRING_MAX = 1024, /* bytes of an OSC or DCS string that are looked at */
};

struct vt_csi {
	char leader; /* '?', '>', ...; 0 = none */
	char intermed;
	char final;
	int nargs;
	int arg[VT_CSI_ARGS];	/* -1 = left out */
	bool more[VT_CSI_ARGS]; /* followed by a colon: the next is a part of it */
};

struct vt_sink {
	/* n bytes of whole printable characters. */
	void (*text)(void *user, const char *utf8, size_t n);
	void (*control)(void *user, unsigned char c); /* C0 */
	void (*escape)(void *user, const char *bytes, size_t n);
	void (*csi)(void *user, const struct vt_csi *c);
	void (*osc)(void *user, const char *bytes, size_t n);
	void (*dcs)(void *user, const char *bytes, size_t n);
} __attribute__((designated_init));

enum vt_filter_state {
	VT_GROUND,
	VT_ESC,
	VT_CSI_LEADER,
	VT_CSI_PARAM,
	VT_CSI_INTERMED,
	VT_STRING,
};

struct vt_filter {
	enum vt_filter_state state;
	bool esc_in_string;
	char string_kind; /* ']' OSC, 'P' DCS, anything else is dropped */
	bool bad;	  /* a sequence that libvterm does not know and must not see */
	char esc[VT_ESC_MAX];
	size_t nesc;
	struct vt_csi csi;
	char part[4]; /* the beginning of a character */
	size_t npart;
	char string[VT_STRING_MAX];
	size_t nstring;
};

void vt_filter_feed(
	struct vt_filter *f, const void *bytes, size_t n, const struct vt_sink *sink, void *user);
