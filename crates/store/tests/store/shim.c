// Stands between a program and its files: writes down what is done to the files of one folder, and fails it on demand.
//
// SHIM_DIR    the folder
// SHIM_TRACE  where to write it down: "W name offset length\n" and the bytes; "T name length\n"; "S name\n" for a
//             sync; "F name\n" for a sync that failed; "U name\n" for a file that was removed;
//             "R from to\n" for a new name; "D\n" for a sync of the folder
// SHIM_FAULT  a file "MODE SKIP NONCE": after SKIP calls that it concerns, they fail. MODE: s syncs (EIO), w writes
//             (EIO), f writes (ENOSPC), h writes (half of the bytes, then ENOSPC), r writes (EROFS)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int trace = -1;

static const char *name_of_path(const char *path) {
    const char *dir = getenv("SHIM_DIR");
    size_t length = dir ? strlen(dir) : 0;
    if (!length || strncmp(path, dir, length) || path[length] != '/') return NULL;
    const char *name = path + length + 1;
    return strstr(name, "-shm") ? NULL : name;
}

static const char *name_of(int fd) {
    static char path[4096];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlink, link, path, sizeof path - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    return name_of_path(path);
}

static int is_dir(int fd) {
    const char *dir = getenv("SHIM_DIR");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlink, link, path, sizeof path - 1);
    return dir && length == (long)strlen(dir) && !strncmp(path, dir, length);
}

static void note(const char *text, const void *bytes, size_t length) {
    const char *path = getenv("SHIM_TRACE");
    if (!path) return;
    if (trace < 0) trace = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    syscall(SYS_write, trace, text, strlen(text));
    if (length) syscall(SYS_write, trace, bytes, length);
}

static char fault(const char *modes) {
    static char known[64];
    static long skipped;
    char text[64] = {0};
    const char *path = getenv("SHIM_FAULT");
    if (!path) return 0;
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
    if (fd < 0) return 0;
    syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    if (strcmp(text, known)) { strcpy(known, text); skipped = 0; }
    if (!text[0] || !strchr(modes, text[0])) return 0;
    return skipped++ < atol(text + 1) ? 0 : text[0];
}

static ssize_t put(int fd, const void *bytes, size_t length, off_t offset, int seeks) {
    const char *name = name_of(fd);
    char text[512];
    if (name && strcmp(name, "ack")) {
        char mode = fault("wfhr");
        if (mode == 'h' && length > 1) length /= 2;
        else if (mode) { errno = mode == 'w' ? EIO : mode == 'r' ? EROFS : ENOSPC; return -1; }
    }
    if (seeks) offset = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    ssize_t done = seeks ? syscall(SYS_write, fd, bytes, length)
                         : syscall(SYS_pwrite64, fd, bytes, length, offset);
    if (name && done > 0) {
        snprintf(text, sizeof text, "W %s %lld %zd\n", name, (long long)offset, done);
        note(text, bytes, done);
    }
    return done;
}

static int sync_with(int fd, long call) {
    const char *name = name_of(fd);
    char text[512];
    if (!name) {
        if (is_dir(fd)) note("D\n", NULL, 0);
        return syscall(call, fd);
    }
    int fails = fault("s") != 0;
    snprintf(text, sizeof text, "%c %s\n", fails ? 'F' : 'S', name);
    note(text, NULL, 0);
    if (fails) { errno = EIO; return -1; }
    return 0; // What the disk holds is simulated from the trace.
}

ssize_t write(int fd, const void *bytes, size_t length) { return put(fd, bytes, length, 0, 1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return put(fd, bytes, length, at, 0); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return put(fd, bytes, length, at, 0); }
int fsync(int fd) { return sync_with(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_with(fd, SYS_fdatasync); }

int ftruncate(int fd, off_t length) {
    const char *name = name_of(fd);
    char text[512];
    int done = syscall(SYS_ftruncate, fd, length);
    if (name && !done) {
        snprintf(text, sizeof text, "T %s %lld\n", name, (long long)length);
        note(text, NULL, 0);
    }
    return done;
}
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int unlink(const char *path) {
    const char *name = name_of_path(path);
    char text[512];
    if (name) {
        snprintf(text, sizeof text, "U %s\n", name);
        note(text, NULL, 0);
    }
    return syscall(SYS_unlink, path);
}

int rename(const char *from, const char *to) {
    char names[2][256], text[600];
    const char *name = name_of_path(from), *new_name = name_of_path(to);
    int done = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (name && new_name && !done) {
        snprintf(names[0], sizeof names[0], "%s", name);
        snprintf(names[1], sizeof names[1], "%s", new_name);
        snprintf(text, sizeof text, "R %s %s\n", names[0], names[1]);
        note(text, NULL, 0);
    }
    return done;
}
