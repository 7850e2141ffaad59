// SPDX-License-Identifier: Apache-2.0
//
// Prints what sys/mdns says, one line per view and report, for mdns_test.sh. Lines on standard input are orders:
// "enable", "disable", "quit" (as is the end of the input), "abandon" (quit, expecting the library to be stuck).
//
//   view available=yes wake_up=no [lo IPv4 dc1 _nvme-disc._tcp local tcp 127.0.0.1:8009 nqn.x]
//   report info avahi-daemon service available, zeroconf supported.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/epoll.h>
#include <unistd.h>

#include "libstas/core/identity/tid.h"
#include "libstas/sys/mdns/mdns.h"
#include "libstas/sys/os/loop.h"

namespace {

std::string as_text(const stas::MdnsService& s) {
  std::string out = " [" + s.interface + (s.ipv6 ? " IPv6 " : " IPv4 ") + s.name + " " + s.stype + " " + s.domain;
  if (s.resolved) {
    out += " " + std::string(s.transport ? stas::to_text(*s.transport) : "-") + " " + s.traddr + ":" + s.trsvcid + " " +
           (s.nqn.empty() ? "-" : s.nqn);
  }
  return out + "]";
}

std::string_view as_text(stas::Level level) {
  switch (level) {
    case stas::Level::debug:
      return "debug";
    case stas::Level::info:
      return "info";
    case stas::Level::warning:
      return "warning";
    case stas::Level::error:
      return "error";
  }
  return "?";
}

void print(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

int run(bool& abandoned) {
  stas::MdnsTiming timing;
  timing.settle = std::chrono::seconds(3);
  timing.retry.cap = std::chrono::seconds(1);
  stas::Loop loop;
  stas::Mdns* self = nullptr;
  stas::Mdns mdns(
      loop,
      [&self](const stas::MdnsChanged& changed) {
        std::string line = std::string("view available=") + (changed.available ? "yes" : "no") +
                           " wake_up=" + (self->wake_up_at() == stas::kNever ? "no" : "yes") +
                           " types=" + std::to_string(self->service_types().size());
        for (const auto& service : changed.services) line += as_text(service);
        print(line);
      },
      [](stas::Level level, const std::string& text) { print("report " + std::string(as_text(level)) + " " + text); },
      timing);
  self = &mdns;

  std::string input;
  const auto orders = loop.watch(STDIN_FILENO, EPOLLIN, [&](std::uint32_t) {
    std::array<char, 256> buffer{};
    const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n <= 0) return loop.quit(0);
    input.append(buffer.data(), static_cast<std::size_t>(n));
    for (auto end = input.find('\n'); end != std::string::npos; end = input.find('\n')) {
      const std::string order = input.substr(0, end);
      input.erase(0, end + 1);
      abandoned = order == "abandon";
      if (order == "quit" || abandoned) return loop.quit(0);
      mdns.enable(order == "enable");
    }
  });
  return loop.run();
}

}  // namespace

int main() {
  bool abandoned = false;
  const int code = run(abandoned);
  // The thread left behind still owns what a leak checker would look for.
  if (abandoned) std::_Exit(code);
  return code;
}
