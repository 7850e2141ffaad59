// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/metrics_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>

#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr Duration kEndWait = std::chrono::seconds(1);  // for what is being written, on a tmpfs
constexpr mode_t kForAll = 0644;                        // node_exporter runs as somebody else

// Of the directory: the file itself is replaced, and a file for the lock alone would stay. It goes with the process,
// however that ends.
Result<UniqueFd> lock(const std::string& path) {
  const std::string directory = path.substr(0, path.find_last_of('/'));
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(ErrorKind::io, directory + ": " + std::strerror(errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) return fail(ErrorKind::busy, "another process writes " + path);
  return fail(ErrorKind::io, directory + ": " + std::strerror(errno));
}

}  // namespace

std::string metrics_path(std::string_view program) { return runtime_directory(program) + "/metrics.prom"; }

MetricsFile::MetricsFile(Loop& loop, std::string path, const Journal& journal, std::function<std::string()> text)
    : loop_(loop),
      path_(std::move(path)),
      journal_(journal),
      text_(std::move(text)),
      job_(loop),
      timer_(loop.timer([this] { write(); })) {}

MetricsFile::~MetricsFile() {
  if (lock_ && job_.wait(kEndWait)) remove_file(path_);
}

void MetricsFile::start() {
  auto mine = lock(path_);
  if (!mine) return journal_.warning("No metrics are written: " + mine.error().text);
  lock_ = *std::move(mine);
  changed();
}

void MetricsFile::changed() {
  if (lock_ && !std::exchange(waiting_, true)) timer_.arm(std::max(loop_.now(), not_before_));
}

void MetricsFile::write() {
  if (job_.busy()) return timer_.arm_after(kPeriod);
  waiting_ = false;
  not_before_ = loop_.now() + kPeriod;
  std::string text = text_();
  if (text == last_) return;
  last_ = text;
  job_.start([this, path = path_, text = std::move(text)]() -> OneJob::Completion {
    return [this, written = write_file_atomic(path, text, kForAll)] { finish(written); };
  });
}

// What was not written is written with the next change.
void MetricsFile::finish(const Result<void>& written) {
  if (written) {
    failed_ = false;
    return;
  }
  last_.clear();
  const std::string message = "Unable to write metrics: " + written.error().text;
  std::exchange(failed_, true) ? journal_.debug(message) : journal_.warning(message);
}

}  // namespace stas
