// SPDX-License-Identifier: BSD-3-Clause
// Whole small files: bounded reading, creating without overwriting, replacing without a moment in
// which neither the old nor the new content is on disk. One thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { FILE_PATH_MAX = 4096 };

// "-" is standard input. At most room bytes; -EFBIG if there are more. 0 or -errno.
int file_read(const char *path, void *data, size_t room, size_t *len);
// As file_read, but for text of any sane size (1 MiB at most), closed with a zero. free() it.
int file_read_text(const char *path, char **text, size_t *len);

// Creates path with exactly this mode; -EEXIST if anything has that name. On failure nothing is
// left.
int file_create(const char *path, const void *data, size_t len, mode_t mode);
// Temporary file beside path, synced, renamed over it. A symbolic link is followed; what is no
// regular file (a device, a pipe) is written to directly.
int file_replace(const char *path, const void *data, size_t len, mode_t mode);
// Copies path to "PATH.TAG.bak", or "PATH.TAG.N.bak" if that exists with other content. The name
// goes into `name`. 0 or -errno.
int file_backup(const char *path, const char *tag, char name[static FILE_PATH_MAX]);

bool file_exists(const char *path);
// "DIR/NAME", or NAME alone if it is absolute or dir is empty. False if it does not fit.
bool file_join(char out[static FILE_PATH_MAX], const char *dir, const char *name);
// What stands before the last slash of path; "." if there is none.
void file_dir(char out[static FILE_PATH_MAX], const char *path);
