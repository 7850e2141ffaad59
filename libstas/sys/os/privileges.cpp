// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/os/privileges.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace stas {

namespace {

using Data = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

tl::unexpected<Error> failed(const char* what) {
  const int error = errno;
  return fail(ErrorKind::permission,
              std::string("cannot give up privileges: ") + what + ": " + std::generic_category().message(error), error);
}

// So that even a program with capabilities of its own file cannot bring them back. Needs CAP_SETPCAP; a process without
// is one whose set somebody has chosen, or that has no privileges at all.
void bound(std::uint64_t kept) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if ((kept >> capability & 1U) == 0) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

}  // namespace

Result<void> keep_only(std::initializer_list<int> capabilities) {
  std::uint64_t kept = 0;
  for (const int capability : capabilities) kept |= std::uint64_t{1} << capability;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs");
  bound(kept);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Data data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return failed("capget");
  bool more = false;
  for (auto& half : data) {
    const auto few = static_cast<std::uint32_t>(kept);
    more = more || (half.permitted & ~few) != 0 || half.inheritable != 0;
    half.permitted &= few;
    half.effective &= few;
    half.inheritable = 0;
    kept >>= 32U;
  }
  if (!more) return {};  // our units do not let us call capset() in vain
  if (syscall(SYS_capset, &header, data.data()) != 0) return failed("capset");
  return {};
}

}  // namespace stas
