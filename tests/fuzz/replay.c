/* Runs one fuzz target over the files of its corpus, without a fuzzer: what `make check` does with
 * every input that ever mattered.  The input lies at the end of a page followed by one that cannot
 * be read, so that a read past its end dies here as it would under the fuzzer. */
#include <dirent.h>   /* opendir */
#include <fcntl.h>    /* open */
#include <stdint.h>   /* uint8_t */
#include <stdio.h>    /* printf */
#include <stdlib.h>   /* exit */
#include <string.h>   /* memcpy */
#include <sys/mman.h> /* mmap, mprotect */
#include <sys/stat.h> /* fstat */
#include <unistd.h>   /* read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* Maps `size` bytes, rounded up to pages, and an unreadable page behind them. */
static uint8_t *guarded_pages(size_t size, size_t *mapped)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t body = (size / page + 1) * page;
	uint8_t *pages =
		mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		give_up("mmap");
	if (mprotect(pages + body, page, PROT_NONE) != 0)
		give_up("mprotect");
	*mapped = body + page;
	return pages;
}

static void replay(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0)
		give_up(path);
	size_t size = (size_t)status.st_size, page = (size_t)sysconf(_SC_PAGESIZE), mapped;
	uint8_t *pages = guarded_pages(size, &mapped);
	uint8_t *data = pages + (size / page + 1) * page - size;
	for (size_t have = 0; have < size;) {
		ssize_t got = read(fd, data + have, size - have);
		if (got <= 0)
			give_up(path);
		have += (size_t)got;
	}
	close(fd);
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	munmap(pages, mapped);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
		return 64;
	}
	DIR *directory = opendir(argv[1]);
	if (!directory)
		give_up(argv[1]);
	unsigned count = 0;
	char path[4096];
	for (const struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		replay(path);
		count++;
	}
	closedir(directory);
	/* The empty input belongs to every corpus and cannot be stored as a useful file. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("1..1\n%s 1 - %u inputs replayed\n", count ? "ok" : "not ok", count);
	return count == 0;
}
