/*
 * OpenPGP signatures through gpgv(1), which trusts exactly the keys of one keyring that a person
 * made: KTSTR_KEYRING, else gpgv's own ~/.gnupg/trustedkeys.kbx or .gpg.
 */
#pragma once

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/kernels.h"
#include "src/kernels/place.h"

/* Its path; heap, NULL = none was given. One that was named need not exist. */
char *signature_keyring(const struct place *p);
/*
 * Replaces a clear-signed text, kept in `scratch` meanwhile, by what the signature covers, and
 * nothing else. 0; -EKEYREJECTED: the signature is wrong; -ENOKEY: nothing says that it is right
 * (no such key, no signature, no gpgv); -ECANCELED; -errno.
 */
int signature_check(const char *keyring, const char *scratch, struct str *text,
	const struct kernel_report *report, struct err *e);
