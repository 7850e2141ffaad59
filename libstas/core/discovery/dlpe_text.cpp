// SPDX-License-Identifier: Apache-2.0
//
// Log page entries as the text dictionaries of the D-Bus contract (3.4), both ways. A number without a name is written
// as a number; combinations of TREQ bits have no name either.
#include "libstas/core/discovery/dlpe_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/address.h"
#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

struct Name {
  unsigned value;
  std::string_view text;
};

constexpr std::array kTrtypes{Name{0, "unspecified"}, Name{kDlpTrtypeRdma, "rdma"}, Name{kDlpTrtypeFc, "fc"},
                              Name{kDlpTrtypeTcp, "tcp"}, Name{kDlpTrtypeLoop, "loop"}};
constexpr std::array kAdrfams{Name{0, "pci"}, Name{1, "ipv4"}, Name{2, "ipv6"}, Name{3, "infiniband"}, Name{4, "fc"}};
constexpr std::array kSubtypes{Name{kDlpSubtypeReferral, "referral"}, Name{kDlpSubtypeNvme, "nvme"},
                               Name{kDlpSubtypeDiscovery, "discovery"}};
constexpr std::array kTreqs{Name{0, "not specified"}, Name{1, "required"}, Name{2, "not required"},
                            Name{4, "disable sqflow"}};

constexpr std::array kSectypes{Name{1, "tls"}, Name{2, "tls1.3"}};
constexpr std::array kQptypes{Name{1, "connected"}, Name{2, "datagram"}};
constexpr std::array kPrtypes{Name{1, "not specified"}, Name{2, "infiniband"}, Name{3, "roce"}, Name{4, "rocev2"},
                              Name{5, "iwarp"}};
constexpr std::array kCmss{Name{1, "cm"}};

constexpr std::size_t kMaxTsasText = 256;

std::string_view name_or(std::span<const Name> names, unsigned value, std::string_view otherwise) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.value == value; });
  return found == names.end() ? otherwise : found->text;
}

std::string name_or_number(std::span<const Name> names, unsigned value) {
  const std::string_view name = name_or(names, value, {});
  return name.empty() ? std::to_string(value) : std::string(name);
}

// Strictly decimal, within the type.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint8_t> value_of(std::span<const Name> names, std::string_view text) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.text == text; });
  return found == names.end() ? number<std::uint8_t>(text) : static_cast<std::uint8_t>(found->value);
}

// Reads fields one by one and remembers the first that is missing or odd.
class Fields {
 public:
  explicit Fields(const TextDict& dict) : dict_(dict) {}

  const std::string* find(std::string_view key) const {
    const auto found = std::find_if(dict_.begin(), dict_.end(), [&](const auto& pair) { return pair.first == key; });
    return found == dict_.end() ? nullptr : &found->second;
  }
  void text(std::string_view key, std::string& into) {
    if (const std::string* value = present(key)) into = *value;
  }
  void named(std::string_view key, std::span<const Name> names, std::uint8_t& into) {
    if (const std::string* value = present(key)) store(key, value_of(names, *value), into);
  }
  void numeric(std::string_view key, std::uint16_t& into) {
    if (const std::string* value = present(key)) store(key, number<std::uint16_t>(*value), into);
  }
  const std::string& complaint() const { return complaint_; }

 private:
  const std::string* present(std::string_view key) {
    const std::string* value = find(key);
    if (value == nullptr && complaint_.empty()) complaint_ = std::string(key) + " is missing";
    return value;
  }
  template <class T>
  void store(std::string_view key, std::optional<T> value, T& into) {
    if (value)
      into = *value;
    else if (complaint_.empty())
      complaint_ = std::string(key) + " has an unknown value";
  }

  const TextDict& dict_;
  std::string complaint_;
};

}  // namespace

std::string tsas_text(std::uint8_t trtype, std::string_view bytes) {
  if (bytes.size() < 3) return {};
  const auto part = [&](std::size_t at, std::span<const Name> names) {
    return std::string(name_or(names, static_cast<unsigned char>(bytes[at]), "reserved"));
  };
  // No security is the normal case, and then the peer has no such key.
  if (trtype == kDlpTrtypeTcp && bytes[0] != 0) return "{'sectype': '" + part(0, kSectypes) + "'}";
  if (trtype == kDlpTrtypeRdma)
    return "{'qptype': '" + part(0, kQptypes) + "', 'prtype': '" + part(1, kPrtypes) + "', 'cms': '" + part(2, kCmss) +
           "'}";
  return {};
}

std::string tls_demand(const Dlpe& dlpe) {
  constexpr unsigned kSecureChannel = 3, kNotSpecified = 0, kRequired = 1;  // TREQ bits 1:0
  const unsigned channel = dlpe.treq & kSecureChannel;
  if (dlpe.trtype != kDlpTrtypeTcp) return {};
  if (channel == kRequired) return "treq=required";
  if (channel != kNotSpecified) return {};
  for (const Name& type : kSectypes)
    if (dlpe.tsas.find("'" + std::string(type.text) + "'") != std::string::npos)
      return "tsas=" + std::string(type.text);
  return {};
}

std::string tls_hint(const Dlpe& dlpe, const ConnectOptions& options, const std::string& where) {
  if (wants_tls(options) || options.tls_concat.value_or(false)) return {};
  const std::string demand = tls_demand(dlpe);
  if (demand.empty()) return {};
  return "its log page entry demands TLS (" + demand + "), which is not asked for - write `tls=true` in " + where;
}

void set_fc_colon(Dlpe& dlpe) {
  if (dlpe.trtype == kDlpTrtypeFc) std::replace(dlpe.traddr.begin(), dlpe.traddr.end(), ',', ':');
}

std::string_view flaw_of(const Dlpe& dlpe) {
  const auto fits = [](const std::string& text, std::size_t size) {
    return text.size() <= size && is_injection_free(text) && is_valid_utf8(text);
  };
  if (!is_usable_nqn(dlpe.subnqn) || !is_injection_free(dlpe.subnqn)) return "subnqn";
  if (!dlpe.trsvcid.empty() && !fits(dlpe.trsvcid, kDlpeTrsvcidSize)) return "trsvcid";
  // Only loop has nothing to address.
  if (dlpe.traddr.empty()) return dlpe.trtype == kDlpTrtypeLoop ? "" : "traddr";
  if (!fits(dlpe.traddr, kDlpeTraddrSize)) return "traddr";
  const auto ip = IpAddress::parse(dlpe.traddr);
  return ip && ip->is_unspecified() ? "traddr" : "";
}

TextDict to_dict(const Dlpe& dlpe) {
  TextDict dict;
  dict.reserve(12);
  dict.emplace_back("trtype", name_or_number(kTrtypes, dlpe.trtype));
  dict.emplace_back("adrfam", name_or_number(kAdrfams, dlpe.adrfam));
  dict.emplace_back("traddr", dlpe.traddr);
  dict.emplace_back("trsvcid", dlpe.trsvcid);
  dict.emplace_back("subnqn", dlpe.subnqn);
  dict.emplace_back("subtype", name_or_number(kSubtypes, dlpe.subtype));
  dict.emplace_back("treq", name_or_number(kTreqs, dlpe.treq));
  dict.emplace_back("portid", std::to_string(dlpe.portid));
  dict.emplace_back("cntlid", std::to_string(dlpe.cntlid));
  dict.emplace_back("asqsz", std::to_string(dlpe.asqsz));
  dict.emplace_back("eflags", std::to_string(dlpe.eflags));
  if (!dlpe.tsas.empty()) dict.emplace_back("tsas", dlpe.tsas);
  return dict;
}

Result<Dlpe> dlpe_from_dict(const TextDict& dict) {
  Fields fields(dict);
  Dlpe dlpe;
  fields.named("trtype", kTrtypes, dlpe.trtype);
  fields.named("adrfam", kAdrfams, dlpe.adrfam);
  fields.text("traddr", dlpe.traddr);
  set_fc_colon(dlpe);
  fields.text("trsvcid", dlpe.trsvcid);
  fields.text("subnqn", dlpe.subnqn);
  fields.named("subtype", kSubtypes, dlpe.subtype);
  fields.named("treq", kTreqs, dlpe.treq);
  fields.numeric("portid", dlpe.portid);
  fields.numeric("cntlid", dlpe.cntlid);
  fields.numeric("asqsz", dlpe.asqsz);
  fields.numeric("eflags", dlpe.eflags);
  if (const std::string* tsas = fields.find("tsas")) dlpe.tsas = *tsas;

  std::string complaint = fields.complaint();
  if (complaint.empty()) {
    std::string_view flaw = flaw_of(dlpe);
    if (flaw.empty() && (dlpe.tsas.size() > kMaxTsasText || printable(dlpe.tsas) != dlpe.tsas)) flaw = "tsas";
    if (!flaw.empty()) complaint = std::string(flaw) + " cannot be used";
  }
  if (!complaint.empty()) return fail(ErrorKind::invalid_input, "log page entry: " + complaint);
  return dlpe;
}

}  // namespace stas
