// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/bus/bus_ledger.h"

namespace stas::bus_shim {

namespace {

std::size_t left(std::size_t bound, std::size_t used) { return bound > used ? bound - used : 0; }

}  // namespace

std::size_t Ledger::room(const std::string& caller) const {
  const auto it = callers_.find(caller);
  if (it == callers_.end()) return kMaxUnreadUnknown;
  if (!it->second.user) return left(kMaxUnreadUnknown, it->second.unread);
  const User& user = users_.at(*it->second.user);
  return left(share(user), user.unread);
}

std::size_t Ledger::room_for_error(const std::string& caller) const {
  const auto it = callers_.find(caller);
  if (it == callers_.end() || !it->second.user) return room(caller);
  const User& user = users_.at(*it->second.user);
  return left(share(user) + kErrorSlack, user.unread);
}

void Ledger::set(Caller& caller, std::size_t unread) {
  if (caller.user) {
    User& user = users_.at(*caller.user);
    user.unread += unread - caller.unread;
    unread_ += unread - caller.unread;
  }
  caller.unread = unread;
}

void Ledger::add(const std::string& caller, std::size_t bytes) {
  Caller& entry = callers_[caller];
  entry.since += bytes;
  set(entry, entry.unread + bytes);
}

bool Ledger::may_serve(uid_t user) const {
  const auto it = users_.find(user);
  return it == users_.end() || it->second.asked || !has_much(it->second);
}

void Ledger::served(const std::string& caller, std::size_t bytes) {
  add(caller, bytes);
  if (const auto& user = callers_[caller].user; user) users_.at(*user).asked = false;
}

void Ledger::identify(const std::string& caller, uid_t user) {
  Caller& entry = callers_[caller];
  const auto unread = entry.unread;
  set(entry, 0);
  entry.user = user;
  ++users_[user].callers;
  set(entry, unread);
}

void Ledger::gone(const std::string& caller) {
  const auto it = callers_.find(caller);
  if (it == callers_.end()) return;
  set(it->second, 0);
  if (const auto user = it->second.user; user && --users_.at(*user).callers == 0) users_.erase(*user);
  callers_.erase(it);
}

bool Ledger::is_pressed(const User& user) const { return has_much(user) || user.callers > kMaxCallersUnasked; }

bool Ledger::is_pressed() const {
  return std::any_of(users_.begin(), users_.end(), [this](const auto& user) { return is_pressed(user.second); });
}

std::vector<std::string> Ledger::to_ask() const {
  std::vector<std::string> names;
  for (const auto& [name, caller] : callers_)
    if (caller.user && is_pressed(users_.at(*caller.user))) names.push_back(name);
  return names;
}

void Ledger::asked(const std::string& caller) {
  if (const auto it = callers_.find(caller); it != callers_.end()) it->second.since = 0;
}

void Ledger::keeps(const std::string& caller, std::size_t bytes) {
  const auto it = callers_.find(caller);
  if (it == callers_.end()) return;
  set(it->second, std::min(it->second.unread, bytes + it->second.since));
  if (it->second.user) users_.at(*it->second.user).asked = true;
}

void Ledger::unanswered(const std::string& caller) {
  const auto it = callers_.find(caller);
  if (it == callers_.end()) return;
  const auto unread = it->second.unread;
  set(it->second, left(unread, unread / kForgivenShare + kForgivenBytes));
  if (it->second.user) users_.at(*it->second.user).asked = true;
}

bool Ledger::is_even(const std::string& caller) const {
  const auto it = callers_.find(caller);
  return it == callers_.end() || it->second.unread == 0;
}

}  // namespace stas::bus_shim
