// SPDX-License-Identifier: Apache-2.0
//
// SPDK's JSON-RPC interface as a translation: its names, parameters and answers over the calls of the engine, so that
// scripts/rpc.py of SPDK drives this target as it is. Internal to the RPC files.
#pragma once

#include <string>

#include "tests/target/control/rpc_call.h"

namespace stas::target {

const Methods& spdk_bdev_methods();       // spdk/bdev.cpp
const Methods& spdk_subsystem_methods();  // spdk/subsystem.cpp
const Methods& spdk_listener_methods();   // spdk/listener.cpp
const Methods& spdk_namespace_methods();  // spdk/namespace.cpp
const Methods& spdk_host_methods();       // spdk/host.cpp
const Methods& spdk_target_methods();     // spdk/target.cpp
const Methods& spdk_transport_methods();  // spdk/transport.cpp
const Methods& spdk_app_methods();        // spdk/app.cpp

/// The name of today for one that SPDK has given up; the same name otherwise.
std::string spdk_current_name(const std::string& name);
/// All names that a client may call now.
Json spdk_method_names(bool aliases);

// Steps that several of the methods share.

/// `tgt_name`: there is one target here, whatever it is called.
inline void skip_target_name(ObjectReader& reader) { reader.find("tgt_name"); }
/// Parameters that are known and mean nothing here.
inline void skip(ObjectReader& reader, std::initializer_list<const char*> keys) {
  for (const char* key : keys) reader.find(key);
}
/// Done: what SPDK answers to most changes.
inline Answer spdk_true(const Result<void>& done) {
  if (!done) return problem(done.error().text);
  return Json(true);
}

struct SpdkAddress {
  std::string trtype = "TCP";
  std::string adrfam;
  std::string traddr;
  std::string trsvcid;
};
SpdkAddress read_address(ObjectReader& from, const char* key, std::string& error);
Json spdk_address(const ListenerConfig& config);
/// The listener at an address; null if there is none.
const Listener* find_listener(const Engine& engine, const SpdkAddress& address);
std::string in_capitals(std::string_view text);

/// A listener that does not exist: of a subsystem that is on none. An empty set would mean all.
inline constexpr std::uint16_t kNowhere = 0;

// What a list shows of one, and its configuration as well.
Json spdk_transport(const std::string& type, const SpdkState::Transport& transport);
Json spdk_referral_address(const ReferralConfig& referral);

// What framework_get_config lists, as calls that build the same again.
Json spdk_bdev_config(Call& call);
Json spdk_nvmf_config(Call& call);
Json spdk_keyring_config(Call& call);

}  // namespace stas::target
