/* Kernel image files: an image or a refusal, and a release that is safe as a folder's name. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/kernels/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_close int fd = file_memfd("image");
	struct err e = ERR_INIT;
	struct image_info info;

	if (fd < 0 || file_write_fd(fd, data, size))
		return 0;
	if (image_probe_fd(fd, "x", &info, &e)) {
		if (!e.msg[0])
			abort();
		return 0;
	}
	if (strchr(info.release, '/') || info.release[0] == '.' ||
		strnlen(info.release, sizeof(info.release)) == sizeof(info.release))
		abort();
	return 0;
}
