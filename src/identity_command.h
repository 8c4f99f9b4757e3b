/*
 * identity_command.h
 *		A shell command whose standard output is read, within a time.
 */
#ifndef TIP_IDENTITY_COMMAND_H
#define TIP_IDENTITY_COMMAND_H

#include "identity_keys.h"

/* A command that runs; all zero: none. */
typedef struct TipCommand
{
	pid_t		pid;
	int			fd;				/* its standard output */
	bool		is_open;
} TipCommand;

/*
 * Fill a buffer of TIP_RING_BYTES + 1; full is too much.  Where the session is
 * cancelled this raises: the caller must then end the command and wipe.
 */
extern TipComplaint TipRunCommand(TipCommand *command, const char *line,
								  int limit_ms, char *text, size_t *len);

/* Kill what is left of it, with its children; true if it exited with 0. */
extern bool TipEndCommand(TipCommand *command);

#endif							/* TIP_IDENTITY_COMMAND_H */
