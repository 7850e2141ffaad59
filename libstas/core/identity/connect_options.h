// SPDX-License-Identifier: Apache-2.0
//
// Parameters of a connection that are not part of its identity. Each may be unset: then the next level counts, in the
// order controller= line, [Global], the kernel's default ("nothing is sent").
#pragma once

#include <optional>

#include "libstas/core/base/secret.h"

namespace stas {

struct ConnectOptions {
  std::optional<bool> hdr_digest;
  std::optional<bool> data_digest;
  std::optional<bool> disable_sqflow;
  std::optional<int> kato;             // keep-alive time-out, s; 0 is never sent
  std::optional<int> queue_size;       // 16...1024
  std::optional<int> reconnect_delay;  // s
  std::optional<int> ctrl_loss_tmo;    // s; -1 = for ever
  std::optional<int> nr_io_queues;
  std::optional<int> nr_write_queues;
  std::optional<int> nr_poll_queues;
  Secret dhchap_secret;       // host secret; beats the host key of sys.conf
  Secret dhchap_ctrl_secret;  // controller secret: authenticate both ways

  friend bool operator==(const ConnectOptions&, const ConnectOptions&) = default;
};

// `over` where it is set, else `base`.
ConnectOptions merged(const ConnectOptions& base, const ConnectOptions& over);

}  // namespace stas
