// SPDX-License-Identifier: Apache-2.0
#include "tests/model/themes.h"

namespace stas::model {

const std::vector<Theme>& all_themes() {
  static const std::vector<Theme> all{
      {"base",
       {"add T T K", "add T U K", "remove T T K", "remove T U K", "clear T", "host T down", "host T up", "host T up",
        "host T reboot", "dc-line T 0 B", "dc-line T 0 B", "mdns T 0 B", "ioc-line U K 0 B", "ioc-line U K 0 B",
        "refer T U 0", "unrefer T U 0", "dc-exclude T b", "ioc-exclude U K b"}},
      {"restarts",
       {"stafd stop", "stafd kill", "stafd start", "stafd start", "stacd stop", "stacd kill", "stacd start",
        "stacd start", "stafd kill,stafd start", "stacd kill,stacd start", "remove T U K,stafd kill,stafd start",
        "host T down,stafd kill,stafd start"}},
      {"lost state", {"stafd lose", "stafd lose,stafd start", "stacd lose", "stacd lose,stacd start"}},
      {"old stafd", {"legacy on", "legacy on", "legacy off", "stafd kill,stafd start", "resolver T slow|works"}},
      {"broken files",
       {"fault stafd|stacd absent|unreadable|directory|empty|unclosed|section|key|port|value,reload stafd,reload stacd",
        "fault stafd|stacd absent|unreadable|directory|empty|unclosed|section|key|port|value,stafd kill,stafd "
        "start,stacd kill,stacd start",
        "fault stacd key|port|section|unclosed,ioc-line U K V b", "fault stafd key|port|section|unclosed,dc-line T V b",
        "fault stafd none,fault stacd none", "scope no|only|all,fault stacd value,reload stacd",
        "reload stafd,reload stacd"}},
      {"aliases",
       {"dc-line T V B", "mdns T 1 B", "mdns T 0 B", "refer T U 1", "unrefer T U 1", "dc-line T 4 B",
        "ignore-iface stafd b", "dc-line T 0 off,mdns T 0 on", "mdns T Q off"}},
      {"edits",
       {"dc-edit T V W", "dc-edit T 0 V", "ioc-edit U K V W", "ioc-edit U K 0 1|2", "to-page T U K 0",
        "ioc-line U K 0 on", "dc-line T 0 on", "ioc-line U K V B"}},
      {"interfaces",
       {"iface down", "iface up", "iface up", "ioc-line U K 2 B", "dc-line T 2 B", "ioc-line U K 1 B",
        "ignore-iface stacd b"}},
      {"identity",
       {"identity Q,reload stafd,reload stacd", "identity Q,reload stacd", "identity Q", "symname a|b",
        "ioc-line U 3 4 B", "reload stafd,reload stacd"}},
      {"names",
       {"ioc-line U K 3 B", "dc-line T 3 B", "resolver T two|fails|slow|other", "resolver T works",
        "resolver T two,host T up", "reload stafd,reload stacd"}},
      {"families", {"family stafd 0|4|6", "family stacd 0|4|6", "dc-line 3 0 B", "add T 3 K", "ioc-line 3 K 0 B"}},
      {"ncc", {"ncc T U K B", "ncc T U K b", "ncc-attempts 0|2|2|3", "add T U K", "serve U K b", "host U down"}},
      {"transports",
       {"add T U 4", "add T U 5", "remove T U 4", "remove T U 5", "ioc-line U 4 0 B", "ioc-line U 5 0 B",
        "trtypes few|all", "scope all|only|no", "ioc-exclude U 5 b"}},
      {"attributes come late", {"unsettled B", "device-vanish N", "admin-connect U K"}},
      {"deletes", {"deletes fail|hang", "deletes work", "remove T U K", "ioc-exclude U K B", "ioc-line U K 0 b"}},
      {"unusable entries", {"unusable T U K on", "unusable T U K off", "add T U K", "clear T"}},
      {"slow pages",
       {"host T slow", "host T fast", "reload stafd,reload stacd", "host T slow,reload stafd", "to-page T U K 0",
        "host T reads-fail", "host T reads-work", "host T slow,stafd kill,stafd start"}},
      {"young pages", {"host T young", "host T young", "add T U K", "host T young,stafd kill,stafd start"}},
      {"duplicates", {"refer T U 0", "refer T U 0", "duplicates T B", "host U down", "unrefer T U 0"}},
      {"losses", {"lossy B", "lossy off", "aen-storm T", "device-vanish N", "device-vanish N"}},
      {"hangs", {"hanging B", "hanging off", "host T down"}},
      {"administrators",
       {"admin-connect U K", "admin-disconnect U K", "admin-dc T", "scope only|only|all|no", "scope all",
        "trtypes few|all", "serve U K b", "serve U K on"}},
      {"announcements",
       {"mdns T Q B", "mdns T 0 b", "mdns T 0 off", "mdns-daemon off", "persistence short|long", "host T down",
        "mdns T 0 off,host T down"}},
      {"outages", {"host T down,wait 700000,host T up", "host T down,wait 70000,host T up", "serve U K off"}},
  };
  return all;
}

}  // namespace stas::model
