// SPDX-License-Identifier: Apache-2.0
//
// The bundled target's data path over loopback: one I/O queue, reads and writes of some sizes at some queue depths,
// with the processor time of the target and of both ends, which live in this process. Prints a table; arguments: the
// seconds per line, and what to measure instead of everything (`read` or `write`, KiB, queue depth; and so on).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "tests/target/target_thread.h"
#include "tests/unit/target/host_commands.h"

namespace {

using namespace stas::target;
using namespace stas::target::testing;

constexpr std::size_t kCapsule = 72, kCommon = 8;
constexpr std::uint8_t kResponse = 5, kC2hData = 7, kR2t = 9, kSuccess = 8;

/// A connection that sends whole PDUs and takes what comes apart.
class Pipe {
 public:
  explicit Pipe(const std::string& port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
    std::vector<std::uint8_t> icreq(128, 0);
    icreq[2] = icreq[4] = 128;
    send(icreq, {});
    receive();
  }

  void send(const std::vector<std::uint8_t>& head, const std::vector<std::uint8_t>& data) {
    iovec pieces[] = {{const_cast<std::uint8_t*>(head.data()), head.size()},
                      {const_cast<std::uint8_t*>(data.data()), data.size()}};
    const std::size_t total = head.size() + data.size();
    auto done = ::writev(socket_.get(), pieces, 2);
    while (done >= 0 && static_cast<std::size_t>(done) < total) {
      const auto at = static_cast<std::size_t>(done);
      const bool in_head = at < head.size();
      const auto* from = in_head ? &head[at] : &data[at - head.size()];
      const auto more = ::send(socket_.get(), from, (in_head ? head.size() : total) - at, MSG_NOSIGNAL);
      if (more < 0) std::abort();
      done += more;
    }
  }

  void command(const Command& command) {
    std::vector<std::uint8_t> head(kCapsule, 0);
    const bool data = command.in_capsule && !command.data.empty();
    head[0] = 4;
    head[2] = kCapsule;
    head[3] = data ? kCapsule : 0;
    const auto plen = static_cast<std::uint32_t>(kCapsule + (data ? command.data.size() : 0));
    std::memcpy(&head[4], &plen, sizeof plen);
    std::memcpy(&head[8], command.sqe.data(), command.sqe.size());
    send(head, data ? command.data : std::vector<std::uint8_t>());
  }

  /// The header of the next PDU; its data is dropped.
  const std::uint8_t* receive() {
    fill(kCommon);
    std::uint32_t plen = 0;
    std::memcpy(&plen, &buffer_[begin_ + 4], sizeof plen);
    fill(plen);
    const std::uint8_t* pdu = &buffer_[begin_];
    begin_ += plen;
    return pdu;
  }

 private:
  void fill(std::size_t wanted) {
    while (end_ - begin_ < wanted) {
      if (begin_ > 0 && buffer_.size() - begin_ < wanted + 65536) {
        std::memmove(buffer_.data(), &buffer_[begin_], end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
      }
      const auto got = ::recv(socket_.get(), &buffer_[end_], buffer_.size() - end_, 0);
      if (got <= 0) std::abort();
      end_ += static_cast<std::size_t>(got);
    }
  }

  UniqueFd socket_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(std::size_t{1} << 20);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

double cpu_seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Answers an R2T with all the data it asks for, in one PDU.
void answer(Pipe& pipe, const std::uint8_t* r2t, const std::vector<std::uint8_t>& data) {
  std::vector<std::uint8_t> head(24, 0);
  head[0] = 6;
  head[1] = 4;
  head[2] = head[3] = 24;
  std::uint32_t length = 0;
  std::memcpy(&length, r2t + 16, sizeof length);
  const std::uint32_t plen = 24 + length;
  std::memcpy(&head[4], &plen, sizeof plen);
  std::memcpy(&head[8], r2t + 8, 4);
  std::memcpy(&head[16], &length, sizeof length);
  pipe.send(head, data);
}

void measure(Pipe& pipe, bool reading, std::uint32_t size, int depth, double seconds) {
  const std::vector<std::uint8_t> data(size, 0x5A);
  std::uint16_t cid = 0;
  const auto submit = [&] {
    cid = static_cast<std::uint16_t>((cid + 1) % 1024);
    Command one = reading ? read(cid * (size / 512) % 8192, size / 512)
                          : write(cid * (size / 512) % 8192, size <= 16384 ? data : std::vector<std::uint8_t>(), true);
    if (!reading && size > 16384) {
      one.at(32, size).at(48, size / 512 - 1);
      one.sqe[39] = 0x5A;
    }
    one.at(2, cid);
    pipe.command(one);
  };
  for (int i = 0; i < depth; ++i) submit();
  std::uint64_t done = 0;
  const double cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const double own = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  const auto start = std::chrono::steady_clock::now();
  const auto until = start + std::chrono::duration<double>(seconds);
  auto now = start;
  while (now < until) {
    const std::uint8_t* pdu = pipe.receive();
    if (pdu[0] == kR2t) {
      answer(pipe, pdu, data);
    } else if (pdu[0] == kResponse || (pdu[0] == kC2hData && (pdu[1] & kSuccess) != 0)) {
      ++done;
      submit();
      if (done % 32 == 0 || depth == 1) now = std::chrono::steady_clock::now();
    }
  }
  const double passed = std::chrono::duration<double>(now - start).count();
  const double used = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  const double target = used - (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own);
  for (int left = depth; left > 0;) {
    const std::uint8_t* pdu = pipe.receive();
    if (pdu[0] == kR2t) answer(pipe, pdu, data);
    if (pdu[0] == kResponse || (pdu[0] == kC2hData && (pdu[1] & kSuccess) != 0)) --left;
  }
  const double rate = static_cast<double>(done) / passed;
  const double each = 1e6 / static_cast<double>(done);
  std::printf("%-5s %4u KiB  QD %3d  %9.0f IOPS  %6.2f GB/s  CPU each %6.1f us, of the target %6.1f us\n",
              reading ? "read" : "write", size / 1024, depth, rate, rate * size / 1e9, used * each, target * each);
}

/// Connections that become controllers one after another and end.
void measure_connects(const std::string& port, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto until = start + std::chrono::duration<double>(seconds);
  std::uint64_t done = 0;
  for (; std::chrono::steady_clock::now() < until; ++done) {
    Pipe pipe(port);
    pipe.command(connect({.subnqn = kOne}));
    pipe.receive();
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  std::printf("connects  %9.0f per second\n", static_cast<double>(done) / passed.count());
}

/// What the target uses while its hosts have nothing to do.
void measure_idle(double seconds) {
  const double cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  std::printf("idle      %9.6f seconds of CPU per second\n", (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  auto target =
      TargetThread::start(R"({"listeners": [{"traddr": "127.0.0.1", "queue_size": 256, "maxh2cdata": 1048576}],
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"ram": "256MiB"}]}]})");
  if (!target) return 1;
  Pipe admin((*target)->port());
  admin.command(connect({.subnqn = kOne}));
  std::uint16_t cntlid = 0;
  std::memcpy(&cntlid, admin.receive() + 8, sizeof cntlid);
  admin.command(property_set(0x14, 0x00460001).at(2, std::uint16_t{1}));
  admin.receive();
  Pipe io((*target)->port());
  io.command(connect({.subnqn = kOne, .qid = 1, .cntlid = cntlid, .sqsize = 255, .flow_control = false}));
  io.receive();
  for (int at = 2; at + 2 < argc; at += 3) {
    const auto size = static_cast<std::uint32_t>(std::atoi(argv[at + 1])) * 1024;
    measure(io, std::string(argv[at]) == "read", size, std::atoi(argv[at + 2]), seconds);
  }
  if (argc > 2) return 0;
  for (const bool reading : {true, false}) {
    for (const int depth : {1, 32, 128}) measure(io, reading, 4096, depth, seconds);
    for (const int depth : {1, 32}) measure(io, reading, 131072, depth, seconds);
  }
  measure_connects((*target)->port(), seconds);
  measure_idle(seconds);
  return 0;
}
