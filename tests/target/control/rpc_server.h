// SPDX-License-Identifier: Apache-2.0
//
// Requests in, answers out, over a Unix stream socket: the transport of the control interface. Where a request ends and
// what it means is the handler's business. Requests, clients and unread answers are bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tests/target/core/result.h"
#include "tests/target/transport/poller.h"

namespace stas::target {

class RpcServer {
 public:
  /// What the handler has taken of the text so far, and what to answer (nothing if empty). Taking nothing means that
  /// the request is not complete.
  struct Taken {
    std::size_t bytes = 0;
    std::string answer{};
  };
  using Handler = std::function<Taken(std::string_view text)>;

  static Result<std::unique_ptr<RpcServer>> make(Poller& poller, const std::string& path, Handler handler);
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  /// True once after each time there was no descriptor left for a client: call resume() after a while.
  bool wants_pause() { return std::exchange(wants_pause_, false); }
  void resume();

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
  void answer(Client& client);

  Poller& poller_;
  std::string path_;
  Handler handler_;
  UniqueFd socket_;
  std::uint64_t watch_ = 0;
  bool wants_pause_ = false;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t next_id_ = 1;
};

}  // namespace stas::target
