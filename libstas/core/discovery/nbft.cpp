// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/discovery/nbft.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "libstas/core/base/endian.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

constexpr std::size_t kHeader = 64, kControl = 64;
constexpr std::size_t kHost = 32, kHfi = 32, kHfiTcp = 128, kSsns = 128, kDiscovery = 32;  // descriptors
constexpr std::size_t kHfiList = 16, kSsnsList = 24, kDiscoveryList = 40;                  // in the control descriptor
constexpr std::uint8_t kControlId = 1, kHostId = 2, kHfiId = 3, kSsnsId = 4, kDiscoveryId = 6, kHfiTransportId = 7;
constexpr std::uint8_t kTcp = 3;            // transport type
constexpr std::uint16_t kValid = 1U << 0U;  // the first flag of each descriptor
constexpr std::uint8_t kHostIdConfigured = 1U << 1U, kHostNqnConfigured = 1U << 2U;
constexpr std::uint16_t kHeaderDigest = 1U << 1U, kDataDigest = 1U << 2U;
constexpr std::size_t kMaxText = 2048;  // of one heap object

std::uint8_t byte(std::string_view bytes, std::size_t at) { return get_le<std::uint8_t>(bytes, at); }

// An address is IPv6, or IPv4 mapped into it.
std::optional<IpAddress> address_at(std::string_view bytes, std::size_t at) {
  auto address = IpAddress::from_bytes(bytes.substr(at, 16));
  if (!address || address->is_unspecified()) return std::nullopt;
  return address;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Result<Nbft> run() {
    if (auto frame = check_frame(); !frame) return tl::unexpected(frame.error());
    const auto control = bytes_.substr(kHeader, kControl);
    if ((byte(control, 6) & kValid) == 0) return nbft_;  // nothing was booted from
    if (byte(control, 0) != kControlId)
      return broken("the descriptor at byte " + std::to_string(kHeader) + " is no control descriptor");
    read_host(heap_object(control, 8));
    for (const auto hfi : list(control, kHfiList, kHfi, "HFI")) read_hfi(hfi);
    for (const auto discovery : list(control, kDiscoveryList, kDiscovery, "discovery")) read_discovery(discovery);
    for (const auto ssns : list(control, kSsnsList, kSsns, "namespace")) read_ssns(ssns);
    return std::move(nbft_);
  }

 private:
  static tl::unexpected<Error> broken(const std::string& why) { return fail(ErrorKind::protocol, why); }

  Result<void> check_frame() {
    if (bytes_.size() < kHeader + kControl) return broken("the table is too short");
    if (!bytes_.starts_with("NBFT")) return broken("the signature is not NBFT");
    const auto length = get_le<std::uint32_t>(bytes_, 4);
    if (length > bytes_.size() || length < kHeader + kControl)
      return broken("the length at byte 4, " + std::to_string(length) + ", is not that of the table");
    bytes_ = bytes_.substr(0, length);
    const auto sum = std::accumulate(bytes_.begin(), bytes_.end(), 0U,
                                     [](unsigned so_far, char c) { return so_far + static_cast<unsigned char>(c); });
    if (sum % 256 != 0) return broken("the checksum over its " + std::to_string(length) + " bytes is wrong");
    if (byte(bytes_, 8) != 1) return broken("major revision " + std::to_string(byte(bytes_, 8)) + " is not known here");
    heap_ = part(get_le<std::uint32_t>(bytes_, 36), get_le<std::uint32_t>(bytes_, 40));
    heap_begin_ = get_le<std::uint32_t>(bytes_, 36);
    if (!heap_)
      return broken("the heap at byte " + std::to_string(get_le<std::uint32_t>(bytes_, 36)) +
                    " lies outside of the table");
    return {};
  }

  std::optional<std::string_view> part(std::uint64_t offset, std::uint64_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) return std::nullopt;
    return bytes_.substr(offset, length);
  }

  // What a reference points to, "" nothing; nullopt: something outside of the heap.
  std::optional<std::string_view> heap_object(std::string_view descriptor, std::size_t at) const {
    const std::uint64_t offset = get_le<std::uint32_t>(descriptor, at);
    const std::uint64_t length = get_le<std::uint16_t>(descriptor, at + 4);
    if (length == 0) return std::string_view();
    if (offset < heap_begin_ || offset - heap_begin_ > heap_->size() || length > heap_->size() - (offset - heap_begin_))
      return std::nullopt;
    return heap_->substr(offset - heap_begin_, length);
  }

  // A text of the heap, up to a NUL.
  std::optional<std::string> heap_text(std::string_view descriptor, std::size_t at) const {
    const auto object = heap_object(descriptor, at);
    if (!object || object->size() > kMaxText) return std::nullopt;
    return std::string(object->substr(0, object->find('\0')));
  }

  // The descriptors of a list: offset, length of each, version, number.
  std::vector<std::string_view> list(std::string_view control, std::size_t at, std::size_t least, const char* what) {
    const std::uint64_t offset = get_le<std::uint32_t>(control, at), length = get_le<std::uint16_t>(control, at + 4);
    const std::uint64_t count = byte(control, at + 7);
    std::vector<std::string_view> descriptors;
    if (count == 0) return descriptors;
    const auto all = part(offset, count * length);
    if (!all || length < least) {
      const std::string text = std::string("all ") + what + " entries: the list at byte " + std::to_string(offset) +
                               " lies outside of the table";
      at == kSsnsList ? leave_out_ioc(text) : leave_out(text);
      return descriptors;
    }
    for (std::uint64_t i = 0; i < count; ++i) descriptors.push_back(all->substr(i * length, length));
    return descriptors;
  }

  void leave_out(const std::string& what) { nbft_.left_out.push_back({printable(what), false, {}, {}}); }
  // An I/O controller is missing; of it, what `known` has.
  void leave_out_ioc(const std::string& what, const NbftController& known = {}) {
    nbft_.left_out.push_back({printable(what), true, known.traddr, known.nqn});
  }

  void read_host(std::optional<std::string_view> host) {
    if (!host || host->size() < kHost || byte(*host, 0) != kHostId) return leave_out("the host: no such descriptor");
    const auto flags = byte(*host, 1);
    if ((flags & kValid) == 0) return;
    if ((flags & kHostIdConfigured) != 0) {
      Uuid id{};
      std::transform(host->begin() + 2, host->begin() + 18, id.begin(),
                     [](char c) { return static_cast<std::uint8_t>(c); });
      if (std::ranges::any_of(id, [](auto part_of_id) { return part_of_id != 0; })) nbft_.host_id = to_text(id);
    }
    if ((flags & kHostNqnConfigured) == 0) return;
    auto nqn = heap_text(*host, 18);
    if (nqn && is_usable_nqn(*nqn))
      nbft_.host_nqn = *std::move(nqn);
    else
      leave_out("the host NQN: it is none");
  }

  void read_hfi(std::string_view hfi) {
    if ((byte(hfi, 2) & kValid) == 0) return;
    const std::string name = "HFI " + std::to_string(byte(hfi, 1));
    if (byte(hfi, 0) != kHfiId) return leave_out(name + ": the descriptor has another number");
    if (byte(hfi, 3) != kTcp) return leave_out(name + ": its transport is not known here");
    const auto info = heap_object(hfi, 16);
    if (!info || info->size() < kHfiTcp || byte(*info, 0) != kHfiTransportId || (byte(*info, 6) & kValid) == 0)
      return leave_out(name + ": nothing says how it is connected");
    NbftInterface interface;
    for (std::size_t i = 0; i < interface.mac.size(); ++i) interface.mac[i] = byte(*info, 11 + i);
    interface.vlan = get_le<std::uint16_t>(*info, 17);
    interface.address = address_at(*info, 20);
    hfis_.emplace(byte(hfi, 1), std::move(interface));
  }

  // "nvme+tcp://192.0.2.1:8009/" (clause 3.4.3; RFC 3986)
  static bool take_uri(std::string_view uri, NbftController& controller) {
    constexpr std::string_view kScheme = "nvme+", kAfter = "://";
    const auto end = uri.find(kAfter);
    if (!uri.starts_with(kScheme) || end == std::string_view::npos) return false;
    const auto transport = parse_transport(uri.substr(kScheme.size(), end - kScheme.size()));
    if (!transport || *transport == Transport::fc || *transport == Transport::loop) return false;
    std::string_view authority = uri.substr(end + kAfter.size());
    authority = authority.substr(0, authority.find_first_of("/?#"));
    std::string_view host = authority, port;
    if (authority.starts_with('[')) {
      const auto close = authority.find(']');
      if (close == std::string_view::npos) return false;
      host = authority.substr(1, close - 1);
      port = authority.substr(close + 1);
      if (!port.empty() && !port.starts_with(':')) return false;
    } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
      host = authority.substr(0, colon);
      port = authority.substr(colon);
    }
    const auto address = IpAddress::parse(host);
    if (!address || address->is_unspecified()) return false;
    controller.transport = *transport;
    controller.traddr = address->to_string();
    controller.trsvcid = port.size() < 2 ? "8009" : std::string(port.substr(1));
    return is_port(controller.trsvcid);
  }

  static bool is_port(const std::string& text) {
    return !text.empty() && text.size() <= 5 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) && std::stoi(text) >= 1 &&
           std::stoi(text) <= 65535;
  }

  // Index 0: it says nothing about the way. False: there is no such HFI.
  bool take_hfi(std::uint8_t index, NbftController& controller) const {
    const auto hfi = hfis_.find(index);
    controller.interface = hfi == hfis_.end() ? std::nullopt : std::optional(hfi->second);
    return index == 0 || hfi != hfis_.end();
  }

  void read_discovery(std::string_view discovery) {
    if ((byte(discovery, 1) & kValid) == 0) return;
    NbftController dc;
    dc.index = byte(discovery, 2);
    const std::string name = "discovery entry " + std::to_string(dc.index);
    const auto uri = heap_text(discovery, 6);
    auto nqn = heap_text(discovery, 12);
    if (byte(discovery, 0) != kDiscoveryId) return leave_out(name + ": the descriptor has another number");
    if (!uri || !take_uri(*uri, dc)) return leave_out(name + ": its address cannot be used: " + uri.value_or(""));
    dc.nqn = nqn && nqn->empty() ? std::string(kWellKnownDiscoveryNqn) : nqn.value_or("");
    if (!is_usable_nqn(dc.nqn)) return leave_out(name + ": its NQN cannot be used: " + dc.nqn);
    if (!take_hfi(byte(discovery, 3), dc))
      leave_out(name + ": the way to it, HFI " + std::to_string(byte(discovery, 3)));
    nbft_.discovery_controllers.push_back(std::move(dc));
  }

  void read_ssns(std::string_view ssns) {
    if ((get_le<std::uint16_t>(ssns, 3) & kValid) == 0) return;
    NbftController ioc;
    ioc.index = get_le<std::uint16_t>(ssns, 1);
    const std::string name = "namespace entry " + std::to_string(ioc.index);
    const auto traddr = heap_object(ssns, 10);
    const auto trsvcid = heap_text(ssns, 16), nqn = heap_text(ssns, 54);
    const auto ways = heap_object(ssns, 48);
    if (byte(ssns, 0) != kSsnsId) return leave_out_ioc(name + ": the descriptor has another number");
    if (nqn && is_usable_nqn(*nqn)) ioc.nqn = *nqn;
    if (byte(ssns, 5) != kTcp) return leave_out_ioc(name + ": its transport is not known here", ioc);
    if (const auto address = traddr && traddr->size() >= 16 ? address_at(*traddr, 0) : std::nullopt)
      ioc.traddr = address->to_string();
    if (ioc.traddr.empty() || !trsvcid || !is_port(*trsvcid))
      return leave_out_ioc(name + ": its address cannot be used", ioc);
    if (ioc.nqn.empty()) return leave_out_ioc(name + ": its NQN cannot be used: " + nqn.value_or(""), ioc);
    ioc.trsvcid = *trsvcid;
    const auto flags = get_le<std::uint16_t>(ssns, 6);
    ioc.hdr_digest = (flags & kValid) != 0 && (flags & kHeaderDigest) != 0;
    ioc.data_digest = (flags & kValid) != 0 && (flags & kDataDigest) != 0;
    // One for each HFI that leads to it.
    std::string hfis(1, ssns[46]);
    if (ways) hfis += *ways;
    for (std::size_t i = 0; i < hfis.size(); ++i) {
      const auto index = byte(hfis, i);
      if (index == 0 && i > 0) continue;
      if (!take_hfi(index, ioc)) leave_out(name + ": a way to it, HFI " + std::to_string(index));
      if (std::ranges::find(nbft_.subsystems, ioc) == nbft_.subsystems.end()) nbft_.subsystems.push_back(ioc);
    }
  }

  std::string_view bytes_;
  std::optional<std::string_view> heap_;
  std::uint64_t heap_begin_ = 0;
  std::map<std::uint8_t, NbftInterface> hfis_;
  Nbft nbft_;
};

}  // namespace

Result<Nbft> parse_nbft(std::string_view bytes) { return Reader(bytes).run(); }

}  // namespace stas
