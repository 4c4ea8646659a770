#ifdef __linux__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // pipe2
#endif
#endif

#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

char **trustctl_environment(void) { return environ; }

void trustctl_occupy_standard_streams(void) {
    for (int number = 0; number <= 2; number++) {
        if (fcntl(number, F_GETFD) == -1 && errno == EBADF) {
            // The lowest free number is this one, because all below it are open.
            (void)open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY);
        }
    }
}

int trustctl_pipe(int ends[2]) {
#ifdef __linux__
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends) != 0) return -1;
    for (int end = 0; end < 2; end++) fcntl(ends[end], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

static int interruption_pipe[2] = {-1, -1};

static void report_interruption(int number) {
    int code = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe holds enough interruptions.
    ssize_t written = write(interruption_pipe[1], &byte, 1);
    (void)written;
    errno = code;
}

int trustctl_report_interruptions(void) {
    if (trustctl_pipe(interruption_pipe) != 0) return -1;
    fcntl(interruption_pipe[1], F_SETFL, O_NONBLOCK);

    struct sigaction ignore = {0};
    ignore.sa_handler = SIG_IGN;
    if (sigaction(SIGPIPE, &ignore, NULL) != 0) return -1;

    struct sigaction report = {0};
    report.sa_handler = report_interruption;
    report.sa_flags = SA_RESTART;
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (int index = 0; index < 3; index++) {
        struct sigaction present;
        if (sigaction(numbers[index], NULL, &present) != 0) return -1;
        if (present.sa_handler == SIG_IGN) continue;
        if (sigaction(numbers[index], &report, NULL) != 0) return -1;
    }
    return interruption_pipe[0];
}

void trustctl_end_by_signal(int number) {
    struct sigaction ordinary = {0};
    ordinary.sa_handler = SIG_DFL;
    sigaction(number, &ordinary, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    _exit(128 + number);
}
