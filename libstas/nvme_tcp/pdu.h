// SPDX-License-Identifier: Apache-2.0
//
// The PDUs of NVMe/TCP as a host sends and receives them (NVMe/TCP Transport Specification, clause 3.6). Encoding makes
// whole PDUs; the decoder takes bytes in any portions and gives whole, checked PDUs. What breaks the protocol is a
// Violation that knows the fatal error status to put into the answering H2CTermReq.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "libstas/core/discovery/log_reader.h"

namespace stas::nvme_tcp {

inline constexpr std::size_t kCommonHeader = 8;
inline constexpr std::size_t kIcLength = 128;
inline constexpr std::size_t kTermHeader = 24;
inline constexpr std::size_t kMaxTermLength = 152;  // with the longest copy of an offending header
inline constexpr std::size_t kResponseHeader = 24;  // CapsuleResp, C2HData, H2CData and R2T alike
inline constexpr std::size_t kCommandHeader = 72;
inline constexpr std::size_t kDigestLength = 4;
inline constexpr std::size_t kMaxDataOffset = 128;
inline constexpr std::size_t kMaxPduData = LogReader::kMaxTransfer;  // no command of ours reads more
inline constexpr std::size_t kMaxPduLength = kMaxDataOffset + kMaxPduData + kDigestLength;
inline constexpr std::uint32_t kMinMaxH2cData = 4096;
inline constexpr std::uint8_t kMaxAlignment = 31;  // CPDA, 0's based dwords

enum class PduType : std::uint8_t {
  ic_req = 0x00,
  ic_resp = 0x01,
  h2c_term_req = 0x02,
  c2h_term_req = 0x03,
  capsule_cmd = 0x04,
  capsule_resp = 0x05,
  h2c_data = 0x06,
  c2h_data = 0x07,
  r2t = 0x09,
};

// FES of a terminate request.
enum class FatalStatus : std::uint16_t {
  invalid_header_field = 1,
  sequence_error = 2,
  header_digest_error = 3,
  data_out_of_range = 4,
  limit_exceeded = 5,
  unsupported_parameter = 6,
};
std::string to_text(FatalStatus status);

struct Digests {
  bool header = false;
  bool data = false;
  friend bool operator==(const Digests&, const Digests&) = default;
};

// The peer broke the protocol.
struct Violation {
  FatalStatus status = FatalStatus::invalid_header_field;
  std::uint32_t info = 0;  // FEI
  std::string text;
  std::string header;  // the start of the offending PDU, for the copy in the H2CTermReq
};
template <class T>
using Checked = tl::expected<T, Violation>;

// PDUs from the controller, as the decoder below gives them: whole, and checked as far as can be without knowing
// the commands.
struct IcResp {
  std::uint16_t pfv = 0;
  std::uint8_t cpda = 0;
  Digests digests;
  std::uint32_t max_h2c_data = 0;
};
struct C2hTermReq {
  std::uint16_t status = 0;
  std::uint32_t info = 0;
};
struct CapsuleResp {
  std::array<char, 16> cqe{};
};
struct C2hData {
  std::uint16_t cid = 0;
  std::uint32_t offset = 0;
  bool last = false;
  bool success = false;
  bool digest_ok = true;  // a wrong data digest spoils one command, not the connection
  std::string data;
};
struct R2t {
  std::uint16_t cid = 0;
  std::uint16_t tag = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};
using Pdu = std::variant<IcResp, C2hTermReq, CapsuleResp, C2hData, R2t>;

class Decoder {
 public:
  // What has been negotiated; before that there are no digests.
  void set_digests(Digests digests) { digests_ = digests; }

  void feed(std::string_view bytes);
  // The next whole PDU; nullopt: needs more bytes. After a Violation the decoder is useless.
  Checked<std::optional<Pdu>> next();

  // Bytes of memory for what was fed. No more than this is kept once all of it was decoded.
  static constexpr std::size_t kKept = 4096;
  std::size_t room() const { return buffer_.capacity(); }

 private:
  std::string buffer_;
  std::size_t begin_ = 0;
  Digests digests_;
};

// PDUs to the controller, whole: header, padding, data, and the digests that were negotiated when the connection
// was made (ICReq, ICResp).
std::string encode_ic_req(Digests wanted);

// `sqe` is 64 bytes. Data start at a multiple of (cpda + 1) * 4.
std::string encode_command(std::string_view sqe, std::string_view data, Digests digests, std::uint8_t cpda);

struct H2cData {
  std::uint16_t cid = 0;
  std::uint16_t tag = 0;
  std::uint32_t offset = 0;
  bool last = false;
  std::string_view data;
};
std::string encode_h2c_data(const H2cData& pdu, Digests digests, std::uint8_t cpda);

std::string encode_h2c_term_req(const Violation& violation);

}  // namespace stas::nvme_tcp
