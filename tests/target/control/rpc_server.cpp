// SPDX-License-Identifier: Apache-2.0
//
// The control socket.
#include "tests/target/control/rpc_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace stas::target {
namespace {

constexpr std::size_t kMaxRequest = std::size_t{1} << 20;
constexpr std::size_t kMaxUnread = std::size_t{64} << 20;
constexpr std::size_t kMaxClients = 64;

std::string errno_text(const std::string& what) { return what + ": " + std::system_category().message(errno); }

}  // namespace

Result<std::unique_ptr<RpcServer>> RpcServer::make(Poller& poller, const std::string& path, Handler handler) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return problem("control socket '" + path + "': bad length");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return problem(errno_text("control socket"));
  struct stat present {};
  if (::lstat(path.c_str(), &present) == 0 && S_ISSOCK(present.st_mode)) ::unlink(path.c_str());
  // Permissions at birth: nobody else may connect between bind and a chmod.
  const mode_t before = ::umask(0177);
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(before);
  if (bound != 0) return problem(errno_text("control socket " + path));
  if (::listen(socket.get(), 16) != 0) return problem(errno_text("control socket " + path));
  std::unique_ptr<RpcServer> server(new RpcServer(poller, path, std::move(handler)));
  server->socket_ = std::move(socket);
  server->watch_ = poller.add(server->socket_.get(), EPOLLIN, [raw = server.get()](std::uint32_t) { raw->accept(); });
  return server;
}

RpcServer::~RpcServer() {
  for (const auto& [id, client] : clients_) poller_.remove(client.watch);
  poller_.remove(watch_);
  ::unlink(path_.c_str());
}

void RpcServer::accept() {
  UniqueFd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
    // Out of descriptors or memory: the kernel would wake us again and again for the same client.
    poller_.modify(watch_, 0);
    wants_pause_ = true;
  }
  if (!socket || clients_.size() >= kMaxClients) return;
  const auto id = next_id_++;
  Client& client = clients_[id];
  client.socket = std::move(socket);
  client.watch = poller_.add(client.socket.get(), EPOLLIN, [this, id](std::uint32_t events) { on_client(id, events); });
}

void RpcServer::resume() { poller_.modify(watch_, EPOLLIN); }

void RpcServer::on_client(std::uint64_t id, std::uint32_t events) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  Client& client = it->second;
  const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
  const bool open = !readable || receive(client);
  if (!send(client) || !open) {
    poller_.remove(client.watch);
    clients_.erase(it);
    return;
  }
  poller_.modify(client.watch, client.out.empty() ? EPOLLIN : EPOLLOUT);
}

bool RpcServer::receive(Client& client) {
  std::array<char, 65536> piece{};
  const auto got = ::recv(client.socket.get(), piece.data(), piece.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  client.in.append(piece.data(), static_cast<std::size_t>(got));
  answer(client);
  return client.in.size() <= kMaxRequest && client.out.size() <= kMaxUnread;
}

void RpcServer::answer(Client& client) {
  std::size_t start = 0;
  while (start < client.in.size() && client.out.size() <= kMaxUnread) {
    const Taken taken = handler_(std::string_view(client.in).substr(start));
    if (taken.bytes == 0) break;
    if (!taken.answer.empty()) client.out.append(taken.answer).append("\n");
    start += taken.bytes;
  }
  client.in.erase(0, start);
}

bool RpcServer::send(Client& client) {
  while (!client.out.empty()) {
    const auto done = ::send(client.socket.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    client.out.erase(0, static_cast<std::size_t>(done));
  }
  return true;
}

}  // namespace stas::target
