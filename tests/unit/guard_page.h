/* Memory that ends where its content ends: the byte behind it may not be touched. */
#ifndef TESTS_UNIT_GUARD_PAGE_H
#define TESTS_UNIT_GUARD_PAGE_H

#include <stddef.h>

/* A copy of the bytes whose end is the end of a page followed by an unreadable one. */
char *guard_page_copy(const void *bytes, size_t length);
void guard_page_free(char *copy, size_t length);

#endif
