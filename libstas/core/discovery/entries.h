// SPDX-License-Identifier: Apache-2.0
//
// The entries of a discovery log page as one value: immutable, and shared by everything that shows them.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "libstas/core/discovery/dlpe.h"

namespace stas {

class Entries {
 public:
  Entries() : data_(std::make_shared<const Data>(std::vector<Dlpe>())) {}
  Entries(std::vector<Dlpe> entries)  // NOLINT(google-explicit-constructor): the same value
      : data_(std::make_shared<const Data>(std::move(entries))) {}
  Entries(std::initializer_list<Dlpe> entries) : Entries(std::vector<Dlpe>(entries)) {}

  auto begin() const { return data_->all.begin(); }
  auto end() const { return data_->all.end(); }
  std::size_t size() const { return data_->all.size(); }
  bool empty() const { return data_->all.empty(); }
  // Those that are about discovery services (referrals, and the controller's own), in the page's order: few among many
  // subsystems, and asked for again and again. Valid as long as there is an object with these entries.
  const std::vector<const Dlpe*>& services() const { return data_->services; }
  // Does any of them have a flag? Then its sender knows of flags.
  bool has_flags() const { return data_->has_flags; }
  // The same for the same object, as long as there is one: equal entries may have different ones.
  const void* identity() const { return data_.get(); }
  operator const std::vector<Dlpe>&() const { return data_->all; }  // NOLINT(google-explicit-constructor)
  friend bool operator==(const Entries& a, const Entries& b) {
    return a.data_ == b.data_ || a.data_->all == b.data_->all;
  }

 private:
  struct Data {
    explicit Data(std::vector<Dlpe> entries) : all(std::move(entries)) {
      for (const Dlpe& entry : all) {
        if (entry.subtype != kDlpSubtypeNvme) services.push_back(&entry);
        has_flags |= entry.eflags != 0;
      }
    }
    Data(const Data&) = delete;  // services points into all
    Data& operator=(const Data&) = delete;
    std::vector<Dlpe> all;
    std::vector<const Dlpe*> services;
    bool has_flags = false;
  };
  std::shared_ptr<const Data> data_;
};

}  // namespace stas
