import type { KernelTypes } from '../kernel/kernel-types';

/**
 * Parameters of the system calls that people trace most (SYSCALL_DEFINEn of the kernel's own sources, unchanged for
 * years: they are its interface). BTF rarely has them: where registers arrive in a struct pt_regs, the function with
 * the real parameters is inlined.
 */
const TABLE = `
accept(int fd, struct sockaddr *upeer_sockaddr, int *upeer_addrlen)
accept4(int fd, struct sockaddr *upeer_sockaddr, int *upeer_addrlen, int flags)
access(const char *filename, int mode)
bind(int fd, struct sockaddr *umyaddr, int addrlen)
bpf(int cmd, union bpf_attr *uattr, unsigned int size)
brk(unsigned long brk)
chdir(const char *filename)
chmod(const char *filename, umode_t mode)
chown(const char *filename, uid_t user, gid_t group)
chroot(const char *filename)
clock_nanosleep(const clockid_t which_clock, int flags, const struct __kernel_timespec *rqtp, struct __kernel_timespec *rmtp)
clone3(struct clone_args *uargs, size_t size)
close(unsigned int fd)
connect(int fd, struct sockaddr *uservaddr, int addrlen)
copy_file_range(int fd_in, loff_t *off_in, int fd_out, loff_t *off_out, size_t len, unsigned int flags)
dup(unsigned int fildes)
dup2(unsigned int oldfd, unsigned int newfd)
dup3(unsigned int oldfd, unsigned int newfd, int flags)
epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
execve(const char *filename, const char *const *argv, const char *const *envp)
execveat(int fd, const char *filename, const char *const *argv, const char *const *envp, int flags)
exit(int error_code)
exit_group(int error_code)
faccessat(int dfd, const char *filename, int mode)
fallocate(int fd, int mode, loff_t offset, loff_t len)
fchmodat(int dfd, const char *filename, umode_t mode)
fchownat(int dfd, const char *filename, uid_t user, gid_t group, int flag)
fcntl(unsigned int fd, unsigned int cmd, unsigned long arg)
fdatasync(unsigned int fd)
finit_module(int fd, const char *uargs, int flags)
flock(unsigned int fd, unsigned int cmd)
fsync(unsigned int fd)
ftruncate(unsigned int fd, off_t length)
futex(u32 *uaddr, int op, u32 val, const struct __kernel_timespec *utime, u32 *uaddr2, u32 val3)
getcwd(char *buf, unsigned long size)
getdents64(unsigned int fd, struct linux_dirent64 *dirent, unsigned int count)
getpid(void)
getrandom(char *buf, size_t len, unsigned int flags)
gettid(void)
init_module(void *umod, unsigned long len, const char *uargs)
io_uring_enter(unsigned int fd, u32 to_submit, u32 min_complete, u32 flags, const void *argp, size_t argsz)
ioctl(unsigned int fd, unsigned int cmd, unsigned long arg)
kill(pid_t pid, int sig)
link(const char *oldname, const char *newname)
linkat(int olddfd, const char *oldname, int newdfd, const char *newname, int flags)
listen(int fd, int backlog)
lseek(unsigned int fd, off_t offset, unsigned int whence)
lstat(const char *filename, struct __old_kernel_stat *statbuf)
madvise(unsigned long start, size_t len_in, int behavior)
mkdir(const char *pathname, umode_t mode)
mkdirat(int dfd, const char *pathname, umode_t mode)
mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, unsigned long fd, unsigned long off)
mount(char *dev_name, char *dir_name, char *type, unsigned long flags, void *data)
mprotect(unsigned long start, size_t len, unsigned long prot)
mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags, unsigned long new_addr)
munmap(unsigned long addr, size_t len)
nanosleep(struct __kernel_timespec *rqtp, struct __kernel_timespec *rmtp)
newfstatat(int dfd, const char *filename, struct stat *statbuf, int flag)
open(const char *filename, int flags, umode_t mode)
openat(int dfd, const char *filename, int flags, umode_t mode)
openat2(int dfd, const char *filename, struct open_how *how, size_t usize)
perf_event_open(struct perf_event_attr *attr_uptr, pid_t pid, int cpu, int group_fd, unsigned long flags)
pipe2(int *fildes, int flags)
pivot_root(const char *new_root, const char *put_old)
poll(struct pollfd *ufds, unsigned int nfds, int timeout_msecs)
prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4, unsigned long arg5)
pread64(unsigned int fd, char *buf, size_t count, loff_t pos)
process_vm_readv(pid_t pid, const struct iovec *lvec, unsigned long liovcnt, const struct iovec *rvec, unsigned long riovcnt, unsigned long flags)
ptrace(long request, long pid, unsigned long addr, unsigned long data)
pwrite64(unsigned int fd, const char *buf, size_t count, loff_t pos)
read(unsigned int fd, char *buf, size_t count)
readlink(const char *path, char *buf, int bufsiz)
readlinkat(int dfd, const char *pathname, char *buf, int bufsiz)
readv(unsigned long fd, const struct iovec *vec, unsigned long vlen)
recvfrom(int fd, void *ubuf, size_t size, unsigned int flags, struct sockaddr *addr, int *addr_len)
recvmsg(int fd, struct user_msghdr *msg, unsigned int flags)
rename(const char *oldname, const char *newname)
renameat(int olddfd, const char *oldname, int newdfd, const char *newname)
renameat2(int olddfd, const char *oldname, int newdfd, const char *newname, unsigned int flags)
rmdir(const char *pathname)
rt_sigaction(int sig, const struct sigaction *act, struct sigaction *oact, size_t sigsetsize)
sched_yield(void)
sendfile64(int out_fd, int in_fd, loff_t *offset, size_t count)
sendmsg(int fd, struct user_msghdr *msg, unsigned int flags)
sendto(int fd, void *buff, size_t len, unsigned int flags, struct sockaddr *addr, int addr_len)
setns(int fd, int flags)
setgid(gid_t gid)
setresuid(uid_t ruid, uid_t euid, uid_t suid)
setreuid(uid_t ruid, uid_t euid)
setsockopt(int fd, int level, int optname, char *optval, int optlen)
setuid(uid_t uid)
shutdown(int fd, int how)
socket(int family, int type, int protocol)
socketpair(int family, int type, int protocol, int *usockvec)
splice(int fd_in, loff_t *off_in, int fd_out, loff_t *off_out, size_t len, unsigned int flags)
statx(int dfd, const char *filename, unsigned int flags, unsigned int mask, struct statx *buffer)
symlink(const char *oldname, const char *newname)
symlinkat(const char *oldname, int newdfd, const char *newname)
sync(void)
syncfs(int fd)
tgkill(pid_t tgid, pid_t pid, int sig)
tkill(pid_t pid, int sig)
truncate(const char *path, long length)
umount(char *name, int flags)
unlink(const char *pathname)
unlinkat(int dfd, const char *pathname, int flag)
unshare(unsigned long unshare_flags)
wait4(pid_t upid, int *stat_addr, int options, struct rusage *ru)
waitid(int which, pid_t upid, struct siginfo *infop, int options, struct rusage *ru)
write(unsigned int fd, const char *buf, size_t count)
writev(unsigned long fd, const struct iovec *vec, unsigned long vlen)
`;

let byName: ReadonlyMap<string, readonly string[]> | null = null;

/** Declarations of a system call's parameters, e.g. "int dfd"; null for one that is not listed. */
export function syscallParameters(name: string): readonly string[] | null {
  byName ??= new Map(
    TABLE.trim()
      .split('\n')
      .map(line => {
        const open = line.indexOf('(');
        const list = line.slice(open + 1, -1);
        return [line.slice(0, open), list === 'void' ? [] : list.split(', ')];
      }),
  );
  return byName.get(name) ?? null;
}

/** A system call's parameters, from the function that implements it, else from the table of well-known ones; null: unknown. */
export function parametersOfSyscall(kernel: KernelTypes | null, name: string): readonly string[] | null {
  for (const prefix of ['__do_sys_', '__se_sys_', 'ksys_']) {
    const parameters = kernel?.signature(prefix + name)?.parameters ?? [];
    // SYSCALL_DEFINE0() (arch/x86/include/asm/syscall_wrapper.h): the registers, not an argument.
    if (parameters[0]?.name === '__unused') return [];
    if (parameters.length > 0) return parameters.map(one => one.text);
  }
  return syscallParameters(name);
}
