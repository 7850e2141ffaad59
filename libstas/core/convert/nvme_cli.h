// SPDX-License-Identifier: Apache-2.0
//
// The two files of nvme-cli that say what to connect: discovery.conf (options of `nvme discover`, a line for each
// discovery controller) and config.json of libnvme 1.x (hosts, their subsystems, and ports of these). Read as what they
// have in common, and written as settings of ours. What they say and we cannot is a loss with file and line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/convert/settings.h"

namespace stas {

// An identity to connect with. Empty: the system's.
struct NvmeCliHost {
  std::string nqn;
  std::string id;
  std::string key;  // DH-HMAC-CHAP
  std::string symname;
  Place from;
  bool same(const NvmeCliHost& other) const { return nqn == other.nqn && id == other.id && key == other.key; }
  ~NvmeCliHost() { wipe(key); }
};

// One controller to connect to.
struct NvmeCliController {
  bool discovery = false;
  Fields fields;          // transport, traddr, trsvcid, nqn, host-traddr, host-iface, secrets
  Fields parameters;      // connection parameters, by our names
  std::size_t host = 0;   // into NvmeCliConf::hosts
  bool connects = false;  // discovery: nvme-cli connects what it lists with the same parameters
  Place from;
};

struct NvmeCliConf {
  std::vector<NvmeCliHost> hosts;
  std::vector<NvmeCliController> controllers;
  // The host that is this one, added if there is none.
  std::size_t host(const NvmeCliHost& host);
};

inline constexpr std::size_t kMaxNvmeCliControllers = 8192;  // of one file, as of controller= lines

void read_discovery_conf(std::string_view text, const std::string& path, NvmeCliConf& conf, Losses& losses);
// An Error: it is no JSON, or not of hosts.
Result<void> read_config_json(std::string_view text, const std::string& path, NvmeCliConf& conf, Losses& losses);

// The host goes to sys.conf when there is only one, else to the controller= lines.
void add_settings(const NvmeCliConf& conf, Settings& settings, Losses& losses);

}  // namespace stas
