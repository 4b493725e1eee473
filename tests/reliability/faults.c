// What a machine does to a process now and then: reads of files below one folder fail with EIO, as those of a failing disk do, and the
// process is put aside between two of its steps, for as long as nobody wakes it. Loaded with LD_PRELOAD.
//
//   FAULTS_BELOW       the folder, as /proc has it: no symbolic links in its path
//   FAULTS_LOG         a file that gains a line for each read that was made to fail, and one at the end: how many locks were let go
//   FAULTS_READS_IN    one read in so many fails, as FAULTS_SEED decides
//   FAULTS_READ_AT     the read with this number fails, counted from 1
//   FAULTS_STOP_AFTER  the process stops when it has let go of a lock for the time with this number, and holds none then

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *below, *logged;
static uint64_t one_in, seed, read_at, stop_after;
static atomic_uint_fast64_t rolls, reads, unlocks;

static uint64_t number(const char *name) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void) {
  below = getenv("FAULTS_BELOW");
  logged = getenv("FAULTS_LOG");
  one_in = number("FAULTS_READS_IN");
  seed = number("FAULTS_SEED");
  read_at = number("FAULTS_READ_AT");
  stop_after = number("FAULTS_STOP_AFTER");
}

/** Whether the line was written. */
static int note(const char *line, int size) {
  int log = open(logged, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  int done = log >= 0 && write(log, line, size) == size;
  if (log >= 0) close(log);
  return done;
}

__attribute__((destructor)) static void end(void) {
  char line[64];
  if (below && logged) note(line, snprintf(line, sizeof line, "%llu locks\n", (unsigned long long)unlocks));
}

// splitmix64
static uint64_t roll(void) {
  uint64_t mixed = (seed << 32) + 0x9e3779b97f4a7c15 * (atomic_fetch_add(&rolls, 1) + 1);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

/** Whether a file is below the folder; its path with a newline, and the length of both. */
static int is_below(int file, char path[4096]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t size = readlink(link, path, 4094);
  size_t length = strlen(below);
  if (size <= (ssize_t)length || strncmp(path, below, length) != 0 || path[length] != '/') return 0;
  path[size] = '\n';
  return size + 1;
}

static int fails(int file) {
  if (!below || !logged) return 0;
  int before = errno, chosen = one_in > 0 && roll() % one_in == 0;
  char path[4096];
  if (chosen || read_at > 0) {
    int size = is_below(file, path);
    if (size > 0 && read_at > 0 && atomic_fetch_add(&reads, 1) + 1 == read_at) chosen = 1;
    // What is not in the log has not happened.
    chosen = chosen && size > 0 && note(path, size);
  }
  errno = chosen ? EIO : before;
  return chosen;
}

#define READER(name, arguments, passed)                              \
  ssize_t name arguments {                                           \
    static ssize_t(*real) arguments;                                 \
    if (!real) real = (ssize_t(*) arguments)dlsym(RTLD_NEXT, #name); \
    return fails(file) ? -1 : real passed;                           \
  }

READER(read, (int file, void *bytes, size_t size), (file, bytes, size))
READER(pread, (int file, void *bytes, size_t size, off_t at), (file, bytes, size, at))
READER(pread64, (int file, void *bytes, size_t size, off64_t at), (file, bytes, size, at))
READER(readv, (int file, const struct iovec *parts, int count), (file, parts, count))
READER(preadv, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
READER(preadv64, (int file, const struct iovec *parts, int count, off64_t at), (file, parts, count, at))

/** SQLite lets go of all its locks on a file at once, at the end of a statement or of a transaction. */
static void count_unlock(int file, int command, const struct flock *lock) {
  char path[4096];
  if (!below || !logged || command != F_SETLK || lock->l_type != F_UNLCK || lock->l_start != 0 || lock->l_len != 0) return;
  int before = errno;
  if (is_below(file, path) > 0 && atomic_fetch_add(&unlocks, 1) + 1 == stop_after) raise(SIGSTOP);
  errno = before;
}

#define LOCKER(name)                                                                       \
  int name(int file, int command, ...) {                                                   \
    static int (*real)(int, int, ...);                                                     \
    if (!real) real = (int (*)(int, int, ...))dlsym(RTLD_NEXT, #name);                     \
    va_list rest;                                                                          \
    va_start(rest, command);                                                               \
    void *argument = va_arg(rest, void *);                                                 \
    va_end(rest);                                                                          \
    int result = real(file, command, argument);                                            \
    if (result == 0) count_unlock(file, command, argument);                                \
    return result;                                                                         \
  }

LOCKER(fcntl)
LOCKER(fcntl64)
