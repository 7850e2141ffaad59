// SPDX-License-Identifier: Apache-2.0
//
// The raw NVMe/TCP host.
#include "tests/unit/target/tcp_host.h"

#include <algorithm>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/target/transport/crc32c.h"

namespace stas::target::testing {
namespace {

using Raw = std::vector<std::uint8_t>;

void put(Raw& bytes, std::size_t offset, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[offset + i] = static_cast<std::uint8_t>((value >> (8 * i)) & 0xFF);
}

std::uint32_t number(const Raw& bytes, std::size_t offset, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8) | bytes[offset + i];
  return value;
}

void append_digest(Raw& bytes, std::size_t from, bool damage = false) {
  const std::uint32_t digest = crc32c(View(bytes).subspan(from)) ^ (damage ? 1U : 0U);
  bytes.resize(bytes.size() + 4);
  put(bytes, bytes.size() - 4, digest, 4);
}

Raw header(std::uint8_t type, std::size_t hlen, bool with_digest, std::uint8_t flags = 0) {
  Raw pdu(hlen, 0);
  pdu[0] = type;
  pdu[1] = static_cast<std::uint8_t>(flags | (with_digest ? 1 : 0));
  pdu[2] = static_cast<std::uint8_t>(hlen);
  put(pdu, 4, hlen + (with_digest ? 4 : 0), 4);
  return pdu;
}

/// Completes a PDU with its digests and data.
Raw finish(Raw pdu, View data, bool header_digest, bool data_digest, bool damage = false) {
  if (!data.empty()) {
    pdu[3] = static_cast<std::uint8_t>(pdu.size() + (header_digest ? 4 : 0));
    if (data_digest) pdu[1] |= 2;
    put(pdu, 4, pdu[3] + data.size() + (data_digest ? 4 : 0), 4);
  }
  if (header_digest) append_digest(pdu, 0);
  const std::size_t data_at = pdu.size();
  pdu.insert(pdu.end(), data.begin(), data.end());
  if (!data.empty() && data_digest) append_digest(pdu, data_at, damage);
  return pdu;
}

}  // namespace

TcpHost::TcpHost(const std::string& port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const timeval deadline{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
}

void TcpHost::send(const Raw& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto done = ::send(socket_.get(), &bytes[sent], bytes.size() - sent, MSG_NOSIGNAL);
    if (done <= 0) return;
    sent += static_cast<std::size_t>(done);
  }
}

bool TcpHost::receive_exactly(std::uint8_t* to, std::size_t count) {
  std::size_t have = 0;
  while (have < count) {
    const auto got = ::recv(socket_.get(), to + have, count - have, 0);
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<Raw> TcpHost::receive_pdu() {
  Raw pdu(8);
  if (!receive_exactly(pdu.data(), 8)) return std::nullopt;
  const std::size_t plen = number(pdu, 4, 4);
  EXPECT_GE(plen, 8U);
  EXPECT_LT(plen, std::size_t{2} << 20);
  if (plen < 8 || plen > (std::size_t{2} << 20)) return std::nullopt;
  pdu.resize(plen);
  if (!receive_exactly(&pdu[8], plen - 8)) return std::nullopt;
  if (pdu[0] != 0x01 && pdu[0] != 0x03 && digests_.header) {
    EXPECT_EQ(pdu[1] & 1, 1);
    if (number(pdu, pdu[2], 4) != crc32c(View(pdu).first(pdu[2]))) ++digest_errors;
  }
  return pdu;
}

bool TcpHost::wait_closed() {
  std::array<std::uint8_t, 4096> scrap{};
  for (;;) {
    const auto got = ::recv(socket_.get(), scrap.data(), scrap.size(), 0);
    if (got == 0) return true;
    if (got < 0) return errno == ECONNRESET;
  }
}

bool TcpHost::initialize(Digests digests, std::uint8_t hpda) {
  Raw request = header(0x00, 128, false);
  request[10] = hpda;
  request[11] = static_cast<std::uint8_t>((digests.header ? 1 : 0) | (digests.data ? 2 : 0));
  send(request);
  const auto response = receive_pdu();
  digests_ = digests;
  alignment_ = (hpda + std::size_t{1}) * 4;
  return response && response->size() == 128 && (*response)[0] == 0x01 && number(*response, 8, 2) == 0 &&
         (*response)[10] == 0 && (*response)[11] == request[11] && number(*response, 12, 4) >= 4096;
}

std::uint16_t TcpHost::submit(Command command) {
  command.at(2, ++cid_);
  Raw pdu = header(0x04, 72, digests_.header);
  std::copy(command.sqe.begin(), command.sqe.end(), pdu.begin() + 8);
  const Raw inside = command.in_capsule ? command.data : Raw();
  pending_ = command.in_capsule ? Raw() : command.data;
  send(finish(std::move(pdu), inside, digests_.header, digests_.data, damage_data_digest));
  return cid_;
}

void TcpHost::send_h2c(std::uint16_t cid, std::uint16_t ttag, std::size_t offset, std::size_t length) {
  for (std::size_t done = 0; done < length;) {
    const std::size_t piece = std::min(max_h2c, length - done);
    const bool last = done + piece == length;
    Raw pdu = header(0x06, 24, digests_.header, last ? 4 : 0);
    put(pdu, 8, cid, 2);
    put(pdu, 10, ttag, 2);
    put(pdu, 12, offset + done, 4);
    put(pdu, 16, piece, 4);
    const View data = View(pending_).subspan(offset + done, piece);
    send(finish(std::move(pdu), data, digests_.header, digests_.data, damage_data_digest));
    done += piece;
  }
}

std::optional<Answer> TcpHost::collect() {
  Raw data;
  for (;;) {
    const auto pdu = receive_pdu();
    if (!pdu) return std::nullopt;
    const std::uint8_t type = (*pdu)[0];
    if (type == 0x05) return answer_from(&(*pdu)[8], std::move(data));
    if (type == 0x09) {
      ++r2ts;
      send_h2c(static_cast<std::uint16_t>(number(*pdu, 8, 2)), static_cast<std::uint16_t>(number(*pdu, 10, 2)),
               number(*pdu, 12, 4), number(*pdu, 16, 4));
      continue;
    }
    if (type != 0x07) return std::nullopt;
    ++c2h_pdus;
    const std::size_t tail = digests_.data ? 4 : 0;
    const std::size_t pdo = (*pdu)[3];
    const View piece = View(*pdu).subspan(pdo, pdu->size() - pdo - tail);
    EXPECT_EQ(pdo % alignment_, 0U);
    EXPECT_EQ(number(*pdu, 12, 4), data.size());
    EXPECT_EQ(number(*pdu, 16, 4), piece.size());
    if (digests_.data && number(*pdu, pdu->size() - 4, 4) != crc32c(piece)) ++digest_errors;
    data.insert(data.end(), piece.begin(), piece.end());
    if (((*pdu)[1] & 8) != 0) {  // SUCCESS: no response follows
      EXPECT_NE((*pdu)[1] & 4, 0);
      Answer answer;
      answer.cid = static_cast<std::uint16_t>(number(*pdu, 8, 2));
      answer.data = std::move(data);
      return answer;
    }
  }
}

std::optional<Answer> TcpHost::run(Command command) {
  const std::uint16_t cid = submit(std::move(command));
  auto answer = collect();
  if (answer) {
    EXPECT_EQ(answer->cid, cid);
  }
  return answer;
}

std::optional<std::uint16_t> TcpHost::bring_up(const ConnectOptions& options) {
  const auto connected = run(connect(options));
  if (!connected || connected->status != 0) return std::nullopt;
  if (options.qid == 0) {
    const auto enabled = run(property_set(0x14, 0x00460001));
    if (!enabled || enabled->status != 0) return std::nullopt;
  }
  return static_cast<std::uint16_t>(connected->result & 0xFFFF);
}

}  // namespace stas::target::testing
