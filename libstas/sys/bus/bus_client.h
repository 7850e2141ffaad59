// SPDX-License-Identifier: Apache-2.0
//
// The system bus for the tools: no loop, one blocking call after the other, each with a deadline.
#pragma once

#include <memory>
#include <string>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/sys/bus/bus.h"

namespace stas {

class BusClient {
 public:
  // `timeout` bounds every single call.
  static Result<BusClient> system(Duration timeout);
  BusClient(BusClient&&) noexcept;
  BusClient& operator=(BusClient&&) noexcept;
  ~BusClient();

  // Errors as in Bus::call_async.
  Result<BusValue> call(const BusTarget& target, const std::string& method, const BusArgs& args, BusType reply);
  Result<bool> get_flag(const BusTarget& target, const std::string& property);
  Result<void> set_flag(const BusTarget& target, const std::string& property, bool value);

 private:
  struct Impl;
  explicit BusClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stas
