// SPDX-License-Identifier: Apache-2.0
//
// Methods about subsystems, their hosts and namespaces, backends and referrals.
#include "tests/target/control/json_words.h"
#include "tests/target/control/rpc_call.h"

namespace stas::target {
namespace {

Answer subsystem_add(Call& call) {
  SubsystemConfig config;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().add_subsystem(config)) : bad_params();
}

Answer subsystem_remove(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().remove_subsystem(nqn)) : bad_params();
}

Answer subsystem_set(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const Subsystem* present = call.engine().subsystem(nqn);
  SubsystemConfig config = present != nullptr ? present->config : SubsystemConfig{.nqn = nqn};
  read_subsystem_details(reader, config);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_subsystem(std::move(config))) : bad_params();
}

Answer subsystem_list(Call& call) {
  call.reader().finish();
  return write_json(call.engine().save())["subsystems"];
}

Answer set_host(Call& call, bool allowed) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto host = text_param(reader, "host");
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_host(nqn, host, allowed)) : bad_params();
}

Answer host_allow(Call& call) { return set_host(call, true); }
Answer host_deny(Call& call) { return set_host(call, false); }

Answer host_allow_any(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  bool any = true;
  reader.flag("allow", any);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().allow_any_host(nqn, any)) : bad_params();
}

Answer host_set_keys(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto host = text_param(reader, "host");
  AuthConfig auth;
  read_auth_keys(reader, auth);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_auth(nqn, host, auth)) : bad_params();
}

Answer host_set_tls_key(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto host = text_param(reader, "host");
  std::string key;
  reader.text("key", key);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_tls_key(nqn, host, key)) : bad_params();
}

Answer namespace_add(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  reader.require("namespace");
  NamespaceConfig config;
  if (const Json* ns = reader.find("namespace")) read_object(*ns, "$.params.namespace", call.error, config);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  const auto nsid = call.engine().add_namespace(nqn, config);
  if (!nsid) return problem(nsid.error().text);
  return Json{{"nsid", *nsid}};
}

Answer namespace_remove(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().remove_namespace(nqn, nsid)) : bad_params();
}

Answer namespace_set(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  const Subsystem* subsystem = call.engine().subsystem(nqn);
  NamespaceConfig config{.nsid = nsid};
  if (subsystem != nullptr && subsystem->namespaces.contains(nsid)) config = subsystem->namespaces.at(nsid).config();
  read_namespace_details(reader, config);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().set_namespace(nqn, std::move(config))) : bad_params();
}

/// Without a size: a file as large as it is by now.
Answer namespace_resize(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  std::uint64_t size = 0;
  read_size(reader, "size", size);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().resize_namespace(nqn, nsid, size)) : bad_params();
}

Answer namespace_attach(Call& call) {
  auto reader = call.reader();
  const auto nqn = text_param(reader, "nqn");
  const auto nsid = number_param<std::uint32_t>(reader, "nsid", 0xFFFFFFFF);
  const auto cntlid = number_param<std::uint16_t>(reader, "cntlid", 0xFFEF);
  bool attached = true;
  reader.flag("attached", attached);
  reader.finish();
  if (!call.error.empty()) return bad_params();
  return changed(call, call.engine().attach_namespace(nqn, nsid, cntlid, attached));
}

Answer backend_add(Call& call) {
  BackendConfig config;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().add_backend(config)) : bad_params();
}

Answer backend_remove(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().remove_backend(name)) : bad_params();
}

Answer backend_resize(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  std::uint64_t size = 0;
  read_size(reader, "size", size);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().resize_backend(name, size)) : bad_params();
}

Answer backend_list(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& [name, backend] : call.engine().backends()) {
    out.push_back(write_json(backend->config()));
    out.back()["size"] = backend->size();
  }
  return out;
}

Answer referral_add(Call& call) {
  ReferralConfig config;
  read_object(call.params, "$.params", call.error, config);
  return call.error.empty() ? changed(call, call.engine().add_referral(config)) : bad_params();
}

Answer referral_remove(Call& call) {
  auto reader = call.reader();
  const auto traddr = text_param(reader, "traddr");
  std::string trsvcid;
  reader.text("trsvcid", trsvcid);
  reader.finish();
  return call.error.empty() ? changed(call, call.engine().remove_referral(traddr, trsvcid)) : bad_params();
}

}  // namespace

const Methods& subsystem_methods() {
  static const Methods kMethods{
      {"subsystem.add", subsystem_add},
      {"subsystem.remove", subsystem_remove},
      {"subsystem.set", subsystem_set},
      {"subsystem.list", subsystem_list},
      {"host.allow", host_allow},
      {"host.deny", host_deny},
      {"host.allow_any", host_allow_any},
      {"host.set_keys", host_set_keys},
      {"host.set_tls_key", host_set_tls_key},
      {"namespace.add", namespace_add},
      {"namespace.remove", namespace_remove},
      {"namespace.set", namespace_set},
      {"namespace.resize", namespace_resize},
      {"namespace.attach", namespace_attach},
      {"backend.add", backend_add},
      {"backend.remove", backend_remove},
      {"backend.resize", backend_resize},
      {"backend.list", backend_list},
      {"referral.add", referral_add},
      {"referral.remove", referral_remove},
  };
  return kMethods;
}

}  // namespace stas::target
