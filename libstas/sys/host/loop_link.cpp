// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/host/loop_link.h"

#include <utility>

#include "libstas/core/base/endian.h"

namespace stas {

namespace {

constexpr std::uint8_t kSglTransport = 0x5A;

}  // namespace

LoopLink::LoopLink(Loop& loop, LoopTargets& targets, const std::string& traddr, Changed changed)
    : wake_(loop.once(std::move(changed))) {
  auto queue = targets.open(traddr, [this] {
    error_ = Error{ErrorKind::closed, 0, "the controller closed the connection"};
    wake_.arm();
  });
  if (!queue) {
    error_ = queue.error();
  } else {
    queue_ = std::move(*queue);
  }
  wake_.arm();
}

void LoopLink::submit(nvme_tcp::Token token, nvme_tcp::Command command) {
  if (!is_open()) return;
  put_le(command.sqe, 2, next_cid_++);
  const auto length = command.data_out.empty() ? command.read_length : command.data_out.size();
  put_le(command.sqe, 32, static_cast<std::uint32_t>(length));
  put_le(command.sqe, 39, kSglTransport);
  const auto read_length = command.read_length;
  queue_->submit(std::string_view(command.sqe.data(), command.sqe.size()), std::move(command.data_out), read_length,
                 [this, token, read_length](std::string_view cqe, std::string data) {
                   complete(token, read_length, cqe, std::move(data));
                 });
}

void LoopLink::complete(nvme_tcp::Token token, std::uint32_t read_length, std::string_view cqe, std::string data) {
  if (cqe.size() != nvme_tcp::kCqeSize || data.size() > read_length) {
    error_ = Error{ErrorKind::protocol, 0, "the loop target answered with malformed data"};
  } else {
    auto completion = nvme_tcp::parse_cqe(cqe);
    completion.data = std::move(data);
    completions_.push_back({token, std::move(completion)});
  }
  wake_.arm();
}

std::vector<nvme_tcp::Completed> LoopLink::take_completions() { return std::exchange(completions_, {}); }

}  // namespace stas
