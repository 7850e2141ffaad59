// SPDX-License-Identifier: Apache-2.0
//
// One TCP connection of a host, that is one queue: ICReq, command capsules, data by capsule or R2T, responses. Never
// blocks. Ends by telling its owner, who destroys it after the event has been handled.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>

#include "tests/target/core/engine.h"
#include "tests/target/tls/stream.h"
#include "tests/target/transport/memory_budget.h"
#include "tests/target/transport/out_queue.h"
#include "tests/target/transport/pdu.h"
#include "tests/target/transport/poller.h"
#include "tests/target/transport/trace.h"

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
  virtual Trace& trace() = 0;
};

class TcpConnection : public Port {
 public:
  struct Setup {
    std::uint64_t id;
    UniqueFd socket;
    Origin origin;
    ListenerConfig listener;
  };

  TcpConnection(Engine& engine, Poller& poller, ConnectionOwner& owner, MemoryBudget& budget, Setup setup);
  ~TcpConnection() override;

  void complete(Completion completion) override;
  void close() override;
  void on_timer();
  /// Somebody has given memory back.
  void on_memory();

 private:
  enum class State { want_icreq, ready, draining, ended };
  static constexpr std::size_t kMaxBacklog = std::size_t{8} << 20;  ///< of output: beyond it nothing more is read
  static constexpr Millis kConnectTimeout{120000};

  /// A write whose data is under way.
  struct Transfer {
    Sqe sqe;
    std::size_t expected;
    Bytes data;            ///< as large as the whole, from its first piece on
    std::size_t received;  ///< of it
    bool damaged;
  };

  void on_ready(std::uint32_t events);
  void receive();
  void process();
  void handle(const Pdu& pdu);
  void handle_icreq(const Pdu& pdu);
  void send_icresp(bool header_digest, bool data_digest);
  void handle_command(const Pdu& pdu);
  void handle_data(const Pdu& pdu);
  void run(const Sqe& sqe, Bytes data, bool damaged);
  /// Runs or asks for data as far as the budget goes; the rest waits in order.
  void advance_waiting();
  void begin_transfer(const Sqe& sqe);
  void release(std::uint64_t amount);
  void send_data(Completion& completion);
  void send_garbage();
  void terminate(const PduError& error);
  void terminate(Fes fes, std::uint32_t fei, const Pdu& pdu);
  void flush();
  void send_all();
  bool send_pieces();
  void update_interest();
  void trace(bool from_host, View bytes);
  ssize_t take(std::span<std::uint8_t> room);
  [[nodiscard]] Bytes secret_of(const TlsIdentity& identity) const;
  [[nodiscard]] Occasion at_start() const;
  [[nodiscard]] std::size_t backlog() const { return out_.size(); }

  Engine& engine_;
  Poller& poller_;
  ConnectionOwner& owner_;
  MemoryBudget& budget_;
  Setup setup_;
  Queue* queue_;
  std::unique_ptr<TlsStream> tls_;  ///< null: in the clear
  std::uint64_t watch_ = 0;
  std::uint32_t interest_ = 0;
  State state_ = State::want_icreq;
  bool stalled_ = false;   ///< the backlog is full: PDUs already received wait
  bool handling_ = false;  ///< output is flushed once at the end of an event
  PduSettings settings_;
  PduReader reader_;
  std::map<std::uint16_t, Transfer> transfers_;  ///< by TTAG
  std::uint16_t next_ttag_ = 1;
  std::deque<Sqe> waiting_;                                           ///< commands for which there is no memory yet
  std::unordered_map<std::uint16_t, std::uint64_t> held_by_command_;  ///< bytes of the budget, by CID
  std::uint64_t held_ = 0;                                            ///< all that this connection has of the budget
  std::uint64_t leaving_ = 0;  ///< the part that is freed when the backlog is empty
  OutQueue out_;
  std::deque<Bytes> pieces_;  ///< of an ICResp that a fault has split
  Millis piece_delay_{0};
};

}  // namespace stas::target
