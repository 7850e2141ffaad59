// SPDX-License-Identifier: Apache-2.0
//
// One TCP connection of a host, that is one queue: ICReq, command capsules, data by capsule or R2T, responses. Never
// blocks. Ends by telling its owner, who destroys it after the event has been handled.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "tests/target/core/engine.h"
#include "tests/target/transport/pdu.h"
#include "tests/target/transport/poller.h"

namespace stas::target {

class TcpConnection;

class ConnectionOwner {
 public:
  ConnectionOwner() = default;
  ConnectionOwner(const ConnectionOwner&) = delete;
  ConnectionOwner& operator=(const ConnectionOwner&) = delete;
  virtual ~ConnectionOwner() = default;

  virtual void connection_ended(std::uint64_t id) = 0;
  /// Calls on_timer() at that time; replaces an earlier wish.
  virtual void wake_connection(std::uint64_t id, Instant when) = 0;
  [[nodiscard]] virtual Instant clock() const = 0;
};

class TcpConnection : public Port {
 public:
  struct Setup {
    std::uint64_t id;
    UniqueFd socket;
    Origin origin;
    ListenerConfig listener;
  };

  TcpConnection(Engine& engine, Poller& poller, ConnectionOwner& owner, Setup setup);
  ~TcpConnection() override;

  void complete(Completion completion) override;
  void close() override;
  void on_timer();

 private:
  enum class State { want_icreq, ready, draining, ended };

  /// A write whose data is under way.
  struct Transfer {
    Sqe sqe;
    Bytes data;
    std::uint32_t expected;
    bool damaged;
  };

  void on_ready(std::uint32_t events);
  void receive();
  void process();
  void handle(Pdu pdu);
  void handle_icreq(const Pdu& pdu);
  void send_icresp(bool header_digest, bool data_digest);
  void handle_command(Pdu pdu);
  void handle_data(const Pdu& pdu);
  void run(const Sqe& sqe, Bytes data, bool damaged);
  void start_transfer(const Sqe& sqe);
  void send_data(const Completion& completion);
  void send_garbage();
  void terminate(const PduError& error);
  void flush();
  void update_interest();
  [[nodiscard]] Occasion at_start() const;
  [[nodiscard]] std::size_t backlog() const { return out_.size() - sent_; }

  Engine& engine_;
  Poller& poller_;
  ConnectionOwner& owner_;
  Setup setup_;
  Queue* queue_;
  std::uint64_t watch_ = 0;
  std::uint32_t interest_ = 0;
  State state_ = State::want_icreq;
  bool stalled_ = false;   ///< the backlog is full: PDUs already received wait
  bool handling_ = false;  ///< output is flushed once at the end of an event
  PduSettings settings_;
  PduReader reader_;
  std::map<std::uint16_t, Transfer> transfers_;  ///< by TTAG
  std::uint16_t next_ttag_ = 1;
  Bytes out_;
  std::size_t sent_ = 0;
  std::deque<Bytes> pieces_;  ///< of an ICResp that a fault has split
  Millis piece_delay_{0};
};

}  // namespace stas::target
