/* The system calls of the import child; see import_filter.h. */
#include "daemon/control/import_filter.h"

#include <errno.h>
#include <linux/audit.h>   /* AUDIT_ARCH_* */
#include <linux/filter.h>  /* struct sock_filter */
#include <linux/seccomp.h> /* struct seccomp_data */
#include <stddef.h>	   /* offsetof */
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#ifdef ARCHITECTURE

/* Loading the number, jumping over one instruction, and the two ways out. */
#define LOAD(field)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define ALLOW(name)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), ANSWER(SECCOMP_RET_ALLOW)
/* Libraries look for optional files (character sets, time zones) and do without. */
#define FAIL(name)                                                                                 \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), ANSWER(SECCOMP_RET_ERRNO | EACCES)

static const struct sock_filter filter[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	ALLOW(read),
	ALLOW(write),
	ALLOW(lseek),
#ifdef SYS__llseek
	ALLOW(_llseek),
#endif
	ALLOW(fsync),
	ALLOW(close),
	ALLOW(brk),
#ifdef SYS_mmap
	ALLOW(mmap),
#endif
#ifdef SYS_mmap2
	ALLOW(mmap2),
#endif
	ALLOW(munmap),
	ALLOW(mremap),
	ALLOW(mprotect),
	ALLOW(madvise),
	ALLOW(futex),
	ALLOW(getrandom),
	ALLOW(clock_gettime),
	ALLOW(rt_sigaction),
	ALLOW(rt_sigprocmask),
	ALLOW(rt_sigreturn),
	ALLOW(restart_syscall),
#ifdef SYS_fstat
	ALLOW(fstat),
#endif
#ifdef SYS_fstat64
	ALLOW(fstat64),
#endif
#ifdef SYS_newfstatat
	ALLOW(newfstatat),
#endif
	ALLOW(exit),
	ALLOW(exit_group),
	/* abort(): the parent is to see which signal it was */
	ALLOW(gettid),
	ALLOW(getpid),
	ALLOW(tgkill),
#ifdef SYS_open
	FAIL(open),
#endif
	FAIL(openat),
	FAIL(readlinkat),
#ifdef SYS_readlink
	FAIL(readlink),
#endif
#ifdef SYS_access
	FAIL(access),
#endif
	FAIL(faccessat),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
};

bool import_filter_install(void)
{
	const struct sock_fprog program = {
		.len = sizeof filter / sizeof *filter,
		/* The kernel only reads it. */
		.filter = (struct sock_filter *)(uintptr_t)filter,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

bool import_filter_install(void)
{
	return true;
}

#endif
