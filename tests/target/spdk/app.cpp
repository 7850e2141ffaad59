// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods about the program: methods, version, configuration to save, trace points, its end.
#include <algorithm>
#include <csignal>

#include "tests/target/spdk/keyring.h"
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

/// Names that SPDK had in the days of the guides that are still read, and those they have now.
const std::map<std::string, std::string, std::less<>>& old_names() {
  static const std::map<std::string, std::string, std::less<>> kNames{
      {"construct_malloc_bdev", "bdev_malloc_create"},
      {"delete_malloc_bdev", "bdev_malloc_delete"},
      {"construct_null_bdev", "bdev_null_create"},
      {"delete_null_bdev", "bdev_null_delete"},
      {"construct_aio_bdev", "bdev_aio_create"},
      {"delete_aio_bdev", "bdev_aio_delete"},
      {"get_bdevs", "bdev_get_bdevs"},
      {"nvmf_subsystem_create", "nvmf_create_subsystem"},
      {"construct_nvmf_subsystem", "nvmf_create_subsystem"},
      {"delete_nvmf_subsystem", "nvmf_delete_subsystem"},
      {"nvmf_subsystem_delete", "nvmf_delete_subsystem"},
      {"get_nvmf_subsystems", "nvmf_get_subsystems"},
      {"get_nvmf_transports", "nvmf_get_transports"},
      {"set_nvmf_target_config", "nvmf_set_config"},
      {"set_nvmf_target_max_subsystems", "nvmf_set_max_subsystems"},
      {"get_subsystems", "framework_get_subsystems"},
      {"get_subsystem_config", "framework_get_config"},
      {"get_rpc_methods", "rpc_get_methods"},
      {"get_spdk_version", "spdk_get_version"},
      {"kill_instance", "spdk_kill_instance"},
      {"enable_tpoint_group", "trace_enable_tpoint_group"},
      {"disable_tpoint_group", "trace_disable_tpoint_group"},
      {"get_tpoint_group_mask", "trace_get_tpoint_group_mask"},
  };
  return kNames;
}

Answer get_methods(Call& call) {
  auto reader = call.reader();
  bool current = false;
  bool aliases = true;
  reader.flag("current", current);
  reader.flag("include_aliases", aliases);
  reader.finish();
  return call.error.empty() ? Answer(spdk_method_names(aliases)) : bad_params();
}

Answer get_version(Call& call) {
  call.reader().finish();
  return Json{{"version", "stas-target " STAS_VERSION " with the interface of SPDK v26.09"},
              {"fields", {{"major", 26}, {"minor", 9}, {"patch", 0}, {"suffix", ""}}}};
}

Answer get_subsystems(Call& call) {
  call.reader().finish();
  return Json::array({{{"subsystem", "keyring"}, {"depends_on", Json::array()}},
                      {{"subsystem", "bdev"}, {"depends_on", Json::array({"keyring"})}},
                      {{"subsystem", "nvmf"}, {"depends_on", Json::array({"bdev", "keyring"})}}});
}

Answer get_config(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  skip(reader, {"with_batches"});
  reader.finish();
  if (!call.error.empty()) return bad_params();
  if (name == "keyring") return spdk_keyring_config(call);
  if (name == "bdev") return spdk_bdev_config(call);
  if (name == "nvmf") return spdk_nvmf_config(call);
  return problem("Subsystem '" + name + "' not found");
}

Answer wait_init(Call& /*call*/) { return Json(true); }

Answer kill_instance(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "sig_name");
  reader.finish();
  if (!call.error.empty()) return bad_params();
  constexpr std::string_view kEnding[] = {"SIGINT", "SIGTERM", "SIGKILL", "INT", "TERM", "KILL", "2", "9", "15"};
  if (std::find(std::begin(kEnding), std::end(kEnding), name) == std::end(kEnding)) {
    return problem("signal '" + name + "' does not end this target");
  }
  call.target.request_stop();
  return Json(true);
}

/// Groups that can be traced: what connections say (see `trace.dump`).
constexpr const char* kTraceGroups[] = {"nvmf_tcp"};

Answer set_tracing(Call& call, bool on) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  reader.find("tpoint_mask");
  reader.finish();
  if (!call.error.empty()) return bad_params();
  if (name != "all" && std::find(std::begin(kTraceGroups), std::end(kTraceGroups), name) == std::end(kTraceGroups)) {
    return problem("no trace group " + name);
  }
  call.target.spdk().trace_masks["nvmf_tcp"] = on ? ~std::uint64_t{0} : 0;
  call.target.set_tracing(on);
  return Json(true);
}

Answer enable_tracing(Call& call) { return set_tracing(call, true); }
Answer disable_tracing(Call& call) { return set_tracing(call, false); }

std::string mask_text(std::uint64_t mask) {
  std::array<std::uint8_t, 8> raw{};
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<std::uint8_t>(mask >> (56 - 8 * i));
  return "0x" + hex_text(raw);
}

Answer get_trace_masks(Call& call) {
  call.reader().finish();
  const bool on = call.target.spdk().trace_masks["nvmf_tcp"] != 0;
  return Json{{"tpoint_group_mask", on ? "0x20" : "0x0"}, {"nvmf_tcp", {{"enabled", on}, {"mask", "0x20"}}}};
}

Answer get_trace_info(Call& call) {
  call.reader().finish();
  const std::uint64_t mask = call.target.spdk().trace_masks["nvmf_tcp"];
  return Json{{"tpoint_shm_path", ""},
              {"tpoint_group_mask", mask != 0 ? "0x20" : "0x0"},
              {"nvmf_tcp", {{"mask", "0x20"}, {"tpoint_mask", mask_text(mask)}}}};
}

Answer clear_trace(Call& call) {
  call.reader().finish();
  call.target.clear_trace();
  return Json(true);
}

}  // namespace

std::string spdk_current_name(const std::string& name) {
  const auto it = old_names().find(name);
  return it == old_names().end() ? name : it->second;
}

const Methods& spdk_app_methods() {
  static const Methods kMethods{
      {"rpc_get_methods", get_methods},
      {"spdk_get_version", get_version},
      {"spdk_kill_instance", kill_instance},
      {"framework_get_subsystems", get_subsystems},
      {"framework_get_config", get_config},
      {"framework_wait_init", wait_init},
      {"trace_enable_tpoint_group", enable_tracing},
      {"trace_disable_tpoint_group", disable_tracing},
      {"trace_set_tpoint_mask", enable_tracing},
      {"trace_clear_tpoint_mask", disable_tracing},
      {"trace_get_tpoint_group_mask", get_trace_masks},
      {"trace_get_info", get_trace_info},
      {"trace_clear", clear_trace},
  };
  return kMethods;
}

Json spdk_method_names(bool aliases) {
  Json names = Json::array();
  for (const Methods* methods : {&spdk_bdev_methods(), &spdk_subsystem_methods(), &spdk_listener_methods(),
                                 &spdk_namespace_methods(), &spdk_host_methods(), &spdk_target_methods(),
                                 &spdk_transport_methods(), &spdk_app_methods(), &spdk_keyring_methods()}) {
    for (const auto& [name, method] : *methods) names.push_back(name);
  }
  if (aliases) {
    for (const auto& [name, current] : old_names()) names.push_back(name);
  }
  return names;
}

}  // namespace stas::target
