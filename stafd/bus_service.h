// SPDX-License-Identifier: Apache-2.0
//
// org.nvmexpress.staf and org.nvmexpress.staf.debug (org.nvmexpress.staf(5)): answers from what the Finder knows now.
// Signatures, argument names and dictionary keys are those of nvme-stas 2.4.1 (compatibility contract 3).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libstas/core/identity/tid_fields.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/daemon.h"
#include "libstas/sys/daemon/state_file.h"
#include "libstas/sys/fabric/fabric.h"
#include "libstas/sys/mdns/mdns.h"
#include "libstas/sys/os/journal.h"
#include "libstas/sys/os/loop.h"
#include "stafd/finder.h"

namespace stas::stafd {

// What the service looks at; all of it outlives the service.
struct ServiceView {
  Loop& loop;
  const Finder& finder;
  const Mdns& mdns;
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

  void log_pages_changed(const Tid& tid, const std::string& device);
  void dc_removed();
  void tron_changed();
  void set_host(std::shared_ptr<const HostIdentity> host) { view_.host = std::move(host); }

 private:
  BusInterface main_interface();
  BusInterface debug_interface();
  BusInterface evidence_interface();
  BusDicts list_controllers(bool detailed) const;
  BusDicts get_log_pages(const TidTexts& id) const;
  std::string get_all_log_pages(bool detailed) const;
  std::string process_info() const;
  std::string controller_info(const TidTexts& id) const;
  const Dc* find(const TidTexts& id) const;
  TextDict id_dict_of(const Dc& dc) const;
  TextDict info(const Dc& dc) const;
  TextDict details(const Dc& dc) const;

  Bus& bus_;
  ServiceView view_;
};

}  // namespace stas::stafd
