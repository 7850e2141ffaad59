// SPDX-License-Identifier: Apache-2.0
#include "libstas/nvme_tcp/commands.h"

#include <algorithm>
#include <utility>

#include "libstas/core/base/endian.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/nqn.h"

namespace stas::nvme_tcp {

namespace {

enum class Opcode : std::uint8_t {
  get_log_page = 0x02,
  identify = 0x06,
  set_features = 0x09,
  asynchronous_event_request = 0x0C,
  keep_alive = 0x18,
  discovery_information_management = 0x21,
  fabrics = 0x7F,
};
enum class FabricsType : std::uint8_t {
  property_set = 0x00,
  connect = 0x01,
  property_get = 0x04,
  authentication_send = 0x05,
  authentication_receive = 0x06,
};

// Offsets in the submission queue entry.
constexpr std::size_t kAtNsid = 4, kAtCdw10 = 40, kAtCdw11 = 44, kAtCdw12 = 48, kAtCdw13 = 52;
constexpr std::uint8_t kSglFlags = 0x40;  // PSDT 01b: fabrics always use descriptors

constexpr std::size_t kConnectDataSize = 1024;
constexpr std::size_t kDataAtHostId = 0, kDataAtCntlid = 16, kDataAtSubnqn = 256, kDataAtHostnqn = 512;

constexpr std::uint16_t kStatusConnectFormat = 0x180, kStatusConnectBusy = 0x181, kStatusConnectParameters = 0x182,
                        kStatusConnectRestart = 0x183, kStatusConnectHost = 0x184, kStatusAuthentication = 0x191;

Command make_command(Opcode opcode) {
  Command command;
  command.sqe[0] = static_cast<char>(opcode);
  command.sqe[1] = static_cast<char>(kSglFlags);
  return command;
}

Command make_command(FabricsType type) {
  auto command = make_command(Opcode::fabrics);
  command.sqe[kAtNsid] = static_cast<char>(type);
  return command;
}

Command make_authentication(FabricsType type, std::size_t length) {
  constexpr std::uint32_t kProtocols = 0xE9010100;  // SECP: NVMe, SPSP1 and SPSP0: DH-HMAC-CHAP
  auto command = make_command(type);
  put_le(command.sqe, kAtCdw10, kProtocols);
  put_le(command.sqe, kAtCdw11, static_cast<std::uint32_t>(length));
  return command;
}

std::string hex3(std::uint16_t status) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {kDigits[(status >> 8U) & 0xFU], kDigits[(status >> 4U) & 0xFU], kDigits[status & 0xFU], 'h'};
}

struct StatusWords {
  std::uint16_t status;
  std::string_view words;
};
constexpr StatusWords kStatusWords[] = {
    {0x001, "command not supported"},
    {0x002, "invalid field in command"},
    {0x004, "data transfer error"},
    {0x006, "internal error of the controller"},
    {0x007, "command aborted"},
    {0x008, "command aborted because its queue was deleted"},
    {0x00B, "invalid namespace"},
    {0x00C, "command sequence error"},
    {0x00F, "number of data descriptors invalid"},
    {0x011, "data descriptor type invalid"},
    {0x01A, "keep-alive time-out invalid"},
    {0x021, "command interrupted"},
    {kStatusTransientTransport, "transport error, data digest does not match"},
    {0x105, "too many asynchronous event requests"},
    {0x109, "log page not supported"},
    {0x12F, "invalid discovery information"},
    {0x130, "zoning data structure locked"},
    {0x132, "insufficient discovery resources"},
    {kStatusConnectFormat, "incompatible Connect format"},
    {kStatusConnectBusy, "controller is busy or not available"},
    {kStatusConnectParameters, "invalid Connect parameters"},
    {kStatusConnectRestart, "discovery must be restarted"},
    {kStatusConnectHost, "host not allowed"},
    {0x190, "discovery must be restarted"},
    {kStatusAuthentication, "authentication required"},
};

// Which field a Connect was refused for (status 182h: DW0 15:0 offset, bit 16 set: in the data).
std::string rejected_parameter(const ConnectParameters& parameters, std::uint32_t dw0) {
  const auto offset = dw0 & 0xFFFFU;
  if ((dw0 & (1U << 16U)) != 0) {
    switch (offset) {
      case kDataAtHostId:
        return "the host ID is not accepted";
      case kDataAtCntlid:
        return "controller ID " + std::to_string(parameters.cntlid) + " is not accepted";
      case kDataAtSubnqn:
        return "the controller does not know the subsystem NQN " + printable(parameters.subsysnqn);
      case kDataAtHostnqn:
        return "the host NQN " + printable(parameters.hostnqn) + " is not accepted";
      default:
        return "byte " + std::to_string(offset) + " of the Connect data is not accepted";
    }
  }
  switch (offset) {
    case 42:
      return "queue " + std::to_string(parameters.qid) + " is not accepted";
    case 44:
      return "queue size " + std::to_string(parameters.sqsize + 1U) + " is not accepted";
    default:
      return "byte " + std::to_string(offset) + " of the Connect command is not accepted";
  }
}

}  // namespace

Completion parse_cqe(std::string_view cqe) {
  const auto status = get_le<std::uint16_t>(cqe, 14);
  return Completion{
      get_le<std::uint64_t>(cqe, 0), static_cast<std::uint16_t>((status >> 1U) & 0x7FFU), (status & 0x8000U) != 0, {}};
}

std::uint16_t cqe_cid(std::string_view cqe) { return get_le<std::uint16_t>(cqe, 12); }

std::string status_text(std::uint16_t status) {
  for (const auto& known : kStatusWords) {
    if (known.status == status) return std::string(known.words) + " (" + hex3(status) + ")";
  }
  return "NVMe status " + hex3(status);
}

Error status_error(std::string_view what, const Completion& completion) {
  auto kind = completion.dnr ? ErrorKind::refused : ErrorKind::rejected;
  if (completion.status == kStatusAuthentication) kind = ErrorKind::permission;
  if (completion.status == 0x001 || completion.status == 0x109) kind = ErrorKind::not_supported;
  return Error{kind, 0, std::string(what) + ": " + status_text(completion.status)};
}

Command connect_command(const ConnectParameters& p) {
  auto command = make_command(FabricsType::connect);
  put_le(command.sqe, 42, p.qid);
  put_le(command.sqe, 44, p.sqsize);
  put_le(command.sqe, 46, static_cast<std::uint8_t>(p.disable_sqflow ? 1U << 2U : 0U));
  put_le(command.sqe, 48, p.kato_ms);
  auto& data = command.data_out;
  data.assign(kConnectDataSize, '\0');
  const auto copy_text = [&data](std::string_view text, std::size_t offset) {
    const auto bounded = text.substr(0, kMaxNqnLength);
    std::copy(bounded.begin(), bounded.end(), data.begin() + static_cast<std::ptrdiff_t>(offset));
  };
  std::copy(p.hostid.begin(), p.hostid.end(), data.begin() + kDataAtHostId);
  put_le(data, kDataAtCntlid, p.cntlid);
  copy_text(p.subsysnqn, kDataAtSubnqn);
  copy_text(p.hostnqn, kDataAtHostnqn);
  return command;
}

Error connect_error(const ConnectParameters& parameters, const Completion& completion) {
  auto error = status_error("Connect", completion);
  if (completion.status == kStatusConnectParameters) {
    error.text = "Connect refused: " + rejected_parameter(parameters, completion.dw0()) + " (182h)";
  } else if (completion.status == kStatusConnectHost) {
    error.text = "Connect refused: the host " + printable(parameters.hostnqn) + " is not allowed on " +
                 printable(parameters.subsysnqn) + " (184h)";
  }
  return error;
}

bool demands_authentication(const Completion& completion) { return (completion.dw0() & (1U << 17U)) != 0; }

bool demands_secure_channel(const Completion& completion) { return (completion.dw0() & (1U << 18U)) != 0; }

Command authentication_send(std::string message) {
  auto command = make_authentication(FabricsType::authentication_send, message.size());
  command.data_out = std::move(message);
  return command;
}

Command authentication_receive() {
  auto command = make_authentication(FabricsType::authentication_receive, kMaxAuthMessage);
  command.read_length = kMaxAuthMessage;
  return command;
}

Command property_get(Property property) {
  auto command = make_command(FabricsType::property_get);
  command.sqe[40] = property == Property::cap ? 1 : 0;  // ATTRIB: 8 bytes or 4
  put_le(command.sqe, 44, static_cast<std::uint32_t>(property));
  return command;
}

Command property_set(Property property, std::uint32_t value) {
  auto command = make_command(FabricsType::property_set);
  put_le(command.sqe, 44, static_cast<std::uint32_t>(property));
  put_le(command.sqe, 48, static_cast<std::uint64_t>(value));
  return command;
}

Command identify_controller() {
  constexpr std::uint32_t kCnsController = 0x01;
  auto command = make_command(Opcode::identify);
  command.read_length = kIdentifySize;
  put_le(command.sqe, kAtCdw10, kCnsController);
  return command;
}

Command get_log_page(const LogReader::Read& read) {
  auto command = make_command(Opcode::get_log_page);
  command.read_length = read.length;
  const auto dwords = read.length / 4 - 1;
  put_le(command.sqe, kAtCdw10,
         read.lid | (static_cast<std::uint32_t>(read.lsp) & 0x7FU) << 8U | (read.rae ? 1U << 15U : 0U) |
             (dwords & 0xFFFFU) << 16U);
  put_le(command.sqe, kAtCdw11, dwords >> 16U);
  put_le(command.sqe, kAtCdw12, static_cast<std::uint32_t>(read.offset));
  put_le(command.sqe, kAtCdw13, static_cast<std::uint32_t>(read.offset >> 32U));
  return command;
}

Command keep_alive() { return make_command(Opcode::keep_alive); }

Command asynchronous_event_request() { return make_command(Opcode::asynchronous_event_request); }

Command discovery_information_management(std::uint8_t task, std::string data) {
  auto command = make_command(Opcode::discovery_information_management);
  put_le(command.sqe, kAtCdw10, static_cast<std::uint32_t>(task) & 0xFU);
  command.data_out = std::move(data);
  return command;
}

Command set_feature(Feature feature, std::uint32_t value) {
  auto command = make_command(Opcode::set_features);
  put_le(command.sqe, kAtCdw10, static_cast<std::uint32_t>(feature));
  put_le(command.sqe, kAtCdw11, value);
  return command;
}

Result<IdentifyController> parse_identify_controller(std::string_view data) {
  if (data.size() != kIdentifySize) {
    return fail(ErrorKind::protocol, "Identify Controller returned " + std::to_string(data.size()) + " bytes");
  }
  constexpr unsigned kPageShift = 12;  // CAP.MPSMIN is 0 in fabrics
  constexpr unsigned kLargestShift = 31;
  IdentifyController result;
  result.serial = printable(field_text(data.substr(4, 20)));
  result.model = printable(field_text(data.substr(24, 40)));
  const unsigned mdts = get_le<std::uint8_t>(data, 77);
  if (mdts != 0 && mdts + kPageShift <= kLargestShift) result.max_transfer = 1U << (mdts + kPageShift);
  result.cntlid = get_le<std::uint16_t>(data, 78);
  result.oaes = get_le<std::uint32_t>(data, 92);
  result.cntrltype = get_le<std::uint8_t>(data, 111);
  result.maxcmd = get_le<std::uint16_t>(data, 514);
  const auto subnqn = data.substr(768, 256);
  const auto text = subnqn.substr(0, subnqn.find('\0'));
  if (is_usable_nqn(text)) result.subsysnqn = text;
  result.dctype = get_le<std::uint8_t>(data, 1806);
  return result;
}

}  // namespace stas::nvme_tcp
