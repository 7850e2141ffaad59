// SPDX-License-Identifier: Apache-2.0
//
// What the histories really contained: a feature of the world that never occurred proves nothing. Counted over the
// whole run of the program; the tests print the counts and fail for a feature without any.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace stas::model {

enum class Feature : unsigned char {
  ioc_connected,
  ioc_cut,
  dc_connected,
  dc_cut,
  dc_parked,
  parked_read_again,
  deregistered,
  rdma_connected,
  fc_connected,
  special_connected,
  connect_refused,
  connect_hung,
  delete_failed,
  delete_hung,
  device_unsettled,
  device_vanished,
  event_lost,
  aen_lost,
  aen_storm,
  two_dcs_list_it,
  alias_unique_nqn,
  alias_iface,
  two_ifaces,
  iface_down,
  v6_connected,
  family_disabled,
  excluded_cut,
  scope_all_cut_foreign,
  scope_kept,
  guard_kept,
  trtype_kept,
  ncc_gave_up,
  name_two_addresses,
  name_of_two_hosts,
  addresses_raced,
  name_fails,
  name_slow,
  identity_changed_while_connected,
  symname_changed,
  registered,
  pleo_read,
  referral_followed,
  duplicate_referral,
  announced,
  announcement_silent,
  persistence_over,
  page_slow_at_reload,
  page_skipped,
  page_young,
  page_failed,
  young_page_emptied,
  line_moved_to_page,
  line_edited,
  fault_at_start,
  fault_at_reload,
  fault_absent,
  fault_broken_line,
  fault_value,
  legacy_stafd,
  legacy_without_cache,
  stafd_state_lost,
  stacd_state_lost,
  killed_before_save,
  stopped_in_order,
  host_left,
  path_lost_before_cut,
  staf_answer_failed,
  stacd_without_stafd,
  admin_device,
  admin_dc_has_news,
  long_outage,
  plan_made,
  plan_connected,
  plan_disconnected,
  plan_kept,
  explained,
  explained_excluded,
  explained_refused,
  dc_plan_made,
  dc_plan_connected,
  dc_plan_disconnected,
  dc_plan_kept,
  count_
};

const char* name_of(Feature feature);

class Coverage {
 public:
  void note(Feature feature) { ++counts_.at(static_cast<std::size_t>(feature)); }
  unsigned long count(Feature feature) const { return counts_.at(static_cast<std::size_t>(feature)); }
  std::vector<std::string> missing() const;
  std::string print() const;

 private:
  std::array<unsigned long, static_cast<std::size_t>(Feature::count_)> counts_{};
};

Coverage& coverage();

}  // namespace stas::model
