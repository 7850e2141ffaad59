// SPDX-License-Identifier: Apache-2.0
//
// Who names a discovery controller, in words: the line of a file, an announcement, the entry of a page. For people who
// ask why.
#pragma once

#include <string>
#include <vector>

#include "stafd/finder.h"

namespace stas {

// Entries are counted from 1, as stafctl dlp prints them: "entry 3 of the page of (tcp, 10.0.0.1, 8009, nqn.x)".
std::string in_page(const Dlpe& entry, const Dc& dc);
// The entry that refers to it, of a page of those that do; nullptr where it cannot be told.
const Dlpe* referral_to(const Finder& brain, const Dc& dc);
// That entry demands TLS, which is not asked for: what to write, else "".
std::string referral_tls_advice(const Finder& brain, const Dc& dc);
// Everything that names it; with `sure` false, everything that did and may again. `file`: what the configuration is
// called.
std::vector<std::string> named_by(const Finder& brain, const Tid& tid, const Sources& sources, bool sure,
                                  const std::string& file);
// The exclude= line that refuses it, "FILE:LINE", or the include= lines of which none lets it in; "" without any.
std::string refused_by(const Verdict& verdict, const StafdConfig& config, const std::string& file);

}  // namespace stas
