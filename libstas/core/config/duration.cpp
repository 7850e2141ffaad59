// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/config/duration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>

#include "libstas/core/base/text.h"

namespace stas {

namespace {

constexpr std::size_t kMaxText = 256;
constexpr double kMaxSeconds = 100.0 * 365.25 * 24 * 3600;

constexpr std::size_t kDays = 0, kHours = 1, kMinutes = 2, kSeconds = 3;
constexpr std::array<double, 4> kFactor = {86400, 3600, 60, 1};
constexpr std::array<std::array<std::string_view, 5>, 4> kWords = {{{"d", "dy", "dys", "day", "days"},
                                                                    {"h", "hr", "hrs", "hour", "hours"},
                                                                    {"m", "min", "mins", "minute", "minutes"},
                                                                    {"s", "sec", "secs", "second", "seconds"}}};

// Numbers as found, by unit; an empty one was not given.
using Amounts = std::array<std::string_view, 4>;

bool all_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

std::optional<double> to_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// What float() of the old product takes: sign, point, exponent, '_' between digits.
std::optional<double> parse_plain(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  std::string_view rest = digits;
  if (rest.starts_with('+')) {
    rest.remove_prefix(1);
    if (rest.starts_with('-')) return std::nullopt;
  }
  return to_number(rest);
}

// Reads from the front of a text. Every take_ function consumes what it returns and the blanks after it.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) { skip_blanks(); }

  bool at_end() const { return rest_.empty(); }
  std::string_view take_while(std::string_view set) {
    const std::string_view taken = rest_.substr(0, std::min(rest_.find_first_not_of(set), rest_.size()));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  void skip_blanks() { take_while(kBlanks); }
  void skip_separator() {
    if (!rest_.empty() && (rest_.front() == ',' || rest_.front() == '/')) rest_.remove_prefix(1);
    skip_blanks();
  }
  std::string take_word() { return to_lower(take_while("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// "3 days 5 hours" from unit `first` to unit `last`; stops before a number that has none of these units. A separator
// may follow every unit but seconds.
void take_units(Scanner& scan, std::size_t first, std::size_t last, Amounts& amounts) {
  for (std::size_t unit = first; unit <= last; ++unit) {
    Scanner ahead = scan;
    const std::string_view number = ahead.take_while("0123456789.");
    if (number.empty()) return;
    ahead.skip_blanks();
    const std::string word = ahead.take_word();
    bool known = false;
    for (const std::string_view w : kWords[unit]) known = known || w == word;
    if (!known) continue;
    amounts[unit] = number;
    scan = ahead;
    scan.skip_blanks();
    if (unit != kSeconds) scan.skip_separator();
  }
}

// "1:02:03:04", "10:00:00", "1:01", ":05": the groups from the right are seconds, minutes, hours, days. All but the
// first group have two digits; seconds may have a fraction.
bool take_clock(std::string_view text, Amounts& amounts, bool only_hours) {
  const std::size_t blank = text.find_last_not_of(kBlanks);
  text = text.substr(0, blank == std::string_view::npos ? 0 : blank + 1);
  std::array<std::string_view, 4> groups;
  std::size_t count = 0;
  while (true) {
    if (count == groups.size()) return false;
    const std::size_t colon = text.find(':');
    groups[count++] = text.substr(0, colon);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  if (count < 2 || (only_hours && count != 3)) return false;
  std::string_view fraction = groups[count - 1];
  const std::string_view seconds = fraction.substr(0, fraction.find('.'));
  fraction.remove_prefix(seconds.size());
  if (!fraction.empty() && (fraction.size() < 2 || !all_digits(fraction.substr(1)))) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view group = i + 1 == count ? seconds : groups[i];
    if (!all_digits(group)) return false;
    if (i > 0 && group.size() != 2) return false;
    // ":05" has no minutes at all; "1:01" has one or two digits of them; hours and days have any number.
    if (i == 0 && group.empty() && count != 2) return false;
    if (i == 0 && count == 2 && group.size() > 2) return false;
    amounts[4 - count + i] = groups[i];
  }
  return true;
}

// The sum as the old product makes it, including its quirk: with a fraction in a larger unit and whole seconds, the
// sum of the larger units is cut to whole seconds, and the sign is not applied to the seconds.
std::optional<double> total(const Amounts& amounts, double sign) {
  double larger = 0, seconds = 0;
  bool whole = true;
  for (std::size_t unit = kDays; unit <= kSeconds; ++unit) {
    if (amounts[unit].empty()) continue;
    const std::optional<double> number = to_number(amounts[unit]);
    if (!number) return std::nullopt;
    (unit == kSeconds ? seconds : larger) += *number * kFactor[unit];
    if (unit != kSeconds) whole = whole && all_digits(amounts[unit]);
  }
  if (!whole && all_digits(amounts[kSeconds])) return sign * std::trunc(larger) + seconds;
  return sign * (larger + seconds);
}

std::optional<double> parse_spoken(std::string_view text) {
  double sign = 1;
  if (text.find_first_of("+-|") == 0) {
    if (text.front() == '-') sign = -1;
    text.remove_prefix(1);
  }
  Amounts amounts{};
  Scanner scan(text);
  if (scan.at_end()) return std::nullopt;
  take_units(scan, kDays, kSeconds, amounts);
  if (scan.at_end()) return total(amounts, sign);
  const bool only_days = amounts[kHours].empty() && amounts[kMinutes].empty() && amounts[kSeconds].empty();
  if (!only_days) return std::nullopt;
  if (!take_clock(scan.rest(), amounts, !amounts[kDays].empty())) return std::nullopt;
  return total(amounts, sign);
}

}  // namespace

std::optional<double> parse_time_span(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || text.size() > kMaxText) return std::nullopt;
  std::optional<double> seconds = parse_plain(text);
  if (!seconds) seconds = parse_spoken(text);
  if (!seconds || std::abs(*seconds) > kMaxSeconds) return std::nullopt;
  return seconds;
}

}  // namespace stas
