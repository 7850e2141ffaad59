// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/descriptors.h"

#include <cerrno>

#include <sys/resource.h>

namespace stas {

bool is_shortage(int errnum) {
  return errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM || errnum == ENOBUFS || errnum == ENOSPC;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace stas
