// SPDX-License-Identifier: Apache-2.0
//
// Log page entries as text dictionaries of the D-Bus contract (3.4), both ways, and the check that an entry can be
// passed on: one from the bus or a file must pass the same check as one from the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/discovery/dlpe.h"
#include "libstas/core/identity/connect_options.h"

namespace stas {

// Sizes of the fields of an entry.
inline constexpr std::size_t kDlpeTrsvcidSize = 32, kDlpeTraddrSize = 256;

// Text of the transport specific address subtype; "" where the contract has no key for it.
std::string tsas_text(std::uint8_t trtype, std::string_view bytes);

// "nn-0x...,pn-0x..." of a Fibre Channel entry, as Linux targets list it, becomes what the kernel takes: a colon.
void set_fc_colon(Dlpe& dlpe);

// Name of the first field that makes the entry useless or dangerous, "" for a good one.
std::string_view flaw_of(const Dlpe& dlpe);

// What of the entry says that its controller takes connections over TLS only: "treq=required", "tsas=tls1.3"; "" if
// nothing does. NVMe/TCP only.
std::string tls_demand(const Dlpe& dlpe);
// It demands TLS, and these parameters do not ask for it: what to write `where`, else "".
std::string tls_hint(const Dlpe& dlpe, const ConnectOptions& options, const std::string& where);

// Text dictionary in the contract's key order: trtype adrfam traddr trsvcid subnqn subtype treq portid cntlid asqsz
// eflags [tsas].
TextDict to_dict(const Dlpe& dlpe);
// Back from the dictionary (as read from D-Bus or a state file). Missing or odd fields give an Error naming them.
Result<Dlpe> dlpe_from_dict(const TextDict& dict);

}  // namespace stas
