// SPDX-License-Identifier: Apache-2.0
//
// Keys in files.
#include "tests/target/spdk/keyring.h"

#include <sys/stat.h>

#include <fstream>

namespace stas::target {
namespace {

constexpr std::size_t kLongestKey = 256;

Result<void> check_file(const std::string& name, const std::string& path) {
  const std::string what = "key " + name + ": " + path;
  struct stat found {};
  if (path.empty() || path.front() != '/') return problem(what + ": is no absolute path");
  if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return problem(what + ": is no file");
  if ((found.st_mode & 0077) != 0) return problem(what + ": others than its owner have permissions for it (chmod 600)");
  return {};
}

Answer add_key(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  const auto path = text_param(reader, "path");
  reader.finish();
  if (!call.error.empty()) return bad_params();
  auto& keys = call.target.spdk().keys;
  if (keys.contains(name)) return problem("key " + name + " exists already");
  if (const auto ok = check_file(name, path); !ok) return problem(ok.error().text);
  keys.emplace(name, path);
  return Json(true);
}

Answer remove_key(Call& call) {
  auto reader = call.reader();
  const auto name = text_param(reader, "name");
  reader.finish();
  if (!call.error.empty()) return bad_params();
  if (call.target.spdk().keys.erase(name) == 0) return problem("no key " + name);
  return Json(true);
}

Answer get_keys(Call& call) {
  call.reader().finish();
  Json out = Json::array();
  for (const auto& [name, path] : call.target.spdk().keys) {
    out.push_back({{"name", name},
                   {"module", "keyring_file"},
                   {"removed", false},
                   {"probed", true},
                   {"refcnt", 1},
                   {"path", path}});
  }
  return out;
}

}  // namespace

Result<std::string> read_key(const SpdkState& state, const std::string& name) {
  const auto it = state.keys.find(name);
  if (it == state.keys.end()) return problem("no key " + name);
  if (const auto ok = check_file(name, it->second); !ok) return problem(ok.error().text);
  std::ifstream file(it->second, std::ios::binary);
  std::string text(kLongestKey, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty()) return problem("key " + name + ": " + it->second + " is empty");
  return text;
}

Json spdk_keyring_config(Call& call) {
  Json out = Json::array();
  for (const auto& [name, path] : call.target.spdk().keys) {
    out.push_back({{"method", "keyring_file_add_key"}, {"params", {{"name", name}, {"path", path}}}});
  }
  return out;
}

const Methods& spdk_keyring_methods() {
  static const Methods kMethods{
      {"keyring_file_add_key", add_key},
      {"keyring_file_remove_key", remove_key},
      {"keyring_get_keys", get_keys},
  };
  return kMethods;
}

}  // namespace stas::target
