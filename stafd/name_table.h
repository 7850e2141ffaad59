// SPDX-License-Identifier: Apache-2.0
//
// The names of discovery controllers, in the order they were learned. Everything else refers to one by its id, so that
// the table can be copied. References stay valid until the name is erased.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>

#include "libstas/core/base/values.h"
#include "stafd/dc.h"

namespace stas {

using NameId = std::uint64_t;

class NameTable {
 public:
  // Over the names alone: for (const Dc& dc : table).
  Values<std::map<NameId, Dc>>::Iterator begin() const { return Values(by_id_).begin(); }
  Values<std::map<NameId, Dc>>::Iterator end() const { return Values(by_id_).end(); }
  std::size_t size() const { return by_id_.size(); }
  bool empty() const { return by_id_.empty(); }

  std::map<NameId, Dc>& all() { return by_id_; }
  const Dc* find(const Tid& tid) const {
    const auto it = ids_.find(tid);
    return it == ids_.end() ? nullptr : &by_id_.at(it->second);
  }
  NameId id_of(const Tid& tid) const { return ids_.at(tid); }
  Dc* find(NameId id) {
    const auto it = by_id_.find(id);
    return it == by_id_.end() ? nullptr : &it->second;
  }
  const Dc* find(NameId id) const {
    const auto it = by_id_.find(id);
    return it == by_id_.end() ? nullptr : &it->second;
  }
  // The table must not know the TID yet.
  Dc& add(Dc dc) {
    const NameId id = ++last_;
    ids_.emplace(dc.tid, id);
    return by_id_.emplace(id, std::move(dc)).first->second;
  }
  void erase(NameId id) {
    const auto it = by_id_.find(id);
    if (it == by_id_.end()) return;
    ids_.erase(it->second.tid);
    by_id_.erase(it);
  }

 private:
  std::map<NameId, Dc> by_id_;
  std::unordered_map<Tid, NameId> ids_;
  NameId last_ = 0;
};

}  // namespace stas
