// SPDX-License-Identifier: Apache-2.0
//
// A text that must not leave the process: DH-HMAC-CHAP keys and PSKs. There is no implicit way to its content, and what
// prints it prints "***" (law 7). Copies share one text, so that orders with keys in them can be handed around without
// leaving keys behind; it is overwritten when the last copy goes.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace stas {

// Overwrites the content, which the compiler may not leave out.
inline void wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) {
    if (!text.empty()) text_ = std::shared_ptr<const std::string>(new std::string(text), End());
    wipe(text);
  }

  bool empty() const { return text_ == nullptr; }
  // Only for handing the key to the kernel or to the authentication code. Valid as long as a copy of this is.
  const std::string& reveal() const {
    static const std::string none;
    return text_ ? *text_ : none;
  }
  static constexpr std::string_view kRedacted = "***";

  friend bool operator==(const Secret& a, const Secret& b) { return a.text_ == b.text_ || a.reveal() == b.reveal(); }

 private:
  struct End {
    void operator()(std::string* text) const {
      wipe(*text);
      delete text;
    }
  };
  std::shared_ptr<const std::string> text_;
};

}  // namespace stas
