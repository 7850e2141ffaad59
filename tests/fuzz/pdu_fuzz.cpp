// SPDX-License-Identifier: Apache-2.0
//
// A controller that sends whatever it likes to the whole user-space host: PDU decoder, queue and session. Byte 0
// chooses the digests, byte 1 the size of the portions, the rest is the stream of the admin queue. Whatever comes, each
// request is answered exactly once and the end comes exactly once.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <variant>

#include "libstas/core/discovery/log_reader.h"
#include "libstas/nvme_tcp/queue.h"
#include "libstas/nvme_tcp/session.h"

namespace {

using stas::nvme_tcp::Session;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::uint64_t kRequest = 1;

// Numbers that depend on the input and are none of a cipher's.
struct ToyCrypto final : stas::nvme_tcp::DhchapCrypto {
  using Text = stas::Result<std::string>;
  Text digest(stas::nvme_tcp::DhchapHash hash, std::string_view data) const override {
    return std::string(stas::nvme_tcp::digest_size(hash), data.empty() ? '\0' : data.back());
  }
  Text hmac(stas::nvme_tcp::DhchapHash hash, std::string_view, std::string_view data) const override {
    return digest(hash, data);
  }
  stas::Result<stas::nvme_tcp::DhAgreement> agree(std::uint8_t group, std::string_view peer) const override {
    if (peer.size() < group) return stas::fail(stas::ErrorKind::protocol, "no value of the group");
    return stas::nvme_tcp::DhAgreement{std::string(peer), stas::Secret(std::string(peer))};
  }
  Text random(std::size_t count) const override { return std::string(count, '\0'); }
};

struct Host {
  stas::Instant now{std::chrono::seconds(1)};
  stas::nvme_tcp::TcpQueue queue;
  Session session;
  bool opened = false;
  bool failed = false;  // the queue
  bool closed = false;
  unsigned asked = 0;
  unsigned answered = 0;

  Host(stas::nvme_tcp::Digests digests, stas::nvme_tcp::SessionConfig config)
      : queue(digests), session(std::move(config)) {
    session.start(now);
    queue.start();
  }

  void pump() {
    if (!opened && queue.ready()) {
      opened = true;
      session.queue_opened(0, now);
    }
    for (auto& done : queue.take_completions()) session.completed(std::move(done), now);
    for (auto& order : session.take_orders()) {
      if (auto* submit = std::get_if<Session::Submit>(&order)) {
        // What came with the end may still lead to a command; nobody takes it any more, and the session is told next.
        require(queue.submit(submit->token, std::move(submit->command)).has_value() || failed);
      }
      if (const auto* agree = std::get_if<Session::Agree>(&order)) {
        session.agreed(ToyCrypto().agree(agree->what.group, agree->what.peer), now);
        return pump();
      }
    }
    for (const auto& event : session.take_events()) {
      require(!closed);
      if (std::holds_alternative<Session::Closed>(event)) closed = true;
      if (std::holds_alternative<Session::Answered>(event)) ++answered;
      if (std::holds_alternative<Session::Live>(event)) {
        ++asked;
        session.request(kRequest, "Get Log Page 70h",
                        stas::nvme_tcp::get_log_page({stas::kLidDiscovery, 0, true, 0, 20}), now);
        pump();
      }
    }
    (void)queue.take_output();
  }

  void feed(std::string_view bytes) {
    const auto fed = queue.feed(bytes);
    failed = !fed;
    pump();
    if (!fed) session.queue_failed(fed.error());
    now += std::chrono::milliseconds(2);
    session.advance(now);
    pump();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  stas::nvme_tcp::SessionConfig config;
  config.kind = stas::ControllerKind::discovery;
  config.subsysnqn = "nqn.2014-08.org.nvmexpress.discovery";
  config.hostnqn = "nqn.2024-01.org.example:host";
  config.kato = std::chrono::seconds(30);
  const ToyCrypto crypto;
  config.dhchap = {{stas::Secret(std::string(32, 'h'))}, {stas::Secret(std::string(32, 'c'))}, {}, &crypto};
  const auto portion = static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) + 1;
  Host host({(bytes[0] & 1) != 0, (bytes[0] & 2) != 0}, config);
  bytes.remove_prefix(2);
  while (!bytes.empty() && !host.closed) {
    host.feed(bytes.substr(0, portion));
    bytes.remove_prefix(std::min(portion, bytes.size()));
  }
  host.session.queue_failed({stas::ErrorKind::closed, 0, "end of input"});
  host.pump();
  require(host.closed && host.asked == host.answered);
  return 0;
}
