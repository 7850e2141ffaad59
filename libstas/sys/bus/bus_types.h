// SPDX-License-Identifier: Apache-2.0
//
// What crosses the bus, and what a service offers on it, as data.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/sys/os/unique_fd.h"

namespace stas {

inline constexpr std::size_t kMaxBusArgument = 4096;          // bytes in one text argument of a call or signal
inline constexpr std::size_t kMaxBusReplyText = 64U << 20;    // bytes in a text reply
inline constexpr std::size_t kMaxBusReplyDicts = 128 * 1024;  // dictionaries in a reply
inline constexpr std::size_t kMaxBusDictKeys = 256;           // keys of one dictionary in a reply

// Bytes in what is sent: a bus takes 32 MiB (dbus-daemon's max_message_size for the system), and drops a sender that
// sends more. The rest is for the header.
inline constexpr std::size_t kMaxBusMessage = (32U << 20) - 4096;

// What crosses the bus: b, s, aa{ss} or h; nothing for a reply without content.
enum class BusType : std::uint8_t { none, boolean, text, dicts, file };
using BusDicts = std::vector<TextDict>;
// An open file. The receiver gets a descriptor of its own, of whatever the sender chose: reading it may wait for ever,
// unless it is a file in memory (sys/os/memory_file.h).
using BusFile = std::shared_ptr<const UniqueFd>;
using BusValue = std::variant<std::monostate, bool, std::string, BusDicts, BusFile>;
using BusArgs = std::vector<BusValue>;

// Bytes that a value takes in a message.
std::size_t wire_size(const BusValue& value);

// Where something lives on the bus.
struct BusTarget {
  std::string service;
  std::string path;
  std::string interface;
};

struct BusArg {
  BusType type = BusType::text;
  std::string name;
};

struct BusMethod {
  std::string name;
  std::vector<BusArg> in;   // boolean, text or file
  std::vector<BusArg> out;  // none or one
  // An Error becomes a D-Bus error with its text (invalid_input: InvalidArgs, permission: AccessDenied, else Failed).
  // Not called for a caller that wants no reply: it must have no other effect.
  std::function<Result<BusValue>(const BusArgs&)> handler;
  // What a caller can do when the answer is more than a message may have. "" where it cannot be.
  std::string instead{};
  // In place of `handler`, for an answer that takes a while: `reply` once, from the loop, while the Bus exists. For
  // callers that the policy of the bus trusts: what is sent later is not counted against their share.
  using Reply = std::function<void(const Result<BusValue>&)>;
  std::function<void(const BusArgs&, Reply reply)> later{};
};

struct BusProperty {
  std::string name;
  BusType type = BusType::text;  // boolean or text
  std::function<BusValue()> get;
  // Empty: read-only. Who may do this is for the policy of the bus to say, which lets root only (and without which
  // nobody owns our names): asking the bus daemon for the user would wait for its answer. Afterwards PropertiesChanged
  // is sent for the whole interface.
  std::function<Result<void>(const BusValue&)> set;
};

struct BusSignal {
  std::string name;
  std::vector<BusArg> args;  // text only
};

struct BusInterface {
  std::string name;
  std::vector<BusMethod> methods;
  std::vector<BusProperty> properties;
  std::vector<BusSignal> signals;
};

}  // namespace stas
