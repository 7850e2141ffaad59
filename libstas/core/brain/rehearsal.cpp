// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/rehearsal.h"

namespace stas {

Device planned_device(const Tid& tid, ControllerKind kind, std::uint64_t number) {
  Device device;
  device.ref = {"planned" + std::to_string(number), number};
  device.transport = to_text(tid.transport());
  device.traddr = tid.traddr();
  device.trsvcid = tid.trsvcid();
  device.host_traddr = tid.host_traddr();
  device.host_iface = tid.host_iface();
  device.subsysnqn = tid.subsysnqn();
  device.hostnqn = tid.host_nqn();
  device.cntrltype = kind == ControllerKind::io ? "io" : "discovery";
  device.state = "live";
  return device;
}

}  // namespace stas
