// SPDX-License-Identifier: Apache-2.0
#include "tests/model/coverage.h"

namespace stas::model {

namespace {

// In the order of Feature.
constexpr std::array<const char*, static_cast<std::size_t>(Feature::count_)> kNames{
    "ioc connected",
    "ioc cut",
    "dc connected",
    "dc cut",
    "dc parked",
    "parked read again",
    "deregistered",
    "rdma connected",
    "fc connected",
    "special connected",
    "connect refused",
    "connect hung",
    "delete failed",
    "delete hung",
    "device unsettled",
    "device vanished",
    "event lost",
    "aen lost",
    "aen storm",
    "two dcs list it",
    "alias unique nqn",
    "alias iface",
    "two ifaces",
    "iface down",
    "v6 connected",
    "family disabled",
    "excluded cut",
    "scope all cut foreign",
    "scope kept",
    "guard kept",
    "trtype kept",
    "ncc gave up",
    "name two addresses",
    "name of two hosts",
    "addresses raced",
    "name fails",
    "name slow",
    "identity changed while connected",
    "symname changed",
    "registered",
    "pleo read",
    "referral followed",
    "duplicate referral",
    "announced",
    "announcement silent",
    "persistence over",
    "page slow at reload",
    "page skipped",
    "page young",
    "page failed",
    "young page emptied",
    "line moved to page",
    "line edited",
    "fault at start",
    "fault at reload",
    "fault absent",
    "fault broken line",
    "fault value",
    "legacy stafd",
    "legacy without cache",
    "stafd state lost",
    "stacd state lost",
    "killed before save",
    "stopped in order",
    "host left",
    "path lost before cut",
    "staf answer failed",
    "stacd without stafd",
    "admin device",
    "admin dc has news",
    "long outage",
    "plan made",
    "plan connected",
    "plan disconnected",
    "plan kept",
    "explained",
    "excluded explained",
    "refused explained",
    "DC plan made",
    "DC plan connected",
    "DC plan disconnected",
    "DC plan kept",
};

}  // namespace

const char* name_of(Feature feature) { return kNames.at(static_cast<std::size_t>(feature)); }

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> never;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] == 0) never.emplace_back(kNames[i]);
  return never;
}

std::string Coverage::print() const {
  std::string text;
  for (std::size_t i = 0; i < counts_.size(); ++i) text += std::to_string(counts_[i]) + " " + kNames[i] + "\n";
  return text;
}

Coverage& coverage() {
  static Coverage all;
  return all;
}

}  // namespace stas::model
