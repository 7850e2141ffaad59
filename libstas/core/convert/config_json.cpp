// SPDX-License-Identifier: Apache-2.0
//
// libnvme 1.x, doc/config-schema.json: an array of hosts, each with subsystems, each with ports. The schema shows the
// array inside {"hosts": ...}; libnvme reads and writes it bare; both are taken. JSON as a value has no lines: they are
// found by counting, because a text has one ':' for each member, in their order.
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/json.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/convert/nvme_cli.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr JsonLimits kJsonLimits{kMaxConfigBytes, 16, 1U << 18};

enum class JsonType : std::uint8_t { text, number, flag };
enum class PortGoes : std::uint8_t { field, parameter, nowhere, unneeded };

struct PortKey {
  std::string_view name;
  JsonType type = JsonType::text;
  PortGoes goes = PortGoes::field;
  std::string_view ours{};     // its name on a controller= line, or why it has none
  std::string_view usually{};  // nowhere: with this value nothing is lost
};

constexpr std::array<PortKey, 25> kPortKeys = {{
    {"transport", JsonType::text, PortGoes::field, "transport"},
    {"traddr", JsonType::text, PortGoes::field, "traddr"},
    {"host_traddr", JsonType::text, PortGoes::field, "host-traddr"},
    {"host_iface", JsonType::text, PortGoes::field, "host-iface"},
    {"trsvcid", JsonType::text, PortGoes::field, "trsvcid"},
    {"dhchap_key", JsonType::text, PortGoes::field, "dhchap-secret"},
    {"dhchap_ctrl_key", JsonType::text, PortGoes::field, "dhchap-ctrl-secret"},
    {"nr_io_queues", JsonType::number, PortGoes::parameter, "nr-io-queues"},
    {"nr_write_queues", JsonType::number, PortGoes::parameter, "nr-write-queues"},
    {"nr_poll_queues", JsonType::number, PortGoes::parameter, "nr-poll-queues"},
    {"queue_size", JsonType::number, PortGoes::parameter, "queue-size"},
    {"keep_alive_tmo", JsonType::number, PortGoes::parameter, "kato"},
    {"reconnect_delay", JsonType::number, PortGoes::parameter, "reconnect-delay"},
    {"ctrl_loss_tmo", JsonType::number, PortGoes::parameter, "ctrl-loss-tmo"},
    {"disable_sqflow", JsonType::flag, PortGoes::parameter, "disable-sqflow"},
    {"hdr_digest", JsonType::flag, PortGoes::parameter, "hdr-digest"},
    {"data_digest", JsonType::flag, PortGoes::parameter, "data-digest"},
    {"fast_io_fail_tmo", JsonType::number, PortGoes::nowhere, "the time-out of multipath is not set here", "0"},
    {"tos", JsonType::number, PortGoes::nowhere, "the type of service is not set here", "-1"},
    {"duplicate_connect", JsonType::flag, PortGoes::nowhere, "a controller is connected once", "false"},
    {"tls", JsonType::flag, PortGoes::parameter, "tls"},
    {"concat", JsonType::flag, PortGoes::parameter, "tls-concat"},
    {"keyring", JsonType::text, PortGoes::parameter, "keyring"},
    {"tls_key", JsonType::text, PortGoes::parameter, "tls-key"},
    {"tls_key_identity", JsonType::text, PortGoes::nowhere, "the kernel finds the key by its own rules"},
}};

// The lines of the ':' outside of strings. `text` is JSON.
std::vector<int> member_lines(std::string_view text) {
  std::vector<int> lines;
  bool in_string = false;
  int line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ++line;
    if (in_string && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string && text[i] == ':')
      lines.push_back(line);
  }
  return lines;
}

std::string key_name(std::string_view key) {
  const std::string name = field_name(key);
  return name == "a field" ? "a key with an unusual name" : "`" + std::string(key) + "`";
}

class HostsReader {
 public:
  HostsReader(std::string_view text, const std::string& path, NvmeCliConf& conf, Losses& losses)
      : lines_(member_lines(text)), path_(path), conf_(conf), losses_(losses) {}

  Result<void> read(const Json& root) {
    if (const auto* hosts = root.as_array()) {
      read_hosts(*hosts);
      return {};
    }
    const auto* members = root.as_object();
    const Json* list = root.find("hosts");
    if (members == nullptr || list == nullptr || list->as_array() == nullptr)
      return fail(ErrorKind::invalid_input, path_ + ": is no array of hosts, as libnvme writes it");
    for (const auto& [key, value] : *members) {
      enter();
      if (key == "hosts" && value.as_array() != nullptr) {
        read_hosts(*value.as_array());
      } else {
        losses_.lost(here(), "unknown key " + key_name(key) + " is ignored");
        skip(value);
      }
    }
    return {};
  }

 private:
  Place here() const { return {path_, line_}; }
  // The next member begins.
  void enter() {
    if (next_ < lines_.size()) line_ = lines_[next_++];
  }
  // Counts the members in a value that is not read.
  void skip(const Json& value) {
    if (const auto* items = value.as_array())
      for (const Json& item : *items) skip(item);
    if (const auto* members = value.as_object())
      for (const auto& member : *members) {
        enter();
        skip(member.second);
      }
  }

  // Calls `take` for each object of a list, `wrong` counts what is none.
  template <class Take>
  void for_each_object(const Json& list, std::string_view what, Take take) {
    const auto* items = list.as_array();
    if (items == nullptr) {
      losses_.lost(here(), std::string(what) + " is no array: it is ignored");
      return skip(list);
    }
    for (const Json& item : *items) {
      if (item.as_object() != nullptr) {
        take(item);
        continue;
      }
      losses_.lost(here(), "an entry of " + std::string(what) + " is no object: it is ignored");
      skip(item);
    }
  }

  // A text that can be written into a file of ours; "" and a loss when it cannot.
  std::string text_of(std::string_view key, const Json& value) {
    const std::string* text = value.as_string();
    const std::string why = text == nullptr ? "is no text" : unwritable(*text);
    if (why.empty()) return *text;
    if (text == nullptr || !text->empty())
      losses_.lost(here(), "the value of " + key_name(key) + " " + why + ": it is ignored");
    skip(value);
    return {};
  }

  void read_hosts(const Json::Array& hosts) {
    for (const Json& host : hosts) {
      if (host.as_object() != nullptr) {
        read_host(host);
        continue;
      }
      losses_.lost(here(), "a host is no object: it is ignored");
      skip(host);
    }
  }

  // libnvme passes over a host without NQN, too.
  void read_host(const Json& json) {
    NvmeCliHost host;
    const Json* nqn = json.find("hostnqn");
    const bool known = nqn != nullptr && nqn->as_string() != nullptr && !nqn->as_string()->empty();
    const std::size_t first = conf_.controllers.size();
    for (const auto& [key, value] : *json.as_object()) {
      enter();
      if (host.from.line == 0) host.from = here();
      if (key == "hostnqn")
        host.nqn = text_of(key, value);
      else if (key == "hostid")
        host.id = text_of(key, value);
      else if (key == "dhchap_key")
        host.key = text_of(key, value);
      else if (key == "hostsymname")
        host.symname = text_of(key, value);
      else if (key == "subsystems")
        for_each_object(value, "`subsystems`", [this](const Json& item) { read_subsystem(item); });
      else if (key == "persistent_discovery_ctrl") {
        if (value.as_bool() == false)
          losses_.lost(here(), "stafd keeps its connections to discovery controllers while it runs");
        skip(value);
      } else {
        losses_.lost(here(), "unknown key " + key_name(key) + " of a host is ignored");
        skip(value);
      }
    }
    if (!known || host.nqn.empty()) {
      losses_.lost(host.from.file.empty() ? here() : host.from,
                   "a host without a usable hostnqn: what it connects to is not converted");
      conf_.controllers.resize(first);
      return;
    }
    const std::size_t index = conf_.host(host);
    for (std::size_t i = first; i < conf_.controllers.size(); ++i) conf_.controllers[i].host = index;
  }

  void read_subsystem(const Json& json) {
    std::string nqn;
    bool others = false;
    const std::size_t first = conf_.controllers.size();
    Place begin;
    for (const auto& [key, value] : *json.as_object()) {
      enter();
      if (begin.line == 0) begin = here();
      if (key == "nqn")
        nqn = text_of(key, value);
      else if (key == "ports")
        for_each_object(value, "`ports`", [this](const Json& item) { read_port(item); });
      else if (key == "application") {
        others = true;
        losses_.lost(here(),
                     "the subsystem belongs to another program, so nvme-cli leaves it alone: it is not converted");
        skip(value);
      } else {
        losses_.lost(here(), "unknown key " + key_name(key) + " of a subsystem is ignored");
        skip(value);
      }
    }
    if (nqn.empty())
      losses_.lost(begin.file.empty() ? here() : begin, "a subsystem without a usable nqn is not converted");
    if (nqn.empty() || others) return conf_.controllers.resize(first);
    for (std::size_t i = first; i < conf_.controllers.size(); ++i) {
      NvmeCliController& controller = conf_.controllers[i];
      controller.discovery |= nqn == kWellKnownDiscoveryNqn;
      if (nqn != kWellKnownDiscoveryNqn) controller.fields.push_back({"nqn", nqn});
    }
  }

  void read_port(const Json& json) {
    NvmeCliController port;
    for (const auto& [key, value] : *json.as_object()) {
      enter();
      if (port.from.line == 0) port.from = here();
      if (key == "discovery") {
        port.discovery = value.as_bool().value_or(true);  // libnvme looks at the key alone
        skip(value);
      } else if (key == "persistent") {
        skip(value);  // stafd keeps its connections
      } else {
        read_port_key(key, value, port);
      }
    }
    if (port.from.file.empty()) port.from = here();
    if (full_) return;
    full_ = conf_.controllers.size() == kMaxNvmeCliControllers;
    if (full_)
      return losses_.lost(port.from,
                          "more than " + std::to_string(kMaxNvmeCliControllers) + " ports: the rest is not converted");
    conf_.controllers.push_back(std::move(port));
  }

  void read_port_key(const std::string& key, const Json& value, NvmeCliController& port) {
    const auto* known =
        std::find_if(kPortKeys.begin(), kPortKeys.end(), [&](const PortKey& item) { return item.name == key; });
    if (known == kPortKeys.end()) {
      std::vector<std::string_view> names;
      names.reserve(kPortKeys.size());
      for (const PortKey& item : kPortKeys) names.push_back(item.name);
      losses_.lost(here(), "unknown key " + key_name(key) + " of a port is ignored" + did_you_mean(key, names));
      return skip(value);
    }
    const std::string text = value_of(*known, value);
    if (text.empty()) return;
    if (known->goes == PortGoes::nowhere) {
      if (text != known->usually) losses_.lost(here(), "`" + key + "` has no counterpart: " + std::string(known->ours));
      return;
    }
    Fields& fields = known->goes == PortGoes::parameter ? port.parameters : port.fields;
    std::erase_if(fields, [&](const Field& field) { return field.name == known->ours; });  // of equal keys the last
    fields.push_back({std::string(known->ours), text});
  }

  // As json-c reads it: a number may be a text.
  std::string value_of(const PortKey& key, const Json& value) {
    if (key.type == JsonType::flag) {
      if (const auto flag = value.as_bool()) return *flag ? "true" : "false";
      if (const auto number = value.as_int()) return *number != 0 ? "true" : "false";
    } else if (key.type == JsonType::number) {
      if (const auto number = value.as_int()) return std::to_string(*number);
      if (value.as_string() != nullptr) return text_of(key.name, value);
    } else {
      return text_of(key.name, value);
    }
    losses_.lost(here(), "the value of `" + std::string(key.name) + "` is no " +
                             (key.type == JsonType::flag ? "boolean" : "integer") + ": it is ignored");
    skip(value);
    return {};
  }

  const std::vector<int> lines_;
  std::size_t next_ = 0;
  int line_ = 1;
  const std::string& path_;
  NvmeCliConf& conf_;
  Losses& losses_;
  bool full_ = false;
};

}  // namespace

Result<void> read_config_json(std::string_view text, const std::string& path, NvmeCliConf& conf, Losses& losses) {
  const auto json = Json::parse(text, kJsonLimits);
  if (!json) return fail(ErrorKind::invalid_input, path + ": " + json.error().text);
  return HostsReader(text, path, conf, losses).read(*json);
}

}  // namespace stas
