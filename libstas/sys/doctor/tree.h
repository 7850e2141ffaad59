// SPDX-License-Identifier: Apache-2.0
//
// Reading below a root, for the collectors of this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/doctor/facts.h"

namespace stas::doctor {

class Tree {
 public:
  explicit Tree(std::string root) : root_(std::move(root)) {}
  bool is_this_host() const { return root_.empty(); }
  std::string path(std::string_view absolute) const { return root_ + std::string(absolute); }

  bool exists(std::string_view path) const;                // whatever it is; a symbolic link, too
  std::string text(std::string_view path) const;           // "" when it cannot be read; bounded
  std::string line(std::string_view path) const;           // the first one, trimmed
  std::optional<int> number(std::string_view path) const;  // nullopt: not there, or none
  std::vector<std::string> names(std::string_view directory, std::size_t most) const;  // sorted, without . and ..

 private:
  const std::string root_;
};

// Each fills its part of the facts.
void collect_kernel(const Tree& tree, Facts& facts);
void collect_identity(const Tree& tree, Facts& facts);
void collect_neighbours(const Tree& tree, Facts& facts);
void collect_network(const Tree& tree, Facts& facts);

}  // namespace stas::doctor
