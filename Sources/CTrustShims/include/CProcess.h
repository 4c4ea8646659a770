#ifndef TRUSTCTL_CPROCESS_H
#define TRUSTCTL_CPROCESS_H

// What a program needs of its process and Swift does not offer safely.

/// The environment, as NAME=VALUE strings up to a null pointer.
char **trustctl_environment(void);

/// Opens /dev/null in the place of each standard stream that the process was started without, so that no other file gets
/// its number. Writing to such a stream still fails.
void trustctl_occupy_standard_streams(void);

/// Makes a pipe that no other program inherits, not even one that another thread starts meanwhile where the system can do
/// that (Linux). `ends[0]` is for reading. Returns 0, or -1 with errno set.
int trustctl_pipe(int ends[2]);

/// From now on SIGINT, SIGTERM and SIGHUP do not end the process but each write their number, as one byte, to a pipe;
/// those that the process was started to ignore stay ignored, and SIGPIPE is ignored too. To be called once.
///
/// Returns the reading end, or -1 with errno set.
int trustctl_report_interruptions(void);

/// Ends the process by a signal, as if it had never been caught.
void trustctl_end_by_signal(int number);

#endif
