#include "CTrustShims.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

// All of this is for one prompt at a time, so it may be static. The handlers call only functions that POSIX lists as
// safe in a signal handler.

enum { SIGNALS = 5 };
static const int ending_signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
static struct sigaction previous[SIGNALS];
static int is_installed[SIGNALS];
static struct sigaction previous_continue;
static struct termios shown;
static struct termios hidden;
static volatile sig_atomic_t terminal = -1;
static volatile sig_atomic_t interrupted;

static void on_signal(int number);

static void on_continue(int number) {
    int saved = errno;
    (void)number;
    // Somebody who stopped the prompt may have changed the terminal meanwhile.
    if (terminal >= 0) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = on_signal;
        sigemptyset(&action.sa_mask);
        for (int i = 0; i < SIGNALS; i++)
            if (is_installed[i] && ending_signals[i] == SIGTSTP) sigaction(SIGTSTP, &action, NULL);
        tcsetattr((int)terminal, TCSANOW, &hidden);
    }
    errno = saved;
}

static void on_signal(int number) {
    int saved = errno;
    if (terminal >= 0) tcsetattr((int)terminal, TCSANOW, &shown);
    if (number != SIGTSTP) interrupted = 1;
    // Do what would have happened without us: end, stop, or run the program's own handler.
    for (int i = 0; i < SIGNALS; i++)
        if (is_installed[i] && ending_signals[i] == number) sigaction(number, &previous[i], NULL);
    raise(number);
    errno = saved;
}

int trustctl_echo_off(int fd) {
    if (tcgetattr(fd, &shown) != 0) return -1;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    hidden.c_lflag |= ECHONL | ICANON | ISIG;
    interrupted = 0;
    terminal = fd;

    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) {
        is_installed[i] = 0;
        // A signal that is ignored (nohup) stays ignored.
        if (sigaction(ending_signals[i], NULL, &previous[i]) != 0 || previous[i].sa_handler == SIG_IGN) continue;
        is_installed[i] = sigaction(ending_signals[i], &action, NULL) == 0;
    }
    action.sa_handler = on_continue;
    action.sa_flags = SA_RESTART;
    sigaction(SIGCONT, &action, &previous_continue);

    // What was typed before the prompt was seen is thrown away.
    if (tcsetattr(fd, TCSAFLUSH, &hidden) != 0) {
        int saved = errno;
        trustctl_echo_restore();
        errno = saved;
        return -1;
    }
    return 0;
}

int trustctl_echo_interrupted(void) { return interrupted; }

void trustctl_echo_restore(void) {
    if (terminal < 0) return;
    tcsetattr((int)terminal, TCSAFLUSH, &shown);
    for (int i = 0; i < SIGNALS; i++)
        if (is_installed[i]) sigaction(ending_signals[i], &previous[i], NULL);
    sigaction(SIGCONT, &previous_continue, NULL);
    terminal = -1;
}
