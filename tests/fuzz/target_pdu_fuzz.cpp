// SPDX-License-Identifier: Apache-2.0
//
// What a host sends to the bundled target, as its PDU reader takes it apart. Byte 0 chooses the digests and whether the
// connection is negotiated, byte 1 the size of the portions. No PDU is larger than its bounds, nothing follows an
// error, and how the bytes were cut into portions makes no difference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>

#include "tests/target/transport/pdu.h"

namespace {

using namespace stas::target;

constexpr std::size_t kHeaderMax = 128;  // of any PDU that a host sends: an ICReq

void require(bool holds) {
  if (!holds) std::abort();
}

// What was read, as text; "!" and the reason is the end.
std::string read(std::string_view stream, std::size_t portion, const PduSettings& settings) {
  std::string seen;
  PduReader reader;
  while (!stream.empty()) {
    const std::size_t size = std::min(portion, stream.size());
    std::memcpy(reader.room(size).data(), stream.data(), size);
    reader.grow(size);
    stream.remove_prefix(size);
    while (true) {
      const auto next = reader.next(settings);
      if (std::holds_alternative<std::monostate>(next)) break;
      if (const auto* error = std::get_if<PduError>(&next)) {
        require(error->header.size() <= kHeaderMax);
        return seen + "!" + std::to_string(static_cast<int>(error->fes)) + "." + std::to_string(error->fei);
      }
      const auto& pdu = std::get<Pdu>(next);
      require(pdu.header.size() >= 8 && pdu.header.size() <= kHeaderMax);
      require(pdu.data.size() <= std::max({settings.max_capsule_data, settings.max_h2c_data, kHeaderMax}));
      seen += std::to_string(static_cast<int>(pdu.type)) + ":" + std::to_string(pdu.header.size()) + "+" +
              std::to_string(pdu.data.size()) + (pdu.data_digest_wrong ? "? " : " ");
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  PduSettings settings;
  settings.header_digest = (data[0] & 1) != 0;
  settings.data_digest = (data[0] & 2) != 0;
  settings.negotiated = (data[0] & 4) != 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  require(read(stream, data[1] + 1U, settings) == read(stream, size, settings));
  return 0;
}
