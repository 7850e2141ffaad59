// SPDX-License-Identifier: Apache-2.0
//
// The values of a map as a range, in the order of its keys. (std::views::values does the same, but clang 14 cannot
// compile it with the libstdc++ of Debian 12.)
#pragma once

#include <cstddef>
#include <iterator>

namespace stas {

template <class Map>
class Values {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = typename Map::mapped_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    Iterator() = default;
    explicit Iterator(typename Map::const_iterator at) : at_(at) {}
    reference operator*() const { return at_->second; }
    pointer operator->() const { return &at_->second; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    typename Map::const_iterator at_;
  };

  // Valid as long as the map is.
  explicit Values(const Map& map) : map_(&map) {}
  Iterator begin() const { return Iterator(map_->begin()); }
  Iterator end() const { return Iterator(map_->end()); }
  bool empty() const { return map_->empty(); }
  std::size_t size() const { return map_->size(); }

 private:
  const Map* map_;
};

}  // namespace stas
