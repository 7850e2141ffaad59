// SPDX-License-Identifier: Apache-2.0
//
// stasadm convert: the configuration of nvme-cli or of a release of nvme-stas as one of ours or of another release, and
// a list of what has no counterpart. Whatever is written was read by our own parser before: a line that it refuses is
// left out and told with the line it came from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/complaint.h"
#include "libstas/core/base/result.h"
#include "libstas/core/base/secret.h"
#include "libstas/core/config/conf_kind.h"

namespace stas {

struct ConvertInput {
  std::string path;  // what it is called
  Secret text;
};

struct ConvertedFile {
  ConfFile file = ConfFile::stafd;
  Secret text;
};

struct Conversion {
  std::vector<ConvertedFile> files;   // maybe none: there is nothing to say
  std::vector<Complaint> complaints;  // error: lost; warning: converted, but worth a look. By file and line
};

// All inputs together are one configuration: files of nvme-cli, or the files of one release of nvme-stas. `from`:
// nullopt: what they look like. An Error says which of them is unclear, and why: then there is nothing to write.
Result<Conversion> convert(const std::vector<ConvertInput>& inputs, std::optional<ConfKind> from, ConfKind to);

}  // namespace stas
