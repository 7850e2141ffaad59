// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods about transports, and its statistics. There is one transport: TCP.
#include <utility>

#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

Answer create_transport(Call& call) {
  auto reader = call.reader();
  const auto type = in_capitals(text_param(reader, "trtype"));
  skip_target_name(reader);
  SpdkState::Transport transport;
  reader.number("max_queue_depth", transport.max_queue_depth, 16, 1024);
  reader.number("max_io_qpairs_per_ctrlr", transport.max_io_qpairs_per_ctrlr, 1, kMaxQueuesPerController);
  reader.number("in_capsule_data_size", transport.in_capsule_data_size, 0, 65536);
  reader.number("max_io_size", transport.max_io_size, 4096, kMaxTransfer);
  reader.number("io_unit_size", transport.io_unit_size, 1, kMaxTransfer);
  reader.number("max_aq_depth", transport.max_aq_depth, 32, 4096);
  reader.flag("c2h_success", transport.c2h_success);
  skip(reader, {"num_shared_buffers",
                "buf_cache_size",
                "iobuf_small_cache_size",
                "iobuf_large_cache_size",
                "zcopy",
                "num_cqe",
                "max_srq_depth",
                "no_srq",
                "dif_insert_or_strip",
                "sock_priority",
                "acceptor_backlog",
                "abort_timeout_sec",
                "no_wr_batching",
                "control_msg_num",
                "disable_mappable_bar0",
                "disable_adaptive_irq",
                "disable_shadow_doorbells",
                "acceptor_poll_rate",
                "ack_timeout",
                "data_wr_pool_size",
                "disable_command_passthru",
                "kas",
                "min_kato",
                "masked_oncs",
                "masked_fuses"});
  reader.finish();
  if (!call.error.empty()) return bad_params();
  if (type != "TCP") return problem("Transport type '" + type + "' is not available: this target has TCP");
  if (transport.in_capsule_data_size % 16 != 0) return problem("in_capsule_data_size is not a multiple of 16");
  if (!call.target.spdk().transports.emplace(type, transport).second) {
    return problem("Transport type '" + type + "' already exists");
  }
  return Json(true);
}

Answer get_transports(Call& call) {
  auto reader = call.reader();
  std::string type;
  reader.text("trtype", type);
  skip_target_name(reader);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  type = in_capitals(type);
  Json out = Json::array();
  for (const auto& [name, transport] : call.target.spdk().transports) {
    if (type.empty() || type == name) out.push_back(spdk_transport(name, transport));
  }
  if (!type.empty() && out.empty()) return problem("no transport " + type);
  return out;
}

Answer get_stats(Call& call) {
  auto reader = call.reader();
  skip_target_name(reader);
  reader.finish();
  const Stats& stats = call.engine().stats();
  std::size_t admin = 0;
  std::size_t io = 0;
  for (const auto& [key, controller] : call.engine().controllers()) {
    admin += controller->queues.count(0);
    io += controller->queues.size() - controller->queues.count(0);
  }
  std::uint64_t completed = 0;
  for (const auto& [code, count] : stats.commands.io) completed += count;
  Json transports = Json::array();
  for (const auto& [name, transport] : call.target.spdk().transports) transports.push_back({{"trtype", name}});
  return Json{{"tick_rate", 1000000000},
              {"poll_groups", Json::array({{{"name", "stas_target_poll_group_000"},
                                            {"admin_qpairs", stats.admin_connects},
                                            {"io_qpairs", stats.io_connects},
                                            {"current_admin_qpairs", admin},
                                            {"current_io_qpairs", io},
                                            {"pending_bdev_io", 0},
                                            {"completed_nvme_io", completed},
                                            {"transports", transports}}})}};
}

}  // namespace

Json spdk_transport(const std::string& type, const SpdkState::Transport& transport) {
  return {{"trtype", type},
          {"max_queue_depth", transport.max_queue_depth},
          {"max_io_qpairs_per_ctrlr", transport.max_io_qpairs_per_ctrlr},
          {"in_capsule_data_size", transport.in_capsule_data_size},
          {"max_io_size", transport.max_io_size},
          {"io_unit_size", transport.io_unit_size},
          {"max_aq_depth", transport.max_aq_depth},
          {"num_shared_buffers", 511},
          {"buf_cache_size", 4294967295U},
          {"dif_insert_or_strip", false},
          {"zcopy", false},
          {"c2h_success", transport.c2h_success},
          {"sock_priority", 0},
          {"abort_timeout_sec", 1}};
}

const Methods& spdk_transport_methods() {
  static const Methods kMethods{
      {"nvmf_create_transport", create_transport},
      {"nvmf_get_transports", get_transports},
      {"nvmf_get_stats", get_stats},
  };
  return kMethods;
}

}  // namespace stas::target
