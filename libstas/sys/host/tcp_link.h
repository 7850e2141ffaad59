// SPDX-License-Identifier: Apache-2.0
//
// A queue over a TCP connection on the loop: connect with a deadline, then the bytes of nvme_tcp::TcpQueue both ways.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/nvme_tcp/queue.h"
#include "libstas/sys/host/queue_link.h"
#include "libstas/sys/net/tcp_socket.h"
#include "libstas/sys/os/loop.h"

namespace stas {

class TcpLink final : public QueueLink {
 public:
  // Connects at once; what goes wrong shows in error().
  TcpLink(Loop& loop, const TcpEndpoint& endpoint, nvme_tcp::Digests digests, Duration connect_timeout,
          Changed changed);

  bool is_open() const override { return queue_.ready() && !error_; }
  const std::optional<Error>& error() const override { return error_; }
  void submit(nvme_tcp::Token token, nvme_tcp::Command command) override;
  void flush() override;
  std::vector<nvme_tcp::Completed> take_completions() override { return queue_.take_completions(); }
  Instant deadline() const override { return connect_until_; }
  void advance(Instant now) override;
  std::string source_address() const override { return tcp_source_address(socket_); }

 private:
  void on_io(std::uint32_t revents);
  void on_connected();
  void read_all();
  void feed(std::string_view bytes);
  void die(Error error);

  Changed changed_;
  Duration connect_timeout_;
  Instant connect_until_ = kNever;  // kNever: connected
  nvme_tcp::TcpQueue queue_;
  UniqueFd socket_;
  IoSource io_;
  std::string output_;
  std::size_t sent_ = 0;  // of output_
  bool wants_write_ = true;
  std::optional<Error> error_;
};

}  // namespace stas
