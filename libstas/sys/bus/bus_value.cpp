// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/sys/bus/bus_shim.h"

namespace stas {
namespace bus_shim {

namespace {

[[noreturn]] void throw_too_big(const std::string& what) {
  throw make_error("org.freedesktop.DBus.Error.LimitsExceeded", what);
}

void write_dicts(sdbus::Message& message, const BusDicts& dicts) {
  message.openContainer("a{ss}");
  for (const auto& dict : dicts) {
    message.openContainer("{ss}");
    for (const auto& [key, value] : dict) {
      message.openDictEntry("ss");
      message << bus_text(key) << bus_text(value);
      message.closeDictEntry();
    }
    message.closeContainer();
  }
  message.closeContainer();
}

// One after the other as D-Bus lays them out: every number at a multiple of its size, every pair at one of 8.
class WireSize {
 public:
  void number() { bytes_ = aligned(4) + 4; }
  void text(const std::string& value) { number(), bytes_ += value.size() + 1; }
  void pair() { bytes_ = aligned(8); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t aligned(std::size_t to) const { return (bytes_ + to - 1) / to * to; }
  std::size_t bytes_ = 0;
};

TextDict read_dict(sdbus::Message& message) {
  TextDict dict;
  while (message.enterDictEntry("ss")) {
    if (dict.size() == kMaxBusDictKeys) throw_too_big("too many keys in a dictionary");
    auto& [key, value] = dict.emplace_back();
    message >> key >> value;
    message.exitDictEntry();
  }
  message.clearFlags();
  return dict;
}

BusDicts read_dicts(sdbus::Message& message) {
  BusDicts dicts;
  if (!message.enterContainer("a{ss}"))
    throw make_error("org.freedesktop.DBus.Error.InvalidSignature", "no dictionaries");
  while (message.enterContainer("{ss}")) {
    if (dicts.size() == kMaxBusReplyDicts) throw_too_big("too many dictionaries");
    dicts.push_back(read_dict(message));
    message.exitContainer();
  }
  message.clearFlags();
  message.exitContainer();
  return dicts;
}

}  // namespace
}  // namespace bus_shim

std::size_t wire_size(const BusValue& value) {
  bus_shim::WireSize size;
  if (std::holds_alternative<bool>(value)) size.number();
  if (const auto* text = std::get_if<std::string>(&value)) size.text(*text);
  if (std::holds_alternative<BusFile>(value)) size.number();
  const auto* dicts = std::get_if<BusDicts>(&value);
  if (dicts == nullptr) return size.bytes();
  size.number();
  for (const auto& dict : *dicts) {
    size.number();
    size.pair();  // the first one's place counts also where there is none
    for (const auto& [key, text] : dict) {
      size.pair();
      size.text(key);
      size.text(text);
    }
  }
  return size.bytes();
}

namespace bus_shim {

std::string bus_text(const std::string& text) {
  if (text.find('\0') == std::string::npos && is_valid_utf8(text)) return text;
  std::string clean;
  for (std::string_view rest = text; !rest.empty();) {
    const auto point = first_code_point(rest);
    if (point.valid && point.value != 0) {
      clean.append(rest.substr(0, point.bytes));
    } else {
      clean += '?';
    }
    rest.remove_prefix(point.bytes);
  }
  return clean;
}

const char* signature(BusType type) {
  switch (type) {
    case BusType::none:
      return "";
    case BusType::boolean:
      return "b";
    case BusType::text:
      return "s";
    case BusType::dicts:
      return "aa{ss}";
    case BusType::file:
      return "h";
  }
  return "";
}

void write_value(sdbus::Message& message, const BusValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    message << *flag;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    message << bus_text(*text);
  } else if (const auto* dicts = std::get_if<BusDicts>(&value)) {
    write_dicts(message, *dicts);
  } else if (const auto* file = std::get_if<BusFile>(&value)) {
    message << sdbus::UnixFd((*file)->get());
  }
}

BusValue read_value(sdbus::Message& message, BusType type, std::size_t max_text) {
  switch (type) {
    case BusType::none:
      return {};
    case BusType::boolean: {
      bool flag = false;
      message >> flag;
      if (!message) break;
      return flag;
    }
    case BusType::text: {
      // Looked at in place first: a huge argument is refused without being copied.
      char* text = nullptr;
      message >> text;
      if (!message || text == nullptr) break;
      if (strnlen(text, max_text + 1) > max_text)
        throw_too_big("text of more than " + std::to_string(max_text) + " bytes");
      return std::string(text);
    }
    case BusType::dicts:
      return read_dicts(message);
    case BusType::file: {
      sdbus::UnixFd file;
      message >> file;
      if (!message || !file.isValid()) break;
      return std::make_shared<const UniqueFd>(file.release());
    }
  }
  throw make_error("org.freedesktop.DBus.Error.InvalidSignature", std::string("no value of type ") + signature(type));
}

bool has_type(const BusValue& value, BusType type) {
  static constexpr std::array order{BusType::none, BusType::boolean, BusType::text, BusType::dicts, BusType::file};
  return order[value.index()] == type;
}

Error to_error(const sdbus::Error& error, const std::string& what) {
  const std::string& name = error.getName();
  static constexpr std::string_view kPrefix = "org.freedesktop.DBus.Error.";
  const auto is = [&](std::string_view last) { return name == std::string(kPrefix) + std::string(last); };
  auto kind = ErrorKind::refused;
  if (is("NoReply") || is("Timeout") || is("TimedOut") || name == "System.Error.ETIMEDOUT") {
    kind = ErrorKind::timed_out;
  } else if (is("ServiceUnknown") || is("NameHasNoOwner") || is("FileNotFound") || is("NoServer")) {
    kind = ErrorKind::not_found;
  } else if (is("AccessDenied") || is("AuthFailed")) {
    kind = ErrorKind::permission;
  } else if (is("InvalidSignature") || is("InconsistentMessage") || is("LimitsExceeded") ||
             name == "System.Error.ENXIO" || name == "System.Error.EBADMSG") {
    kind = ErrorKind::protocol;
  } else if (is("Disconnected") || name.find("ENOTCONN") != std::string::npos ||
             name.find("ECONNRESET") != std::string::npos) {
    kind = ErrorKind::closed;
  } else if (is("UnknownMethod") || is("UnknownObject") || is("UnknownInterface") || is("UnknownProperty")) {
    kind = ErrorKind::not_supported;
  } else if (is("InvalidArgs")) {
    kind = ErrorKind::invalid_input;
  }
  const auto& message = error.getMessage();
  return Error{kind, 0, what + ": " + (message.empty() ? name : message)};
}

}  // namespace bus_shim
}  // namespace stas
