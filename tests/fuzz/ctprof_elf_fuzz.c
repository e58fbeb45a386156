/* A program or library that a process under capture runs. */
#include <stdint.h>
#include <unistd.h>

#include "probes/ctprof/elftls.h"
#include "src/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = file_memfd("fuzz");
	struct elf_tls e;

	if (fd < 0 || file_write_fd(fd, data, size) < 0)
		return 0;
	if (elf_tls_read(fd, &e) == 0)
		elf_tls_version(fd, &e);
	close(fd);
	return 0;
}
