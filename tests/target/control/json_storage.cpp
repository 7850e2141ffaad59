// SPDX-License-Identifier: Apache-2.0
//
// Backends and namespaces in JSON. A namespace names a backend, or carries one: the key is then the kind.
#include <charconv>

#include "tests/target/control/json_model.h"
#include "tests/target/control/json_words.h"

namespace stas::target {
namespace {

constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 40;

void check_block(ObjectReader& from, BackendConfig& to, const char* size_key) {
  from.number("lba", to.lba, 512, 4096);
  if (to.lba != 512 && to.lba != 4096) from.fail("lba", "is neither 512 nor 4096");
  if (to.size % to.lba != 0) from.fail(size_key, "is not a multiple of the block size");
}

/// `file` and `block` as members of a namespace: a path, and beside it `size` and `direct`.
void read_path(ObjectReader& from, const char* key, BackendConfig& to) {
  from.text(key, to.path);
  if (to.path.empty()) from.fail(key, "is no path");
  if (to.kind == BackendKind::file) read_size(from, "size", to.size);
  from.flag("direct", to.direct);
  check_block(from, to, "size");
}

}  // namespace

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
  if (number > (kMaxSize >> shift)) return std::nullopt;
  return number << shift;
}

void read_size(ObjectReader& from, const char* key, std::uint64_t& to) {
  const Json* value = from.find(key);
  if (value == nullptr) return;
  const auto size = size_from(*value);
  if (!size || *size == 0 || *size > kMaxSize) return from.fail(key, "is no size such as \"1MiB\"");
  to = *size;
}

void read_json(ObjectReader& from, BackendConfig& to) {
  from.require("name");
  from.text("name", to.name);
  if (to.name.empty()) from.fail("name", "is empty");
  from.require("type");
  from.choice("type", to.kind, kBackendKinds);
  const bool on_medium = to.kind == BackendKind::file || to.kind == BackendKind::block;
  if (on_medium) {
    from.require("path");
    from.text("path", to.path);
    from.flag("direct", to.direct);
  } else {
    from.require("size");
  }
  if (to.kind != BackendKind::block) read_size(from, "size", to.size);
  check_block(from, to, "size");
  from.text("uuid", to.uuid);
}

void read_json(ObjectReader& from, NamespaceConfig& to) {
  from.number("nsid", to.nsid, 1, 0xFFFFFFFD);
  if (from.find("backend") != nullptr) {
    from.text("backend", to.use);
  } else if (from.find("file") != nullptr) {
    to.backend.kind = BackendKind::file;
    read_path(from, "file", to.backend);
  } else if (from.find("block") != nullptr) {
    to.backend.kind = BackendKind::block;
    read_path(from, "block", to.backend);
  } else {
    const char* key = from.find("null") != nullptr ? "null" : "ram";
    to.backend.kind = key[0] == 'n' ? BackendKind::null : BackendKind::ram;
    from.require(key);
    read_size(from, key, to.backend.size);
    check_block(from, to.backend, key);
  }
  read_namespace_details(from, to);
}

void read_namespace_details(ObjectReader& from, NamespaceConfig& to) {
  from.text("uuid", to.uuid);
  from.text("nguid", to.nguid);
  from.text("eui64", to.eui64);
  from.flag("read_only", to.read_only);
  from.flag("enabled", to.enabled);
  from.flag("attached", to.attached);
  from.flag("shared", to.shared);
  from.number("ana_group", to.ana_group, 1, kMaxAnaGroups);
  from.names("hosts", to.hosts);
}

Json write_json(const BackendConfig& config) {
  Json out{{"name", config.name}, {"type", word_of(kBackendKinds, config.kind)}};
  if (!config.path.empty()) {
    out["path"] = config.path;
    out["direct"] = config.direct;
  }
  if (config.size != 0) out["size"] = config.size;
  out["lba"] = config.lba;
  if (!config.uuid.empty()) out["uuid"] = config.uuid;
  return out;
}

Json write_json(const NamespaceConfig& config) {
  Json out{{"nsid", config.nsid}};
  const BackendConfig& backend = config.backend;
  if (!config.use.empty()) {
    out["backend"] = config.use;
  } else if (backend.kind == BackendKind::file || backend.kind == BackendKind::block) {
    out[word_of(kBackendKinds, backend.kind)] = backend.path;
    if (backend.size != 0) out["size"] = backend.size;
    out["direct"] = backend.direct;
    out["lba"] = backend.lba;
  } else {
    out[word_of(kBackendKinds, backend.kind)] = backend.size;
    out["lba"] = backend.lba;
  }
  out["read_only"] = config.read_only;
  if (!config.enabled) out["enabled"] = false;
  if (!config.attached) out["attached"] = false;
  if (!config.shared) out["shared"] = false;
  if (config.ana_group != 1) out["ana_group"] = config.ana_group;
  if (!config.hosts.empty()) out["hosts"] = config.hosts;
  if (!config.uuid.empty()) out["uuid"] = config.uuid;
  if (!config.nguid.empty()) out["nguid"] = config.nguid;
  if (!config.eui64.empty()) out["eui64"] = config.eui64;
  return out;
}

}  // namespace stas::target
