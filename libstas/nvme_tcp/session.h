// SPDX-License-Identifier: Apache-2.0
//
// One association with one controller as a state machine: what to send next and what the answers mean. Facts come in
// through the member functions, orders to the queues and events for the owner go out by value; time is an argument.
//
//   open queue 0 - Connect - [authentication] - CAP - CC.EN - CSTS.RDY - VS - Identify
//     - [I/O: queue count - open queues 1..n - Connect 1..n, each with its authentication] - events, AER - live
//     - shutdown - closed
//
// Every exchange has a deadline and the whole way to "live" has one too. Closed is the last event; the owner then drops
// the queues. Requests of the owner (log pages, DIM) run beside each other and are each answered exactly once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/time.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/identity/device.h"
#include "libstas/nvme_tcp/commands.h"
#include "libstas/nvme_tcp/dhchap.h"
#include "libstas/nvme_tcp/queue.h"

namespace stas::nvme_tcp {

struct Timeouts {
  Duration exchange = std::chrono::seconds(10);  // one command; opening a queue, handshake included
  Duration bring_up = std::chrono::seconds(60);  // from the start to live
  Duration ready = std::chrono::seconds(30);     // CSTS.RDY, when CAP.TO does not say less
  Duration poll = std::chrono::milliseconds(2);  // between two reads of CSTS
  Duration shutdown = std::chrono::seconds(5);   // CC.SHN to CSTS.SHST complete
};

inline constexpr std::uint16_t kMaxIoQueues = 16;
inline constexpr unsigned kMaxAensPerSecond = 100;  // more are asked for later
inline constexpr std::size_t kMaxRequests = 16;     // outstanding requests of the owner

struct SessionConfig {
  ControllerKind kind = ControllerKind::io;
  std::string subsysnqn;
  std::string hostnqn;
  Uuid hostid{};
  Duration kato{};  // 0: no keep-alive
  std::uint16_t io_queue_size = 128;
  std::uint16_t nr_io_queues = 1;
  bool disable_sqflow = false;
  DhchapConfig dhchap;  // used where the controller demands it
  Timeouts timeouts;
};

class Session {
 public:
  // Orders to the queues.
  struct OpenQueue {
    std::uint16_t qid = 0;
  };
  struct Submit {
    std::uint16_t qid = 0;
    Token token = 0;
    Command command;
  };
  struct Agree {  // to be computed on a worker, and answered by agreed()
    DhchapHost::Agreement what;
  };
  using Order = std::variant<OpenQueue, Submit, Agree>;

  // Events for the owner.
  struct Live {};
  struct Aen {
    std::uint32_t value = 0;
  };
  struct Answered {
    std::uint64_t request = 0;
    Result<Completion> answer;
  };
  struct Closed {
    std::optional<Error> error;  // nullopt: shut down as asked
  };
  using Event = std::variant<Live, Aen, Answered, Closed>;

  explicit Session(SessionConfig config) : config_(std::move(config)) {}

  void start(Instant now);
  void queue_opened(std::uint16_t qid, Instant now);
  void queue_failed(const Error& error);
  void completed(Completed done, Instant now);
  void agreed(Result<DhAgreement> result, Instant now);
  void advance(Instant now);
  Instant deadline() const;

  // Answered with the same number. `what` names it in error texts.
  void request(std::uint64_t request, std::string what, Command command, Instant now);
  // Requests still open are answered with `cancelled`; then Closed, within Timeouts::shutdown.
  void shutdown(Instant now);

  std::vector<Order> take_orders();
  std::vector<Event> take_events();

  const IdentifyController& identity() const { return identity_; }

 private:
  enum class Phase : std::uint8_t { idle, starting, live, stopping, closed };
  enum class Step : std::uint8_t {
    connect,
    auth_send,
    auth_receive,
    capabilities,
    enable,
    ready,
    version,
    identify,
    queue_count,
    connect_io,
    events,
    event_request,
    keep_alive,
    shutdown,
    shutdown_poll,
    request,
  };
  struct Pending {
    Step step = Step::connect;
    Instant deadline = kNever;
    std::uint64_t request = 0;
    std::uint32_t read_length = 0;
    std::string what;
  };

  // What follows a successful answer; a refused one too, where it may be refused.
  using Handler = void (Session::*)(const Pending& pending, Completion& completion, Instant now);
  struct StepInfo {
    Step step;
    std::string_view name;  // for error texts
    bool may_be_refused;    // false: a refusal closes the session
    Handler handler;
  };
  static const StepInfo& info_of(Step step);

  void send(Step step, Command command, Instant deadline, std::uint16_t qid = 0);
  void exchange(Step step, Command command, Instant now, std::uint16_t qid = 0);  // with the deadline of an exchange
  void close(std::optional<Error> error);
  void fail_with(ErrorKind kind, std::string text);

  void send_connect(std::uint16_t qid, Instant now);
  ConnectParameters connect_parameters(std::uint16_t qid) const;
  void authenticate(std::uint16_t qid, Instant now);
  void go_on_authenticating(std::string message, Instant now);
  void connected(std::uint16_t qid, Instant now);  // and authenticated, where that is demanded
  void enable_events(Instant now);
  void go_live();
  void request_event();

  void on_connect(const Pending& pending, Completion& completion, Instant now);
  void on_auth_sent(const Pending& pending, Completion& completion, Instant now);
  void on_auth_received(const Pending& pending, Completion& completion, Instant now);
  void on_capabilities(const Pending& pending, Completion& completion, Instant now);
  void on_enabled(const Pending& pending, Completion& completion, Instant now);
  void on_ready(const Pending& pending, Completion& completion, Instant now);
  void on_version(const Pending& pending, Completion& completion, Instant now);
  void on_identify(const Pending& pending, Completion& completion, Instant now);
  void on_queue_count(const Pending& pending, Completion& completion, Instant now);
  void on_events(const Pending& pending, Completion& completion, Instant now);
  void on_event(const Pending& pending, Completion& completion, Instant now);
  void on_keep_alive(const Pending& pending, Completion& completion, Instant now);
  void on_shutdown(const Pending& pending, Completion& completion, Instant now);
  void on_shutdown_poll(const Pending& pending, Completion& completion, Instant now);
  void on_request(const Pending& pending, Completion& completion, Instant now);

  SessionConfig config_;
  Phase phase_ = Phase::idle;
  Token next_token_ = 1;
  std::map<Token, Pending> pending_;
  std::vector<Order> orders_;
  std::vector<Event> events_;

  Instant open_until_ = kNever;  // queues being opened
  Instant end_ = kNever;         // of bring-up or shutdown
  Instant ready_until_ = kNever;
  Instant poll_at_ = kNever;
  Instant keep_alive_at_ = kNever;
  Instant aer_at_ = kNever;  // held back by the rate limit
  Instant aen_window_{};
  unsigned aens_in_window_ = 0;

  std::optional<DhchapHost> auth_;  // of the queue that was connected last
  std::uint16_t auth_qid_ = 0;
  std::uint16_t cntlid_ = kAnyController;
  std::uint32_t cc_ = 0;
  std::uint32_t max_entries_ = 0;  // of an I/O queue
  std::uint16_t io_queues_ = 0;
  std::uint16_t io_opened_ = 0;
  IdentifyController identity_;
};

}  // namespace stas::nvme_tcp
