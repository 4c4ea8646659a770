#define _GNU_SOURCE
#include "CTestShims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int testshims_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int testshims_open_terminal(int *main_end, char *path, size_t capacity, int rows, int columns) {
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (terminal < 0) return errno;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    int failure = 0;
    if (grantpt(terminal) != 0 || unlockpt(terminal) != 0 || ioctl(terminal, TIOCSWINSZ, &size) != 0) {
        failure = errno;
    } else {
        failure = ptsname_r(terminal, path, capacity);
    }
    if (failure != 0) {
        close(terminal);
        return failure;
    }
    *main_end = terminal;
    return 0;
}

// Runs in the forked child: only what a signal handler may call, too.
static void become(const struct testshims_child *child, pid_t parent, int report) {
    if (child->ends_with_parent) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) goto failed;
        // The parent may have died before the request was made.
        if (getppid() != parent) _exit(127);
    }
    if (child->terminal) {
        if (setsid() < 0) goto failed;
        // The first terminal that a session leader opens becomes its controlling terminal.
        int terminal = open(child->terminal, O_RDWR);
        if (terminal < 0) goto failed;
        if (dup2(terminal, 0) < 0 || dup2(terminal, 1) < 0 || dup2(terminal, 2) < 0) goto failed;
    } else {
        if (setpgid(0, 0) != 0) goto failed;
        if (dup2(child->input, 0) < 0 || dup2(child->output, 1) < 0 || dup2(child->errors, 2) < 0) goto failed;
    }
    if (child->directory && chdir(child->directory) != 0) goto failed;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigaction(number, &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // Everything but the report, which closes by itself when the program is executed.
    if (close_range(3, (unsigned)report - 1, 0) != 0 && errno != EINVAL) goto failed;
    if (close_range((unsigned)report + 1, ~0U, 0) != 0) goto failed;
    execve(child->path, child->arguments, child->environment);
failed:;
    int failure = errno;
    ssize_t ignored = write(report, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

int testshims_spawn(const struct testshims_child *child, pid_t *process_id) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return errno;
    // Below this number stand the child's streams, which must not be in the way of the report.
    if (report[1] < 3) {
        int moved = fcntl(report[1], F_DUPFD_CLOEXEC, 3);
        if (moved < 0) {
            int failure = errno;
            close(report[0]);
            close(report[1]);
            return failure;
        }
        close(report[1]);
        report[1] = moved;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) become(child, parent, report[1]);
    int failure = pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (pid > 0) {
        ssize_t count;
        do {
            count = read(report[0], &failure, sizeof failure);
        } while (count < 0 && errno == EINTR);
        if (count != (ssize_t)sizeof failure) {
            failure = 0;
            *process_id = pid;
        } else {
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
            }
        }
    }
    close(report[0]);
    return failure;
}
