// SPDX-License-Identifier: Apache-2.0
//
// org.nvmexpress.staf and org.nvmexpress.staf.debug (org.nvmexpress.staf(5)): answers from what the Finder knows now.
// Signatures, argument names and dictionary keys are those of nvme-stas 2.4.1 (compatibility contract 3).
#pragma once

#include <string>

#include "libstas/core/base/text_dict.h"
#include "libstas/core/identity/tid_fields.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/daemon/shell.h"
#include "libstas/sys/mdns/mdns.h"
#include "stafd/finder.h"
#include "stafd/page_book.h"

namespace stas::stafd {

class BusService {
 public:
  // All of them outlive the service.
  BusService(Bus& bus, Shell& shell, const Finder& finder, const Mdns& mdns)
      : bus_(bus), shell_(shell), finder_(finder), mdns_(mdns) {}

  // Exports the object and takes the name. `done` once, from the loop: an Error when another instance has it.
  void publish(Published done);

  void log_pages_changed(const Tid& tid, const std::string& device);
  void dc_removed();
  void settled_changed();
  void tron_changed();
  void changed();

 private:
  BusInterface main_interface();
  BusInterface evidence_interface();
  BusInterface desired_interface() const;
  BusDicts list_controllers(bool detailed) const;
  BusDicts list_with_states(bool detailed) const;
  BusDicts get_log_pages(const TidTexts& id) const;
  std::string get_all_log_pages(bool detailed);
  BusDicts list_pages();
  std::string process_info() const;
  std::string controller_info(const TidTexts& id) const;
  const Dc* find(const TidTexts& id) const;
  TextDict id_dict_of(const Dc& dc) const;
  TextDict info(const Dc& dc) const;
  TextDict details(const Dc& dc) const;

  Bus& bus_;
  Shell& shell_;
  const Finder& finder_;
  const Mdns& mdns_;
  BusHandle name_;
  PageBook pages_;
};

}  // namespace stas::stafd
