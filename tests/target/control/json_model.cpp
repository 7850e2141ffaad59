// SPDX-License-Identifier: Apache-2.0
//
// Keys, ranges and words of the configuration (README.md has their meaning).
#include "tests/target/control/json_model.h"

#include <algorithm>
#include <charconv>

#include "tests/target/control/config_json.h"

namespace stas::target {
namespace {

constexpr std::size_t kMaxConfigText = std::size_t{64} << 20;
constexpr std::uint64_t kMaxRam = std::uint64_t{1} << 40;
constexpr std::size_t kEntrySize = 1024;

constexpr std::initializer_list<std::pair<const char*, Transport>> kTransports{
    {"tcp", Transport::tcp}, {"rdma", Transport::rdma}, {"fc", Transport::fc}, {"loop", Transport::loop}};
constexpr std::initializer_list<std::pair<const char*, DiscoveryKind>> kKinds{
    {"none", DiscoveryKind::none}, {"ddc", DiscoveryKind::ddc}, {"cdc", DiscoveryKind::cdc}};
constexpr std::initializer_list<std::pair<const char*, EntryFilter>> kFilters{
    {"transport", EntryFilter::transport}, {"listener", EntryFilter::listener}, {"none", EntryFilter::none}};
constexpr std::initializer_list<std::pair<const char*, Treq>> kTreqs{
    {"not-specified", Treq::not_specified}, {"required", Treq::required}, {"not-required", Treq::not_required}};
constexpr std::initializer_list<std::pair<const char*, Tsas>> kTsas{{"none", Tsas::none}, {"tls1.3", Tsas::tls13}};
constexpr std::initializer_list<std::pair<const char*, bool>> kPaddings{{"nul", false}, {"space", true}};
constexpr std::initializer_list<std::pair<const char*, std::uint32_t>> kVersions{
    {"1.3", 0x00010300}, {"1.4", 0x00010400}, {"2.0", 0x00020000}, {"2.1", 0x00020100}};

template <typename T>
const char* word_of(std::initializer_list<std::pair<const char*, T>> words, T value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return "unknown";
}

/// "1MiB", "64KiB", "2GiB", "4096" or a number.
std::optional<std::uint64_t> size_from(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_string()) return std::nullopt;
  const auto text = value.get<std::string>();
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  unsigned shift = 0;
  if (unit == "KiB") {
    shift = 10;
  } else if (unit == "MiB") {
    shift = 20;
  } else if (unit == "GiB") {
    shift = 30;
  } else if (!unit.empty()) {
    return std::nullopt;
  }
  if (number > (kMaxRam >> shift)) return std::nullopt;
  return number << shift;
}

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

std::string serial_from(const std::string& nqn) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : nqn) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3;
  std::array<std::uint8_t, 8> raw{};
  put64(raw.data(), hash);
  return hex_text(raw);
}

}  // namespace

std::string hex_text(View bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string_view to_string(Transport transport) { return word_of(kTransports, transport); }

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
  from.number("mdts", to.mdts, 1, 8);
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
  from.choice("transport", to.transport, {{"tcp", Transport::tcp}, {"loop", Transport::loop}});
  if (to.transport == Transport::tcp) from.require("traddr");
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
}

void read_json(ObjectReader& from, NamespaceConfig& to) {
  from.number("nsid", to.nsid, 1, 0xFFFFFFFD);
  from.require("ram");
  if (const Json* ram = from.find("ram")) {
    const auto size = size_from(*ram);
    if (!size || *size == 0 || *size > kMaxRam) from.fail("ram", "is no size such as \"1MiB\"");
    to.ram = size.value_or(0);
  }
  from.number("lba", to.lba, 512, 4096);
  if (to.lba != 512 && to.lba != 4096) from.fail("lba", "is neither 512 nor 4096");
  if (to.ram % to.lba != 0) from.fail("ram", "is not a multiple of the block size");
  from.text("uuid", to.uuid);
  from.text("nguid", to.nguid);
  from.text("eui64", to.eui64);
  from.flag("read_only", to.read_only);
}

void read_json(ObjectReader& from, SubsystemConfig& to) {
  from.require("nqn");
  from.text("nqn", to.nqn);
  if (to.nqn.empty() || to.nqn.size() > kMaxNqnBytes) from.fail("nqn", "is not 1 to 223 bytes");
  to.serial = serial_from(to.nqn);
  from.text("serial", to.serial);
  from.text("model", to.model);
  from.text("firmware", to.firmware);
  if (from.find("allow_any_host") != nullptr) {
    bool any = true;
    from.flag("allow_any_host", any);
    to.allow_any_host = any;
  }
  from.names("hosts", to.hosts);
  from.ids("listeners", to.listeners);
  std::string error;
  from.each("namespaces", [&](const Json& element, const std::string& path) {
    read_object(element, path, error, to.namespaces.emplace_back());
  });
  if (!error.empty()) from.adopt(error);
  from.number("max_io_queues", to.max_io_queues, 1, kMaxQueuesPerController);
  from.number("cntlid_min", to.cntlid_min, 1, 0xFFEF);
  from.number("cntlid_max", to.cntlid_max, 1, 0xFFEF);
  from.number("kas", to.kas, 1, 0xFFFF);
  from.number("mdts", to.mdts, 1, 8);
  from.choice("version", to.version, kVersions);
  from.flag("ncc", to.ncc);
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
  from.names("hosts", to.hosts);
}

void read_json(ObjectReader& from, TargetConfig& to) {
  std::string error;
  if (const Json* discovery = from.find("discovery")) {
    read_object(*discovery, from.path() + ".discovery", error, to.discovery);
  }
  const auto list = [&](const char* key, auto& elements) {
    from.each(key, [&](const Json& element, const std::string& path) {
      read_object(element, path, error, elements.emplace_back());
    });
  };
  list("listeners", to.listeners);
  list("subsystems", to.subsystems);
  list("referrals", to.referrals);
  if (!error.empty()) from.adopt(error);
}

Json write_json(const DiscoveryConfig& config) {
  Json raw = Json::array();
  for (const auto& entry : config.raw_entries) raw.push_back({{"hex", hex_text(entry.fixed)}});
  return {{"nqn", config.nqn},
          {"dctype", word_of(kKinds, config.dctype)},
          {"pleo", config.pleo},
          {"extdlpe", config.extdlpe},
          {"allsube", config.allsube},
          {"supported_log_pages", config.supported_log_pages},
          {"epcsd", config.epcsd},
          {"dupretinfo", config.dupretinfo},
          {"self_entries", config.self_entries},
          {"filter", word_of(kFilters, config.filter)},
          {"padding", word_of(kPaddings, config.pad_with_spaces)},
          {"kas", config.kas},
          {"idle_timeout_ms", config.idle_timeout_ms},
          {"version", word_of(kVersions, config.version)},
          {"mdts", config.mdts},
          {"raw_entries", raw}};
}

Json write_json(const ListenerConfig& config) {
  Json out{{"id", config.id}, {"transport", word_of(kTransports, config.transport)}};
  if (config.transport == Transport::tcp) {
    out["traddr"] = config.traddr;
    out["trsvcid"] = config.trsvcid;
  }
  out["discovery"] = config.discovery;
  out["in_capsule"] = config.in_capsule;
  out["queue_size"] = config.queue_size;
  out["maxh2cdata"] = config.maxh2cdata;
  out["treq"] = word_of(kTreqs, config.treq);
  out["tsas"] = word_of(kTsas, config.tsas);
  return out;
}

Json write_json(const NamespaceConfig& config) {
  Json out{{"nsid", config.nsid}, {"ram", config.ram}, {"lba", config.lba}, {"read_only", config.read_only}};
  if (!config.uuid.empty()) out["uuid"] = config.uuid;
  if (!config.nguid.empty()) out["nguid"] = config.nguid;
  if (!config.eui64.empty()) out["eui64"] = config.eui64;
  return out;
}

Json write_json(const SubsystemConfig& config) {
  Json namespaces = Json::array();
  for (const auto& ns : config.namespaces) namespaces.push_back(write_json(ns));
  return {{"nqn", config.nqn},
          {"serial", config.serial},
          {"model", config.model},
          {"firmware", config.firmware},
          {"allow_any_host", config.allow_any_host.value_or(config.hosts.empty())},
          {"hosts", config.hosts},
          {"listeners", config.listeners},
          {"namespaces", namespaces},
          {"max_io_queues", config.max_io_queues},
          {"cntlid_min", config.cntlid_min},
          {"cntlid_max", config.cntlid_max},
          {"kas", config.kas},
          {"mdts", config.mdts},
          {"version", word_of(kVersions, config.version)},
          {"ncc", config.ncc}};
}

Json write_json(const ReferralConfig& config) {
  return {{"transport", word_of(kTransports, config.transport)},
          {"traddr", config.traddr},
          {"trsvcid", config.trsvcid},
          {"nqn", config.nqn},
          {"portid", config.portid},
          {"epcsd", config.epcsd},
          {"dupretinfo", config.dupretinfo},
          {"hosts", config.hosts}};
}

Json write_json(const TargetConfig& config) {
  const auto list = [](const auto& elements) {
    Json out = Json::array();
    for (const auto& element : elements) out.push_back(write_json(element));
    return out;
  };
  return {{"discovery", write_json(config.discovery)},
          {"listeners", list(config.listeners)},
          {"subsystems", list(config.subsystems)},
          {"referrals", list(config.referrals)}};
}

Result<TargetConfig> parse_config(std::string_view json) {
  if (json.size() > kMaxConfigText) return problem("the configuration is larger than 64 MiB");
  Json value;
  try {
    value = Json::parse(json);
  } catch (const nlohmann::json::exception& e) {
    return problem(std::string("$: ") + e.what());
  }
  TargetConfig config;
  std::string error;
  read_object(value, "$", error, config);
  if (!error.empty()) return problem(error);
  return config;
}

std::string format_config(const TargetConfig& config) {
  return write_json(config).dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace stas::target
