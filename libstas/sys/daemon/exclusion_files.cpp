// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/exclusion_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "libstas/sys/daemon/conf_file.h"
#include "libstas/sys/os/files.h"

namespace stas {

namespace {

constexpr const char* kMainList = "/exclusions.conf";
constexpr const char* kListDirectory = "/exclusions.conf.d";
constexpr std::uint32_t kListEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF;

using DirPtr = std::unique_ptr<DIR, int (*)(DIR*)>;

// Names of the lists in the directory, sorted. False: it cannot be read, which says nothing about what is in it.
bool list_names(const std::string& directory, std::vector<std::string>& names, std::vector<Complaint>& complaints) {
  const DirPtr list(opendir(directory.c_str()), closedir);
  if (!list) {
    if (errno == ENOENT) return true;
    complaints.push_back(
        {Severity::error, directory, 0, std::string(std::strerror(errno)) + "; what was read before stays"});
    return false;
  }
  while (const dirent* entry = readdir(list.get())) {
    const std::string_view name = entry->d_name;
    if (name.size() <= 5 || !name.ends_with(".conf") || name.front() == '.') continue;
    if (names.size() == ExclusionFiles::kMaxFiles) {
      complaints.push_back(
          {Severity::error, directory, 0, "more than " + std::to_string(names.size()) + " lists; the rest is ignored"});
      break;
    }
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return true;
}

std::size_t count(const std::map<std::string, HostExclusions>& entries) {
  std::size_t sum = 0;
  for (const auto& [file, list] : entries) sum += list.size();
  return sum;
}

}  // namespace

ExclusionFiles::ExclusionFiles(Loop& loop, const Journal& journal, Sink sink, std::string directory)
    : journal_(journal),
      sink_(std::move(sink)),
      directory_(std::move(directory)),
      inotify_(std::make_shared<UniqueFd>(inotify_init1(IN_NONBLOCK | IN_CLOEXEC))),
      job_(loop),
      gather_(loop.timer([this] { begin(); })),
      loop_(loop) {}

void ExclusionFiles::start() {
  // Without it a reload reads them.
  if (*inotify_)
    if (auto watching = loop_.watch(inotify_->get(), EPOLLIN, [this](std::uint32_t) { on_event(); }); watching)
      events_ = *std::move(watching);
  take(read(directory_, inotify_->get(), entries_));
}

void ExclusionFiles::read_again() { gather_.arm_after(kGather); }

// Of /etc/nvme only the lists are of interest; what it is exactly the look at them shows.
void ExclusionFiles::on_event() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  bool ours = false;
  for (ssize_t got = 0; (got = ::read(inotify_->get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      const std::string_view name = event->len > 0 ? event->name : "";
      ours |= name.empty() || name.ends_with(".conf") || name == kListDirectory + 1;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  if (ours) read_again();
}

void ExclusionFiles::begin() {
  again_ = job_.busy();
  if (again_) return;
  job_.start([this, inotify = inotify_, directory = directory_, before = entries_]() -> OneJob::Completion {
    return [this, read = std::make_shared<const Read>(read(directory, inotify->get(), before))] {
      take(*read);
      if (std::exchange(again_, false)) begin();
    };
  });
}

// Watches before it looks, so that no change falls in between. On any thread.
ExclusionFiles::Read ExclusionFiles::read(const std::string& directory, int watch, const ByFile& before) {
  Read out;
  if (watch >= 0)
    for (const std::string& path : {directory, directory + kListDirectory})
      ::inotify_add_watch(watch, path.c_str(), kListEvents);
  std::vector<std::string> paths = {directory + kMainList};
  std::vector<std::string> names;
  if (list_names(directory + kListDirectory, names, out.complaints)) {
    for (const std::string& name : names) paths.push_back(directory + kListDirectory + "/" + name);
  } else {
    for (const auto& [path, list] : before)
      if (path != paths.front()) out.entries[path] = list;
  }
  for (const std::string& path : paths) {
    const auto text = read_regular_file(path, kMaxExclusionBytes);
    if (text) {
      auto parsed = parse_exclusions(*text, path);
      out.complaints.insert(out.complaints.end(), parsed.complaints.begin(), parsed.complaints.end());
      if (!parsed.entries.empty()) out.entries[path] = std::move(parsed.entries);
    } else if (text.error().errnum != ENOENT) {
      out.complaints.push_back(
          {Severity::error, {}, 0, text.error().text + "; what it excluded before stays excluded"});
      if (const auto known = before.find(path); known != before.end()) out.entries[path] = known->second;
    }
  }
  while (count(out.entries) > kMaxExclusions) {
    auto& last = out.entries.rbegin()->second;
    const std::size_t over = std::min(count(out.entries) - kMaxExclusions, last.size());
    out.complaints.push_back(
        {Severity::error, out.entries.rbegin()->first, last[last.size() - over].line,
         "more than " + std::to_string(kMaxExclusions) + " entries in all; the rest excludes nothing"});
    last.resize(last.size() - over);
    if (last.empty()) out.entries.erase(std::prev(out.entries.end()));
  }
  return out;
}

void ExclusionFiles::take(const Read& read) {
  std::vector<Complaint> news;
  std::copy_if(
      read.complaints.begin(), read.complaints.end(), std::back_inserter(news),
      [this](const Complaint& complaint) { return std::find(told_.begin(), told_.end(), complaint) == told_.end(); });
  log_complaints(news, journal_);
  told_ = read.complaints;
  if (read.entries == entries_) return;
  entries_ = read.entries;
  sink_(list_of(entries_));
}

std::shared_ptr<const HostExclusions> ExclusionFiles::list_of(const ByFile& entries) {
  auto list = std::make_shared<HostExclusions>();
  for (const auto& [file, some] : entries) list->insert(list->end(), some.begin(), some.end());
  return list->empty() ? nullptr : std::move(list);
}

std::shared_ptr<const HostExclusions> ExclusionFiles::read_once(const std::string& directory) {
  return list_of(read(directory, -1, {}).entries);
}

}  // namespace stas
