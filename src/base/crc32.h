/*
 * CRC-32 as in IEEE 802.3, zlib and gzip: checksum of the port's frames, and the hashes in the
 * names of cached kernels. libc only: the guest's init is built from it too.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_ieee(const void *bytes, size_t n);
