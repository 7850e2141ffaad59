// SPDX-License-Identifier: Apache-2.0
//
// A host on a raw TCP socket, PDU by PDU, blocking with a generous deadline. It checks what a kernel host would check.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/target/transport/poller.h"
#include "tests/unit/target/host_commands.h"

namespace stas::target::testing {

struct Digests {
  bool header = false;
  bool data = false;
};

class TcpHost {
 public:
  /// Connects to 127.0.0.1.
  explicit TcpHost(const std::string& port);

  /// ICReq and ICResp; false if the target hung up or answered wrongly.
  bool initialize(Digests digests = {}, std::uint8_t hpda = 0);
  /// Sends a command and what it needs (data by R2T), collects its data and completion. Empty: connection closed.
  std::optional<Answer> run(Command command);
  std::uint16_t submit(Command command);
  /// The next completion, with the data that came before it.
  std::optional<Answer> collect();

  void send(const std::vector<std::uint8_t>& bytes);
  /// The next PDU, digests checked; empty: closed.
  std::optional<std::vector<std::uint8_t>> receive_pdu();
  /// True when the peer closes without a further PDU of ours being answered.
  bool wait_closed();

  std::optional<std::uint16_t> bring_up(const ConnectOptions& options);

  std::size_t c2h_pdus = 0;
  std::size_t r2ts = 0;
  std::size_t digest_errors = 0;
  std::size_t max_h2c = 4096;  ///< how this host splits its data
  bool damage_data_digest = false;

 private:
  bool receive_exactly(std::uint8_t* to, std::size_t count);
  void send_h2c(std::uint16_t cid, std::uint16_t ttag, std::size_t offset, std::size_t length);

  UniqueFd socket_;
  Digests digests_;
  std::size_t alignment_ = 4;
  std::uint16_t cid_ = 0;
  std::vector<std::uint8_t> pending_;  ///< data of the command that waits for its R2T
};

}  // namespace stas::target::testing
