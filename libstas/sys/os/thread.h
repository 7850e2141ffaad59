// SPDX-License-Identifier: Apache-2.0
//
// Starts a thread the way this program wants them: without signals, which belong to the loop, and detached, because one
// that is stuck in the kernel cannot be waited for. What it uses it has to share; who cares about its end is told by
// it.
#pragma once

#include <functional>

namespace stas {

// False: there is no thread to be had, and `body` is not called. It must not throw.
[[nodiscard]] bool start_thread(std::function<void()> body);

}  // namespace stas
