// SPDX-License-Identifier: Apache-2.0
//
// Descriptors are a thing one can run out of, as memory is. An operation that failed for that says nothing about the
// controller, the file or the interface it was about (law 2): it is done again when there are some.
#pragma once

#include "libstas/core/base/result.h"

namespace stas {

// EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC (of epoll): we, or the machine, are short of something.
bool is_shortage(int errnum);

template <class T>
bool is_shortage(const Result<T>& result) {
  return !result && is_shortage(result.error().errnum);
}

// Takes what the hard limit allows: the usual soft limit of 1024 is there for select(2), which nobody here uses, and
// one controller of the user fabric takes two. If that is forbidden, the soft limit stays.
void raise_descriptor_limit();

}  // namespace stas
