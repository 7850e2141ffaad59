// SPDX-License-Identifier: Apache-2.0
//
// A peer for the probe: listens on a free port of loopback, in the test's own loop, and answers an ICReq with the bytes
// it was given, or not at all.
#pragma once

#include <array>
#include <list>
#include <string>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "libstas/nvme_tcp/pdu.h"
#include "libstas/sys/net/probe.h"
#include "libstas/sys/net/socket_address.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/unique_fd.h"
#include "tests/unit/nvme_tcp/wire_peer.h"

namespace stas::test {

inline std::string icresp() { return nvme_tcp::peer::ic_resp(); }

enum class After { keep_open, close };

class Listener {
 public:
  // `at`: another address of loopback, and the port that a listener elsewhere has; is_bound() tells whether it was
  // free.
  Listener(Loop& loop, std::string answer, After after = After::keep_open, const char* at = "127.0.0.1",
           std::uint16_t port = 0)
      : loop_(loop),
        answer_(std::move(answer)),
        after_(after),
        at_(*IpAddress::parse(at)),
        fd_(socket(at_.family() == IpFamily::v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto wanted = to_socket_address(at_, port, 0);
    bound_ = bind(fd_.get(), wanted.get(), wanted.length) == 0 && listen(fd_.get(), 64) == 0;
    sockaddr_in address{};  // the port is at the same place in both families
    socklen_t length = sizeof address;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    number_ = ntohs(address.sin_port);
    port_ = std::to_string(number_);
    source_ = loop_.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { on_accept(); }).value();
  }

  const std::string& port() const { return port_; }
  bool is_bound() const { return bound_; }
  std::uint16_t number() const { return number_; }
  TcpEndpoint target() const { return {at_, number_, "", ""}; }
  unsigned accepted() const { return accepted_; }
  const std::string& request() const { return request_; }
  const std::string& peer() const { return peer_; }

 private:
  struct Peer {
    UniqueFd fd;
    IoSource source;
  };

  void on_accept() {
    ++accepted_;
    sockaddr_in from{};
    socklen_t length = sizeof from;
    Peer& peer = peers_.emplace_back();
    peer.fd = UniqueFd(accept(fd_.get(), reinterpret_cast<sockaddr*>(&from), &length));
    peer_ = IpAddress::from_bytes({reinterpret_cast<const char*>(&from.sin_addr), 4})->to_string();
    peer.source = loop_.watch(peer.fd.get(), EPOLLIN, [this, &peer](std::uint32_t) { on_request(peer); }).value();
  }

  void on_request(Peer& peer) {
    char buffer[nvme_tcp::kIcLength];
    const ssize_t got = recv(peer.fd.get(), buffer, sizeof buffer, 0);
    if (got > 0) request_.assign(buffer, static_cast<std::size_t>(got));
    if (got > 0 && !answer_.empty()) send(peer.fd.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    if (got > 0 && after_ == After::keep_open) return;
    peer.source = IoSource();
    peer.fd = UniqueFd();
  }

  Loop& loop_;
  std::string answer_;
  After after_;
  IpAddress at_;
  UniqueFd fd_;
  bool bound_ = false;
  IoSource source_;
  std::list<Peer> peers_;
  std::uint16_t number_ = 0;
  std::string port_, request_, peer_;
  unsigned accepted_ = 0;
};

// Takes no connection, silently: its queue is full, so the system drops what asks for one. On the port of a listener
// elsewhere.
class DeafListener {
 public:
  explicit DeafListener(std::uint16_t port, const char* at = "127.0.0.1")
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = to_socket_address(*IpAddress::parse(at), port, 0);
    bound_ = bind(fd_.get(), address.get(), address.length) == 0 && listen(fd_.get(), 0) == 0;
    for (auto& filler : fillers_) {
      filler = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      connect(filler.get(), address.get(), address.length);
    }
  }
  bool is_bound() const { return bound_; }

 private:
  UniqueFd fd_;
  std::array<UniqueFd, 4> fillers_;
  bool bound_ = false;
};

// A port of loopback where nobody listens: bound, so that nobody else gets it meanwhile.
class ClosedPort {
 public:
  ClosedPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t length = sizeof address;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    number_ = ntohs(address.sin_port);
    port_ = std::to_string(number_);
  }
  const std::string& port() const { return port_; }
  std::uint16_t number() const { return number_; }

 private:
  UniqueFd fd_;
  std::uint16_t number_ = 0;
  std::string port_;
};

}  // namespace stas::test
