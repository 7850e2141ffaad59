// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/discovery/mdns_txt.h"

#include <algorithm>
#include <string_view>

#include "libstas/core/base/shown.h"
#include "libstas/core/base/text.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

struct Pair {
  std::string key;  // lower case
  std::string_view value;
};

std::optional<Pair> split(std::string_view text) {
  if (text.size() > kMaxTxtStringLength || !is_valid_utf8(text) || has_control(text)) return std::nullopt;
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  Pair pair{to_lower(trimmed(text.substr(0, equals))), trimmed(text.substr(equals + 1))};
  if (pair.key.empty()) return std::nullopt;
  return pair;
}

std::optional<Transport> transport_of(std::string_view value) {
  const std::string p = to_lower(value);
  if (p == "tcp") return Transport::tcp;
  if (p == "roce" || p == "iwarp" || p == "rdma") return Transport::rdma;
  return std::nullopt;
}

void judge_transport(const std::optional<std::string_view>& p, MdnsTxt& txt) {
  txt.transport = p ? transport_of(*p) : std::nullopt;
  if (txt.transport) return;
  // The text in front of the value is upstream's; people grep for it.
  txt.problems.push_back("Received invalid/undefined protocol in mDNS TXT field: " +
                         (p ? "p=" + shown(*p) : std::string("no \"p\"")));
}

void judge_nqn(const std::optional<std::string_view>& nqn, MdnsTxt& txt) {
  if (!nqn || nqn->empty()) return;
  if (is_usable_nqn(*nqn) && is_injection_free(*nqn)) {
    txt.nqn = *nqn;
    return;
  }
  // Not replaced by the well-known NQN: whoever announces such a name is not offering a service.
  txt.transport.reset();
  txt.problems.push_back("Received unusable NQN in mDNS TXT field, service ignored: nqn=" + shown(*nqn));
}

}  // namespace

MdnsTxt parse_mdns_txt(const std::vector<std::string>& strings) {
  std::optional<std::string_view> p;
  std::optional<std::string_view> nqn;
  const std::size_t count = std::min(strings.size(), kMaxTxtStrings);
  for (std::size_t i = 0; i < count; ++i) {
    const auto pair = split(strings[i]);
    if (!pair) continue;
    if (pair->key == "p" && !p) p = pair->value;
    if (pair->key == "nqn" && !nqn) nqn = pair->value;
  }
  MdnsTxt txt;
  judge_transport(p, txt);
  judge_nqn(nqn, txt);
  return txt;
}

}  // namespace stas
