// SPDX-License-Identifier: Apache-2.0
//
// One queue over one TCP connection, without the connection: bytes in, bytes out. It does the ICReq/ICResp handshake,
// gives commands their ids, moves their data (in-capsule, R2T/H2CData, C2HData) and checks every answer against what is
// outstanding. Errors are final: what is in the output then (a terminate request) may still be sent, nothing else.
// Deadlines are the session's, which knows what it waits for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/nvme_tcp/commands.h"
#include "libstas/nvme_tcp/pdu.h"

namespace stas::nvme_tcp {

// Chosen by the owner of the command, returned with its completion.
using Token = std::uint64_t;

struct Completed {
  Token token = 0;
  Completion completion;
};

class TcpQueue {
 public:
  static constexpr std::size_t kSlots = kAdminQueueEntries - 1;
  // Every controller takes this much data in a capsule of the admin queue, and Connect data on every queue.
  static constexpr std::size_t kInCapsule = 8192;

  explicit TcpQueue(Digests wanted) : wanted_(wanted) {}

  // Begins the handshake: fills the output.
  void start();
  bool ready() const { return state_ == State::ready; }

  // Error busy: all slots are taken. Only when ready.
  Result<void> submit(Token token, Command command);

  // Bytes from the controller.
  Result<void> feed(std::string_view bytes);

  std::vector<Completed> take_completions();
  std::string take_output();

 private:
  enum class State : std::uint8_t { idle, connecting, ready, failed };
  struct Slot {
    bool used = false;
    std::uint16_t cid = 0;
    Token token = 0;
    std::string data_out;           // waits for R2T
    std::uint32_t sent = 0;         // of data_out
    std::uint32_t read_length = 0;  // expected
    bool data_spoiled = false;
    std::string data;
  };

  Checked<void> handle(Pdu pdu);
  Checked<void> on_ic_resp(const IcResp& response);
  Checked<void> on_data(const C2hData& data);
  Checked<void> on_response(const CapsuleResp& response);
  Checked<void> on_r2t(const R2t& request);
  Slot* slot_of(std::uint16_t cid);
  void complete(Slot& slot, Completion completion);

  State state_ = State::idle;
  Digests wanted_;
  std::uint8_t cpda_ = 0;
  std::uint32_t max_h2c_data_ = kMinMaxH2cData;
  Decoder decoder_;
  std::uint8_t generation_ = 0;
  std::array<Slot, kSlots> slots_;
  std::string output_;
  std::vector<Completed> completions_;
  Error term_;  // text is not empty: the controller ended the connection
};

}  // namespace stas::nvme_tcp
