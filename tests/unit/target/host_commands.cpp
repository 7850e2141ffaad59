// SPDX-License-Identifier: Apache-2.0
//
// The command builders.
#include "tests/unit/target/host_commands.h"

#include <algorithm>

namespace stas::target::testing {
namespace {

constexpr std::uint32_t kBlock = 512;

Command base(std::uint8_t opcode, std::uint32_t nsid = 0) {
  Command command;
  command.sqe[0] = opcode;
  command.sqe[1] = 0x40;
  command.sqe[39] = 0x5A;
  return command.at(4, nsid);
}

Command fabrics(std::uint8_t type) {
  Command command = base(0x7F);
  command.sqe[4] = type;
  return command;
}

void carry(Command& command, std::vector<std::uint8_t> data, bool in_capsule) {
  command.at(32, static_cast<std::uint32_t>(data.size()));
  command.sqe[39] = in_capsule ? 0x01 : 0x5A;
  command.in_capsule = in_capsule;
  command.data = std::move(data);
}

void text(std::vector<std::uint8_t>& data, std::size_t offset, const std::string& value) {
  std::copy(value.begin(), value.end(), data.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

std::uint64_t Answer::number(std::size_t offset, std::size_t size) const {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8) | data.at(offset + i);
  return value;
}

std::string Answer::text(std::size_t offset, std::size_t size) const {
  const auto begin = data.begin() + static_cast<std::ptrdiff_t>(offset);
  return {begin, std::find(begin, begin + static_cast<std::ptrdiff_t>(size), 0)};
}

Answer answer_from(const std::uint8_t* cqe, std::vector<std::uint8_t> data) {
  Answer answer;
  for (std::size_t i = 8; i-- > 0;) answer.result = (answer.result << 8) | cqe[i];
  answer.sqhd = static_cast<std::uint16_t>(cqe[8] | (cqe[9] << 8));
  answer.cid = static_cast<std::uint16_t>(cqe[12] | (cqe[13] << 8));
  const unsigned status = cqe[14] | (static_cast<unsigned>(cqe[15]) << 8);
  answer.status = static_cast<std::uint16_t>((status >> 1) & 0x7FF);
  answer.dnr = (status & 0x8000) != 0;
  answer.more = (status & 0x4000) != 0;
  answer.retry_delay = static_cast<int>((status >> 12) & 3);
  answer.data = std::move(data);
  return answer;
}

Command connect(const ConnectOptions& options) {
  Command command = fabrics(0x01);
  command.at(42, options.qid).at(44, options.sqsize).at(48, options.kato_ms);
  command.sqe[46] = options.flow_control ? 0 : 4;
  std::vector<std::uint8_t> data(1024, 0);
  for (std::size_t i = 0; i < 16; ++i) data[i] = static_cast<std::uint8_t>(0x10 + i);
  data[16] = static_cast<std::uint8_t>(options.cntlid & 0xFF);
  data[17] = static_cast<std::uint8_t>(options.cntlid >> 8);
  text(data, 256, options.subnqn);
  text(data, 512, options.hostnqn);
  carry(command, std::move(data), true);
  return command;
}

Command property_get(std::uint32_t offset, bool wide) {
  Command command = fabrics(0x04);
  command.sqe[40] = wide ? 1 : 0;
  return command.at(44, offset);
}

Command property_set(std::uint32_t offset, std::uint64_t value) { return fabrics(0x00).at(44, offset).at(48, value); }

Command identify(std::uint8_t cns, std::uint32_t nsid) {
  return base(0x06, nsid).at(40, std::uint32_t{cns}).at(32, std::uint32_t{4096});
}

Command get_log_page(const LogRead& read) {
  const std::uint32_t numd = read.length / 4 - 1;
  const std::uint32_t cdw10 =
      read.lid | (static_cast<std::uint32_t>(read.lsp) << 8) | (read.rae ? 0x8000U : 0U) | (numd << 16);
  return base(0x02).at(32, read.length).at(40, cdw10).at(44, numd >> 16).at(48, read.offset);
}

Command set_features(std::uint8_t fid, std::uint32_t value) {
  return base(0x09).at(40, std::uint32_t{fid}).at(44, value);
}

Command get_features(std::uint8_t fid) { return base(0x0A).at(40, std::uint32_t{fid}); }

Command plain(std::uint8_t opcode) { return base(opcode); }

Command dim(std::uint32_t task, const std::string& hostnqn, const std::string& symname) {
  const std::size_t symroom = (symname.size() + 3) / 4 * 4;
  const std::size_t tel = 1032 + 20 + (symname.empty() ? 0 : 4 + symroom);
  std::vector<std::uint8_t> data(1024 + tel, 0);
  const auto put = [&data](std::size_t offset, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) data[offset + i] = static_cast<std::uint8_t>((value >> (8 * i)) & 0xFF);
  };
  put(0, data.size(), 4);
  put(8, 1, 8);
  put(16, 2, 2);
  put(18, 1, 2);
  put(22, 0x5F, 2);
  text(data, 24, hostnqn);
  text(data, 280, "box");
  text(data, 536, "Linux 6.1");
  put(1024, 3, 1);
  put(1025, 1, 1);
  text(data, 1024 + 256, hostnqn);
  put(2048, tel, 4);
  put(2052, symname.empty() ? 1 : 2, 2);
  put(2056, 1, 2);
  put(2058, 16, 2);
  for (std::size_t i = 0; i < 16; ++i) data[2060 + i] = static_cast<std::uint8_t>(0x10 + i);
  if (!symname.empty()) {
    put(2076, 2, 2);
    put(2078, symroom, 2);
    text(data, 2080, symname + std::string(symroom - symname.size(), ' '));
  }
  Command command = base(0x21).at(40, task);
  carry(command, std::move(data), true);
  return command;
}

Command write(std::uint64_t lba, std::vector<std::uint8_t> data, bool in_capsule, std::uint32_t nsid) {
  Command command = base(0x01, nsid).at(40, lba).at(48, static_cast<std::uint32_t>(data.size() / kBlock - 1));
  carry(command, std::move(data), in_capsule);
  return command;
}

Command read(std::uint64_t lba, std::uint32_t blocks, std::uint32_t nsid) {
  return base(0x02, nsid).at(32, blocks * kBlock).at(40, lba).at(48, blocks - 1);
}

Command abort(std::uint16_t sqid, std::uint16_t cid) { return base(0x08).at(40, sqid).at(42, cid); }

Command any(std::uint8_t opcode, std::uint32_t nsid, std::vector<std::uint8_t> data) {
  Command command = base(opcode, nsid);
  if (!data.empty()) carry(command, std::move(data), true);
  return command;
}

Command fetch(std::uint8_t opcode, std::uint32_t nsid, std::uint32_t length) {
  return base(opcode, nsid).at(32, length);
}

Command fabrics_plain(std::uint8_t type) { return fabrics(type); }

}  // namespace stas::target::testing
