// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/convert/nvme_cli.h"

#include <algorithm>
#include <map>
#include <utility>

#include "libstas/core/config/option_value.h"

namespace stas {

namespace {

bool has_field(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
}

bool is_discovery_parameter(std::string_view name) {
  const auto& all = connect_parameters();
  return std::find(all.begin(), all.begin() + kDiscoveryParameters, name) != all.begin() + kDiscoveryParameters;
}

class NvmeCliSettings {
 public:
  NvmeCliSettings(const NvmeCliConf& conf, Settings& settings, Losses& losses)
      : conf_(conf), settings_(settings), losses_(losses), one_host_(conf.hosts.size() == 1) {}

  void run() {
    if (one_host_) add_host(conf_.hosts.front());
    if (!one_host_)
      for (const NvmeCliHost& host : conf_.hosts) check_host(host);
    add_parameters();
    for (const NvmeCliController& controller : conf_.controllers) add_controller(controller);
  }

 private:
  void add(ConfFile file, std::string_view section, std::string_view key, std::string value, const Place& from) {
    settings_.push_back({file, std::string(section), 0, std::string(key), std::move(value), from});
  }

  void add_host(const NvmeCliHost& host) {
    for (const auto& [key, value] : {std::pair<std::string_view, const std::string&>{"nqn", host.nqn},
                                     {"id", host.id},
                                     {"key", host.key},
                                     {"symname", host.symname}}) {
      if (!value.empty()) add(ConfFile::sys, kHostSection, key, value, host.from);
    }
  }

  void check_host(const NvmeCliHost& host) {
    if (!host.symname.empty())
      losses_.lost(host.from, "the symbolic name of a host has no counterpart where there are several hosts");
    if (host.nqn.empty() && !host.id.empty())
      losses_.lost(host.from, "a host ID without a host NQN has no counterpart where there are several hosts");
  }

  // What discovery controllers list is connected with the parameters of their line. We do not tell the sources apart,
  // so it must be the same for all of them.
  void add_parameters() {
    std::map<std::string, std::string, std::less<>> common;
    std::size_t lines = 0;
    for (const NvmeCliController& controller : conf_.controllers) {
      if (!controller.connects) continue;
      if (lines++ == 0) {
        for (const Field& field : controller.parameters) common.emplace(field.name, field.value);
        first_ = controller.from;
      } else {
        std::erase_if(common, [&](const auto& item) { return !says(controller.parameters, item.first, item.second); });
      }
    }
    for (const std::string_view name : connect_parameters())
      if (const auto found = common.find(name); found != common.end())
        add(ConfFile::stacd, kGlobalSection, name, found->second, first_);
    for (const NvmeCliController& controller : conf_.controllers) {
      if (!controller.connects) continue;
      for (const Field& field : controller.parameters)
        if (!common.contains(field.name))
          losses_.lost(controller.from, field.name +
                                            " is not the same on all lines: it is not converted for the I/O "
                                            "controllers that are found - use [Match NAME] of stacd.conf");
    }
  }

  static bool says(const Fields& fields, std::string_view name, std::string_view value) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const Field& field) { return field.name == name && field.value == value; });
  }

  void add_controller(const NvmeCliController& controller) {
    Fields fields = controller.fields;
    sort_identity(fields);
    const NvmeCliHost& host = conf_.hosts[controller.host];
    if (!one_host_) {
      if (!host.nqn.empty()) fields.push_back({"host-nqn", host.nqn});
      if (!host.nqn.empty() && !host.id.empty()) fields.push_back({"host-id", host.id});
      if (!host.key.empty() && !has_field(fields, "dhchap-secret")) fields.push_back({"dhchap-secret", host.key});
    }
    for (const Field& field : controller.parameters)
      if (!controller.discovery || is_discovery_parameter(field.name)) fields.push_back(field);
    add(controller.discovery ? ConfFile::stafd : ConfFile::stacd, kControllersSection, "controller", to_text(fields),
        controller.from);
  }

  // As people write it: who it is, then how.
  static void sort_identity(Fields& fields) {
    static const std::vector<std::string_view> order = {"transport", "traddr",      "trsvcid",
                                                        "nqn",       "host-traddr", "host-iface"};
    const auto rank = [](const Field& field) {
      return std::find(order.begin(), order.end(), field.name) - order.begin();
    };
    std::stable_sort(fields.begin(), fields.end(), [&](const Field& a, const Field& b) { return rank(a) < rank(b); });
  }

  const NvmeCliConf& conf_;
  Settings& settings_;
  Losses& losses_;
  const bool one_host_;
  Place first_;
};

}  // namespace

std::size_t NvmeCliConf::host(const NvmeCliHost& host) {
  const auto found =
      std::find_if(hosts.begin(), hosts.end(), [&](const NvmeCliHost& known) { return known.same(host); });
  if (found != hosts.end()) return static_cast<std::size_t>(found - hosts.begin());
  hosts.push_back(host);
  return hosts.size() - 1;
}

void add_settings(const NvmeCliConf& conf, Settings& settings, Losses& losses) {
  NvmeCliSettings(conf, settings, losses).run();
}

}  // namespace stas
