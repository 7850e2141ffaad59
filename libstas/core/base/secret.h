// SPDX-License-Identifier: Apache-2.0
//
// A text that must not leave the process: DH-HMAC-CHAP keys and PSKs. There is no implicit way to its content, and what
// prints it prints "***" (law 7).
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace stas {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  // Only for handing the key to the kernel or to the authentication code.
  const std::string& reveal() const { return text_; }
  static constexpr std::string_view kRedacted = "***";

  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

}  // namespace stas
