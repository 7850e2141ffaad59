// SPDX-License-Identifier: Apache-2.0
//
// The bundled target's control side, byte 0 chooses which: "c" its configuration file, else one request to its RPC
// socket. An accepted configuration survives being written and read back; a request is answered with one JSON
// value on one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/target/control/config_json.h"
#include "tests/target/control/rpc.h"
#include "tests/target/target.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'c') {
    const auto config = stas::target::parse_config(text);
    if (!config) return 0;
    const auto written = stas::target::format_config(*config);
    const auto again = stas::target::parse_config(written);
    require(again && stas::target::format_config(*again) == written);
    return 0;
  }
  // No sockets here: what listens has tests of its own.
  if (text.find("listen") != std::string_view::npos) return 0;
  auto target = stas::target::Target::make(stas::target::TargetConfig{});
  require(target.has_value());
  const auto answer = (*target)->rpc(text);
  const bool framed = !answer.empty() && (answer.front() == '{' || answer.front() == '[');
  require(answer.empty() || (framed && answer.find('\n') == std::string::npos));
  return 0;
}
