// SPDX-License-Identifier: Apache-2.0
//
// Parameters of a connection that are not part of its identity. Each may be unset: then the next level counts, in the
// order controller= line, [Global], the kernel's default ("nothing is sent").
#pragma once

#include <map>
#include <optional>
#include <string>

#include "libstas/core/base/secret.h"

namespace stas {

// What the kernel accepts (drivers/nvme/host/fabrics.h).
inline constexpr int kMinQueueSize = 16, kMaxQueueSize = 1024;
inline constexpr int kForEver = -1;              // as ctrl_loss_tmo
inline constexpr int kDefaultCtrlLossTmo = 600;  // s; the kernel's own, sent also when nothing is configured
// s; Linux has no keep-alive on discovery controllers by default, and loses them after two idle minutes. For I/O
// controllers nothing is sent, and the kernel's default counts.
inline constexpr int kDefaultDiscoveryKato = 30;

struct ConnectOptions {
  std::optional<bool> hdr_digest;
  std::optional<bool> data_digest;
  std::optional<bool> disable_sqflow;
  std::optional<int> kato;             // keep-alive time-out, s; 0 is never sent
  std::optional<int> queue_size;       // kMinQueueSize...kMaxQueueSize
  std::optional<int> reconnect_delay;  // s
  std::optional<int> ctrl_loss_tmo;    // s, or kForEver
  std::optional<int> nr_io_queues;
  std::optional<int> nr_write_queues;
  std::optional<int> nr_poll_queues;
  std::optional<bool> tls;
  std::optional<bool> tls_concat;  // a TLS key of its own for each connection, made by DH-HMAC-CHAP
  std::optional<int> keyring;      // serial number of the keyring that has the TLS key
  std::optional<int> tls_key;      // serial number of a TLS key in the kernel
  Secret dhchap_secret;            // host secret; beats the host key of sys.conf
  Secret dhchap_ctrl_secret;       // controller secret: authenticate both ways
  // Keys and encryption that are asked for and cannot be had: the option, and why; no secret. Nothing is connected
  // without them: somebody else may be there, and others may listen.
  std::map<std::string, std::string> missing;

  friend bool operator==(const ConnectOptions&, const ConnectOptions&) = default;
};

// `over` where it is set, else `base`.
ConnectOptions merged(const ConnectOptions& base, const ConnectOptions& over);

// Is the connection to be encrypted from its first byte on? A TLS key says so, too.
bool wants_tls(const ConnectOptions& options);

// What keeps a connection with these from being made, "" if nothing does.
std::string obstacle(const ConnectOptions& options);

}  // namespace stas
