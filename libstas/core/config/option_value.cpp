// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/option_value.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/duration.h"

namespace stas {

namespace {

// `hint` ends the message.
tl::unexpected<Error> bad_text(std::string_view text, const std::string& hint) {
  return fail(ErrorKind::invalid_input,
              "Text check found invalid value \"" + shown(text) + "\". Default will be used" + hint);
}

tl::unexpected<Error> bad_data(std::string_view text) {
  return fail(ErrorKind::invalid_input,
              "Data converter found invalid value \"" + shown(text) + "\". Default will be used");
}

// Other programs' words for yes and no, which are worth a hint.
std::optional<bool> meant(const std::string& word) {
  for (const std::string_view yes : {"true", "yes", "on", "1", "enabled", "enable"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0", "disabled", "disable"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

Result<bool> check_switch(std::string_view text, std::string_view yes, std::string_view no) {
  const std::string word = to_lower(text);
  if (word == yes) return true;
  if (word == no) return false;
  const std::optional<bool> guess = meant(word);
  return bad_text(text, guess ? did_you_mean(*guess ? yes : no, {yes, no}) : did_you_mean(text, {yes, no}));
}

// One connection parameter: exactly one of the two members is set.
struct Parameter {
  std::string_view name;
  std::optional<bool> ConnectOptions::*flag = nullptr;
  std::optional<int> ConnectOptions::*number = nullptr;
};

constexpr std::array<Parameter, 10> kParameters = {{
    {"hdr-digest", &ConnectOptions::hdr_digest, nullptr},
    {"data-digest", &ConnectOptions::data_digest, nullptr},
    {"kato", nullptr, &ConnectOptions::kato},
    {"queue-size", nullptr, &ConnectOptions::queue_size},
    {"reconnect-delay", nullptr, &ConnectOptions::reconnect_delay},
    {"ctrl-loss-tmo", nullptr, &ConnectOptions::ctrl_loss_tmo},
    {"disable-sqflow", &ConnectOptions::disable_sqflow, nullptr},
    {"nr-io-queues", nullptr, &ConnectOptions::nr_io_queues},
    {"nr-write-queues", nullptr, &ConnectOptions::nr_write_queues},
    {"nr-poll-queues", nullptr, &ConnectOptions::nr_poll_queues},
}};

}  // namespace

Result<bool> check_bool(std::string_view text) { return check_switch(text, "true", "false"); }
Result<bool> check_enabled(std::string_view text) { return check_switch(text, "enabled", "disabled"); }

Result<int> check_int(std::string_view text) {
  const std::string_view given = text;
  text = trimmed(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits = negative ? "-" : "";
  bool after_digit = false;
  for (const char c : text) {
    if (c == '_' && !after_digit) return bad_data(given);
    if (c != '_' && !is_digit(c)) return bad_data(given);
    after_digit = c != '_';
    if (after_digit) digits += c;
  }
  if (!after_digit) return bad_data(given);  // empty, or '_' at the end
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return bad_data(given);  // beyond 32 bits
  return value;
}

Result<int> check_queue_size(std::string_view text) {
  Result<int> size = check_int(text);
  if (!size || (*size >= kMinQueueSize && *size <= kMaxQueueSize)) return size;
  return fail(ErrorKind::invalid_input, "\"" + shown(text) + "\" is not within range " + std::to_string(kMinQueueSize) +
                                            ".." + std::to_string(kMaxQueueSize) + ". Default will be used");
}

Result<IpFamilies> check_families(std::string_view text) {
  if (text == "ipv4") return IpFamilies{true, false};
  if (text == "ipv6") return IpFamilies{false, true};
  if (text == "ipv4+ipv6" || text == "ipv6+ipv4") return IpFamilies{true, true};
  return bad_text(text, did_you_mean(text, {"ipv4+ipv6", "ipv6+ipv4", "ipv4", "ipv6"}));
}

Result<DisconnectScope> check_scope(std::string_view text) {
  if (text == "only-stas-connections") return DisconnectScope::only_stas_connections;
  if (text == "all-connections-matching-disconnect-trtypes") {
    return DisconnectScope::all_connections_matching_disconnect_trtypes;
  }
  if (text == "no-disconnect") return DisconnectScope::no_disconnect;
  return bad_text(text, did_you_mean(text, {"only-stas-connections", "all-connections-matching-disconnect-trtypes",
                                            "no-disconnect"}));
}

Result<std::optional<Duration>> check_persistence(std::string_view text) {
  const std::optional<double> seconds = parse_time_span(text);
  if (!seconds) return bad_data(text);
  if (*seconds < 0) return std::optional<Duration>();
  return std::optional<Duration>(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds)));
}

std::optional<TransportSet> check_trtypes(std::string_view text, std::vector<std::string>& problems) {
  constexpr std::size_t kMaxProblems = 8;  // one bad line shall not fill the journal
  TransportSet set{false, false, false};
  bool any = false;
  for (bool more = true; more;) {
    const std::size_t plus = text.find('+');
    const std::string_view item = trimmed(text.substr(0, plus));
    more = plus != std::string_view::npos;
    if (more) text.remove_prefix(plus + 1);
    bool* const member = item == "tcp" ? &set.tcp : item == "rdma" ? &set.rdma : item == "fc" ? &set.fc : nullptr;
    if (member != nullptr) {
      *member = any = true;
    } else if (problems.size() < kMaxProblems) {
      problems.push_back("List checker found invalid item \"" + shown(item) + "\" will be ignored." +
                         did_you_mean(item, {"tcp", "rdma", "fc"}));
    }
  }
  if (!any) return std::nullopt;
  return set;
}

const std::vector<std::string_view>& connect_parameters() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out;
    out.reserve(std::size(kParameters));
    for (const Parameter& parameter : kParameters) out.push_back(parameter.name);
    return out;
  }();
  return names;
}

bool is_connect_parameter(std::string_view name) {
  const auto& names = connect_parameters();
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> set_connect_parameter(ConnectOptions& options, std::string_view name, std::string_view text) {
  for (const Parameter& parameter : kParameters) {
    if (parameter.name != name) continue;
    if (parameter.flag != nullptr) {
      return check_bool(text).map([&](bool value) { options.*parameter.flag = value; });
    }
    const Result<int> value = name == "queue-size" ? check_queue_size(text) : check_int(text);
    return value.map([&](int number) { options.*parameter.number = number; });
  }
  return fail(ErrorKind::not_found, shown(name) + " is no connection parameter");
}

}  // namespace stas
