/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files, folders, links, descriptors. */
#include "abi.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

static char block[10000], back[10000];

static void write_and_read(void)
{
    struct iovec two[2] = {{block, 5}, {block + 100, 7}};
    int fd, again;

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7 + i / 256);
    TRY(fd = open("/work/a", O_RDWR | O_CREAT | O_EXCL, 0640));
    TRY(open("/work/a", O_RDWR | O_CREAT | O_EXCL, 0640));
    TRY(write(fd, block, sizeof block));
    TRY(lseek(fd, 0, SEEK_CUR));
    TRY(lseek(fd, -100, SEEK_END));
    TRY(read(fd, back, 1000));
    TELL(memcmp(back, block + 9900, 100));
    TRY(read(fd, back, 1));
    TRY(pread(fd, back, 5000, 4000));
    TELL(memcmp(back, block + 4000, 5000));
    TRY(pwrite(fd, "hole", 4, 20000));
    TRY(lseek(fd, 0, SEEK_END));
    TRY(pread(fd, back, 8, 19996));
    TELL(memcmp(back, "\0\0\0\0hole", 8));
    TRY(ftruncate(fd, 3));
    TRY(ftruncate(fd, 8));
    TRY(pread(fd, back, 10, 0));
    TELL(memcmp(back, block, 3) || memcmp(back + 3, "\0\0\0\0\0", 5));
    TRY(ftruncate(fd, -1));
    TRY(lseek(fd, -1, SEEK_SET));
    TRY(lseek(fd, 0, 9));
    TRY(lseek(fd, 100, SEEK_DATA));
    TRY(lseek(fd, 0, SEEK_HOLE));
    TRY(lseek(fd, 0, SEEK_SET));
    TRY(writev(fd, two, 2));
    TRY(preadv(fd, two, 2, 1));
    TRY(pwritev(fd, two, 2, -1));
    TRY(again = dup(fd));
    TRY(lseek(again, 5, SEEK_SET));
    TRY(lseek(fd, 0, SEEK_CUR));
    TRY(close(again));
    TRY(fsync(fd));
    TRY(fdatasync(fd));
    TRY(posix_fallocate(fd, 0, 9000));
    TRY(lseek(fd, 0, SEEK_END));
    TRY(close(fd));
    TRY(close(fd));
    TRY(fd = open("/work/a", O_WRONLY | O_APPEND));
    TRY(read(fd, back, 1));
    TRY(write(fd, "end", 3));
    TRY(lseek(fd, 0, SEEK_CUR));
    TRY(fcntl(fd, F_GETFL) & ~0100000);
    TRY(fcntl(fd, F_SETFL, O_NONBLOCK));
    TRY(fcntl(fd, F_GETFL) & ~0100000);
    TRY(fcntl(fd, F_GETFD));
    TRY(fcntl(fd, F_SETFD, 1));
    TRY(fcntl(fd, F_GETFD));
    TRY(fcntl(fd, 9999));
    TRY(dup2(fd, 50));
    TRY(dup2(fd, fd) == fd);
    TRY(dup2(99, 50));
    TRY(dup3(fd, fd, 0));
    TRY(fcntl(fd, F_DUPFD, 60));
    TRY(fcntl(fd, F_DUPFD, -1));
    TRY(close(50));
    TRY(close(60));
    TRY(close(fd));
    TRY(fd = open("/work/a", O_RDONLY | O_TRUNC));
    TRY(lseek(fd, 0, SEEK_END));
    TRY(write(fd, "x", 1));
    TRY(close(fd));
}

static void names(void)
{
    struct stat about, other;
    char text[64] = "";
    int fd;

    TRY(mkdir("/work/d", 0755));
    TRY(mkdir("/work/d", 0755));
    TRY(mkdir("/work/none/d", 0755));
    TRY(mkdir("/work/d/e", 0700));
    TRY(rmdir("/work/d"));
    TRY(rmdir("/work/none"));
    TRY(rmdir("/work/a"));
    TRY(rmdir("/work/d/."));
    TRY(unlink("/work/d"));
    TRY(unlink("/work/none"));
    TRY(unlink("/work/a/b"));
    TRY(rename("/work/a", "/work/d/b"));
    TRY(access("/work/a", F_OK));
    TRY(access("/work/d/b", R_OK | W_OK));
    TRY(access("/work/d/b", X_OK));
    TRY(rename("/work/d", "/work/d/e/f"));
    TRY(rename("/work/none", "/work/x"));
    TRY(rename("/work/d/b", "/work/d/e"));
    TRY(rename("/work/d/e", "/work/d/b"));
    TRY(rename("/work/d/b", "/work/a"));
    TRY(symlink("a", "/work/link"));
    TRY(symlink("a", "/work/link"));
    TRY(symlink("", "/work/empty"));
    TRY(readlink("/work/link", text, sizeof text));
    TRY(readlink("/work/a", text, sizeof text));
    printf("link %s\n", text);
    TRY(stat("/work/link", &about));
    TRY(stat("/work/a", &other));
    TELL(about.st_ino == other.st_ino);
    TRY(lstat("/work/link", &other));
    TELL(S_ISLNK(other.st_mode));
    TELL(other.st_size);
    TRY(symlink("/work/loop", "/work/loop"));
    TRY(open("/work/loop", O_RDONLY));
    TRY(open("/work/link", O_RDONLY | O_NOFOLLOW));
    TRY(symlink("nowhere", "/work/dangling"));
    TRY(open("/work/dangling", O_RDONLY));
    TRY(stat("/work/dangling", &about));
    TRY(link("/work/a", "/work/second"));
    TRY(link("/work/d", "/work/third"));
    TRY(stat("/work/second", &about));
    TELL(about.st_nlink);
    TRY(unlink("/work/a"));
    TRY(stat("/work/second", &about));
    TELL(about.st_nlink);
    TRY(stat("/work/d", &about));
    TELL(about.st_nlink);
    TELL(about.st_mode & 07777);
    TRY(chmod("/work/second", 0100));
    TRY(stat("/work/second", &about));
    TELL(about.st_mode == (S_IFREG | 0100));
    TRY(access("/work/second", X_OK));
    TRY(chown("/work/second", 5, 6));
    TRY(stat("/work/second", &about));
    TELL(about.st_uid * 100 + about.st_gid);
    TRY(umask(077) & 0777);
    TRY(close(creat("/work/masked", 0666)) + 0);
    TRY(stat("/work/masked", &about));
    TELL(about.st_mode & 0777);
    TRY(truncate("/work/masked", 12345));
    TRY(stat("/work/masked", &about));
    TELL(about.st_size);
    TRY(truncate("/work/d", 0));
    TRY(truncate("/work/none", 0));
    TRY(open("/work/d", O_WRONLY));
    TRY(open("/work/second/", O_RDONLY));
    TRY(open("/work/new/", O_RDWR | O_CREAT, 0600));
    TRY(stat("/work/second/..", &about));
    memset(back, 'n', 300);
    back[300] = 0;
    TRY(open(back, O_RDONLY));
    memset(back, '/', 5000);
    back[5000] = 0;
    TRY(open(back, O_RDONLY));
    /* An open file outlives its name. */
    TRY(fd = open("/work/masked", O_RDWR));
    TRY(unlink("/work/masked"));
    TRY(write(fd, "still", 5));
    TRY(fstat(fd, &about));
    TELL(about.st_nlink);
    TRY(close(fd));
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void folders(void)
{
    struct dirent **list;
    char where[100];
    int count, fd;
    struct stat about;

    count = scandir("/work", &list, NULL, compare);
    for (int i = 0; i < count; i++)
        printf("entry %s type %d\n", list[i]->d_name, list[i]->d_type);
    TRY(chdir("/work/d"));
    printf("cwd %s\n", getcwd(where, sizeof where));
    TRY(getcwd(where, 3) == NULL);
    TRY(open("e", O_RDONLY | O_DIRECTORY) >= 0);
    TRY(chdir("../second"));
    TRY(chdir("nowhere"));
    TRY(access("../d/e/..", F_OK));
    TRY(fd = open("/work", O_RDONLY | O_DIRECTORY));
    TRY(fstatat(fd, "d/e", &about, 0));
    TRY(fstatat(fd, "", &about, AT_EMPTY_PATH));
    TELL(S_ISDIR(about.st_mode));
    TRY(fstatat(77, "d", &about, 0));
    TRY(fstatat(77, "/work/d", &about, 0));
    TRY(mkdirat(fd, "at", 0755));
    TRY(unlinkat(fd, "at", 0));
    TRY(unlinkat(fd, "at", AT_REMOVEDIR));
    TRY(renameat(fd, "second", fd, "first"));
    TRY(faccessat(fd, "first", F_OK, 0));
    TRY(read(fd, where, 1));
    TRY(fchdir(fd));
    printf("cwd %s\n", getcwd(where, sizeof where));
    TRY(close(fd));
    TRY(chdir("/work/d/e"));
    TRY(rmdir("/work/d/e"));
    TRY(getcwd(where, sizeof where) == NULL);
    TRY(open("x", O_CREAT | O_RDWR, 0600));
    TRY(chdir("/"));
}

static void mappings(void)
{
    char *shared, *private;
    int fd;

    TRY(fd = open("/work/map", O_RDWR | O_CREAT, 0600));
    TRY(ftruncate(fd, 8192));
    shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    memcpy(shared, "shared", 6);
    TRY(pread(fd, back, 6, 0));
    printf("file has %.6s, private has %.6s\n", back, private);
    memcpy(private, "PRIVATE", 7);
    TRY(pwrite(fd, "written", 7, 0));
    printf("shared has %.7s, private has %.7s\n", shared, private);
    TRY(msync(shared, 8192, MS_SYNC));
    TRY(msync(shared + 1, 10, MS_SYNC));
    TRY(munmap(shared, 4096));
    TRY(close(fd));
    memcpy(shared + 4096, "later", 5);
    TRY(munmap(shared + 4096, 4096));
    TRY(fd = open("/work/map", O_RDONLY));
    TRY(pread(fd, back, 5, 4096));
    printf("after unmap %.5s\n", back);
    TRY(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    TRY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 1) == MAP_FAILED);
    TRY(close(fd));
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    shared[5] = 7;
    TRY((shared = mremap(shared, 4096, 65536, MREMAP_MAYMOVE)) == MAP_FAILED);
    TELL(shared[5] + shared[60000]);
    TRY(mremap(shared, 65536, 4096, 0) == shared);
    TRY(mremap(shared, 4096, 65536, 0x80) == MAP_FAILED);
    TRY(mincore(shared, 4096, (unsigned char *)back));
    TELL(back[0] & 1);
    TRY(madvise(shared + 1, 1, MADV_NORMAL));
    TRY(madvise(shared, 4096, 9999));
    TRY(mlock(shared, 10));
    TRY(munmap(shared, 4096));
}

static void devices(void)
{
    struct utsname name;
    struct sysinfo info;
    struct statfs fs;
    struct stat about;
    char exe[100];
    int fd;

    TRY(fd = open("/dev/null", O_RDWR));
    TRY(write(fd, block, 100));
    TRY(read(fd, back, 100));
    TRY(close(fd));
    TRY(fd = open("/dev/zero", O_RDWR));
    TRY(read(fd, back, 100));
    TELL(back[50]);
    TRY(close(fd));
    TRY(fd = open("/dev/full", O_WRONLY));
    TRY(write(fd, back, 1));
    TRY(close(fd));
    TRY(fd = open("/dev/urandom", O_RDONLY));
    TRY(read(fd, back, 16));
    TELL(memcmp(back, "\0\0\0\0\0\0\0\0", 8) != 0);
    TRY(close(fd));
    TRY(stat("/dev/null", &about));
    TELL(S_ISCHR(about.st_mode));
    TELL(about.st_rdev);
    TRY(uname(&name));
    printf("%s %s\n", name.sysname, name.machine);
    TRY(sysinfo(&info));
    TELL(info.totalram > 1000000);
    TRY(statfs("/work", &fs));
    TRY(readlink("/proc/self/exe", exe, sizeof exe));
    printf("exe %.4s\n", exe);
    TRY(fd = open("/proc/self/maps", O_RDONLY));
    TELL(read(fd, back, sizeof back) > 100);
    TRY(close(fd));
    TRY(fd = open("/proc/meminfo", O_RDONLY));
    TELL(read(fd, back, sizeof back) > 50 && memcmp(back, "MemTotal:", 9) == 0);
    TRY(close(fd));
    TELL(sysconf(_SC_NPROCESSORS_ONLN));
    TELL(sysconf(_SC_PAGESIZE));
    TELL(sysconf(_SC_OPEN_MAX));
}

static int limit(rlim_t now, rlim_t most)
{
    struct rlimit limits = {now, most};

    return setrlimit(RLIMIT_NOFILE, &limits);
}

/* Descriptors up to RLIMIT_NOFILE, the lowest first; the limit can be raised. */
static void descriptors(void)
{
    static struct pollfd none[2001];
    struct rlimit limits;
    int fd, last = 0;

    TRY(getrlimit(RLIMIT_NOFILE, &limits));
    TELL(limits.rlim_cur);
    TELL(limits.rlim_max);
    TRY(dup2(0, 1023));
    TRY(dup2(0, 1024));
    TRY(dup2(0, -1));
    TRY(fcntl(0, F_DUPFD, 1024));
    TRY(fcntl(0, F_DUPFD, 1000));
    TRY(fcntl(0, F_DUPFD, 1023));
    while ((fd = dup(0)) >= 0)
        last = fd;
    TELL(last);
    TELL(errno);
    close(500);
    close(400);
    TRY(dup(0));
    TRY(dup(0));
    TRY(dup(0));
    TRY(limit(2000, limits.rlim_max));
    TRY(dup(0));
    TRY(dup2(0, 1999));
    TRY(dup2(0, 2000));
    for (fd = 0; fd < 2001; fd++)
        none[fd].fd = -1;
    TRY(poll(none, 2000, 0));
    TRY(poll(none, 2001, 0));
    TRY(limit(limits.rlim_max + 1, limits.rlim_max));
    TRY(limit(5000, 5000));
    TRY(dup2(0, 4999));
    TRY(limit(5000, 3000000));
    TRY(limit(10, 5000));
    TRY(dup(0));
    TRY(fcntl(4999, F_GETFD)); /* what is open stays so */
    for (fd = 10; fd < 5000; fd++)
        close(fd);
}

int main(void)
{
    TRY(mkdir("/work", 0755));
    write_and_read();
    names();
    folders();
    mappings();
    devices();
    descriptors();
    return 0;
}
