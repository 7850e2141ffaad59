// SPDX-License-Identifier: Apache-2.0
//
// A daemon with nothing behind it: the bus interfaces of 2.4.1, answering from a document. It runs on a thread of its
// own, so that a test can use blocking clients. Document (tests/data/ctl/*.json): {"process_info": {...},
// "controllers": [{"controller": {detailed dictionary}, "log-pages": [...]}]}.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "libstas/core/base/json.h"
#include "libstas/sys/bus/bus.h"
#include "libstas/sys/os/loop.h"

namespace stas::test {

class FakeDaemon {
 public:
  enum class Kind { staf, stac };
  FakeDaemon(Kind kind, Json document);  // ready, with its name, when it returns
  ~FakeDaemon();

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  bool tron() const { return tron_; }
  // From any thread.
  void emit(const std::string& signal, const std::vector<std::string>& args);

 private:
  std::vector<BusInterface> interfaces();
  BusDicts list_controllers(bool detailed) const;
  const Json* find(const BusArgs& tid) const;

  const Kind kind_;
  const Json document_;
  std::string name_;
  std::string path_;
  std::atomic<bool> tron_ = false;
  Loop* loop_ = nullptr;
  Bus* bus_ = nullptr;
  std::thread thread_;
};

// The seven identifying arguments of a call or signal, with these names.
std::vector<BusArg> tid_args();

}  // namespace stas::test
