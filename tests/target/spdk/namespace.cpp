// SPDX-License-Identifier: Apache-2.0
//
// SPDK's methods about the namespaces of a subsystem: which there are, their ANA groups, and who sees them.
#include "tests/target/spdk/methods.h"

namespace stas::target {
namespace {

Answer add_ns(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  skip_target_name(reader);
  reader.require("namespace");
  NamespaceConfig config;
  if (const Json* ns = reader.find("namespace")) {
    ObjectReader inner(*ns, "$.params.namespace", call.error);
    inner.number("nsid", config.nsid, 0, 0xFFFFFFFD);
    config.use = text_param(inner, "bdev_name");
    inner.text("nguid", config.nguid);
    inner.text("eui64", config.eui64);
    inner.text("uuid", config.uuid);
    inner.number("anagrpid", config.ana_group, 1, kMaxAnaGroups);
    bool visible = true;
    inner.flag("no_auto_visible", visible);
    if (ns->is_object() && ns->contains("no_auto_visible") && visible) config.hosts.insert(std::string());
    skip(inner, {"ptpl_file", "hide_metadata"});
    inner.finish();
  }
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const auto nsid = call.engine().add_namespace(nqn, std::move(config));
  if (!nsid) return problem(nsid.error().text);
  return Json(*nsid);
}

Answer remove_ns(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  skip_target_name(reader);
  reader.finish();
  return call.error.empty() ? spdk_true(call.engine().remove_namespace(nqn, nsid)) : bad_params();
}

/// Changes the configuration of a namespace by `change`.
template <typename Change>
Answer change_ns(Call& call, const std::string& nqn, std::uint32_t nsid, Change change) {
  if (!call.error.empty()) return bad_params();
  const Subsystem* subsystem = call.engine().subsystem(nqn);
  if (subsystem == nullptr || !subsystem->namespaces.contains(nsid)) {
    return problem(nqn + " has no namespace " + std::to_string(nsid));
  }
  NamespaceConfig config = subsystem->namespaces.at(nsid).config();
  change(config);
  return spdk_true(call.engine().set_namespace(nqn, std::move(config)));
}

Answer set_ns_ana_group(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  const auto group = number_param<std::uint32_t>(reader, "anagrpid", kMaxAnaGroups);
  skip_target_name(reader);
  reader.finish();
  return change_ns(call, nqn, nsid, [group](NamespaceConfig& config) { config.ana_group = group; });
}

Answer mask_ns(Call& call, bool seen) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  const auto host = text_param(reader, "host");
  skip_target_name(reader);
  reader.finish();
  return change_ns(call, nqn, nsid, [&](NamespaceConfig& config) {
    config.hosts.insert(std::string());  // nobody but those that follow
    if (seen) {
      config.hosts.insert(host);
    } else {
      config.hosts.erase(host);
    }
  });
}

Answer ns_add_host(Call& call) { return mask_ns(call, true); }
Answer ns_remove_host(Call& call) { return mask_ns(call, false); }

}  // namespace

const Methods& spdk_namespace_methods() {
  static const Methods kMethods{
      {"nvmf_subsystem_add_ns", add_ns},
      {"nvmf_subsystem_remove_ns", remove_ns},
      {"nvmf_subsystem_set_ns_ana_group", set_ns_ana_group},
      {"nvmf_ns_add_host", ns_add_host},
      {"nvmf_ns_remove_host", ns_remove_host},
  };
  return kMethods;
}

}  // namespace stas::target
