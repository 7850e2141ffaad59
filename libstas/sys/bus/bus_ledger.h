// SPDX-License-Identifier: Apache-2.0
//
// Internal to libstas/sys/bus, and pure: how many bytes of answers wait on the bus for those who asked. The bus keeps
// what its receiver does not read; and when it keeps too much of ours (127 MiB by default), it stops reading from us,
// so that nobody is answered any more. Therefore what ordinary users leave unread has a bound for all of them
// together, and one user gets half of what the others leave. We count what we send; only the bus knows what was read,
// and it is asked about the callers of users who have much (to_ask()). A caller is a connection, by its unique name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

namespace stas::bus_shim {

inline constexpr std::size_t kMaxUnread = 64U << 20;     // by all users: half of what the bus keeps of one sender
inline constexpr std::size_t kErrorSlack = 1U << 20;     // more per user, for the errors that say that it is too much
inline constexpr std::size_t kMaxUnreadUnknown = 65536;  // by a caller whose user is not known yet
inline constexpr std::size_t kMaxCallersUnasked = 64;    // of one user; if there are more, some are probably gone
inline constexpr std::size_t kForgivenShare = 256;       // without an answer of the bus, one part in so many ...
inline constexpr std::size_t kForgivenBytes = 1024;      // ... and this are taken for read at every question

class Ledger {
 public:
  // What it may be sent before it reads: an answer, and an error.
  std::size_t room(const std::string& caller) const;
  std::size_t room_for_error(const std::string& caller) const;
  void add(const std::string& caller, std::size_t bytes);  // sent
  void identify(const std::string& caller, uid_t user);    // once; what it was sent before counts from now on
  void gone(const std::string& caller);                    // the bus keeps nothing for it any more
  // Whoever reads fast may have read what counts as unread, and is not to be refused for that: a user who has used half
  // of his share is served once for each answer of the bus about him.
  bool may_serve(uid_t user) const;
  void served(const std::string& caller, std::size_t bytes);

  // Somebody has used half of his share.
  bool is_pressed() const;
  std::vector<std::string> to_ask() const;                   // callers to ask the bus about
  void asked(const std::string& caller);                     // what is sent from now on is not part of the answer
  void keeps(const std::string& caller, std::size_t bytes);  // what the bus said
  void unanswered(const std::string& caller);                // it did not say: a bus without such a question
  // Everything was read: it may be forgotten (gone()).
  bool is_even(const std::string& caller) const;

  std::size_t callers() const { return callers_.size(); }
  std::size_t unread() const { return unread_; }

 private:
  struct Caller {
    std::optional<uid_t> user{};
    std::size_t unread = 0;
    std::size_t since = 0;  // of it, sent after the question
  };
  struct User {
    std::size_t unread = 0;
    std::size_t callers = 0;
    bool asked = false;  // the bus has answered since he was served
  };
  bool has_much(const User& user) const { return user.unread > share(user) / 2; }
  std::size_t share(const User& user) const { return (kMaxUnread - std::min(kMaxUnread, unread_ - user.unread)) / 2; }
  bool is_pressed(const User& user) const;
  void set(Caller& caller, std::size_t unread);

  std::unordered_map<std::string, Caller> callers_;
  std::map<uid_t, User> users_;
  std::size_t unread_ = 0;  // by all whose user is known
};

}  // namespace stas::bus_shim
