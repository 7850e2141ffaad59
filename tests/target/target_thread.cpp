// SPDX-License-Identifier: Apache-2.0
//
// Work goes to the target's thread by a list and an eventfd.
#include "tests/target/target_thread.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <future>

#include "tests/target/control/rpc.h"

namespace stas::target {

Result<std::unique_ptr<TargetThread>> TargetThread::start(std::string_view config) {
  auto target = Target::make(config);
  if (!target) return problem(target.error().text);
  return std::unique_ptr<TargetThread>(new TargetThread(std::move(*target)));
}

TargetThread::TargetThread(std::unique_ptr<Target> target)
    : target_(std::move(target)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  target_->poller().add(wake_.get(), EPOLLIN, [this](std::uint32_t) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  });
  thread_ = std::thread([this] { loop(); });
}

TargetThread::~TargetThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void TargetThread::loop() {
  for (;;) {
    std::vector<std::function<void(Target&)>> work;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      work.swap(work_);
    }
    for (const auto& piece : work) piece(*target_);
    target_->poll(Millis(work.empty() ? -1 : 0));
  }
}

void TargetThread::run(const std::function<void(Target&)>& work) {
  std::promise<void> done;
  {
    const std::lock_guard lock(mutex_);
    work_.emplace_back([&](Target& target) {
      work(target);
      done.set_value();
    });
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_.get(), &one, sizeof one);
  done.get_future().wait();
}

Result<std::string> TargetThread::call(std::string_view method, std::string_view params) {
  const std::string request =
      R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" + std::string(params) + "}";
  std::string response;
  run([&](Target& target) { response = target.rpc(request); });
  return rpc_result(response);
}

std::string TargetThread::port(std::uint16_t listener) {
  std::string port;
  run([&](Target& target) { port = target.port(listener); });
  return port;
}

}  // namespace stas::target
