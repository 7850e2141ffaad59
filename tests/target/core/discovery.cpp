// SPDX-License-Identifier: Apache-2.0
//
// Which entries a reader gets, and their bytes (log page 70h; the extended form of TP8010 when asked for).
#include "tests/target/core/discovery.h"

#include <algorithm>

#include "tests/target/core/visibility.h"

namespace stas::target {
namespace {

constexpr std::size_t kHeaderSize = 1024;
constexpr std::size_t kEntrySize = 1024;
constexpr std::size_t kExtendedEntrySize = 1032;  // the basic entry, TEL, NUMEXAT, no attribute
constexpr std::size_t kAttributeHead = 4, kLabelRoom = 256;
constexpr std::uint16_t kAdminLabel = 2;  // EXATTYPE: ASCII, padded with blanks
constexpr std::size_t kTrsvcid = 32, kTrsvcidRoom = 32, kSubnqn = 256, kTraddr = 512, kTextRoom = 256, kTsas = 768;
constexpr std::uint16_t kAnyController = 0xFFFF;
constexpr std::uint16_t kAdminQueueSize = 32;
constexpr std::uint16_t kDupretinfo = 1, kEpcsd = 2, kNcc = 4;
constexpr std::uint8_t kMayDisableFlowControl = 4;  // TREQ bit 2: every queue of ours accepts it

enum Subtype : std::uint8_t { referral = 1, nvm = 2, current = 3 };

/// Which listeners a page lists, from the request bits and the configured filter.
class ListenerFilter {
 public:
  ListenerFilter(const Model& model, const Origin& origin, std::uint8_t lsp) : origin_(origin) {
    if ((lsp & kPleo) != 0) {
      filter_ = EntryFilter::listener;
    } else if ((lsp & kAllsube) != 0) {
      filter_ = EntryFilter::none;
    } else {
      filter_ = model.discovery.filter;
    }
  }

  [[nodiscard]] bool admits(const Listener& listener) const {
    // The address behind a wildcard is known only for the family of the connection that asks.
    if (listener.wildcard && listener.adrfam != origin_.adrfam) return false;
    switch (filter_) {
      case EntryFilter::transport:
        // What is only listed would never be seen otherwise.
        return listener.config.transport == Transport::rdma || listener.config.transport == Transport::fc ||
               listener.config.transport == origin_.transport;
      case EntryFilter::listener:
        return listener.config.id == origin_.listener;
      case EntryFilter::none:
        return true;
    }
    return true;
  }

 private:
  const Origin& origin_;
  EntryFilter filter_ = EntryFilter::none;
};

std::uint16_t eflags(bool duplicate, bool persistent) {
  return static_cast<std::uint16_t>((duplicate ? kDupretinfo : 0) | (persistent ? kEpcsd : 0));
}

}  // namespace

std::uint8_t family_of(Transport transport, const std::string& traddr) {
  switch (transport) {
    case Transport::fc:
      return 4;
    case Transport::loop:
      return 254;
    case Transport::tcp:
    case Transport::rdma:
      return traddr.find(':') == std::string::npos ? 1 : 2;
  }
  return 1;
}

const std::string& Model::discovery_nqn() const {
  static const std::string kWellKnown = kDiscoveryNqn;
  return discovery.nqn.empty() ? kWellKnown : discovery.nqn;
}

DiscoveryPage::DiscoveryPage(const Model& model, const std::string& hostnqn, const Origin& origin, std::uint8_t lsp)
    : genctr_(model.genctr), lsp_(lsp) {
  const ListenerFilter filter(model, origin, lsp);
  // NVMe base 2.1, 5.1.12.3.1: with ALLSUBE no record is left out because of the HOSTNQN that asks.
  const bool all = (lsp & kAllsube) != 0;
  std::vector<const Listener*> listed;
  for (const auto& [id, listener] : model.listeners) {
    if (!filter.admits(listener)) continue;
    listed.push_back(&listener);
    if (model.discovery.self_entries && listener.config.discovery) entries_.push_back({.listener = &listener});
  }
  for (const auto& referral : model.referrals) {
    if (all || referral.admits(hostnqn)) entries_.push_back({.referral = &referral});
  }
  for (const auto& [nqn, subsystem] : model.subsystems) {
    if (!(all ? subsystem->config.enabled : is_listed(model, subsystem->config, hostnqn))) continue;
    for (const Listener* listener : listed) {
      if (!subsystem->config.is_on(listener->config.id)) continue;
      entries_.push_back({.listener = listener, .subsystem = &subsystem->config});
    }
  }
  for (const auto& raw : model.discovery.raw_entries) entries_.push_back({.raw = &raw});
  if ((lsp & kExtdlpe) == 0) return;
  const bool labels = std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.subsystem != nullptr && !entry.subsystem->admin_label.empty();
  });
  stride_ = kExtendedEntrySize + (labels ? kAttributeHead + kLabelRoom : 0);
}

Bytes DiscoveryPage::render(const Model& model, const Origin& origin, std::uint64_t offset, std::size_t length) const {
  Bytes out(length, 0);
  // LPO is the host's 64 bits: nothing below may add to it before this.
  if (offset >= kHeaderSize + entries_.size() * stride()) return out;
  const auto copy = [&](std::uint64_t start, View piece) {
    const std::uint64_t from = std::max(start, offset);
    const std::uint64_t to = std::min(start + piece.size(), offset + length);
    if (from < to) std::memcpy(&out[from - offset], &piece[from - start], to - from);
  };
  std::array<std::uint8_t, kExtendedEntrySize + kAttributeHead + kLabelRoom> piece{};
  if (offset < kHeaderSize) {
    render_header(piece.data());
    copy(0, View(piece).first(kHeaderSize));
  }
  const std::uint64_t first = offset < kHeaderSize ? 0 : (offset - kHeaderSize) / stride();
  for (std::uint64_t i = first; i < entries_.size(); ++i) {
    const std::uint64_t start = kHeaderSize + i * stride();
    if (start >= offset + length) break;
    piece.fill(0);
    render_entry(model, origin, entries_[i], piece.data());
    copy(start, View(piece).first(stride()));
  }
  return out;
}

void DiscoveryPage::render_header(std::uint8_t* at) const {
  put64(at, genctr_);
  put64(at + 8, entries_.size());
  at[18] = lsp_;  // DLPF confirms what was asked for and is supported
  if ((lsp_ & kExtdlpe) != 0) put32(at + 20, static_cast<std::uint32_t>(kHeaderSize + entries_.size() * stride()));
}

void DiscoveryPage::render_entry(const Model& model, const Origin& origin, const Entry& entry, std::uint8_t* at) const {
  if ((lsp_ & kExtdlpe) != 0) {
    put32(at + kEntrySize, static_cast<std::uint32_t>(stride()));
    if (entry.subsystem != nullptr && !entry.subsystem->admin_label.empty()) {
      std::uint8_t* attribute = at + kExtendedEntrySize;
      put16(at + kEntrySize + 4, 1);  // NUMEXAT
      put16(attribute, kAdminLabel);
      put16(attribute + 2, kLabelRoom);
      put_text(attribute + kAttributeHead, kLabelRoom, entry.subsystem->admin_label, ' ');
    }
  }
  if (entry.raw != nullptr) {
    std::copy(entry.raw->fixed.begin(), entry.raw->fixed.end(), at);
    return;
  }
  const char fill = model.discovery.pad_with_spaces ? ' ' : '\0';
  put16(at + 6, kAnyController);
  put16(at + 8, kAdminQueueSize);
  if (entry.referral != nullptr) {
    const auto& config = *entry.referral;
    at[0] = static_cast<std::uint8_t>(config.transport);
    at[1] = family_of(config.transport, config.traddr);
    at[2] = Subtype::referral;
    if (config.secure) {
      at[3] = static_cast<std::uint8_t>(Treq::required);
      at[kTsas] = static_cast<std::uint8_t>(Tsas::tls13);
    }
    put16(at + 4, config.portid);
    put16(at + 10, eflags(config.dupretinfo, config.epcsd));
    put_text(at + kTrsvcid, kTrsvcidRoom, config.trsvcid, fill);
    put_text(at + kSubnqn, kTextRoom, config.nqn);
    put_text(at + kTraddr, kTextRoom, config.traddr, fill);
    return;
  }
  const auto& listener = *entry.listener;
  const bool loop = listener.config.transport == Transport::loop;
  at[0] = static_cast<std::uint8_t>(listener.config.transport);
  at[1] = listener.adrfam;
  at[2] = entry.subsystem != nullptr ? Subtype::nvm : Subtype::current;
  at[3] = static_cast<std::uint8_t>(static_cast<std::uint8_t>(listener.config.treq) | kMayDisableFlowControl);
  put16(at + 4, listener.config.id);
  if (!loop) {
    // A link-local scope means something on this machine only and is left out.
    const std::string address = listener.wildcard ? origin.local_address : listener.config.traddr;
    put_text(at + kTrsvcid, kTrsvcidRoom, listener.config.trsvcid, fill);
    put_text(at + kTraddr, kTextRoom, address.substr(0, address.find('%')), fill);
  }
  at[kTsas] = static_cast<std::uint8_t>(listener.config.tsas);
  if (entry.subsystem != nullptr) {
    put16(at + 10, entry.subsystem->ncc ? kNcc : 0);
    put_text(at + kSubnqn, kTextRoom, entry.subsystem->nqn);
  } else {
    put16(at + 10, eflags(model.discovery.dupretinfo, model.discovery.epcsd));
    put_text(at + kSubnqn, kTextRoom, model.discovery_nqn());
  }
}

}  // namespace stas::target
