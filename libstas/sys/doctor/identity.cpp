// SPDX-License-Identifier: Apache-2.0
//
// Who the host is, by its files and by the connections that exist, and what the configuration files say.
#include <algorithm>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "libstas/core/base/text.h"
#include "libstas/core/config/ini.h"
#include "libstas/core/config/sys_conf.h"
#include "libstas/sys/daemon/key_files.h"
#include "libstas/sys/doctor/tree.h"
#include "libstas/sys/os/files.h"

namespace stas::doctor {

namespace {

// "traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.9", as sysfs has it.
std::string part_of(std::string_view address, std::string_view key) {
  while (!address.empty()) {
    const auto part = address.substr(0, address.find(','));
    address.remove_prefix(std::min(part.size() + 1, address.size()));
    if (part.size() > key.size() && part.starts_with(key) && part[key.size()] == '=')
      return std::string(part.substr(key.size() + 1));
  }
  return {};
}

IdentityFile identity_file(const Tree& tree, const std::string& path) {
  IdentityFile file;
  file.path = path;
  struct stat info {};
  if (stat(tree.path(path).c_str(), &info) != 0) return file;
  file.exists = true;
  file.text = tree.line(path);
  file.modified = info.st_mtime;
  return file;
}

// Credentials are given to the daemons, not to who asks here.
NamedKeys keys_of(const Tree& tree, const KeysOfFile& keys) {
  NamedKeys read;
  for (const auto& value : keys.named) {
    if (const auto path = path_of_key(value); !path.empty())
      read.emplace(value, read_named_key(std::string(kFileScheme) + tree.path(path)));
  }
  return read;
}

bool is_about_a_credential(const Complaint& complaint) {
  return complaint.text.find(kCredentialScheme) != std::string::npos;
}

template <class Config, class Parse>
void read_conf_file(const Tree& tree, const std::string& path, Parse parse, Conf<Config>& conf) {
  conf.path = path;
  const auto file = read_regular(tree.path(path), kMaxConfigBytes);
  if (!file) {
    conf.exists = file.error().kind != ErrorKind::not_found;
    if (conf.exists) conf.unreadable = file.error().text;
    return;
  }
  conf.exists = true;
  const auto keys = find_keys(file->text);
  auto parsed = parse(file->text, path, nullptr, keys_of(tree, keys));
  conf.value = std::move(parsed.value);
  for (auto& complaint : parsed.complaints)
    if (!is_about_a_credential(complaint)) conf.complaints.push_back(std::move(complaint));
  if (!keys.literal) return;
  if (const auto others = exposure(path, file->mode, file->owner); !others.empty())
    conf.complaints.push_back(Complaint{Severity::warning, path, 0, "there are keys in it, and " + others});
}

void read_sys_conf(const Tree& tree, Facts& facts) {
  facts.sys_conf_path = "/etc/stas/sys.conf";
  const auto text = read_regular_file(tree.path(facts.sys_conf_path), kMaxConfigBytes);
  if (!text && text.error().kind != ErrorKind::not_found) {
    facts.identity_error = text.error().text;
    return;
  }
  const ReadFile read = [&tree](const std::string& path) {
    return read_regular_file(tree.path(path), kMaxKeyFileBytes);
  };
  const ReadKey key = [&tree](const std::string& value) -> NamedKey {
    if (const auto path = path_of_key(value); !path.empty())
      return read_named_key(std::string(kFileScheme) + tree.path(path));
    return {};
  };
  auto parsed = parse_sys_conf(text.value_or(""), facts.sys_conf_path, read, key);
  if (!parsed) {
    facts.identity_error = parsed.error().text;
    return;
  }
  facts.nqn = parsed->host.nqn;
  facts.id = parsed->host.id;
  for (auto& complaint : parsed->complaints) {
    // That there is no symbolic name is no trouble; and who is not root may not read the key, which is as it should be.
    if (is_about_a_credential(complaint) || complaint.severity == Severity::info) continue;
    if (!facts.root && complaint.text.find("Permission denied") != std::string::npos) continue;
    facts.identity_complaints.push_back(std::move(complaint));
  }
}

}  // namespace

void collect_identity(const Tree& tree, Facts& facts) {
  facts.hostnqn = identity_file(tree, "/etc/nvme/hostnqn");
  facts.hostid = identity_file(tree, "/etc/nvme/hostid");
  facts.machine_id = identity_file(tree, "/etc/machine-id");
  const auto stafd = [](std::string_view text, std::string_view path, const StafdConfig* before,
                        const NamedKeys& keys) { return parse_stafd_conf(text, path, before, keys); };
  const auto stacd = [](std::string_view text, std::string_view path, const StacdConfig* before,
                        const NamedKeys& keys) { return parse_stacd_conf(text, path, before, keys); };
  read_conf_file(tree, "/etc/stas/stafd.conf", stafd, facts.stafd);
  read_conf_file(tree, "/etc/stas/stacd.conf", stacd, facts.stacd);
  read_sys_conf(tree, facts);
  for (const auto& name : tree.names("/sys/class/nvme", kMaxControllers)) {
    const std::string directory = "/sys/class/nvme/" + name + "/";
    Connected one{name,
                  tree.line(directory + "transport"),
                  tree.line(directory + "hostnqn"),
                  tree.line(directory + "hostid"),
                  {},
                  {},
                  {},
                  {}};
    const auto address = tree.line(directory + "address");
    one.traddr = part_of(address, "traddr");
    one.trsvcid = part_of(address, "trsvcid");
    one.host_traddr = part_of(address, "host_traddr");
    one.host_iface = part_of(address, "host_iface");
    if (!one.transport.empty() && one.transport != "pcie") facts.controllers.push_back(std::move(one));
  }
}

}  // namespace stas::doctor
