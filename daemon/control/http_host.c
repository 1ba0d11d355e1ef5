#include "daemon/control/http_host.h"

#include <string.h>
#include <strings.h>

/* The name without port and without the dot that may end it. */
static size_t name_length(const char *field)
{
	size_t length = strcspn(field, ":");
	return length > 0 && field[length - 1] == '.' ? length - 1 : length;
}

static bool ends_with(const char *name, size_t length, const char *end)
{
	size_t n = strlen(end);
	return length >= n && strncasecmp(name + length - n, end, n) == 0;
}

bool http_host_is_ours(const char *field, const char (*hosts)[NAME_MAX_BYTES], size_t count)
{
	size_t length = name_length(field);
	if (field[0] == '[' || strspn(field, "0123456789.") >= length)
		return true; /* an address */
	if (!memchr(field, '.', length) || ends_with(field, length, ".localhost"))
		return true;
	for (size_t i = 0; i < count; i++)
		if (strlen(hosts[i]) == length && strncasecmp(hosts[i], field, length) == 0)
			return true;
	return false;
}
