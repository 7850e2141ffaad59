// SPDX-License-Identifier: Apache-2.0
//
// Something in a file that cannot be used as it stands. Parsing never fails because of one: it returns the value plus
// its complaints, and the shell logs each once.
#pragma once

#include <string>

namespace stas {

enum class Severity { info, warning, error };  // info: no mistake, and worth knowing

struct Complaint {
  Severity severity = Severity::error;
  std::string file;
  int line = 0;      // 1-based; 0 when the complaint is about the whole file
  std::string text;  // without file and line
  // "File:FILE:LINE: text" (":LINE" only if there is one): 2.4.1's form, which scripts look for, with the line added
  // (compatibility contract 2.4).
  std::string to_string() const;
  friend bool operator==(const Complaint&, const Complaint&) = default;
};

}  // namespace stas
