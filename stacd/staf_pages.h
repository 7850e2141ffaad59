// SPDX-License-Identifier: Apache-2.0
//
// The JSON answer of stafd's get_all_log_pages as facts. It may come from this stafd or from that of nvme-stas 2.4.1,
// and it is not trusted: what cannot be used is left out and counted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/result.h"
#include "libstas/core/base/text_dict.h"
#include "libstas/core/brain/event.h"

namespace stas {

inline constexpr std::size_t kMaxStafDcs = 8192;

struct StafAnswer {
  std::vector<StafDc> dcs;
  unsigned skipped = 0;    // controllers and entries that cannot be used
  std::string first_flaw;  // what was wrong with the first of them
};

// An Error when the text as a whole is not such a document; that is no information about anything.
// A controller that cannot be used makes the answer an Error as well: its absence would look like its removal.
Result<StafAnswer> parse_staf_pages(std::string_view json);

// A dictionary of list_controllers or list_ended_controllers; nullopt when it names no usable controller.
std::optional<Tid> tid_of_dict(const TextDict& dict);

}  // namespace stas
