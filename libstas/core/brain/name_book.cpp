// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/name_book.h"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <utility>

namespace stas {

namespace {
constexpr Duration kHintGap = std::chrono::seconds(3);  // hints that come often must not make a storm
}

void NameBook::restore(const std::map<std::string, std::vector<std::string>>& resolved) { restored_ = resolved; }

void NameBook::set_names(const std::set<std::string>& names) {
  std::erase_if(entries_, [&](const auto& item) { return !names.contains(item.first); });
  for (const auto& name : names) {
    auto& entry = entries_[name];
    entry.next = Instant{};
    entry.backoff.reset();
    entry.told = false;
    const auto it = restored_.find(name);
    if (!entry.address.empty() || it == restored_.end() || it->second.empty()) continue;
    entry.usable = it->second;
    entry.address = entry.usable.front();
  }
}

bool NameBook::failed(const std::string& address, Instant now) {
  bool changed = false;
  for (auto& [name, entry] : entries_) {
    if (entry.address != address || address.empty()) continue;
    if (entry.next == kNever) entry.next = now;
    entry.failed.insert(address);
    if (entry.usable.size() < 2 || std::ranges::find(entry.usable, address) == entry.usable.end()) continue;
    if (entry.tried == 0 && now < entry.next_round) continue;
    entry.use_next(now);
    changed = true;
  }
  return changed;
}

void NameBook::Entry::use_next(Instant now) {
  if (++tried == usable.size()) {
    tried = 0;
    next_round = now + rounds.fail();
  }
  const auto present = std::ranges::find(usable, address);
  address = std::next(present) == usable.end() ? usable.front() : *std::next(present);
}

bool NameBook::outrun(const std::string& name, const std::string& asked, const IpAddress& first, Instant now) {
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.address != asked) return false;
  auto& entry = it->second;
  // What was slower keeps its turn in this round.
  const auto winner = std::ranges::find(entry.usable, first.to_string());
  if (winner == entry.usable.end() || *winner == asked || !std::ranges::count(entry.usable, asked)) return false;
  if (entry.next == kNever) entry.next = now;  // it may have moved
  const std::string text = *winner;
  entry.usable.erase(winner);
  entry.usable.insert(std::next(std::ranges::find(entry.usable, asked)), text);
  entry.use_next(now);
  return true;
}

std::vector<IpAddress> NameBook::others(const std::string& name, const std::string& address) const {
  std::vector<IpAddress> left;
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.address != address) return left;
  const auto& usable = it->second.usable;
  const auto present = std::ranges::find(usable, address);
  if (present == usable.end()) return left;
  const auto at = static_cast<std::size_t>(present - usable.begin());
  const std::size_t count = std::min(usable.size() - std::min(it->second.tried, usable.size() - 1), kMaxRaced);
  for (std::size_t i = 1; i < count; ++i)
    if (auto other = IpAddress::parse(usable[(at + i) % usable.size()])) left.push_back(*std::move(other));
  return left;
}

// IPv4 first (compatibility contract 5.3), then the families by turns (RFC 8305, clause 4).
std::vector<std::string> NameBook::in_order(const std::vector<IpAddress>& addresses, IpFamilies families) {
  std::array<std::deque<std::string>, 2> lines;
  for (const auto& address : addresses)
    if (families.allows(address.family()))
      lines[address.family() == IpFamily::v4 ? 0 : 1].push_back(address.to_string());
  std::vector<std::string> order;
  while (!lines[0].empty() || !lines[1].empty()) {
    for (auto& line : lines) {
      if (line.empty()) continue;
      order.push_back(std::move(line.front()));
      line.pop_front();
    }
  }
  return order;
}

void NameBook::hint(Instant now) {
  for (auto& [name, entry] : entries_) {
    entry.rounds.reset();
    entry.next_round = std::min(entry.next_round, now + kHintGap);
    if (entry.backoff.failures() == 0) continue;
    entry.backoff.reset();
    entry.next = std::min(entry.next, std::max(now, entry.asked + kHintGap));
  }
}

void NameBook::reached(const std::string& name, const std::string& address) {
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.address != address) return;
  Entry& entry = it->second;
  entry.tried = 0;
  entry.next_round = Instant{};
  entry.failed.clear();
  entry.rounds.reset();
}

Instant NameBook::not_before(const std::string& name) const {
  const auto it = entries_.find(name);
  return it != entries_.end() && it->second.tried == 0 ? it->second.next_round : Instant{};
}

bool NameBook::has_failed(const std::string& address) const {
  return std::ranges::any_of(entries_, [&](const auto& item) { return item.second.failed.contains(address); });
}

bool NameBook::answered(const Resolved& resolved, IpFamilies families, Instant now,
                        const std::function<bool(const std::string&)>& keep, Actions& out) {
  const auto it = entries_.find(resolved.name);
  if (it == entries_.end()) return false;
  auto& entry = it->second;
  entry.pending = false;

  std::vector<std::string> usable;
  if (resolved.addresses) usable = in_order(*resolved.addresses, families);
  if (usable.empty()) {
    const bool first = !std::exchange(entry.told, true);
    entry.next = now + entry.backoff.fail();
    std::string text =
        "Cannot resolve " + resolved.name + ": " +
        (resolved.addresses ? std::string("no address of an enabled family") : resolved.addresses.error().text);
    if (!entry.address.empty()) text += "; " + entry.address + " stays in use";
    out.push_back(Report{first ? Level::error : Level::debug, std::nullopt, {}, std::move(text)});
    return false;
  }
  if (std::exchange(entry.told, false))
    out.push_back(Report{Level::info, std::nullopt, {}, resolved.name + " resolves again"});
  entry.backoff.reset();
  entry.next = kNever;
  std::erase_if(entry.failed, [&](const auto& old) { return std::ranges::find(usable, old) == usable.end(); });
  entry.usable = usable;
  if (!entry.address.empty()) {
    if (std::find(usable.begin(), usable.end(), entry.address) != usable.end()) return false;
    // Not one of a family that has been disabled: nothing may use it any more.
    const auto present = IpAddress::parse(entry.address);
    if (present && families.allows(present->family()) && keep(entry.address)) return false;
  }
  entry.address = usable.front();
  return true;
}

std::optional<std::string> NameBook::address(const std::string& name) const {
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.address.empty()) return std::nullopt;
  return it->second.address;
}

const std::vector<std::string>& NameBook::addresses(const std::string& name) const {
  static const std::vector<std::string> none;
  const auto it = entries_.find(name);
  return it == entries_.end() ? none : it->second.usable;
}

void NameBook::advance(Instant now, Actions& out) {
  for (auto& [name, entry] : entries_) {
    if (entry.pending || entry.next == kNever || entry.next > now) continue;
    entry.pending = true;
    entry.asked = now;
    entry.next = kNever;
    out.push_back(Resolve{name});
  }
}

Instant NameBook::deadline() const {
  Instant first = kNever;
  for (const auto& [name, entry] : entries_)
    if (!entry.pending) first = std::min(first, entry.next);
  return first;
}

std::map<std::string, std::vector<std::string>> NameBook::last_good() const {
  std::map<std::string, std::vector<std::string>> good;
  for (const auto& [name, entry] : entries_) {
    if (entry.address.empty()) continue;
    auto& addresses = good[name];
    addresses.push_back(entry.address);
    for (const auto& other : entry.usable)
      if (other != entry.address) addresses.push_back(other);
  }
  return good;
}

}  // namespace stas
