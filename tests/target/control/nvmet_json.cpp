// SPDX-License-Identifier: Apache-2.0
//
// Reading nvmet's saved JSON. nvmet_write.cpp writes it.
#include "tests/target/control/nvmet_json.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "tests/target/control/json_model.h"
#include "tests/target/control/nvmet_words.h"

namespace stas::target {
namespace {

/// One object of the file, with the path for complaints.
struct Node {
  const Json& json;
  std::string path;
  std::string& error;

  void fail(const std::string& key, const std::string& what) const {
    if (error.empty()) error = path + "." + key + ": " + what;
  }
  [[nodiscard]] const Json* find(const char* key) const {
    if (!json.is_object()) return nullptr;
    const auto it = json.find(key);
    return it == json.end() ? nullptr : &*it;
  }
  /// A member as text, whatever it is written as; empty if absent.
  [[nodiscard]] std::string text(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr || value->is_null()) return {};
    if (value->is_string()) return value->get<std::string>();
    if (value->is_number_unsigned()) return std::to_string(value->get<std::uint64_t>());
    if (value->is_boolean()) return value->get<bool>() ? "1" : "0";
    fail(key, "is neither a text nor a number");
    return {};
  }
  /// A member as a number, decimal or with 0x; `fallback` if absent or empty.
  [[nodiscard]] std::uint64_t number(const char* key, std::uint64_t fallback, std::uint64_t most) const {
    const std::string word = text(key);
    if (word.empty()) return fallback;
    const bool hex = word.starts_with("0x");
    std::uint64_t value = 0;
    const char* end = word.data() + word.size();
    const auto [rest, wrong] = std::from_chars(word.data() + (hex ? 2 : 0), end, value, hex ? 16 : 10);
    if (wrong != std::errc() || rest != end || value > most) {
      fail(key, "is not a number up to " + std::to_string(most));
      return fallback;
    }
    return value;
  }
  /// Objects of a list; entries that are none are complaints.
  template <typename Each>
  void each(const char* key, Each visit) const {
    const Json* list = find(key);
    if (list == nullptr) return;
    if (!list->is_array()) return fail(key, "is not a list");
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Node node{(*list)[i], path + "." + key + "[" + std::to_string(i) + "]", error};
      if (!node.json.is_object()) return node.fail("", "is not an object");
      visit(node);
    }
  }
  [[nodiscard]] Node member(const char* key) const {
    static const Json kNothing = Json::object();
    const Json* value = find(key);
    return {value != nullptr ? *value : kNothing, path + "." + key, error};
  }
  [[nodiscard]] std::vector<std::string> names(const char* key) const {
    std::vector<std::string> out;
    const Json* list = find(key);
    if (list == nullptr) return out;
    if (!list->is_array()) fail(key, "is not a list");
    for (const Json& element : *list) {
      if (element.is_string()) {
        out.push_back(element.get<std::string>());
      } else {
        fail(key, "holds something else than names");
      }
    }
    return out;
  }
};

template <typename T>
T word(const Node& node, const char* key, T fallback, Words<T> words) {
  const std::string text = node.text(key);
  if (text.empty()) return fallback;
  for (const auto& [name, meaning] : words) {
    if (text == name) return meaning;
  }
  node.fail(key, "'" + text + "' is no word for it");
  return fallback;
}

ReferralConfig read_referral(const Node& node) {
  const Node address = node.member("addr");
  ReferralConfig referral;
  referral.transport = word(address, "trtype", Transport::tcp, kTransports);
  referral.traddr = address.text("traddr");
  referral.trsvcid = address.text("trsvcid");
  referral.portid = static_cast<std::uint16_t>(node.number("portid", 0, 0xFFFF));
  return referral;
}

void read_port(const Node& node, TargetConfig& config, std::map<std::string, std::set<std::uint16_t>>& ports) {
  const Node address = node.member("addr");
  ListenerConfig listener;
  listener.id = static_cast<std::uint16_t>(node.number("portid", 0, 0xFFFF));
  listener.transport = word(address, "trtype", Transport::tcp, kTransports);
  if (listener.transport != Transport::loop) {
    listener.traddr = address.text("traddr");
    listener.trsvcid = address.text("trsvcid");
    if (listener.traddr.empty()) address.fail("traddr", "is empty");
  }
  listener.treq = word(address, "treq", Treq::not_specified, kNvmetTreqs);
  listener.tsas = word(address, "tsas", Tsas::none, kTsas);
  const Node param = node.member("param");
  // -1 is how nvmet writes "the transport's own".
  if (param.text("inline_data_size") != "-1") {
    listener.in_capsule =
        static_cast<std::uint32_t>(param.number("inline_data_size", listener.in_capsule, 65536)) / 16 * 16;
  }
  if (param.text("max_queue_size") != "-1") {
    listener.queue_size = std::clamp<std::uint16_t>(
        static_cast<std::uint16_t>(param.number("max_queue_size", listener.queue_size, 1024)), 16, 1024);
  }
  node.each("ana_groups", [&](const Node& group) {
    const auto id = static_cast<std::uint32_t>(group.number("grpid", 1, kMaxAnaGroups));
    const auto state = word(group.member("ana"), "state", AnaState::optimized, kAnaStates);
    if (state != AnaState::optimized) listener.ana_groups[id] = state;
  });
  node.each("referrals", [&](const Node& referral) {
    if (referral.number("enable", 1, 1) != 0) config.referrals.push_back(read_referral(referral));
  });
  for (const auto& nqn : node.names("subsystems")) ports[nqn].insert(listener.id);
  config.listeners.push_back(std::move(listener));
}

void read_path(const Node& device, BackendConfig& backend) {
  const std::string path = device.text("path");
  const auto sized = [&](std::string_view prefix, BackendKind kind) {
    if (!path.starts_with(prefix)) return false;
    const auto size = size_from(Json(path.substr(prefix.size())));
    if (!size || *size == 0) device.fail("path", "'" + path + "' names no size");
    backend.kind = kind;
    backend.size = size.value_or(0);
    return true;
  };
  if (path.empty()) return device.fail("path", "is empty");
  if (sized("ram:", BackendKind::ram) || sized("null:", BackendKind::null)) return;
  backend.kind = path.starts_with("/dev/") ? BackendKind::block : BackendKind::file;
  backend.path = path;
}

NamespaceConfig read_namespace(const Node& node) {
  NamespaceConfig ns;
  ns.nsid = static_cast<std::uint32_t>(node.number("nsid", 0, 0xFFFFFFFD));
  ns.enabled = node.number("enable", 0, 1) != 0;
  ns.ana_group = static_cast<std::uint32_t>(
      node.number("ana_grpid", node.member("ana").number("grpid", 1, kMaxAnaGroups), kMaxAnaGroups));
  const Node device = node.member("device");
  read_path(device, ns.backend);
  const std::string nguid = device.text("nguid");
  if (nguid.find_first_not_of("0-") != std::string::npos) ns.nguid = nguid;
  const std::string uuid = device.text("uuid");
  if (uuid != kNoUuid) ns.uuid = uuid;
  return ns;
}

/// `allow_any_host` in nvmet goes before the list; hosts with keys have to authenticate.
SubsystemConfig read_subsystem(const Node& node, const std::map<std::string, AuthConfig>& keys) {
  SubsystemConfig subsystem;
  subsystem.nqn = node.text("nqn");
  if (subsystem.nqn.empty()) node.fail("nqn", "is missing");
  const Node attr = node.member("attr");
  subsystem.allow_any_host = attr.number("allow_any_host", 0, 1) != 0;
  for (const auto& host : node.names("allowed_hosts")) {
    subsystem.hosts.insert(host);
    if (const auto it = keys.find(host); it != keys.end()) subsystem.auth.insert(*it);
  }
  subsystem.ana = true;  // nvmet reports it always
  subsystem.serial = attr.text("serial");
  if (const auto model = attr.text("model"); !model.empty()) subsystem.model = model;
  if (const auto firmware = attr.text("firmware"); !firmware.empty()) subsystem.firmware = firmware;
  subsystem.oui = static_cast<std::uint32_t>(attr.number("ieee_oui", 0, 0xFFFFFF));
  subsystem.cntlid_min = static_cast<std::uint16_t>(attr.number("cntlid_min", 1, 0xFFEF));
  subsystem.cntlid_max = static_cast<std::uint16_t>(attr.number("cntlid_max", 0xFFEF, 0xFFEF));
  subsystem.max_io_queues = static_cast<std::uint16_t>(std::max<std::uint64_t>(attr.number("qid_max", 128, 1024), 1));
  subsystem.version = word(attr, "version", kVersion14, kVersions);
  node.each("namespaces", [&](const Node& ns) { subsystem.namespaces.push_back(read_namespace(ns)); });
  return subsystem;
}

std::map<std::string, AuthConfig> read_hosts(const Node& root) {
  std::map<std::string, AuthConfig> keys;
  root.each("hosts", [&](const Node& host) {
    const Node dhchap = host.member("dhchap");
    AuthConfig auth{.key = dhchap.text("key"), .controller_key = dhchap.text("ctrl_key")};
    const std::string hash = dhchap.text("hash");
    if (hash == "hmac(sha384)") auth.hash = 2;
    if (hash == "hmac(sha512)") auth.hash = 3;
    if (hash == "hmac(sha256)") auth.hash = 1;
    auth.dhgroup = word<std::uint8_t>(dhchap, "dhgroup", 0xFF, kDhGroups);
    if (!auth.key.empty()) keys.emplace(host.text("nqn"), auth);
  });
  return keys;
}

}  // namespace

bool is_nvmet_config(const Json& json) {
  return json.is_object() && (json.contains("ports") || json.contains("hosts")) && !json.contains("listeners");
}

Result<TargetConfig> from_nvmet(const Json& json) {
  std::string error;
  const Node root{json, "$", error};
  TargetConfig config;
  config.discovery.epcsd = false;  // nvmet sends no EFLAGS
  std::map<std::string, std::set<std::uint16_t>> ports;
  root.each("ports", [&](const Node& port) { read_port(port, config, ports); });
  const auto keys = read_hosts(root);
  root.each("subsystems", [&](const Node& node) {
    SubsystemConfig subsystem = read_subsystem(node, keys);
    const auto on = ports.find(subsystem.nqn);
    // On no port at all: 0 is the listener that does not exist.
    subsystem.listeners = on == ports.end() ? std::set<std::uint16_t>{0} : on->second;
    config.subsystems.push_back(std::move(subsystem));
  });
  if (!error.empty()) return problem(error);
  return config;
}

}  // namespace stas::target
