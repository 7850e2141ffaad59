// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/controller_line.h"

#include <algorithm>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/host_name.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/config/address_text.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::string_view kHostSecret = "dhchap-secret", kControllerSecret = "dhchap-ctrl-secret";

const std::vector<std::string_view>& controller_keys() {
  static const std::vector<std::string_view> keys = [] {
    std::vector<std::string_view> out = {"transport",       "traddr",      "trsvcid",  "nqn",
                                         "subsysnqn",       "host-iface",  "host-nqn", kHostSecret,
                                         kControllerSecret, "host-traddr", "host-id"};
    out.insert(out.end(), connect_parameters().begin(), connect_parameters().end());
    return out;
  }();
  return keys;
}

// The fields that say which controller is meant.
bool is_identity(std::string_view key) {
  return !key.empty() && key != kHostSecret && key != kControllerSecret && !is_connect_parameter(key);
}

// One controller= line in the making.
class ControllerParser {
 public:
  // Lines without a default NQN mean I/O controllers.
  ControllerParser(std::string_view default_nqn, Problems& problems, const NamedKeys& keys)
      : problems_(problems), keys_(keys), is_io_(default_nqn.empty()) {
    line_.subsysnqn = default_nqn;
  }

  ParsedControllerLine parse(std::string_view value) {
    const LineFields split = split_fields(value);
    if (split.fields.empty()) {
      error(split.malformed > 0 ? "no field has a `=`" : "the value is empty",
            "write fields as `transport=tcp;traddr=ADDRESS`");
      return finish();
    }
    if (split.malformed > 0) {
      warning(std::to_string(split.malformed) + " field(s) without a name, without `=` or beyond number " +
              std::to_string(kMaxLineFields) + " ignored");
      unclear_ = true;
    }
    for (const LineField& field : split.fields) take(field);
    check_identity();
    return finish();
  }

 private:
  void error(const std::string& text, const std::string& advice = {}) {
    problems_.push_back({Severity::error, text + ": the line is ignored" + (advice.empty() ? "" : " - " + advice)});
    usable_ = false;
  }
  void warning(std::string text) { problems_.push_back({Severity::warning, std::move(text)}); }

  ParsedControllerLine finish() {
    if (!usable_) return {std::nullopt, true};
    return {std::move(line_), unclear_};
  }

  void take(const LineField& field) {
    const std::string_view key = field.key;
    if (key == kHostSecret) return take_secret(field, line_.options.dhchap_secret);
    if (key == kControllerSecret) return take_secret(field, line_.options.dhchap_ctrl_secret);
    if (is_connect_parameter(key)) {
      const Checked<void> set = set_connect_parameter(line_.options, key, field.value);
      if (!set) read_wrong(key, set.error());
      return;
    }
    const auto& keys = controller_keys();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return take_unknown(field);
    const bool address = key == "traddr" || key == "host-traddr";
    const std::optional<std::string> fc = address ? fc_address(field.value) : std::nullopt;
    if (const std::string why = objection(field.value); !fc && !why.empty()) return error(field_name(key) + " " + why);
    take_identity(key, fc.value_or(std::string(field.value)));
  }

  void read_wrong(std::string_view key, const BadValue& bad) {
    const std::string text = std::string(key) + " - " + bad.what;
    if (!is_security_parameter(key)) return warning(text + ". Default will be used" + bad.hint);
    problems_.push_back({Severity::error, text + std::string(kNotClearMeans) + bad.hint});
    line_.options.missing[std::string(key)] = kNotClear;
  }

  void take_identity(std::string_view key, std::string value) {
    if (key == "transport") {
      transport_ = std::move(value);
    } else if (key == "traddr") {
      line_.traddr = std::move(value);
    } else if (key == "trsvcid") {
      line_.trsvcid = std::move(value);
    } else if (key == "host-traddr") {
      line_.host_traddr = std::move(value);
    } else if (key == "host-iface") {
      line_.host_iface = std::move(value);
    } else if (key == "host-nqn") {
      if (!value.empty()) line_.host_nqn = std::move(value);
    } else if (key == "host-id") {
      if (!value.empty()) line_.host_id = std::move(value);
    } else if (key == "nqn") {
      nqn_ = std::move(value);
    } else {
      subsysnqn_ = std::move(value);
    }
  }

  // No word about the content, whatever is wrong with it.
  void take_secret(const LineField& field, Secret& secret) {
    const std::string name = field_name(field.key);
    if (field.value.empty()) return warning(name + " is empty");
    line_.options.missing.erase(std::string(field.key));  // of two the later counts
    KeyOption read = read_dhchap_key(field.value, keys_);
    if (!read.flaw.empty() && !is_named_key(field.value)) return error(name + " " + read.flaw);
    if (!read.flaw.empty()) {
      problems_.push_back({Severity::error, name + ": " + read.flaw + std::string(kNoKeyMeans)});
      line_.options.missing[std::string(field.key)] = std::move(read.flaw);
    }
    for (const std::string& text : read.warnings) warning(name + " " + text);
    secret = std::move(read.key);
  }

  void take_unknown(const LineField& field) {
    const std::string_view near = closest(field.key, controller_keys());
    const std::string name = field_name(field.key);
    unclear_ = unclear_ || is_identity(near) || name == "a field";
    if (name == "a field") return warning("a field with an unusual name is ignored");
    const bool secret = is_secret_name(field.key) || holds_secret(field.value) || is_secret_name(near);
    const bool keep = !secret && objection(field.value).empty();
    warning("unknown " + name + (keep ? " has no effect" : " is ignored") + did_you_mean(field.key, controller_keys()));
    if (keep) line_.extra[std::string(field.key)] = std::string(field.value);
  }

  void check_identity() {
    if (transport_.empty()) return error("transport is missing", "add `transport=tcp` (or rdma, fc, loop)");
    const std::optional<Transport> transport = parse_transport(transport_);
    if (!transport) return error(bad_transport(transport_));
    line_.transport = *transport;
    const std::string& nqn = nqn_.empty() ? subsysnqn_ : nqn_;
    if (!nqn.empty()) line_.subsysnqn = nqn;
    check_address();
    if (!is_ip_transport(*transport)) {
      line_.trsvcid.clear();
    } else if (!line_.trsvcid.empty() && !parse_port(line_.trsvcid)) {
      error("trsvcid \"" + shown(line_.trsvcid) + "\" is no port number", "write 1 to 65535");
    }
    check_names();
    if (usable_ && is_io_ && *transport == Transport::tcp && line_.trsvcid.empty()) {
      warning(
          "trsvcid is missing: 8009 is assumed, the port of discovery controllers; most I/O controllers listen on 4420 "
          "- add `trsvcid=4420`, or `trsvcid=8009` if that is meant");
    }
  }

  void check_names() {
    if (line_.subsysnqn.empty()) {
      error("nqn is missing", "add `nqn=` with the NQN of the subsystem");
    } else if (!is_usable_nqn(line_.subsysnqn)) {
      error("nqn \"" + shown(line_.subsysnqn) + "\" is longer than " + std::to_string(kMaxNqnLength) + " bytes");
    }
    if (line_.host_nqn && !is_usable_nqn(*line_.host_nqn)) {
      error("host-nqn \"" + shown(*line_.host_nqn) + "\" is longer than " + std::to_string(kMaxNqnLength) + " bytes");
    }
    if (line_.host_id && !parse_uuid(*line_.host_id)) {
      error("host-id \"" + shown(*line_.host_id) + "\" is no UUID", "`uuidgen` makes one");
    } else if (line_.host_id && !line_.host_nqn) {
      warning("host-id without host-nqn has no effect");
    } else if (line_.host_nqn && !line_.host_id && !uuid_of_nqn(*line_.host_nqn)) {
      warning(
          "host-nqn has no UUID: unless it is this host's own, it goes out with this host's host ID, under which the "
          "kernel refuses a second host NQN - add `host-id=` with a UUID of its own");
    }
  }

  void check_address() {
    if (line_.transport == Transport::loop) return;
    if (line_.traddr.empty()) return error("traddr is missing", "add `traddr=ADDRESS`");
    if (line_.transport == Transport::fc) return check_fc();
    if (!IpAddress::parse(line_.traddr) && !is_host_name(line_.traddr)) {
      const Tid tid({line_.transport, line_.traddr, line_.trsvcid, line_.subsysnqn, {}, {}, {}});
      error(shown(tid.to_string()) + " IP address is not valid", address_advice(line_.traddr));
    }
    if (!line_.host_traddr.empty() && !IpAddress::parse(line_.host_traddr)) {
      error("host-traddr \"" + shown(line_.host_traddr) + "\" is no IP address",
            "give the address of an interface, or its name as `host-iface=`");
    }
  }

  void check_fc() {
    if (!fc_address(line_.traddr)) {
      error("traddr \"" + shown(line_.traddr) + "\" is no Fibre Channel address", "write " + std::string(kFcForm));
    }
    if (line_.host_traddr.empty()) {
      error("host-traddr is missing, which the kernel demands for transport=fc",
            "add `host-traddr=nn-0x...:pn-0x...` with node_name and port_name of a port in /sys/class/fc_host");
    } else if (!fc_address(line_.host_traddr)) {
      error("host-traddr \"" + shown(line_.host_traddr) + "\" is no Fibre Channel address",
            "write " + std::string(kFcForm));
    }
  }

  Problems& problems_;
  const NamedKeys& keys_;
  const bool is_io_;
  ControllerLine line_;
  std::string transport_, nqn_, subsysnqn_;
  bool usable_ = true, unclear_ = false;
};

}  // namespace

ParsedControllerLine parse_controller_line(std::string_view value, std::string_view default_nqn, Problems& problems,
                                           const NamedKeys& keys) {
  return ControllerParser(default_nqn, problems, keys).parse(value);
}

}  // namespace stas
