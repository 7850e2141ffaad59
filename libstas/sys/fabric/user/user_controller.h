// SPDX-License-Identifier: Apache-2.0
//
// One controller of the user fabric: an nvme_tcp::Session with its links on the loop. It behaves as the kernel's do:
// after the first success it has a device name; when the connection is lost it is "connecting" and tries again every
// reconnect_delay, until ctrl_loss_tmo is over or the controller refuses it for good; then it is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "libstas/core/brain/event.h"
#include "libstas/core/discovery/log_reader.h"
#include "libstas/nvme_tcp/session.h"
#include "libstas/sys/host/loop_link.h"
#include "libstas/sys/host/queue_link.h"
#include "libstas/sys/host/user_plan.h"
#include "libstas/sys/os/loop.h"
#include "libstas/sys/os/worker.h"

namespace stas {

struct UserTimeouts {
  Duration tcp_connect = std::chrono::seconds(3);
  Duration wait_for_turn = std::chrono::seconds(60);  // a Connect behind others of its address
  nvme_tcp::Timeouts session;
};

class UserController {
 public:
  // The owner's side. None of these may call back into the controller, nor destroy it, before they return.
  struct Hooks {
    std::function<void(Event)> emit;
    std::function<void()> want_turn;           // start_attempt() is to follow, when it is our turn
    std::function<void()> turn_over;           // the attempt has ended, or is not wanted any more
    std::function<bool(Worker::Job)> compute;  // off the loop; false: not taken
    std::function<void()> gone;                // the last call: may be destroyed now
  };

  UserController(Loop& loop, LoopTargets* loop_targets, Connect order, UserPlan plan, DeviceRef ref,
                 UserTimeouts timeouts, Hooks hooks);

  void start();
  void start_attempt();
  // Gives the first connect up, answered with `cancelled`; a controller that was live once is left alone.
  void call_off();

  // Disconnect, Register, FetchSupported, FetchLogPage; each is answered through emit.
  void submit(const FabricOp& op);

  bool is_announced() const { return announced_ && state_ != State::gone; }
  bool is_gone() const { return state_ == State::gone; }
  const DeviceRef& ref() const { return ref_; }
  const Connect& order() const { return order_; }
  Device device() const;

 private:
  enum class State : std::uint8_t { idle, waiting, attempting, live, pausing, stopping, gone };
  struct OpenLink {
    std::uint16_t qid = 0;
    bool reported = false;
    std::unique_ptr<QueueLink> link;
  };
  struct Registering {};
  struct AskingSupported {};
  struct Operation {
    OpId op = 0;
    std::variant<LogReader, Registering, AskingSupported> what;
  };

  void on_timer();
  void pump();
  bool look_at_links(Instant now);
  bool carry_out_orders();
  bool handle_session_events();
  void arm();
  void open_link(std::uint16_t qid);
  void agree(nvme_tcp::DhchapHost::Agreement what);

  void on_live();
  void on_closed(const std::optional<Error>& error);
  void on_lost(const Error& error, bool was_live);
  void stop_attempt();
  void vanish();
  void finish_disconnect();

  void disconnect(OpId op);
  void fetch(OpId op, bool pleo, std::optional<std::uint64_t> known_genctr);
  void continue_fetch(std::uint64_t request, Operation operation);
  void on_answer(std::uint64_t request, Result<nvme_tcp::Completion> answer);
  void finish(OpId op, OpResult result);
  void finish_with(OpId op, Error error);
  Error in_context(Error error) const;

  Loop& loop_;
  LoopTargets* loop_targets_;
  Connect order_;
  UserPlan plan_;
  DeviceRef ref_;
  UserTimeouts timeouts_;
  Hooks hooks_;
  TimerSource timer_;

  State state_ = State::idle;
  bool announced_ = false;  // was live once
  std::optional<nvme_tcp::Session> session_;
  std::shared_ptr<bool> computing_;  // lives as long as the attempt that waits for it
  std::vector<OpenLink> links_;
  nvme_tcp::IdentifyController identity_;
  std::string src_addr_;
  Instant act_at_ = kNever;      // end of waiting or pausing
  Instant give_up_at_ = kNever;  // ctrl_loss_tmo
  std::uint64_t next_request_ = 1;
  std::map<std::uint64_t, Operation> operations_;
  std::vector<OpId> disconnects_;
};

}  // namespace stas
