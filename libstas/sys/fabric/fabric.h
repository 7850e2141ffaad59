// SPDX-License-Identifier: Apache-2.0
//
// The one virtual interface of the product: how connections are made, cut and talked to. Two real implementations:
// kernel_fabric (libnvme, /dev/nvme-fabrics, sysfs, uevents) and user_fabric (our own NVMe/TCP host, plus loop).
//
// Everything here is called, and calls back, on the loop's thread. submit() never blocks and never calls the sink from
// inside itself; each operation is answered with exactly one OpDone, within a deadline the fabric owns. Operations are
// bounded per address, so that a silent controller delays nobody else (law 4).
#pragma once

#include <functional>

#include "libstas/core/brain/action.h"
#include "libstas/core/brain/event.h"

namespace stas {

class Fabric {
 public:
  using Sink = std::function<void(Event)>;

  virtual ~Fabric() = default;

  // Begins to watch; the first events are InterfacesSeen and DevicesScanned (from the loop, not from inside start()).
  // Then DeviceSeen, DeviceGone, DeviceReconnected, AenReceived and OpDone as things happen.
  virtual Result<void> start(Sink sink) = 0;

  virtual void submit(FabricOp op) = 0;

  // Ask for another InterfacesSeen and DevicesScanned: the audit that repairs lost events (law 5).
  virtual void rescan() = 0;

  // The daemon ends: connects that have not left this process yet, and later ones, are answered with `cancelled`, so
  // that the end waits neither for a silent address nor for a queue.
  virtual void stop_connecting() = 0;

  // Operations submitted and not answered yet; shutdown waits for 0, for a bounded time.
  virtual std::size_t pending() const = 0;

  // What the fabric can do, for process_info: TP8013 (unique discovery NQN) and host_iface.
  virtual bool supports_tp8013() const = 0;
  virtual bool supports_host_iface() const = 0;
};

}  // namespace stas
