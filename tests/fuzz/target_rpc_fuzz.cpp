// SPDX-License-Identifier: Apache-2.0
//
// The bundled target's control side, byte 0 chooses which: "c" its configuration file, else a stream of requests to its
// RPC socket, whose methods are its own and SPDK's, cut into pieces of that many bytes. An accepted configuration
// survives being written and read back; requests that are JSON are answered alike however they are cut; each answer is
// one JSON value on one line; and what the target has become can be saved and loaded. Nothing here opens a socket,
// touches a file or talks to a daemon: requests that would are left out.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/target/control/config_json.h"
#include "tests/target/control/rpc.h"
#include "tests/target/control/rpc_call.h"
#include "tests/target/target.h"

namespace {

using namespace stas::target;

constexpr std::size_t kMostRequests = 24;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Members by which a request reaches beyond this process. An address is only listed where its transport is not TCP.
bool reaches_out(const Json& value) {
  if (value.is_array()) return std::any_of(value.begin(), value.end(), reaches_out);
  if (!value.is_object()) return false;
  constexpr std::array kOutside{"file", "block", "path", "filename", "publish", "accepting"};
  if (std::any_of(kOutside.begin(), kOutside.end(), [&](const char* key) { return value.contains(key); })) return true;
  if (value.contains("traddr")) {
    const auto is = [&](const char* key) {
      const auto it = value.find(key);
      return it != value.end() && (*it == "rdma" || *it == "fc" || *it == "RDMA" || *it == "FC");
    };
    if (!is("transport") && !is("trtype")) return true;
  }
  const auto method = value.find("method");
  if (method != value.end() && method->is_string()) {
    const auto& name = method->get_ref<const std::string&>();
    if (name.find("mdns") != std::string::npos || name.starts_with("trace")) return true;
  }
  return std::any_of(value.begin(), value.end(), reaches_out);
}

void check_answer(const std::string& answer) {
  if (answer.empty()) return;
  require(answer.find('\n') == std::string::npos);
  const Json parsed = Json::parse(answer, nullptr, false);
  require(parsed.is_object() || parsed.is_array());
}

std::unique_ptr<Target> make_target() {
  auto target = Target::make(R"({"listeners": [{"id": 1, "transport": "loop"}],
    "backends": [{"name": "Malloc0", "type": "ram", "size": "64KiB"}],
    "subsystems": [{"nqn": "nqn.2024-01.org.example:one", "namespaces": [{"null": "64KiB"}, {"backend": "Malloc0"}]}]})");
  require(target.has_value());
  return std::move(*target);
}

/// What the server does with bytes as they come. The number of answers.
std::size_t feed(Target& target, std::string_view stream, std::size_t piece) {
  std::string pending;
  std::size_t answers = 0;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    pending += stream.substr(at, piece);
    for (;;) {
      const auto taken = answer_rpc(target, pending);
      require(taken.bytes <= pending.size() && (taken.bytes != 0 || taken.answer.empty()));
      if (taken.bytes == 0) break;
      check_answer(taken.answer);
      answers += taken.answer.empty() ? 0 : 1;
      pending.erase(0, taken.bytes);
    }
  }
  return answers;
}

void check_config(std::string_view text) {
  const auto config = parse_config(text);
  if (!config) return;
  const auto written = format_config(*config);
  const auto again = parse_config(written);
  require(again && format_config(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'c') {
    check_config(text);
    return 0;
  }
  // Lines; the ones that are JSON become the stream, with and without something between them.
  std::string stream;
  std::size_t count = 0, answers = 0;
  const auto target = make_target();
  while (!text.empty() && count < kMostRequests) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const Json request = Json::parse(line, nullptr, false);
    if (request.is_discarded()) {
      check_answer(target->rpc(line));
      continue;
    }
    if (!(request.is_object() || request.is_array()) || reaches_out(request)) continue;
    // The library takes a byte order mark before a value, and a NUL for the end of the text.
    if (line.find_first_of("{[") != line.find_first_not_of(" \t\r") || line.find('\0') != line.npos) continue;
    const std::string answer = target->rpc(line);
    check_answer(answer);
    answers += answer.empty() ? 0 : 1;
    stream.append(line).append(++count % 2 == 0 ? "\n" : "");
  }
  require(feed(*make_target(), stream, std::size_t{data[0]} + 1) == answers);
  const std::string saved = format_config(target->save());
  require(parse_config(saved).has_value());
  check_config(saved);
  return 0;
}
