// SPDX-License-Identifier: Apache-2.0
//
// What somebody asks for when he wants something explained: an NQN, a transport ID as messages have it or its
// beginning, a device, an address or host name, perhaps with a port.
#pragma once

#include <string>
#include <string_view>

#include "libstas/core/config/config_values.h"
#include "libstas/core/identity/tid.h"

namespace stas {

class Question {
 public:
  // `text` must outlive the question.
  explicit Question(std::string_view text);

  bool means_nqn(const std::string& nqn) const { return !nqn.empty() && nqn == text_; }
  bool means_device(const std::string& name) const { return !name.empty() && name == device_; }  // with "/dev/" or not
  bool means_address(const std::string& address) const;
  // Its NQN, its address, or the first parts of "(tcp, 10.0.0.1, 8009, nqn.x)".
  bool means(const Tid& tid) const;
  // A rule or a doubt that has the name.
  bool means(const ControllerRule& rule) const;
  bool means(const ConfigDoubt& doubt) const;

 private:
  void split_port();

  std::string_view text_, device_, host_;
  std::string port_;
};

}  // namespace stas
