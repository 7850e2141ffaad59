// SPDX-License-Identifier: Apache-2.0
//
// A bus daemon of our own on a private address, to which DBUS_SYSTEM_BUS_ADDRESS points while the object lives. Every
// user of the machine may connect, and only ours may set properties, as the policies we ship have it for root. Dies
// with the test. And what it takes to get onto it: the loop runs meanwhile.
#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

#include "libstas/sys/bus/bus.h"

namespace stas::test {

class PrivateBus {
 public:
  PrivateBus();  // ends the test program when there is no dbus-daemon
  ~PrivateBus();
  PrivateBus(const PrivateBus&) = delete;
  PrivateBus& operator=(const PrivateBus&) = delete;

  const std::string& address() const { return address_; }
  void kill();            // and wait until it is gone
  void hang(bool hangs);  // it accepts connections all the same

 private:
  std::string directory_;
  std::string address_;
  pid_t pid_ = -1;
};

Result<std::unique_ptr<Bus>> connect_bus(Loop& loop);
Result<void> take_name(Loop& loop, Bus& bus, const std::string& name);

}  // namespace stas::test
