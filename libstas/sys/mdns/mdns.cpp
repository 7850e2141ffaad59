// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/mdns/mdns.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "libstas/sys/os/thread.h"

namespace stas {

struct Mdns::Shared : std::enable_shared_from_this<Mdns::Shared> {
  Shared(Loop& owner, Sink s, Report r) : outer(&owner), sink(std::move(s)), report(std::move(r)) {}

  std::mutex mutex;
  std::condition_variable ended;
  // Under the mutex.
  Loop* outer;  // nullptr once the Mdns is gone
  bool running = false;
  bool view_posted = false;
  std::optional<MdnsView> newest;  // what the loop has not looked at yet; older ones are overwritten

  // On the outer loop only.
  Sink sink;
  Report report;
  MdnsView seen;

  // On the thread only, once it runs.
  Loop inner;
  std::unique_ptr<MdnsBrowser> browser;  // uses inner, so it goes first

  bool start(MdnsTiming timing);
  void run();
  void publish(MdnsView view);
  void deliver_view();
  void send_report(Level level, std::string text);
  void deliver_report(Level level, const std::string& text);
};

bool Mdns::Shared::start(MdnsTiming timing) {
  browser = std::make_unique<MdnsBrowser>(
      inner, timing, [this](MdnsView view) { publish(std::move(view)); },
      [this](Level level, std::string text) { send_report(level, std::move(text)); });
  const std::lock_guard lock(mutex);
  running = start_thread([self = shared_from_this()] { self->run(); });
  return running;
}

void Mdns::Shared::run() {
  inner.run();
  const std::lock_guard lock(mutex);
  running = false;
  ended.notify_all();
}

void Mdns::Shared::publish(MdnsView view) {
  const std::lock_guard lock(mutex);
  newest = std::move(view);
  if (outer == nullptr || std::exchange(view_posted, true)) return;
  outer->post([self = shared_from_this()] { self->deliver_view(); });
}

void Mdns::Shared::deliver_view() {
  {
    const std::lock_guard lock(mutex);
    view_posted = false;
    if (outer == nullptr || !newest) return;
    seen = std::move(*newest);
    newest.reset();
  }
  sink(seen.changed);
}

void Mdns::Shared::send_report(Level level, std::string text) {
  const std::lock_guard lock(mutex);
  if (outer == nullptr) return;
  outer->post([self = shared_from_this(), level, text = std::move(text)] { self->deliver_report(level, text); });
}

void Mdns::Shared::deliver_report(Level level, const std::string& text) {
  {
    const std::lock_guard lock(mutex);
    if (outer == nullptr) return;
  }
  report(level, text);
}

Mdns::Mdns(Loop& loop, Sink sink, Report report, MdnsTiming timing)
    : timing_(timing), shared_(std::make_shared<Shared>(loop, std::move(sink), std::move(report))) {
  if (!shared_->start(timing)) shared_->send_report(Level::error, "no thread for mDNS, zeroconf not supported.");
}

Mdns::~Mdns() {
  Shared& s = *shared_;
  std::unique_lock lock(s.mutex);
  s.outer = nullptr;
  s.inner.post([&s] {
    s.browser.reset();
    s.inner.quit(0);
  });
  s.ended.wait_for(lock, kStopWait, [&s] { return !s.running; });
}

void Mdns::enable(bool on) {
  shared_->inner.post([s = shared_.get(), on] { s->browser->enable(on); });
}

const std::vector<MdnsService>& Mdns::services() const { return shared_->seen.changed.services; }

const std::vector<std::string>& Mdns::service_types() const { return shared_->seen.service_types; }

Instant Mdns::wake_up_at() const { return shared_->seen.wake_up_at; }

}  // namespace stas
