#include "daemon/control/web.h"

#include <string.h>

/* The assembler copies the files in: no generated source, no files to be found at run time. */
#define EMBED(name, file)                                                                          \
	__asm__(".section .rodata\n"                                                               \
		".global web_" #name "\n"                                                          \
		".global web_" #name "_end\n"                                                      \
		"web_" #name ":\n"                                                                 \
		".incbin \"" file "\"\n"                                                           \
		"web_" #name "_end:\n"                                                             \
		".byte 0\n"                                                                        \
		".previous\n");                                                                    \
	extern const char web_##name[], web_##name##_end[]

EMBED(index, "web/index.html");
EMBED(style, "web/style.css");
EMBED(script, "web/status.js");

const struct web_file *web_file_find(const char *path)
{
	static struct web_file files[3];
	files[0] = (struct web_file){ "/index.html", "text/html; charset=utf-8", web_index,
		(size_t)(web_index_end - web_index) };
	files[1] = (struct web_file){ "/web/style.css", "text/css", web_style,
		(size_t)(web_style_end - web_style) };
	files[2] = (struct web_file){ "/web/status.js", "text/javascript", web_script,
		(size_t)(web_script_end - web_script) };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}
