// SPDX-License-Identifier: Apache-2.0
//
// sys.conf(5): host NQN, host ID, host key and symbolic name; each a direct value or file://PATH. Reading the named
// files is the caller's job, through the function it passes in, so that this stays pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "libstas/core/base/result.h"
#include "libstas/core/config/config.h"
#include "libstas/core/config/named_key.h"
#include "libstas/core/identity/host.h"

namespace stas {

// Returns the content of a file (bounded by the caller), or why not.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// Missing optional values are left empty (symbolic name: a warning). A missing, unreadable or invalid host NQN or host
// ID is an error that names the file and points to stasadm(1). hostname and os_version are left empty.
struct SysConf {
  HostIdentity host;
  std::vector<Complaint> complaints;
  // The text does not say clearly who this host is: a syntax error, a cut, an option or a section that is misspelt.
  // `host` may be another identity than the one that was meant, and must not replace one that is in force (law 2).
  bool broken = false;
  bool key_missing = false;  // a key is asked for and cannot be had; a complaint says why
  bool key_literal = false;  // the text itself holds it
};
// `read_key`: for the host key where the file names one; without it read_file is asked.
Result<SysConf> parse_sys_conf(std::string_view text, std::string_view path, const ReadFile& read_file,
                               const ReadKey& read_key = {});

}  // namespace stas
