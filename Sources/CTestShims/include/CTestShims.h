// What the tests need of Linux and glibc that Swift's Glibc module does not show.
#ifndef TRUSTCTL_CTESTSHIMS_H
#define TRUSTCTL_CTESTSHIMS_H

#include <sys/types.h>

/// What a child process starts with.
struct testshims_child {
    /// The file to execute; not looked up in PATH.
    const char *_Nonnull path;
    char *_Nullable const *_Nonnull arguments;
    char *_Nullable const *_Nonnull environment;
    /// Where it runs; null is here.
    const char *_Nullable directory;
    /// Its standard streams; not looked at when there is a terminal.
    int input, output, errors;
    /// The path of a terminal that becomes its three streams and its controlling terminal, or null.
    const char *_Nullable terminal;
    /// Not 0: the kernel kills it when the thread that calls testshims_spawn ends.
    int ends_with_parent;
};

/// Starts a child as the leader of a process group of its own (of a session of its own, with a terminal), with default
/// signal actions, no blocked signals and no descriptors but 0, 1 and 2. Answers 0 and the child's id, or an errno,
/// also when it was the child that could not execute.
int testshims_spawn(const struct testshims_child *_Nonnull child, pid_t *_Nonnull process_id);

/// A pipe of which no program started by anybody inherits an end. Answers 0 or an errno.
int testshims_pipe(int *_Nonnull read_end, int *_Nonnull write_end);

/// Opens a new pseudo-terminal: its main end, nonblocking, and the path of its other end. Answers 0 or an errno.
int testshims_open_terminal(int *_Nonnull main_end, char *_Nonnull path, size_t capacity, int rows, int columns);

#endif
