// SPDX-License-Identifier: Apache-2.0
//
// The seven fields of a transport ID as others see them: their names on D-Bus and in files, in the order of the
// arguments of a bus call (compatibility contract 3.2), and what is taken from a text that comes from there. One table
// and one judge, so that what is refused in one place is refused in all.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "libstas/core/base/json.h"
#include "libstas/core/base/result.h"
#include "libstas/core/identity/tid.h"

namespace stas {

struct TidField {
  std::string_view key;               // in dictionaries and JSON
  std::string_view argument;          // of a bus call or signal
  std::string TidFields::*text;       // nullptr: the transport
  std::size_t place_in_dictionaries;  // where id dictionaries of D-Bus have it (3.3)
};
inline constexpr std::array<TidField, 7> kTidFields{{
    {"transport", "transport", nullptr, 2},
    {"traddr", "traddr", &TidFields::traddr, 0},
    {"trsvcid", "trsvcid", &TidFields::trsvcid, 1},
    {"subsysnqn", "subsysnqn", &TidFields::subsysnqn, 3},
    {"host-traddr", "host_traddr", &TidFields::host_traddr, 5},
    {"host-iface", "host_iface", &TidFields::host_iface, 4},
    {"host-nqn", "host_nqn", &TidFields::host_nqn, 6},
}};
inline constexpr std::size_t kMaxTidText = 256;  // bytes of an address, a port or an interface

// The texts of the seven fields in the order of kTidFields; views into what they were taken from.
using TidTexts = std::array<std::string_view, kTidFields.size()>;
TidTexts texts_of(const Tid& tid);
// The members of an object by their keys, "" for one that is missing. An Error when one is no text, or when this is no
// object.
Result<TidTexts> tid_texts(const Json& object);

// An Error (invalid_input, without the text itself) when the texts cannot mean a controller that anybody connects to:
// no such transport, a text that is too long or could not be part of a connect string, no address where the transport
// needs one, an NQN that is none. A host name in place of an address, and any port, are left to whoever connects.
Result<TidFields> read_tid(const TidTexts& texts);
Result<Tid> read_tid(const Json& object);

}  // namespace stas
