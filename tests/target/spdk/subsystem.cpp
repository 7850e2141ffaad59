// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods that make and delete subsystems.
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

/// Of a subsystem, when nobody says how many.
constexpr std::uint32_t kSpdkNamespaces = 32;

Answer create_subsystem(Call& call) {
  auto reader = call.reader();
  SubsystemConfig config;
  config.nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  config.serial = "00000000000000000000";
  config.model = "SPDK bdev Controller";
  config.allow_any_host = false;
  config.listeners = {kNowhere};
  reader.text("serial_number", config.serial);
  reader.text("model_number", config.model);
  bool any = false;
  reader.flag("allow_any_host", any);
  config.allow_any_host = any;
  reader.flag("ana_reporting", config.ana);
  reader.number("min_cntlid", config.cntlid_min, 1, 0xFFEF);
  reader.number("max_cntlid", config.cntlid_max, 1, 0xFFEF);
  reader.text("admin_label", config.admin_label);
  config.max_namespaces = kSpdkNamespaces;
  reader.number("max_namespaces", config.max_namespaces, 0, 0xFFFFFFFD);
  if (config.max_namespaces == 0) config.max_namespaces = kSpdkNamespaces;
  skip(reader, {"dmrsl", "wzsl", "passthrough", "enable_nssr", "max_discard_size_kib", "max_write_zeroes_size_kib"});
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const auto& transports = call.target.spdk().transports;
  if (const auto tcp = transports.find("TCP"); tcp != transports.end()) {
    config.max_io_queues = tcp->second.max_io_qpairs_per_ctrlr;
  }
  config.one_hostid_per_host = call.target.spdk().dup_host_policy == "reject";
  return spdk_true(call.engine().add_subsystem(std::move(config)));
}

Answer delete_subsystem(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  call.target.spdk().host_keys.erase(nqn);
  return spdk_true(call.engine().remove_subsystem(nqn));
}

}  // namespace

const Methods& spdk_subsystem_methods() {
  static const Methods kMethods{
      {"nvmf_create_subsystem", create_subsystem},
      {"nvmf_delete_subsystem", delete_subsystem},
  };
  return kMethods;
}

}  // namespace stas::target
