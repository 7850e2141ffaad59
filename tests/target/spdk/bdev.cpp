// SPDX-License-Identifier: Apache-2.0
//
// SPDK's bdev_* methods over named backends.
#include "tests/target/core/dhchap.h"
#include "tests/target/core/dim.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

std::string random_uuid() {
  Bytes raw = random_bytes(16);
  raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0F) | 0x40);
  raw[8] = static_cast<std::uint8_t>((raw[8] & 0x3F) | 0x80);
  return uuid_text(raw);
}

Answer add(Call& call, BackendConfig config) {
  if (!call.error.empty()) return bad_params();
  if (config.lba != 512 && config.lba != 4096)
    return problem("block size " + std::to_string(config.lba) + " is neither 512 nor 4096");
  if (config.uuid.empty()) config.uuid = random_uuid();
  const std::string name = config.name;
  if (const auto ok = call.engine().add_backend(config); !ok) return problem(ok.error().text);
  return Json(name);
}

/// Malloc and null bdevs: so many blocks of such a size.
Answer create_of_blocks(Call& call, BackendKind kind) {
  auto reader = call.reader();
  BackendConfig config{.kind = kind};
  reader.text("name", config.name);
  config.lba = number_param<std::uint32_t>(reader, "block_size", 0xFFFFFFFF);
  const auto blocks = number_param<std::uint64_t>(reader, "num_blocks", std::uint64_t{1} << 31);
  reader.text("uuid", config.uuid);
  skip(reader, {"optimal_io_boundary", "md_size", "md_interleave", "dif_type", "dif_is_head_of_md", "dif_pi_format",
                "physical_block_size", "numa_id", "preferred_write_granularity", "preferred_write_alignment",
                "optimal_write_size", "preferred_unmap_granularity", "preferred_unmap_alignment"});
  reader.finish();
  config.size = blocks * config.lba;
  SpdkState& state = call.target.spdk();
  while (config.name.empty() || (kind == BackendKind::ram && reader.find("name") == nullptr &&
                                 call.engine().backends().contains(config.name))) {
    config.name = "Malloc" + std::to_string(state.next_malloc++);
  }
  return add(call, config);
}

Answer malloc_create(Call& call) { return create_of_blocks(call, BackendKind::ram); }

Answer null_create(Call& call) {
  if (!call.params.contains("name")) call.error = "$.params.name: is missing";
  return create_of_blocks(call, BackendKind::null);
}

Answer aio_create(Call& call) {
  auto reader = call.reader();
  BackendConfig config{.kind = BackendKind::file};
  config.name = text_param(reader, "name");
  config.path = text_param(reader, "filename");
  reader.number("block_size", config.lba, 0, 0xFFFFFFFF);
  reader.text("uuid", config.uuid);
  skip(reader, {"readonly", "fallocate", "nowait"});
  reader.finish();
  if (config.lba == 0) config.lba = 512;
  if (config.path.starts_with("/dev/")) config.kind = BackendKind::block;
  return add(call, config);
}

Answer remove(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  reader.finish();
  return call.error.empty() ? spdk_true(call.engine().remove_backend(name)) : bad_params();
}

/// The new size comes in MiB.
Answer null_resize(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  const auto size = number_param<std::uint64_t>(reader, "new_size", std::uint64_t{1} << 20);
  reader.finish();
  return call.error.empty() ? spdk_true(call.engine().resize_backend(name, size << 20)) : bad_params();
}

bool is_claimed(const Engine& engine, const std::shared_ptr<Backend>& backend) {
  for (const auto& [nqn, subsystem] : engine.model().subsystems) {
    for (const auto& [nsid, ns] : subsystem->namespaces) {
      if (ns.backend() == backend) return true;
    }
  }
  return false;
}

Json describe(const Engine& engine, const std::shared_ptr<Backend>& backend) {
  const BackendConfig& config = backend->config();
  const bool on_medium = config.kind == BackendKind::file || config.kind == BackendKind::block;
  const char* product = on_medium ? "AIO disk" : config.kind == BackendKind::ram ? "Malloc disk" : "Null disk";
  Json specific = Json::object();
  if (on_medium) specific["aio"] = {{"filename", config.path}, {"block_size_override", true}, {"readonly", false}};
  const bool claimed = is_claimed(engine, backend);
  Json out{{"name", config.name},
           {"aliases", Json::array({config.uuid})},
           {"product_name", product},
           {"block_size", config.lba},
           {"num_blocks", backend->size() / config.lba},
           {"uuid", config.uuid},
           {"assigned_rate_limits",
            {{"rw_ios_per_sec", 0}, {"rw_mbytes_per_sec", 0}, {"r_mbytes_per_sec", 0}, {"w_mbytes_per_sec", 0}}},
           {"claimed", claimed}};
  if (claimed) out["claim_type"] = "exclusive_write";
  out["zoned"] = false;
  out["supported_io_types"] = {{"read", true},  {"write", true},  {"unmap", true},
                               {"flush", true}, {"reset", false}, {"compare", true},
                               {"abort", true}, {"copy", true},   {"write_zeroes", true}};
  out["driver_specific"] = specific;
  return out;
}

Answer get_bdevs(Call& call) {
  auto reader = call.reader();
  std::string name;
  reader.text("name", name);
  skip(reader, {"timeout"});
  reader.finish();
  Json out = Json::array();
  for (const auto& [key, backend] : call.engine().backends()) {
    if (name.empty() || name == key || name == backend->config().uuid) {
      out.push_back(describe(call.engine(), backend));
    }
  }
  if (out.empty() && !name.empty()) return problem("bdev '" + name + "': no such device");
  return out;
}

Answer wait_for_examine(Call& /*call*/) { return Json(true); }

}  // namespace

Json spdk_bdev_config(Call& call) {
  Json out = Json::array();
  for (const auto& [name, backend] : call.engine().backends()) {
    const BackendConfig& config = backend->config();
    const bool on_medium = config.kind == BackendKind::file || config.kind == BackendKind::block;
    Json params{{"name", name}, {"block_size", config.lba}, {"uuid", config.uuid}};
    if (on_medium) {
      params["filename"] = config.path;
    } else {
      params["num_blocks"] = backend->size() / config.lba;
    }
    const char* method = on_medium                         ? "bdev_aio_create"
                         : config.kind == BackendKind::ram ? "bdev_malloc_create"
                                                           : "bdev_null_create";
    out.push_back({{"method", method}, {"params", params}});
  }
  out.push_back({{"method", "bdev_wait_for_examine"}});
  return out;
}

const Methods& spdk_bdev_methods() {
  static const Methods kMethods{
      {"bdev_malloc_create", malloc_create},
      {"bdev_malloc_delete", remove},
      {"bdev_null_create", null_create},
      {"bdev_null_delete", remove},
      {"bdev_null_resize", null_resize},
      {"bdev_aio_create", aio_create},
      {"bdev_aio_delete", remove},
      {"bdev_get_bdevs", get_bdevs},
      {"bdev_wait_for_examine", wait_for_examine},
  };
  return kMethods;
}

}  // namespace stas::target
