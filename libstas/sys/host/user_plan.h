// SPDX-License-Identifier: Apache-2.0
//
// From the order to connect to the parameters of the user-space host: addresses, identity, timers, each checked and
// bounded. Where the order leaves something open, what the Linux host does by default counts.
#pragma once

#include <optional>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/brain/action.h"
#include "libstas/nvme_tcp/pdu.h"
#include "libstas/nvme_tcp/session.h"
#include "libstas/sys/net/tcp_endpoint.h"

namespace stas {

inline constexpr auto kDefaultIoKato = std::chrono::seconds(5);
inline constexpr auto kDefaultReconnectDelay = std::chrono::seconds(10);

struct UserPlan {
  nvme_tcp::SessionConfig session;
  nvme_tcp::Digests digests;
  std::optional<TcpEndpoint> tcp;  // nullopt: loop
  std::string traddr;
  Duration reconnect_delay = kDefaultReconnectDelay;
  std::optional<Duration> ctrl_loss_tmo = std::chrono::seconds(kDefaultCtrlLossTmo);  // nullopt: tries for ever
};

Result<UserPlan> make_user_plan(const Connect& order, const nvme_tcp::Timeouts& timeouts);

// "10.0.0.1:8009" or "loop target".
std::string to_text(const UserPlan& plan);

}  // namespace stas
