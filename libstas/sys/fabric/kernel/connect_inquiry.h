// SPDX-License-Identifier: Apache-2.0
//
// Why does the controller refuse? Of an NVMe status the kernel only says EIO; the rest is in its log. So the controller
// is asked once more, from here: a Connect of our own as the same host, for the status in its answer. Whatever that is,
// the association ends at once (NVMe base specification, Fabrics Connect command). NVMe/TCP only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/brain/action.h"
#include "libstas/nvme_tcp/commands.h"
#include "libstas/sys/host/tcp_link.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class ConnectInquiry {
 public:
  // For opening the connection, and again for the answer.
  static constexpr Duration kPatience = std::chrono::seconds(3);

  // `why`: what the controller said, in words for an administrator; nullopt when it did not refuse or nothing was
  // learned. Called once, from the loop; may destroy the inquiry.
  using Done = std::function<void(std::optional<Error> why)>;

  // nullptr: this order is not one that can be asked about.
  static std::unique_ptr<ConnectInquiry> begin(Loop& loop, const Connect& order, Done done,
                                               Duration patience = kPatience);

  ConnectInquiry(Loop& loop, const TcpEndpoint& endpoint, nvme_tcp::Digests digests,
                 nvme_tcp::ConnectParameters parameters, bool has_key, Done done, Duration patience);

 private:
  void look();
  std::optional<Error> judge(const nvme_tcp::Completion& answer) const;

  Loop& loop_;
  nvme_tcp::ConnectParameters parameters_;
  bool has_key_;
  Duration patience_;
  Instant until_;
  bool asked_ = false;
  Done done_;
  TimerSource timer_;
  TcpLink link_;
};

}  // namespace stas
