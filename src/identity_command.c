/*
 * identity_command.c
 *		A shell command whose standard output is read, within a time.
 *
 * It works in the postmaster, where SIGCHLD is blocked, and in a backend.  The
 * command has a process group of its own, so that all of it can be killed, and
 * inherits no descriptor of the server.
 */
#include "postgres.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compat.h"
#include "identity_command.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/wait_event.h"

#define STEP_MS		20

extern char **environ;

/* Returns 0 or an error number, like all of posix_spawn. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t	all;
	sigset_t	none;
	int			failed;

	sigfillset(&all);
	sigemptyset(&none);
	failed = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
									  POSIX_SPAWN_SETSIGDEF |
									  POSIX_SPAWN_SETSIGMASK);
	if (failed == 0)
		failed = posix_spawnattr_setpgroup(attributes, 0);
	if (failed == 0)
		failed = posix_spawnattr_setsigdefault(attributes, &all);
	if (failed == 0)
		failed = posix_spawnattr_setsigmask(attributes, &none);
	return failed;
}

static int
set_descriptors(posix_spawn_file_actions_t *actions, int output)
{
	int			failed;

	failed = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO,
												  "/dev/null", O_RDONLY, 0);
	if (failed == 0)
		failed = posix_spawn_file_actions_addopen(actions, STDERR_FILENO,
												  "/dev/null", O_WRONLY, 0);
	if (failed == 0)
		failed = posix_spawn_file_actions_addclosefrom_np(actions, 3);
	return failed;
}

/*
 * Two shells: the outer one is always ours to kill, also where the line ends
 * as a program of another user (sudo), which would then be waited for.
 */
static int
spawn_shell(pid_t *pid, const char *line, int output)
{
	char	   *argv[] = {(char *) "sh", (char *) "-c",
		(char *) "(eval \"$1\"); exit $?", (char *) "sh", (char *) line, NULL};
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	int			failed;

	failed = posix_spawnattr_init(&attributes);
	if (failed != 0)
		return failed;
	failed = posix_spawn_file_actions_init(&actions);
	if (failed == 0)
	{
		failed = set_attributes(&attributes);
		if (failed == 0)
			failed = set_descriptors(&actions, output);
		if (failed == 0)
			failed = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv,
								 environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static bool
start(TipCommand *command, const char *line)
{
	int			ends[2];
	pid_t		pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ||
		spawn_shell(&pid, line, ends[1]) != 0)
	{
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	close(ends[1]);
	command->pid = pid;
	command->fd = ends[0];
	command->is_open = true;
	return true;
}

/* Ended, but not reaped: its number still names its process group. */
static bool
has_ended(const TipCommand *command)
{
	siginfo_t	info;

	info.si_pid = 0;
	return waitid(P_PID, command->pid, &info,
				  WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid == command->pid;
}

static void
close_output(TipCommand *command)
{
	if (command->is_open)
		close(command->fd);
	command->is_open = false;
}

bool
TipEndCommand(TipCommand *command)
{
	int			status = -1;
	pid_t		reaped;

	close_output(command);
	if (command->pid <= 0)
		return false;
	kill(-command->pid, SIGKILL);
	do
		reaped = waitpid(command->pid, &status, 0);
	while (reaped < 0 && errno == EINTR);
	command->pid = 0;
	return reaped > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Read what is there; false if the buffer is full. */
static bool
drain(TipCommand *command, char *text, size_t *len)
{
	while (command->is_open)
	{
		ssize_t		got = read(command->fd, text + *len,
							   TIP_RING_BYTES + 1 - *len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			break;
		if (got <= 0)
			close_output(command);
		else
			*len += got;
		if (*len > TIP_RING_BYTES)
			return false;
	}
	return true;
}

static void
pause_a_step(const TipCommand *command)
{
	struct pollfd wanted = {command->fd, POLLIN, 0};

	pgstat_report_wait_start(PG_WAIT_EXTENSION);
	poll(&wanted, command->is_open ? 1 : 0, STEP_MS);
	pgstat_report_wait_end();
}

static bool
is_over(instr_time since, int limit_ms)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, since);
	return INSTR_TIME_GET_MILLISEC(now) > limit_ms;
}

TipComplaint
TipRunCommand(TipCommand *command, const char *line, int limit_ms,
			  char *text, size_t *len)
{
	instr_time	since;
	bool		ended;

	*len = 0;
	INSTR_TIME_SET_CURRENT(since);
	if (!start(command, line))
		return TipComplain(ERRCODE_SYSTEM_ERROR,
						   "could not start key command",
						   "Look at the limits of processes and descriptors.");
	do
	{
		/* The postmaster has no session that could be cancelled. */
		if (IsUnderPostmaster)
			CHECK_FOR_INTERRUPTS();
		ended = has_ended(command);
		if (!drain(command, text, len))
			return TIP_FINE;
		if (!ended && is_over(since, limit_ms))
			return TipComplain(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
							   "key command took too long",
							   "Its limit is tip_module.key_command_timeout.");
		if (!ended)
			pause_a_step(command);
	} while (!ended);
	if (!TipEndCommand(command))
		return TipComplain(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						   "key command failed",
						   "Run it as the server's user, with no terminal; its standard error is not shown.");
	return TIP_FINE;
}
