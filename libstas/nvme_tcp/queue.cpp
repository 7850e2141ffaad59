// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/queue.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "libstas/core/base/endian.h"

namespace stas::nvme_tcp {

namespace {

// A command id is the slot in its low byte and a generation above it, so that a late answer meets no new command.
constexpr unsigned kGenerationShift = 8;

constexpr std::uint8_t kSglInCapsule = 0x01, kSglTransport = 0x5A;

auto violation(FatalStatus status, std::string text) {
  return tl::unexpected(Violation{status, 0, std::move(text), {}});
}

void set_descriptor(Sqe& sqe, std::uint8_t type, std::size_t length) {
  put_le(sqe, 32, static_cast<std::uint32_t>(length));
  put_le(sqe, 39, type);
}

}  // namespace

void TcpQueue::start() {
  state_ = State::connecting;
  output_ += encode_ic_req(wanted_);
}

Result<void> TcpQueue::submit(Token token, Command command) {
  const auto free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.used; });
  if (state_ != State::ready) return fail(ErrorKind::closed, "queue is not connected");
  if (free == slots_.end()) return fail(ErrorKind::busy, "too many commands outstanding");
  Slot slot;
  slot.used = true;
  slot.cid =
      static_cast<std::uint16_t>(static_cast<unsigned>(free - slots_.begin()) | generation_++ << kGenerationShift);
  slot.token = token;
  slot.read_length = command.read_length;
  put_le(command.sqe, 2, slot.cid);
  const bool in_capsule = !command.data_out.empty() && command.data_out.size() <= kInCapsule;
  set_descriptor(command.sqe, in_capsule ? kSglInCapsule : kSglTransport,
                 command.data_out.empty() ? command.read_length : command.data_out.size());
  const std::string_view sqe(command.sqe.data(), command.sqe.size());
  output_ += encode_command(sqe, in_capsule ? std::string_view(command.data_out) : std::string_view(), wanted_, cpda_);
  if (!in_capsule) slot.data_out = std::move(command.data_out);
  *free = std::move(slot);
  return {};
}

Result<void> TcpQueue::feed(std::string_view bytes) {
  if (state_ == State::failed) return fail(ErrorKind::closed, "connection has failed already");
  decoder_.feed(bytes);
  for (;;) {
    auto pdu = decoder_.next();
    auto handled = pdu ? Checked<void>() : Checked<void>(tl::unexpected(pdu.error()));
    if (pdu) {
      if (!pdu->has_value()) return {};
      handled = handle(std::move(**pdu));
    }
    if (!handled) {
      const bool greeted = state_ == State::ready;
      state_ = State::failed;
      output_ = encode_h2c_term_req(handled.error());
      return fail(ErrorKind::protocol,
                  (greeted ? "the controller broke the NVMe/TCP protocol: " : "the peer does not speak NVMe/TCP: ") +
                      handled.error().text);
    }
    if (!term_.text.empty()) {
      state_ = State::failed;
      return tl::unexpected(term_);
    }
  }
}

Checked<void> TcpQueue::handle(Pdu pdu) {
  if (const auto* term = std::get_if<C2hTermReq>(&pdu)) {
    term_ = Error{ErrorKind::closed, 0,
                  "the controller terminated the connection: " + to_text(static_cast<FatalStatus>(term->status))};
    return {};
  }
  if (std::holds_alternative<IcResp>(pdu) != (state_ == State::connecting)) {
    return violation(FatalStatus::sequence_error, state_ == State::connecting ? "the first PDU is not ICResp"
                                                                              : "ICResp on an initialized connection");
  }
  return std::visit(
      [this](auto&& value) -> Checked<void> {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, IcResp>) {
          return on_ic_resp(value);
        } else if constexpr (std::is_same_v<T, C2hData>) {
          return on_data(value);
        } else if constexpr (std::is_same_v<T, CapsuleResp>) {
          return on_response(value);
        } else if constexpr (std::is_same_v<T, R2t>) {
          return on_r2t(value);
        } else {
          return {};
        }
      },
      std::move(pdu));
}

Checked<void> TcpQueue::on_ic_resp(const IcResp& response) {
  const auto unsupported = [](std::string text) {
    return violation(FatalStatus::unsupported_parameter, "ICResp with " + std::move(text));
  };
  if (response.pfv != 0) return unsupported("PDU format version " + std::to_string(response.pfv));
  if (response.cpda > kMaxAlignment) return unsupported("data alignment " + std::to_string(response.cpda));
  if (response.digests != wanted_) return unsupported("other digests than asked for");
  if (response.max_h2c_data < kMinMaxH2cData || response.max_h2c_data % 4 != 0) {
    return unsupported("MAXH2CDATA " + std::to_string(response.max_h2c_data));
  }
  cpda_ = response.cpda;
  max_h2c_data_ = response.max_h2c_data;
  decoder_.set_digests(wanted_);
  state_ = State::ready;
  return {};
}

TcpQueue::Slot* TcpQueue::slot_of(std::uint16_t cid) {
  const auto index = cid & ((1U << kGenerationShift) - 1);
  if (index >= kSlots) return nullptr;
  auto& slot = slots_[index];
  return slot.used && slot.cid == cid ? &slot : nullptr;
}

void TcpQueue::complete(Slot& slot, Completion completion) {
  completion.data = std::move(slot.data);
  if (slot.data_spoiled && completion.ok()) completion.status = kStatusTransientTransport;
  completions_.push_back({slot.token, std::move(completion)});
  slot = Slot{};
}

Checked<void> TcpQueue::on_data(const C2hData& data) {
  auto* slot = slot_of(data.cid);
  if (slot == nullptr) {
    return violation(FatalStatus::invalid_header_field, "C2HData for unknown command " + std::to_string(data.cid));
  }
  const auto received = slot->data.size();
  if (data.offset != received || data.data.size() > slot->read_length - received) {
    return violation(FatalStatus::data_out_of_range, "C2HData of " + std::to_string(data.data.size()) + " bytes at " +
                                                         std::to_string(data.offset) + " where " +
                                                         std::to_string(slot->read_length - received) + " bytes at " +
                                                         std::to_string(received) + " are due");
  }
  if (data.success && !data.last) {
    return violation(FatalStatus::invalid_header_field, "C2HData with SUCCESS but without LAST_PDU");
  }
  slot->data += data.data;
  if (!data.digest_ok) slot->data_spoiled = true;
  if (data.success) complete(*slot, Completion{});
  return {};
}

Checked<void> TcpQueue::on_response(const CapsuleResp& response) {
  const std::string_view cqe(response.cqe.data(), response.cqe.size());
  auto* slot = slot_of(cqe_cid(cqe));
  if (slot == nullptr) {
    return violation(FatalStatus::invalid_header_field, "response for unknown command " + std::to_string(cqe_cid(cqe)));
  }
  complete(*slot, parse_cqe(cqe));
  return {};
}

// We announce MAXR2T 0: at most one request per command at a time, so each must continue where the last one ended.
Checked<void> TcpQueue::on_r2t(const R2t& request) {
  auto* slot = slot_of(request.cid);
  if (slot == nullptr) {
    return violation(FatalStatus::invalid_header_field, "R2T for unknown command " + std::to_string(request.cid));
  }
  if (request.offset != slot->sent || request.length == 0 || request.length > slot->data_out.size() - slot->sent) {
    return violation(FatalStatus::data_out_of_range, "R2T for " + std::to_string(request.length) + " bytes at " +
                                                         std::to_string(request.offset) + " where " +
                                                         std::to_string(slot->data_out.size() - slot->sent) +
                                                         " bytes at " + std::to_string(slot->sent) + " are left");
  }
  const auto end = slot->sent + request.length;
  while (slot->sent < end) {
    const auto length = std::min(end - slot->sent, max_h2c_data_);
    const auto data = std::string_view(slot->data_out).substr(slot->sent, length);
    output_ +=
        encode_h2c_data({request.cid, request.tag, slot->sent, slot->sent + length == end, data}, wanted_, cpda_);
    slot->sent += length;
  }
  return {};
}

std::vector<Completed> TcpQueue::take_completions() { return std::exchange(completions_, {}); }

std::string TcpQueue::take_output() { return std::exchange(output_, {}); }

}  // namespace stas::nvme_tcp
