// SPDX-License-Identifier: Apache-2.0
//
// DIM data: 1024 bytes of header, one extended discovery log entry, its attributes. Everything that is not written here
// stays zero. Offsets: compatibility contract, appendix C; TP8010.
#include "libstas/core/discovery/dim.h"

#include <algorithm>
#include <tuple>

#include "libstas/core/base/endian.h"
#include "libstas/core/base/unicode.h"
#include "libstas/core/base/uuid.h"
#include "libstas/core/discovery/log_page.h"
#include "libstas/core/identity/nqn.h"

namespace stas {
namespace {

constexpr std::size_t kEntryAt = 1024;
constexpr std::size_t kAttributesAt = 1032;  // in the entry
constexpr std::size_t kAttributeHeader = 4;
constexpr std::size_t kMaxNameSize = 256;  // entity name, and symbolic name by the same measure
constexpr std::size_t kVersionSize = 64;

constexpr std::uint16_t kExtendedFormat = 2, kEntityHost = 1, kEntityKeyType = 0x5f;
constexpr std::uint16_t kAttributeHostId = 1, kAttributeSymbolicName = 2;

void put_text(std::string& data, std::size_t at, std::string_view text, std::size_t size) {
  std::copy_n(text.begin(), std::min(text.size(), size), data.begin() + static_cast<std::ptrdiff_t>(at));
}

// The specification wants ASCII.
std::string ascii(std::string_view text, std::size_t limit) {
  std::string result(text.substr(0, limit));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return result;
}

std::size_t put_attribute(std::string& data, std::size_t at, std::uint16_t type, std::string_view value) {
  put_le(data, at, type);
  put_le(data, at + 2, static_cast<std::uint16_t>(value.size()));
  put_text(data, at + kAttributeHeader, value, value.size());
  return at + kAttributeHeader + value.size();
}

}  // namespace

Result<std::string> dim_host_entry(const HostIdentity& host, IpFamily family) {
  if (!is_usable_nqn(host.nqn))
    return fail(ErrorKind::invalid_input, "registration: host NQN \"" + printable(host.nqn) + "\" cannot be used");
  const auto id = parse_uuid(host.id);
  if (!id) return fail(ErrorKind::invalid_input, "registration: host ID \"" + printable(host.id) + "\" is no UUID");

  std::string symname = ascii(host.symname, kMaxNameSize);
  symname.resize((symname.size() + 3) / 4 * 4, ' ');
  const std::size_t tel = kAttributesAt + kAttributeHeader + std::tuple_size_v<Uuid> +
                          (symname.empty() ? 0 : kAttributeHeader + symname.size());

  std::string data(kEntryAt + tel, '\0');
  put_le(data, 0, static_cast<std::uint32_t>(data.size()));  // TDL
  put_le(data, 8, std::uint64_t{1});                         // NUMENT
  put_le(data, 16, kExtendedFormat);
  put_le(data, 18, kEntityHost);
  put_le(data, 22, kEntityKeyType);
  put_text(data, 24, host.nqn, kMaxNqnLength);
  put_text(data, 280, ascii(host.hostname, kMaxNameSize), kMaxNameSize);
  put_text(data, 536, ascii(host.os_version, kVersionSize), kVersionSize);

  data[kEntryAt] = static_cast<char>(kDlpTrtypeTcp);
  data[kEntryAt + 1] = static_cast<char>(family == IpFamily::v4 ? 1 : 2);
  put_text(data, kEntryAt + 256, host.nqn, kMaxNqnLength);
  put_le(data, kEntryAt + 1024, static_cast<std::uint32_t>(tel));
  put_le(data, kEntryAt + 1028, static_cast<std::uint16_t>(symname.empty() ? 1 : 2));
  const std::size_t next =
      put_attribute(data, kEntryAt + kAttributesAt, kAttributeHostId, std::string(id->begin(), id->end()));
  if (!symname.empty()) put_attribute(data, next, kAttributeSymbolicName, symname);
  return data;
}

}  // namespace stas
