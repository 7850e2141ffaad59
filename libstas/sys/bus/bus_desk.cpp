// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/bus/bus_desk.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include <systemd/sd-id128.h>
#include <unistd.h>

namespace stas::bus_shim {

namespace {

constexpr char kDriver[] = "org.freedesktop.DBus";
constexpr char kDriverPath[] = "/org/freedesktop/DBus";
// What dbus-broker says to the question that it knows and does not answer. It needs no help of ours: it keeps for
// nobody more than his user may have, ends his connection instead, and never stops reading from who sends.
constexpr const char* kNotKept = SD_BUS_ERROR_FAILED;
constexpr char kTooMuch[] = "Too many answers to this user are not read yet; read them, and ask again";

// What changes something here, also when nobody wants to hear of it.
bool has_effect(sd_bus_message* call) {
  return sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Properties", "Set") > 0;
}

// sd-bus answers it itself, and takes a machine ID that it cannot read (a shortage, no such file) for the end of the
// connection. True: answered.
bool answer_machine_id(sd_bus_message* call) {
  if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Peer", "GetMachineId") <= 0) return false;
  sd_id128_t id{};
  char text[SD_ID128_STRING_MAX];
  if (const int r = sd_id128_get_machine(&id); r < 0)
    sd_bus_reply_method_errorf(call, SD_BUS_ERROR_FAILED, "The machine ID cannot be read: %s",
                               std::generic_category().message(-r).c_str());
  else
    sd_bus_reply_method_return(call, "s", sd_id128_to_string(id, text));
  return true;
}

std::size_t bytes_for(sd_bus_message* call) {
  const bool introspects = sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Introspectable", nullptr) > 0;
  return introspects ? kIntrospectBytes : kMaxCallBytes;
}

// OutgoingBytes of GetConnectionStats; false when it is not there.
bool read_unread(sd_bus_message* stats, std::uint32_t& bytes) {
  if (sd_bus_message_enter_container(stats, 'a', "{sv}") < 0) return false;
  while (sd_bus_message_enter_container(stats, 'e', "sv") > 0) {
    const char* key = nullptr;
    if (sd_bus_message_read(stats, "s", &key) < 0) return false;
    if (std::string_view(key) == "OutgoingBytes") return sd_bus_message_read(stats, "v", "u", &bytes) >= 0;
    if (sd_bus_message_skip(stats, "v") < 0 || sd_bus_message_exit_container(stats) < 0) return false;
  }
  return false;
}

}  // namespace

Desk::Desk(Loop& loop, sd_bus* bus) : bus_(sd_bus_ref(bus)), ask_(loop.timer([this] { ask_about_unread(); })) {
  sd_bus_slot* slot = nullptr;
  if (sd_bus_add_filter(bus, &slot, on_message, this) >= 0) filter_.reset(slot);
}

Desk::~Desk() = default;

int Desk::on_message(sd_bus_message* message, void* data, sd_bus_error*) {
  std::uint8_t type = 0;
  const char* sender = sd_bus_message_get_sender(message);
  if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL || sender == nullptr) return 0;
  if (sd_bus_message_get_expect_reply(message) == 0 && !has_effect(message)) return 1;
  return !static_cast<Desk*>(data)->admit(message, sender) || answer_machine_id(message) ? 1 : 0;
}

// Also for what sd-bus answers by itself. False: it is done with.
bool Desk::admit(sd_bus_message* call, const char* sender) {
  const Caller* from = caller(sender);
  if (from == nullptr) return false;
  if (from->standing == Standing::privileged) return true;
  // It may change nothing, either.
  if (from->standing == Standing::ordinary && sd_bus_message_get_expect_reply(call) == 0) return false;
  const auto bytes = bytes_for(call);
  const bool fits = ledger_.room(from->name) >= bytes;
  if (!fits && ledger_.room_for_error(from->name) < kMaxCallBytes) return false;
  ledger_.add(from->name, fits ? bytes : kMaxCallBytes);
  if (!fits) sd_bus_reply_method_errorf(call, SD_BUS_ERROR_LIMITS_EXCEEDED, kTooMuch);
  return fits;
}

Desk::Caller* Desk::caller(const char* name) {
  if (const auto it = callers_.find(name); it != callers_.end()) return &it->second;
  if (callers_.size() >= kMaxCallers) forget_privileged();
  if (callers_.size() >= kMaxCallers) return nullptr;
  Caller& fresh = callers_[name];
  fresh.desk = this;
  fresh.name = name;
  ask(fresh, kDriver, "GetConnectionUnixUser", on_user);
  return &fresh;
}

bool Desk::ask(Caller& caller, const char* interface, const char* method, sd_bus_message_handler_t handler) {
  sd_bus_slot* slot = nullptr;
  if (sd_bus_call_method_async(bus_.get(), &slot, kDriver, kDriverPath, interface, method, handler, &caller, "s",
                               caller.name.c_str()) < 0)
    return false;
  caller.question.reset(slot);
  return true;
}

int Desk::on_user(sd_bus_message* answer, void* data, sd_bus_error*) {
  auto& caller = *static_cast<Caller*>(data);
  Desk& desk = *caller.desk;
  std::uint32_t user = 0;
  caller.question.reset();
  if (sd_bus_message_is_method_error(answer, nullptr) > 0 || sd_bus_message_read(answer, "u", &user) < 0)
    desk.forget(std::string(caller.name));
  else
    desk.identified(caller, user);
  return 1;
}

void Desk::identified(Caller& caller, uid_t user) {
  auto held = std::exchange(caller.held, {});
  caller.user = user;
  if (user == 0 || user == geteuid()) {
    caller.standing = Standing::privileged;
    caller.waiting = 0;
    ledger_.gone(caller.name);
    for (auto& serve : held) serve(SIZE_MAX);
    return;
  }
  caller.standing = Standing::ordinary;
  ledger_.identify(caller.name, user);
  for (auto& serve : held) waiting_[user].push_back({caller.name, std::move(serve)});
}

void Desk::forget(const std::string& name) {
  const auto it = callers_.find(name);
  if (it == callers_.end()) return;
  if (const auto line = waiting_.find(it->second.user); it->second.waiting > 0 && line != waiting_.end()) {
    std::erase_if(line->second, [&](const Waiting& call) { return call.caller == name; });
    if (line->second.empty()) waiting_.erase(line);
  }
  ledger_.gone(name);
  callers_.erase(it);
}

// Who they are is asked again when they call.
void Desk::forget_privileged() {
  std::erase_if(callers_, [](const auto& item) { return item.second.standing == Standing::privileged; });
}

bool Desk::take(sd_bus_message* call, Serve serve) {
  Caller* from = caller(sd_bus_message_get_sender(call));
  if (from == nullptr) return false;
  if (from->standing == Standing::privileged) {
    serve(SIZE_MAX);
    return true;
  }
  if (from->waiting == kMaxWaitingCalls) return false;
  ++from->waiting;
  if (from->standing == Standing::unknown)
    from->held.push_back(std::move(serve));
  else
    waiting_[from->user].push_back({from->name, std::move(serve)});
  return true;
}

bool Desk::is_due() {
  if (!ask_armed_ && ledger_.is_pressed()) {
    ask_armed_ = true;
    ask_.arm_after(kAskPeriod);
  }
  std::uint64_t queued = 0;
  return next_line() != waiting_.end() && sd_bus_get_n_queued_write(bus_.get(), &queued) >= 0 && queued == 0;
}

void Desk::serve_next() {
  if (!is_due()) return;
  const auto line = next_line();
  last_served_ = line->first;
  const Waiting next = std::move(line->second.front());
  line->second.pop_front();
  if (line->second.empty()) waiting_.erase(line);
  if (const auto from = callers_.find(next.caller); from != callers_.end()) --from->second.waiting;
  ledger_.served(next.caller, next.serve(ledger_.room(next.caller)));
}

// In turn, of those who may be served now.
Desk::Lines::iterator Desk::next_line() {
  const auto after = waiting_.upper_bound(last_served_);
  const auto ready = [this](const auto& line) { return ledger_.may_serve(line.first); };
  const auto line = std::find_if(after, waiting_.end(), ready);
  if (line != waiting_.end()) return line;
  const auto again = std::find_if(waiting_.begin(), after, ready);
  return again == after ? waiting_.end() : again;
}

void Desk::ask_about_unread() {
  ask_armed_ = false;
  for (const auto& name : ledger_.to_ask())
    if (const auto it = callers_.find(name); it != callers_.end() && !it->second.question)
      if (ask(it->second, "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", on_stats)) ledger_.asked(name);
}

int Desk::on_stats(sd_bus_message* answer, void* data, sd_bus_error*) {
  auto& caller = *static_cast<Caller*>(data);
  Desk& desk = *caller.desk;
  const std::string name = caller.name;
  std::uint32_t bytes = 0;
  caller.question.reset();
  if (sd_bus_message_is_method_error(answer, SD_BUS_ERROR_NAME_HAS_NO_OWNER) > 0) {
    desk.forget(name);
  } else if (sd_bus_message_is_method_error(answer, kNotKept) > 0) {
    desk.ledger_.keeps(name, 0);
    if (caller.waiting == 0 && desk.ledger_.is_even(name)) desk.forget(name);
  } else {
    if (sd_bus_message_is_method_error(answer, nullptr) == 0 && read_unread(answer, bytes))
      desk.ledger_.keeps(name, bytes);
    else
      desk.ledger_.unanswered(name);
    if (caller.waiting == 0 && desk.ledger_.is_even(name)) desk.forget(name);
  }
  return 1;
}

}  // namespace stas::bus_shim
