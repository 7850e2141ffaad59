// SPDX-License-Identifier: Apache-2.0
//
// Lines in, lines out, over a Unix stream socket: the transport of the control interface. What a line means is the
// handler's business. Lines, clients and unread answers are bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/target/core/result.h"
#include "tests/target/transport/poller.h"

namespace stas::target {

class RpcServer {
 public:
  /// An empty answer is not sent.
  using Handler = std::function<std::string(std::string_view line)>;

  static Result<std::unique_ptr<RpcServer>> make(Poller& poller, const std::string& path, Handler handler);
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

 private:
  struct Client {
    UniqueFd socket;
    std::uint64_t watch = 0;
    std::string in;
    std::string out;
  };

  RpcServer(Poller& poller, std::string path, Handler handler)
      : poller_(poller), path_(std::move(path)), handler_(std::move(handler)) {}

  void accept();
  void on_client(std::uint64_t id, std::uint32_t events);
  bool receive(Client& client);
  bool send(Client& client);
  void answer_lines(Client& client);

  Poller& poller_;
  std::string path_;
  Handler handler_;
  UniqueFd socket_;
  std::uint64_t watch_ = 0;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t next_id_ = 1;
};

}  // namespace stas::target
