// SPDX-License-Identifier: BSD-3-Clause
// The name in the file system that the control socket has. Control thread only.
#pragma once

// A listening, non-blocking socket at `path`, mode 0660. What a killed process left there is
// replaced. Descriptor or -errno (-EBUSY: somebody answers there; -EEXIST: no socket); logged.
int ctl_socket_listen(const char *path);
