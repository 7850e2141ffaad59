// SPDX-License-Identifier: Apache-2.0
//
// A brain as the shell sees it: one value for stafd's and stacd's, which have the same members but no common base.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/time.h"
#include "libstas/core/brain/action.h"
#include "libstas/core/brain/boot.h"
#include "libstas/core/brain/event.h"
#include "libstas/core/brain/last_known.h"
#include "libstas/core/config/config_values.h"
#include "libstas/sys/daemon/conf_file.h"

namespace stas {

struct BrainPort {
  using Host = std::shared_ptr<const HostIdentity>;

  std::function<void(Event, Instant now)> handle;
  std::function<Actions(Instant now)> advance;
  std::function<Instant()> deadline;
  std::function<bool()> stopped;
  std::function<const CommonConfig*()> config;  // in force, nullptr before the first

  // The text of the last known configuration; who the host was, if that is known.
  std::function<std::optional<KnownHost>(std::string_view text, const std::string& path, std::vector<Complaint>&)>
      restore;
  // A snapshot of it, whose text is made when it is called, on any thread.
  std::function<std::function<std::string()>(std::optional<KnownHost> host)> last_known;

  // The file at `path`, compared with the configuration in force, what was booted from, and the host
  // become one event. `understood`: the file counts.
  struct News {
    Event event;
    std::vector<Complaint> complaints;
    bool understood = true;
  };
  std::function<News(const std::string& path, const ConfText& file, Host host, const BootEntries& boot)> read_config;
};

// `Configured` is the brain's event for a configuration. The brain outlives the port.
template <class Configured, class Brain, class Known, class Config>
BrainPort port_of(Brain& brain, LastKnownRead<Known> (*parse_known)(std::string_view, std::string_view),
                  const ConfParser<Config>& parser) {
  BrainPort port;
  port.handle = [&brain](Event event, Instant now) { brain.handle(std::move(event), now); };
  port.advance = [&brain](Instant now) { return brain.advance(now); };
  port.deadline = [&brain] { return brain.deadline(); };
  port.stopped = [&brain] { return brain.stopped(); };
  port.config = [&brain] { return brain.config(); };
  port.restore = [&brain, parse_known](std::string_view text, const std::string& path,
                                       std::vector<Complaint>& complaints) {
    auto read = parse_known(text, path);
    complaints = std::move(read.complaints);
    brain.restore(read.known);
    return read.known.host;
  };
  port.last_known = [&brain](std::optional<KnownHost> host) {
    auto known = brain.last_known();
    known.host = std::move(host);
    return [known = std::make_shared<const decltype(known)>(std::move(known))] { return format_last_known(*known); };
  };
  port.read_config = [&brain, parser](const std::string& path, const ConfText& file, BrainPort::Host host,
                                      const BootEntries& boot) {
    auto parsed = load_conf(path, file, parser, brain.config());
    set_boot(parsed.value, boot);
    return BrainPort::News{Configured{std::make_shared<const Config>(std::move(parsed.value)), std::move(host)},
                           std::move(parsed.complaints), !parsed.broken};
  };
  return port;
}

}  // namespace stas
