// SPDX-License-Identifier: Apache-2.0
//
// The entries of a discovery log page as one value: immutable, and shared by everything that shows them.
#pragma once

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "libstas/core/discovery/dlpe.h"

namespace stas {

class Entries {
 public:
  Entries() : data_(std::make_shared<const std::vector<Dlpe>>()) {}
  Entries(std::vector<Dlpe> entries)  // NOLINT(google-explicit-constructor): the same value
      : data_(std::make_shared<const std::vector<Dlpe>>(std::move(entries))) {}
  Entries(std::initializer_list<Dlpe> entries) : Entries(std::vector<Dlpe>(entries)) {}

  auto begin() const { return data_->begin(); }
  auto end() const { return data_->end(); }
  std::size_t size() const { return data_->size(); }
  bool empty() const { return data_->empty(); }
  // The same for the same object, as long as there is one: equal entries may have different ones.
  const void* identity() const { return data_.get(); }
  operator const std::vector<Dlpe>&() const { return *data_; }  // NOLINT(google-explicit-constructor)
  friend bool operator==(const Entries& a, const Entries& b) { return a.data_ == b.data_ || *a.data_ == *b.data_; }

 private:
  std::shared_ptr<const std::vector<Dlpe>> data_;
};

}  // namespace stas
