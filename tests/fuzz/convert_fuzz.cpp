// SPDX-License-Identifier: Apache-2.0
//
// stasadm convert. Besides not crashing: each complaint has a line that exists, is printable and shows no key; our own
// parsers have no error to tell about what was made; and converting that once more changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "libstas/core/base/unicode.h"
#include "libstas/core/config/config.h"
#include "libstas/core/convert/convert.h"

namespace {

using stas::ConfFile;
using stas::ConfKind;

void require(bool holds) {
  if (!holds) std::abort();
}

int lines_of(std::string_view input) {
  int lines = 1;
  for (const char c : input) lines += c == '\n' || c == '\r' ? 1 : 0;
  return lines;
}

template <class Config>
void check_errors(const stas::Parsed<Config>& parsed) {
  for (const stas::Complaint& complaint : parsed.complaints) require(complaint.severity != stas::Severity::error);
}

std::string without_comments(std::string text) {
  while (text.starts_with('#')) text.erase(0, text.find('\n') + 1);
  return text;
}

void check_made(const stas::ConvertedFile& made) {
  const std::string text = made.text.reveal();
  if (made.file == ConfFile::stafd) check_errors(stas::parse_stafd_conf(text, "f"));
  if (made.file == ConfFile::stacd) check_errors(stas::parse_stacd_conf(text, "f"));
  const auto again = stas::convert({{std::string(to_text(made.file)), made.text}}, ConfKind::stas, ConfKind::stas);
  require(again && again->files.size() == 1);
  require(without_comments(again->files[0].text.reveal()) == without_comments(text));
}

void check(std::string_view text, const char* name, std::optional<ConfKind> from, ConfKind to) {
  const auto done = stas::convert({{name, stas::Secret(std::string(text))}}, from, to);
  if (!done) return require(stas::is_valid_utf8(done.error().text) && done.error().text.starts_with(name));
  const int lines = lines_of(text);
  for (const stas::Complaint& complaint : done->complaints) {
    require(complaint.line >= 0 && complaint.line <= lines && !complaint.text.empty());
    require(stas::is_valid_utf8(complaint.text) && complaint.text.find('\n') == std::string::npos);
    require(complaint.text.find("DHHC-1:0") == std::string::npos &&
            complaint.text.find("NVMeTLSkey-1:0") == std::string::npos);
  }
  if (to != ConfKind::stas) return;
  for (const stas::ConvertedFile& made : done->files) check_made(made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, "f", std::nullopt, ConfKind::stas);
  check(text, "f", ConfKind::discovery_conf, ConfKind::stas);
  check(text, "f", ConfKind::config_json, ConfKind::stas);
  check(text, "sys.conf", ConfKind::nvme_stas_2, ConfKind::stas);
  for (const char* name : {"stafd.conf", "stacd.conf"}) {
    check(text, name, ConfKind::nvme_stas_1, ConfKind::stas);
    check(text, name, ConfKind::nvme_stas_2, ConfKind::stas);
    check(text, name, ConfKind::stas, ConfKind::stas);
    check(text, name, ConfKind::stas, ConfKind::nvme_stas_2);
    check(text, name, ConfKind::stas, ConfKind::nvme_stas_1);
  }
  return 0;
}
