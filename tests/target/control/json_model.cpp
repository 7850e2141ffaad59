// SPDX-License-Identifier: Apache-2.0
//
// Reading the configuration: its keys, ranges and words (README.md has their meaning). json_write.cpp writes it.
#include "tests/target/control/json_model.h"

#include <algorithm>
#include <charconv>

#include "tests/target/control/config_json.h"
#include "tests/target/control/json_words.h"
#include "tests/target/control/nvmet_json.h"

namespace stas::target {
namespace {

constexpr std::size_t kMaxConfigText = std::size_t{64} << 20;
constexpr std::size_t kEntrySize = 1024;

std::optional<Bytes> bytes_from_hex(const std::string& text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(&text[i], text.data() + i + 2, value, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(value));
  }
  return bytes;
}

void read_hex(ObjectReader& from, const char* key, std::size_t at, Bytes& to) {
  std::string text;
  from.text(key, text);
  const auto bytes = bytes_from_hex(text);
  if (!bytes || at + bytes->size() > to.size()) return from.fail(key, "is not hex, or too long");
  std::copy(bytes->begin(), bytes->end(), to.begin() + static_cast<std::ptrdiff_t>(at));
}

template <typename T>
void read_field(ObjectReader& from, const char* key, std::size_t at, T fallback, Bytes& to) {
  T value = fallback;
  from.number(key, value, 0, std::numeric_limits<T>::max());
  put_le(&to[at], value);
}

void read_raw(ObjectReader& from, RawEntry& to) {
  to.fixed.assign(kEntrySize, 0);
  if (from.find("hex") != nullptr) return read_hex(from, "hex", 0, to.fixed);
  read_field<std::uint8_t>(from, "trtype", 0, 3, to.fixed);
  read_field<std::uint8_t>(from, "adrfam", 1, 1, to.fixed);
  read_field<std::uint8_t>(from, "subtype", 2, 2, to.fixed);
  read_field<std::uint8_t>(from, "treq", 3, 0, to.fixed);
  read_field<std::uint16_t>(from, "portid", 4, 0, to.fixed);
  read_field<std::uint16_t>(from, "cntlid", 6, 0xFFFF, to.fixed);
  read_field<std::uint16_t>(from, "asqsz", 8, 32, to.fixed);
  read_field<std::uint16_t>(from, "eflags", 10, 0, to.fixed);
  const auto text = [&](const char* key, std::size_t at, std::size_t room) {
    std::string value;
    from.text(key, value);
    if (value.size() > room) return from.fail(key, "is longer than " + std::to_string(room) + " bytes");
    put_text(&to.fixed[at], room, value);
  };
  text("trsvcid", 32, 32);
  text("subnqn", 256, 256);
  text("traddr", 512, 256);
  read_hex(from, "tsas", 768, to.fixed);
}

}  // namespace

void read_json(ObjectReader& from, DiscoveryConfig& to) {
  from.text("nqn", to.nqn);
  from.choice("dctype", to.dctype, kKinds);
  from.flag("pleo", to.pleo);
  from.flag("extdlpe", to.extdlpe);
  from.flag("allsube", to.allsube);
  from.flag("supported_log_pages", to.supported_log_pages);
  from.flag("epcsd", to.epcsd);
  from.flag("dupretinfo", to.dupretinfo);
  from.flag("self_entries", to.self_entries);
  from.choice("filter", to.filter, kFilters);
  from.choice("padding", to.pad_with_spaces, kPaddings);
  from.number("kas", to.kas, 1, 0xFFFF);
  from.number("idle_timeout_ms", to.idle_timeout_ms, 1, 0xFFFFFFFF);
  from.choice("version", to.version, kVersions);
  from.number("mdts", to.mdts, 0, 8);
  from.flag("tbkas", to.tbkas);
  read_auth(from, to.auth);
  if (from.find("raw_entries") != nullptr) to.raw_entries.clear();
  std::string error;
  from.each("raw_entries", [&](const Json& element, const std::string& path) {
    ObjectReader reader(element, path, error);
    read_raw(reader, to.raw_entries.emplace_back());
    reader.finish();
  });
  if (!error.empty()) from.adopt(error);
}

void read_json(ObjectReader& from, ListenerConfig& to) {
  from.number("id", to.id, 1, 0xFFFF);
  from.choice("transport", to.transport, kTransports);
  if (to.transport != Transport::loop) from.require("traddr");
  from.text("traddr", to.traddr);
  from.text("trsvcid", to.trsvcid);
  from.flag("discovery", to.discovery);
  from.number("in_capsule", to.in_capsule, 0, 65536);
  if (to.in_capsule % 16 != 0) from.fail("in_capsule", "is not a multiple of 16");
  from.number("queue_size", to.queue_size, 16, 1024);
  from.number("maxh2cdata", to.maxh2cdata, 4096, kMaxTransfer);
  if (to.maxh2cdata % 4 != 0) from.fail("maxh2cdata", "is not a multiple of 4");
  from.choice("treq", to.treq, kTreqs);
  from.choice("tsas", to.tsas, kTsas);
  from.flag("secure", to.secure);
  if (to.secure) {
    to.treq = Treq::required;
    to.tsas = Tsas::tls13;
  }
  from.number("cpda", to.cpda, 0, 31);
  std::string error;
  from.each("ana_groups", [&](const Json& element, const std::string& path) {
    ObjectReader reader(element, path, error);
    std::uint32_t group = 0;
    auto state = AnaState::optimized;
    read_ana_group(reader, group, state);
    to.ana_groups[group] = state;
  });
  if (!error.empty()) from.adopt(error);
}

void read_json(ObjectReader& from, PolicyConfig& to) {
  from.flag("strict_nqns", to.strict_nqns);
  from.choices("hashes", to.hashes, kHashNames);
  from.choices("dhgroups", to.dhgroups, kDhGroupNames);
}

void read_json(ObjectReader& from, ReferralConfig& to) {
  from.choice("transport", to.transport, kTransports);
  from.require("traddr");
  from.text("traddr", to.traddr);
  from.text("trsvcid", to.trsvcid);
  from.text("nqn", to.nqn);
  from.number("portid", to.portid, 0, 0xFFFF);
  from.flag("epcsd", to.epcsd);
  from.flag("dupretinfo", to.dupretinfo);
  from.flag("secure", to.secure);
  from.names("hosts", to.hosts);
}

void read_json(ObjectReader& from, ZoneGroupConfig& to) {
  from.require("name");
  from.text("name", to.name);
  from.require("members");
  from.names("members", to.members);
}

void read_json(ObjectReader& from, MemoryConfig& to) {
  constexpr std::uint64_t kLeast = 2 * kMaxTransfer;
  read_size(from, "per_connection", to.per_connection);
  read_size(from, "total", to.total);
  if (to.per_connection < kLeast) from.fail("per_connection", "is less than 2MiB");
  if (to.total < to.per_connection) from.fail("total", "is less than per_connection");
}

void read_json(ObjectReader& from, MdnsConfig& to) {
  from.flag("publish", to.publish);
  from.text("name", to.name);
  if (to.name.empty() || to.name.size() > 40) from.fail("name", "is not 1 to 40 bytes");
  from.flag("subtypes", to.subtypes);
}

void read_json(ObjectReader& from, TargetConfig& to) {
  std::string error;
  if (const Json* policy = from.find("policy")) read_object(*policy, from.path() + ".policy", error, to.policy);
  if (const Json* discovery = from.find("discovery")) {
    read_object(*discovery, from.path() + ".discovery", error, to.discovery);
  }
  const auto list = [&](const char* key, auto& elements) {
    from.each(key, [&](const Json& element, const std::string& path) {
      read_object(element, path, error, elements.emplace_back());
    });
  };
  list("backends", to.backends);
  list("zone_groups", to.zone_groups);
  if (const Json* memory = from.find("memory")) read_object(*memory, from.path() + ".memory", error, to.memory);
  if (const Json* mdns = from.find("mdns")) read_object(*mdns, from.path() + ".mdns", error, to.mdns);
  list("listeners", to.listeners);
  list("subsystems", to.subsystems);
  list("referrals", to.referrals);
  if (!error.empty()) from.adopt(error);
}

Result<TargetConfig> parse_config(std::string_view json) {
  if (json.size() > kMaxConfigText) return problem("the configuration is larger than 64 MiB");
  Json value;
  try {
    value = Json::parse(json);
  } catch (const nlohmann::json::exception& e) {
    return problem(std::string("$: ") + e.what());
  }
  if (is_nvmet_config(value)) return from_nvmet(value);
  TargetConfig config;
  std::string error;
  read_object(value, "$", error, config);
  if (!error.empty()) return problem(error);
  return config;
}

}  // namespace stas::target
