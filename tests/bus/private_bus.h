// SPDX-License-Identifier: Apache-2.0
//
// A bus daemon of our own on a private address, to which DBUS_SYSTEM_BUS_ADDRESS points while the object lives. Every
// user of the machine may connect. Dies with the test.
#pragma once

#include <string>

#include <sys/types.h>

namespace stas::test {

class PrivateBus {
 public:
  PrivateBus();  // ends the test program when there is no dbus-daemon
  ~PrivateBus();
  PrivateBus(const PrivateBus&) = delete;
  PrivateBus& operator=(const PrivateBus&) = delete;

  const std::string& address() const { return address_; }
  void kill();  // and wait until it is gone

 private:
  std::string directory_;
  std::string address_;
  pid_t pid_ = -1;
};

}  // namespace stas::test
