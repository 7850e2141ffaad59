// SPDX-License-Identifier: Apache-2.0
//
// A kernel of plain files for the tests of the kernel fabric: a temporary directory with class/nvme and dev. Like the
// real one it gives a controller's directory a new inode when a name is used again.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <unistd.h>

#include "libstas/sys/fabric/kernel/sysfs.h"

namespace stas::test {

using Attributes = std::map<std::string, std::string>;

class FakeRoot {
 public:
  FakeRoot() {
    // In memory where possible, as the real one is.
    std::filesystem::path base = "/dev/shm";
    if (access(base.c_str(), W_OK) != 0) base = std::filesystem::temp_directory_path();
    std::string pattern = (base / "stas-kernel-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(root_ / "sys/class/nvme");
    std::filesystem::create_directories(root_ / "sys/devices");
    std::filesystem::create_directories(root_ / "dev");
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;
  ~FakeRoot() { std::filesystem::remove_all(root_); }

  KernelPaths paths() const {
    return {(root_ / "sys").string(), (root_ / "dev").string(), (root_ / "proc").string(),
            (root_ / "registry").string()};
  }
  std::filesystem::path path(const std::string& below) const { return root_ / below; }

  void write(const std::string& below, const std::string& content) const {
    std::filesystem::create_directories((root_ / below).parent_path());
    std::ofstream(root_ / below, std::ios::binary | std::ios::trunc) << content;
  }
  std::string read(const std::string& below) const {
    std::ifstream file(root_ / below, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // As in sysfs, the class holds a symbolic link. The old bearer's directory is kept elsewhere, so that its inode is
  // not used again at once, as those of the kernel are not.
  void add(const std::string& name, const Attributes& attributes) {
    remove(name);
    const std::string real = "sys/devices/" + std::to_string(++bearers_) + "-" + name;
    std::filesystem::create_directories(root_ / real);
    write(real + "/delete_controller", "");
    for (const auto& [key, value] : attributes) write(real + "/" + key, value + "\n");
    std::filesystem::create_directory_symlink(root_ / real, root_ / "sys/class/nvme" / name);
  }
  void set(const std::string& name, const std::string& key, const std::string& value) const {
    write("sys/class/nvme/" + name + "/" + key, value + "\n");
  }
  void remove(const std::string& name) const { std::filesystem::remove(root_ / "sys/class/nvme" / name); }
  std::string deleted(const std::string& name) const { return read("sys/class/nvme/" + name + "/delete_controller"); }

 private:
  std::filesystem::path root_;
  int bearers_ = 0;
};

inline Attributes io_controller() {
  return {{"transport", "tcp"},
          {"address", "traddr=10.0.0.2,trsvcid=8009,host_traddr=10.0.0.1,host_iface=h0,src_addr=10.0.0.1"},
          {"subsysnqn", "nqn.2014-08.org.example:sub"},
          {"hostnqn", "nqn.2014-08.org.example:host"},
          {"hostid", "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5"},
          {"cntrltype", "io"},
          {"dctype", "none"},
          {"state", "live"},
          {"model", "Linux                                   "},
          {"serial", "8a1c0f"}};
}

inline Attributes discovery_controller() {
  auto attributes = io_controller();
  attributes["address"] = "traddr=10.0.0.2,trsvcid=8009,src_addr=10.0.0.1";
  attributes["subsysnqn"] = "nqn.2014-08.org.nvmexpress.discovery";
  attributes["cntrltype"] = "discovery";
  return attributes;
}

// Between "add" and the end of the connect.
inline Attributes connecting_controller() {
  auto attributes = discovery_controller();
  attributes["subsysnqn"] = "(efault)";
  attributes["state"] = "connecting";
  attributes["cntrltype"] = "";
  return attributes;
}

}  // namespace stas::test
