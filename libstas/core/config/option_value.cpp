// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/option_value.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/duration.h"
#include "libstas/core/config/key_format.h"

namespace stas {

namespace {

tl::unexpected<BadValue> bad_text(std::string_view text, std::string hint) {
  return tl::unexpected(BadValue{"Text check found invalid value \"" + shown(text) + "\"", std::move(hint)});
}

tl::unexpected<BadValue> bad_data(std::string_view text, std::string hint = {}) {
  return tl::unexpected(BadValue{"Data converter found invalid value \"" + shown(text) + "\"", std::move(hint)});
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

Checked<bool> check_switch(std::string_view text, std::string_view yes, std::string_view no) {
  const std::string word = to_lower(text);
  if (word == yes) return true;
  if (word == no) return false;
  const std::optional<bool> guess = meant(word);
  return bad_text(text, guess ? did_you_mean(*guess ? yes : no, {yes, no}) : did_you_mean(text, {yes, no}));
}

// One connection parameter: either a flag, or a number with its check.
struct Parameter {
  std::string_view name;
  std::optional<bool> ConnectOptions::*flag = nullptr;
  std::optional<int> ConnectOptions::*number = nullptr;
  Checked<int> (*check)(std::string_view text) = nullptr;
};

constexpr std::array<Parameter, 14> kParameters = {{
    {"hdr-digest", &ConnectOptions::hdr_digest},
    {"data-digest", &ConnectOptions::data_digest},
    {"kato", nullptr, &ConnectOptions::kato, check_count},
    {"queue-size", nullptr, &ConnectOptions::queue_size, check_queue_size},
    {"reconnect-delay", nullptr, &ConnectOptions::reconnect_delay, check_count},
    {"ctrl-loss-tmo", nullptr, &ConnectOptions::ctrl_loss_tmo, check_int},  // any negative number: for ever
    {"disable-sqflow", &ConnectOptions::disable_sqflow},
    {"tls", &ConnectOptions::tls},
    {"tls-concat", &ConnectOptions::tls_concat},
    {"keyring", nullptr, &ConnectOptions::keyring, check_serial},
    {"tls-key", nullptr, &ConnectOptions::tls_key, check_serial},
    {"nr-io-queues", nullptr, &ConnectOptions::nr_io_queues, check_count},
    {"nr-write-queues", nullptr, &ConnectOptions::nr_write_queues, check_count},
    {"nr-poll-queues", nullptr, &ConnectOptions::nr_poll_queues, check_count},
}};

}  // namespace

Checked<bool> check_bool(std::string_view text) { return check_switch(text, "true", "false"); }
Checked<bool> check_enabled(std::string_view text) { return check_switch(text, "enabled", "disabled"); }

Checked<int> check_int(std::string_view text) {
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

Checked<int> check_count(std::string_view text) {
  Checked<int> count = check_int(text);
  if (!count || *count >= 0) return count;
  return tl::unexpected(BadValue{"\"" + shown(text) + "\" is negative", " - give 0 or more"});
}

Checked<int> check_serial(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = hex ? text.substr(2) : text;
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error == std::errc() && end == digits.data() + digits.size() && value > 0) return value;
  // Perhaps it is the key itself: nothing of it is told.
  if (!text.starts_with("NVMeTLSkey"))
    return tl::unexpected(BadValue{"is no serial number of a key or keyring",
                                   " - write it in decimal, or in hexadecimal with 0x in front of it"});
  const std::string flaw = tls_key_flaw(text);
  return tl::unexpected(
      BadValue{"is a key" + (flaw.empty() ? "" : " that " + flaw) + ", not the serial number of one",
               " - put it into the kernel's keyring (`nvme check-tls-key --insert`) and write `tls=true`"});
}

Checked<int> check_queue_size(std::string_view text) {
  Checked<int> size = check_int(text);
  if (!size || (*size >= kMinQueueSize && *size <= kMaxQueueSize)) return size;
  return tl::unexpected(BadValue{"\"" + shown(text) + "\" is not within range " + std::to_string(kMinQueueSize) + ".." +
                                 std::to_string(kMaxQueueSize)});
}

Checked<IpFamilies> check_families(std::string_view text) {
  if (text == "ipv4") return IpFamilies{true, false};
  if (text == "ipv6") return IpFamilies{false, true};
  if (text == "ipv4+ipv6" || text == "ipv6+ipv4") return IpFamilies{true, true};
  return bad_text(text, did_you_mean(text, {"ipv4+ipv6", "ipv6+ipv4", "ipv4", "ipv6"}));
}

Checked<DisconnectScope> check_scope(std::string_view text) {
  if (text == "only-stas-connections") return DisconnectScope::only_stas_connections;
  if (text == "all-connections-matching-disconnect-trtypes") {
    return DisconnectScope::all_connections_matching_disconnect_trtypes;
  }
  if (text == "no-disconnect") return DisconnectScope::no_disconnect;
  return bad_text(text, did_you_mean(text, {"only-stas-connections", "all-connections-matching-disconnect-trtypes",
                                            "no-disconnect"}));
}

Checked<DisconnectGuard> check_guard(std::string_view text) {
  if (text == "off") return DisconnectGuard::off;
  if (text == "warn") return DisconnectGuard::warn;
  if (text == "hold") return DisconnectGuard::hold;
  return bad_text(text, did_you_mean(text, {"off", "warn", "hold"}));
}

Checked<std::optional<Duration>> check_persistence(std::string_view text) {
  const std::optional<double> seconds = parse_time_span(text);
  if (!seconds) return bad_data(text);
  if (*seconds < 0) return std::optional<Duration>();
  return std::optional<Duration>(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds)));
}

TransportSet check_trtypes(std::string_view text, std::optional<BadValue>& problem) {
  constexpr int kMaxItems = 8;  // one bad line shall not fill the journal
  TransportSet set{false, false, false};
  int bad = 0;
  for (bool more = true; more;) {
    const std::size_t plus = text.find('+');
    const std::string_view item = trimmed(text.substr(0, plus));
    more = plus != std::string_view::npos;
    if (more) text.remove_prefix(plus + 1);
    bool* const member = item == "tcp" ? &set.tcp : item == "rdma" ? &set.rdma : item == "fc" ? &set.fc : nullptr;
    if (member != nullptr) {
      *member = true;
    } else if (bad++ < kMaxItems) {
      if (!problem) problem = BadValue{{}, did_you_mean(item, {"tcp", "rdma", "fc"})};
      problem->what += (problem->what.empty() ? "" : ", ") + ("List checker found invalid item \"" + shown(item)) +
                       "\" will be ignored";
    }
  }
  return set;
}

bool TransportSet::contains(Transport t) const {
  switch (t) {
    case Transport::tcp:
      return tcp;
    case Transport::rdma:
      return rdma;
    case Transport::fc:
      return fc;
    case Transport::loop:
      return false;
  }
  return false;
}

std::string to_text(const TransportSet& set) {
  std::string text;
  for (const Transport transport : {Transport::tcp, Transport::rdma, Transport::fc}) {
    if (set.contains(transport)) text += (text.empty() ? "" : "+") + std::string(to_text(transport));
  }
  return text.empty() ? "none" : text;
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

bool is_security_parameter(std::string_view name) {
  return name == "tls" || name == "tls-concat" || name == "keyring" || name == "tls-key";
}

bool says(const ConnectOptions& options, std::string_view name) {
  if (options.missing.contains(std::string(name))) return true;
  if (name == "dhchap-secret") return !options.dhchap_secret.empty();
  if (name == "dhchap-ctrl-secret") return !options.dhchap_ctrl_secret.empty();
  return std::any_of(kParameters.begin(), kParameters.end(), [&](const Parameter& parameter) {
    if (parameter.name != name) return false;
    return parameter.flag != nullptr ? (options.*parameter.flag).has_value() : (options.*parameter.number).has_value();
  });
}

void copy_connect_parameter(ConnectOptions& to, const ConnectOptions& from, std::string_view name) {
  for (const Parameter& parameter : kParameters) {
    if (parameter.name != name) continue;
    if (parameter.flag != nullptr) to.*parameter.flag = from.*parameter.flag;
    if (parameter.number != nullptr) to.*parameter.number = from.*parameter.number;
  }
}

std::string connect_parameter_text(const ConnectOptions& options, std::string_view name) {
  for (const Parameter& parameter : kParameters) {
    if (parameter.name != name) continue;
    if (parameter.flag != nullptr && options.*parameter.flag) return *(options.*parameter.flag) ? "true" : "false";
    if (parameter.number != nullptr && options.*parameter.number) return std::to_string(*(options.*parameter.number));
  }
  return {};
}

Checked<void> set_connect_parameter(ConnectOptions& options, std::string_view name, std::string_view text) {
  for (const Parameter& parameter : kParameters) {
    if (parameter.name != name) continue;
    const Checked<void> set = parameter.flag != nullptr
                                  ? check_bool(text).map([&](bool value) { options.*parameter.flag = value; })
                                  : parameter.check(text).map([&](int number) { options.*parameter.number = number; });
    if (set) options.missing.erase(std::string(name));  // of two the later counts
    return set;
  }
  return tl::unexpected(BadValue{shown(name) + " is no connection parameter"});
}

}  // namespace stas
