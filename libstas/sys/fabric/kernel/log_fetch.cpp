// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/fabric/kernel/log_fetch.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace stas {

namespace {

constexpr std::array<std::uint32_t, 3> kTransfers = {LogReader::kMaxTransfer, 128U << 10, 4U << 10};

using Clock = std::chrono::steady_clock;

Error with_name(const std::string& name, Error error) {
  error.text = name + ": " + error.text;
  return error;
}

// One attempt with one transfer size. `too_long` is set when the size may be what was refused, and there is a smaller
// one.
Result<LogPage> fetch_with(LogReader reader, const AdminSession& session, const std::string& name, bool may_be_less,
                           Clock::time_point deadline, bool& too_long) {
  for (;;) {
    auto step = reader.next();
    if (auto* page = std::get_if<LogPage>(&step)) return std::move(*page);
    if (auto* error = std::get_if<Error>(&step)) return tl::unexpected(with_name(name, std::move(*error)));
    const auto& read = std::get<LogReader::Read>(step);
    if (Clock::now() >= deadline) {
      return fail(ErrorKind::timed_out, name + ": reading the discovery log page took too long");
    }
    auto data = session.get_log(read);
    if (!data) {
      too_long = data.error().errnum == EINVAL && may_be_less && read.length > kTransfers.back();
      return tl::unexpected(data.error());
    }
    reader.feed(*data);
  }
}

}  // namespace

Result<LogPage> fetch_log_page(const AdminSession& session, const std::string& name, bool pleo,
                               std::optional<std::uint64_t> known_genctr, Duration limit) {
  const auto deadline = Clock::now() + limit;
  for (std::size_t i = 0;; ++i) {
    const bool may_be_less = i + 1 < kTransfers.size();
    bool too_long = false;
    auto page =
        fetch_with(LogReader(pleo, known_genctr, kTransfers[i]), session, name, may_be_less, deadline, too_long);
    if (!too_long) return page;
  }
}

Result<SupportedDlp> fetch_supported_log_pages(const AdminSession& session, const std::string& name) {
  LogReader::Read read;
  read.lid = kLidSupportedLogPages;
  read.length = kSupportedLogPagesSize;
  const auto data = session.get_log(read);
  if (!data) return tl::unexpected(data.error());
  auto supported = parse_supported_log_pages(*data);
  if (!supported) return tl::unexpected(with_name(name, supported.error()));
  return supported;
}

}  // namespace stas
