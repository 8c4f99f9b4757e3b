/*
 * identity_keys_file.c
 *		The key ring is read from a file that nobody else can read or change.
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat.h"
#include "identity_keys.h"
#include "miscadmin.h"

static bool
is_below(const char *real, const char *directory)
{
	char		top[PATH_MAX];
	size_t		len;

	if (realpath(directory, top) == NULL)
		return false;
	len = strlen(top);
	return strncmp(real, top, len) == 0 && real[len] == '/';
}

/* What a base backup copies: data directory, WAL, tablespaces. */
static bool
is_in_backups(const char *path)
{
	static const char spaces[] = "pg_tblspc";
	char		real[PATH_MAX];
	char		name[MAXPGPATH + NAME_MAX];
	bool		found;
	struct dirent *entry;
	DIR		   *dir;

	if (realpath(path, real) == NULL)
		return true;
	snprintf(name, sizeof(name), "%s/pg_wal", DataDir);
	found = is_below(real, DataDir) || is_below(real, name);
	snprintf(name, sizeof(name), "%s/%s", DataDir, spaces);
	dir = opendir(name);
	while (!found && dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s/%s", DataDir, spaces,
				 entry->d_name);
		found = is_below(real, name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static bool
is_private(const struct stat *st)
{
	if (st->st_uid == geteuid())
		return (st->st_mode & (S_IRWXG | S_IRWXO | S_IXUSR)) == 0;
	return st->st_uid == 0 &&
		(st->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO | S_IXUSR)) == 0;
}

static TipComplaint
check_key_file(int fd, const char *path, struct stat *st)
{
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))
		return TipComplain(ERRCODE_WRONG_OBJECT_TYPE,
						   "key file is not a regular file",
						   "Name the file itself, not a link or a device.");
	if (!is_private(st))
		return TipComplain(ERRCODE_INSUFFICIENT_PRIVILEGE,
						   "key file has group or world access or a wrong owner",
						   "The server's user must own it with mode 0600 or 0400, or root with mode 0640.");
	if (st->st_nlink != 1)
		return TipComplain(ERRCODE_WRONG_OBJECT_TYPE,
						   "key file has more than one hard link",
						   "Remove the other names of the file.");
	if (is_in_backups(path))
		return TipComplain(ERRCODE_INSUFFICIENT_PRIVILEGE,
						   "key file is inside the data directory",
						   "Keep it where no base backup copies it: outside the data directory and the tablespaces.");
	return TIP_FINE;
}

TipComplaint
TipReadKeyFile(const char *path, char *text, size_t *len, struct stat *st)
{
	TipComplaint complaint;
	ssize_t		got = 0;
	int			fd;

	*len = 0;
	if (path[0] != '/')
		return TipComplain(ERRCODE_CONFIG_FILE_ERROR,
						   "key file is not named by an absolute path",
						   "Begin tip_module.key_file with a slash.");
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	complaint = TipComplain(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
							"could not open key file",
							"Check tip_module.key_file; symbolic links are refused.");
	complaint.saved_errno = errno;
	if (fd < 0)
		return complaint;
	complaint = check_key_file(fd, path, st);
	while (complaint.message == NULL && *len <= TIP_RING_BYTES &&
		   (got = read(fd, text + *len, TIP_RING_BYTES + 1 - *len)) > 0)
		*len += got;
	close(fd);
	if (complaint.message == NULL && got < 0)
		return TipComplain(ERRCODE_IO_ERROR, "could not read key file",
						   "Check the file system that it is on.");
	return complaint;
}

/*
 * The program that a command line begins with; what else the line names is
 * the DBA's.
 */
TipComplaint
TipCheckKeyCommand(const char *command)
{
	char		path[MAXPGPATH];
	size_t		len = strcspn(command, " \t\n;|&<>()");
	struct stat st;

	if (command[0] != '/' || len >= sizeof(path))
		return TipComplain(ERRCODE_CONFIG_FILE_ERROR,
						   "key command does not begin with an absolute path",
						   "Begin tip_module.key_command with a slash.");
	memcpy(path, command, len);
	path[len] = '\0';
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
		access(path, X_OK) != 0)
		return TipComplain(ERRCODE_CONFIG_FILE_ERROR,
						   "key command does not begin with a program",
						   "Name a program that the server's user may run.");
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
		(st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return TipComplain(ERRCODE_INSUFFICIENT_PRIVILEGE,
						   "others may change the program of the key command",
						   "Root or the server's user must own it, and neither group nor world may write to it.");
	if (is_in_backups(path))
		return TipComplain(ERRCODE_INSUFFICIENT_PRIVILEGE,
						   "key command is inside the data directory",
						   "Keep it where no base backup copies it: outside the data directory and the tablespaces.");
	return TIP_FINE;
}
