// SPDX-License-Identifier: Apache-2.0
//
// Commands as a host builds them, for the tests of the target: bytes at offsets, nothing shared with the target's
// decoder.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace stas::target::testing {

inline constexpr char kHost[] = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
inline constexpr char kOtherHost[] = "nqn.2014-08.org.nvmexpress:uuid:99999999-2222-3333-4444-555555555555";
inline constexpr char kWellKnown[] = "nqn.2014-08.org.nvmexpress.discovery";
inline constexpr char kUnique[] = "nqn.2024-01.org.example:discovery";
inline constexpr char kOne[] = "nqn.2024-01.org.example:one";

struct Command {
  std::array<std::uint8_t, 64> sqe{};
  std::vector<std::uint8_t> data{};  ///< to the controller
  bool in_capsule = true;            ///< else by R2T

  template <typename T>
  Command& at(std::size_t offset, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      sqe[offset + i] = static_cast<std::uint8_t>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xFF);
    }
    return *this;
  }
};

struct Answer {
  std::uint64_t result = 0;
  std::uint16_t sqhd = 0;
  std::uint16_t cid = 0;
  std::uint16_t status = 0;  ///< SCT * 256 + SC
  bool dnr = false;
  bool more = false;
  int retry_delay = 0;  ///< CRD
  std::vector<std::uint8_t> data{};

  [[nodiscard]] std::uint64_t number(std::size_t offset, std::size_t size) const;
  [[nodiscard]] std::string text(std::size_t offset, std::size_t size) const;
};

Answer answer_from(const std::uint8_t* cqe, std::vector<std::uint8_t> data);

struct ConnectOptions {
  std::string subnqn = kWellKnown;
  std::string hostnqn = kHost;
  std::uint16_t qid = 0;
  std::uint16_t cntlid = 0xFFFF;
  std::uint32_t kato_ms = 0;
  std::uint16_t sqsize = 31;  ///< 0's based
  bool flow_control = true;
};

Command connect(const ConnectOptions& options);
Command property_get(std::uint32_t offset, bool wide = false);
Command property_set(std::uint32_t offset, std::uint64_t value);
Command identify(std::uint8_t cns, std::uint32_t nsid = 0);
struct LogRead {
  std::uint8_t lid = 0x70;
  std::uint64_t offset = 0;
  std::uint32_t length = 1024;
  bool rae = true;
  std::uint8_t lsp = 0;
};
Command get_log_page(const LogRead& read);
Command set_features(std::uint8_t fid, std::uint32_t value);
Command get_features(std::uint8_t fid);
Command plain(std::uint8_t opcode);  ///< AER, Keep Alive
Command dim(std::uint32_t task, const std::string& hostnqn, const std::string& symname = "");
Command write(std::uint64_t lba, std::vector<std::uint8_t> data, bool in_capsule, std::uint32_t nsid = 1);
Command read(std::uint64_t lba, std::uint32_t blocks, std::uint32_t nsid = 1);
Command abort(std::uint16_t sqid, std::uint16_t cid);
/// A command without data, or with data to the controller.
Command any(std::uint8_t opcode, std::uint32_t nsid, std::vector<std::uint8_t> data = {});
/// Data to the host.
Command fetch(std::uint8_t opcode, std::uint32_t nsid, std::uint32_t length);
Command fabrics_plain(std::uint8_t type);

}  // namespace stas::target::testing
