// SPDX-License-Identifier: Apache-2.0
//
// A controller in sysfs: each line of the input is an attribute and its value ("model=Some Array"), or a directory
// below the controller ("nvme0n1/"). Model, serial and address are what the controller says. Whatever stands there:
// what is read can be logged and sent, is the same when read again, and a scan finds exactly this controller.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/sys/fabric/kernel/sysfs.h"

namespace {

constexpr std::array<std::string_view, 10> kAttributes = {"transport", "subsysnqn", "cntrltype", "address", "hostnqn",
                                                          "hostid",    "dctype",    "state",     "model",   "serial"};
constexpr std::string_view kName = "nvme0";

void require(bool holds) {
  if (!holds) std::abort();
}

// Gone with the process; in memory where there is such a place, for the speed of it.
class Tree {
 public:
  Tree() {
    const bool shm = access("/dev/shm", W_OK) == 0;
    std::string path = (shm ? "/dev/shm" : std::filesystem::temp_directory_path().string()) + "/stas-sysfs-XXXXXX";
    require(mkdtemp(path.data()) != nullptr);
    paths_.sys = path;
    controller_ = paths_.sys + "/class/nvme/" + std::string(kName);
  }
  ~Tree() { std::filesystem::remove_all(paths_.sys); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  void fill(std::string_view text) const {
    std::filesystem::remove_all(controller_);
    std::filesystem::create_directories(controller_);
    while (!text.empty()) {
      const auto end = text.find('\n');
      add(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
  }
  const stas::KernelPaths& paths() const { return paths_; }

 private:
  void add(std::string_view line) const {
    for (const auto name : kAttributes) {
      if (!line.starts_with(name) || line.substr(name.size(), 1) != "=") continue;
      std::ofstream(controller_ + "/" + std::string(name), std::ios::binary) << line.substr(name.size() + 1) << '\n';
    }
    if (line == "nvme0n1/" || line == "ng0n1/" || line == "power/")
      std::filesystem::create_directory(controller_ + "/" + std::string(line));
  }

  stas::KernelPaths paths_;
  std::string controller_;
};

void check(const stas::Device& device) {
  for (const auto* field : {&device.transport, &device.traddr, &device.trsvcid, &device.host_traddr, &device.host_iface,
                            &device.src_addr, &device.subsysnqn, &device.hostnqn, &device.hostid, &device.cntrltype,
                            &device.dctype, &device.state, &device.model, &device.serial}) {
    // printable() may write a byte as four characters.
    require(field->size() <= 4 * stas::kMaxAttribute);
    require(stas::is_valid_utf8(*field) && stas::printable(*field) == *field);
  }
  if (device.transport == "pcie") require(device.subsysnqn.empty() && device.traddr.empty());
  const stas::Interfaces interfaces = {{"eth0", {}, true}};
  if (const auto tid = stas::tid_of(device, interfaces, false)) require(tid->subsysnqn() == device.subsysnqn);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tree tree;
  tree.fill(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto device = stas::read_device(tree.paths(), std::string(kName));
  require(device.has_value());
  check(*device);
  const auto all = stas::scan_devices(tree.paths());
  require(all && all->size() == 1 && all->front() == *device);
  for (const auto kind : {stas::ControllerKind::discovery, stas::ControllerKind::io}) {
    const auto one = stas::read_device(tree.paths(), std::string(kName), kind);
    require(one && stas::is_kind(*one, kind) == stas::is_kind(*device, kind));
  }
  return 0;
}
