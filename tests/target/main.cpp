// SPDX-License-Identifier: Apache-2.0
//
// stas-target: a target as a program. Says on stdout which ports it has and when it is ready; ends on SIGTERM or
// SIGINT.
#include <getopt.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "tests/target/control/config_json.h"
#include "tests/target/control/rpc.h"
#include "tests/target/target.h"

namespace {

using namespace stas::target;

constexpr int kUsage = 2;

struct Options {
  std::string config;
  std::string rpc;
};

int usage(std::ostream& out) {
  out << "usage: stas-target --config FILE [--rpc SOCKET]\n";
  return &out == &std::cout ? 0 : kUsage;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return problem(path + ": cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// One descriptor per connection: take what the system grants.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

UniqueFd catch_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return UniqueFd(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

Result<std::unique_ptr<Target>> start(const Options& options) {
  const auto text = read_file(options.config);
  if (!text) return problem(text.error().text);
  auto target = Target::make(*text);
  if (!target) return problem(options.config + ": " + target.error().text);
  if (!options.rpc.empty()) {
    if (const auto ok = (*target)->serve(options.rpc); !ok) return problem(ok.error().text);
  }
  return target;
}

int serve(const Options& options) {
  raise_descriptor_limit();
  const UniqueFd signals = catch_signals();
  auto target = start(options);
  if (!target) {
    std::cerr << "stas-target: " << target.error().text << '\n';
    return 1;
  }
  bool running = true;
  (*target)->poller().add(signals.get(), EPOLLIN, [&running](std::uint32_t) { running = false; });
  std::cout << describe_listeners(**target) << "{\"ready\": true}" << std::endl;
  while (running && !(*target)->stop_requested()) (*target)->poll(Millis(-1));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const option known[] = {{"config", required_argument, nullptr, 'c'},
                          {"rpc", required_argument, nullptr, 'r'},
                          {"help", no_argument, nullptr, 'h'},
                          {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter = 0; (letter = ::getopt_long(argc, argv, "c:r:h", known, nullptr)) != -1;) {
    if (letter == 'c') {
      options.config = optarg;
    } else if (letter == 'r') {
      options.rpc = optarg;
    } else {
      return usage(letter == 'h' ? std::cout : std::cerr);
    }
  }
  if (options.config.empty() || optind != argc) return usage(std::cerr);
  return serve(options);
}
