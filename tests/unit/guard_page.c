/* Memory that ends where its content ends; see guard_page.h. */
#include "tests/unit/guard_page.h"

#include <stdlib.h>   /* abort */
#include <string.h>   /* memcpy */
#include <sys/mman.h> /* mmap, mprotect */
#include <unistd.h>   /* sysconf */

static size_t usable_bytes(size_t length, size_t page)
{
	return (length / page + 1) * page;
}

char *guard_page_copy(const void *bytes, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), usable = usable_bytes(length, page);
	char *base = mmap(
		NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED || mprotect(base + usable, page, PROT_NONE))
		abort();
	if (length > 0)
		memcpy(base + usable - length, bytes, length);
	return base + usable - length;
}

void guard_page_free(char *copy, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), usable = usable_bytes(length, page);

	munmap(copy + length - usable, usable + page);
}
