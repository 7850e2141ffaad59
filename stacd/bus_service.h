// SPDX-License-Identifier: Apache-2.0
//
// org.nvmexpress.stac and org.nvmexpress.stac.debug (org.nvmexpress.stac(5)): answers from what the Connector knows
// now. Signatures, argument names and dictionary keys are those of nvme-stas 2.4.1 (compatibility contract 3).
#pragma once

#include <string>

#include "libstas/core/base/json.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/identity/tid_fields.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/shell.h"
#include "stacd/connector.h"

namespace stas::stacd {

class BusService {
 public:
  // All of them outlive the service.
  BusService(Bus& bus, Shell& shell, const Connector& connector) : bus_(bus), shell_(shell), connector_(connector) {}

  // Exports the object and takes the name. `done` once, from the loop: an Error when another instance has it.
  void publish(Published done);

  void tron_changed();
  void changed();

 private:
  BusDicts list_controllers(bool detailed) const;
  BusDicts list_with_states(bool detailed) const;
  std::string process_info() const;
  std::string controller_info(const TidTexts& id) const;
  TextDict id_dict_of(const Ioc& ioc) const;
  TextDict info(const Ioc& ioc) const;
  TextDict details(const Ioc& ioc) const;
  Json release(const std::string& subsysnqn);
  BusInterface desired_interface();

  Bus& bus_;
  Shell& shell_;
  const Connector& connector_;
  BusHandle name_;
};

}  // namespace stas::stacd
