// SPDX-License-Identifier: Apache-2.0
//
// org.nvmexpress.stac and org.nvmexpress.stac.debug (org.nvmexpress.stac(5)): answers from what the Connector knows
// now. Signatures, argument names and dictionary keys are those of nvme-stas 2.4.1 (compatibility contract 3).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libstas/core/identity/tid_fields.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/daemon.h"
#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"
#include "stacd/connector.h"

namespace stas::stacd {

// What the service looks at; all of it outlives the service.
struct ServiceView {
  Loop& loop;
  const Connector& connector;
  const Fabric& fabric;
  Journal& journal;
  std::shared_ptr<const HostIdentity> host;
  const StateFile& state;
};

class BusService {
 public:
  BusService(Bus& bus, ServiceView view) : bus_(bus), view_(std::move(view)) {}

  // Exports the object and takes the name. An Error when another instance has it.
  Result<void> publish();

  void tron_changed();
  void set_host(std::shared_ptr<const HostIdentity> host) { view_.host = std::move(host); }

 private:
  BusInterface main_interface();
  BusInterface debug_interface();
  BusDicts list_controllers(bool detailed) const;
  std::string process_info() const;
  std::string controller_info(const TidTexts& id) const;
  TextDict id_dict_of(const Ioc& ioc) const;
  TextDict info(const Ioc& ioc) const;
  TextDict details(const Ioc& ioc) const;

  Bus& bus_;
  ServiceView view_;
};

}  // namespace stas::stacd
