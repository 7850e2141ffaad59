// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/state_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "libstas/core/brain/last_known.h"
#include "libstas/sys/os/descriptors.h"
#include "libstas/sys/os/files.h"

namespace stas {

std::string last_known_path(std::string_view program) { return runtime_directory(program) + "/last-known-config.json"; }

Result<std::string> read_last_known(const std::string& path, const Journal& journal) {
  auto text = read_regular_file(path, kMaxLastKnownBytes);
  if (text || is_shortage(text)) return text;
  if (text.error().errnum != ENOENT) journal.error("Unable to read last known config: " + text.error().text);
  return std::string();
}

void remove_pickle(std::string_view program, const Journal& journal) {
  const auto removed = remove_file(runtime_directory(program) + "/last-known-config.pickle");
  if (!removed) journal.warning("The state of nvme-stas 2.4.1 stays, with secrets in it: " + removed.error().text);
}

StateFile::StateFile(Loop& loop, std::string path, const Journal& journal, std::function<Text()> snapshot,
                     std::string what, Duration soon)
    : loop_(loop),
      path_(std::move(path)),
      journal_(journal),
      snapshot_(std::move(snapshot)),
      what_(std::move(what)),
      soon_(soon),
      job_(loop),
      timer_(loop.timer([this] { save(); })) {}

Duration StateFile::pause_after(Duration took) {
  return took >= kAtLeast ? kAtLeast : std::clamp<Duration>(4 * took, kSeldom, kAtLeast);
}

StateFile::~StateFile() { wait(kFlushWait); }

void StateFile::changed() {
  if (!std::exchange(waiting_, true)) timer_.arm(std::max(loop_.now() + soon_, not_before_));
}

void StateFile::save() {
  timer_.disarm();
  waiting_ = job_.busy();  // what is being written is older
  if (!waiting_) begin();
}

bool StateFile::flush(Duration limit) {
  if (!wait(limit)) return false;
  if (!waiting_) return true;
  save();
  return wait(limit);
}

void StateFile::begin() {
  began_ = loop_.now();
  job_.start([this, path = path_, text = snapshot_()]() -> OneJob::Completion {
    return [this, written = write_file_atomic(path, text())] { finish(written); };
  });
}

void StateFile::finish(const Result<void>& written) {
  const Instant now = loop_.now();
  not_before_ = now + pause_after(now - began_);
  if (!written) {
    const std::string message = "Unable to save " + what_ + ": " + written.error().text;
    failed_ ? journal_.debug(message) : journal_.error(message);
    failed_ = true;
    waiting_ = true;
    timer_.arm_after(backoff_.fail());
    return;
  }
  backoff_.reset();
  if (std::exchange(failed_, false)) journal_.info("The " + what_ + " is saved again");
  if (waiting_) timer_.arm(not_before_);
}

// False: it has not ended in time.
bool StateFile::wait(Duration limit) {
  if (given_up_) return false;
  const bool ended = job_.wait(limit);
  given_up_ = !ended;
  if (!ended) journal_.error("Unable to save " + what_ + ": " + path_ + ": writing it does not end");
  return ended;
}

}  // namespace stas
