// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/stasadm/host_uuid.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "libstas/core/base/uuid.h"

namespace stas {

namespace {

constexpr std::string_view kApplication = "$nvmexpress.org$";

// At the front of the text.
std::optional<Uuid> from_text(std::string_view text) { return parse_uuid(text.substr(0, kUuidTextLength)); }

std::string to_version_4(Uuid uuid) {
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
  return to_text(uuid);
}

}  // namespace

std::string random_uuid() {
  Uuid uuid{};
  // No entropy is no reason to hand out an identity that another host may have as well.
  if (RAND_bytes(uuid.data(), static_cast<int>(uuid.size())) != 1) std::abort();
  return to_version_4(uuid);
}

std::optional<std::string> uuid_of_machine_id(std::string_view text) {
  const auto id = parse_uuid_digits(text.substr(0, 32));
  if (!id) return std::nullopt;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  HMAC(EVP_sha256(), kApplication.data(), static_cast<int>(kApplication.size()), id->data(), id->size(), hash.data(),
       &length);
  Uuid uuid{};
  if (length < uuid.size()) return std::nullopt;
  std::copy_n(hash.begin(), uuid.size(), uuid.begin());
  return to_version_4(uuid);
}

std::optional<std::string> uuid_of_product(std::string_view text) {
  auto uuid = from_text(text);
  if (!uuid) return std::nullopt;
  auto& u = *uuid;
  std::swap(u[0], u[3]);
  std::swap(u[1], u[2]);
  std::swap(u[4], u[5]);
  std::swap(u[6], u[7]);
  return to_text(u);
}

Result<std::string> host_uuid(const ReadHostFile& read_file, bool is_root) {
  if (const auto text = read_file(kMachineIdPath)) {
    if (const auto uuid = uuid_of_machine_id(*text)) return *uuid;
  }
  if (!is_root) return fail(ErrorKind::permission, "Permission denied. Root privileges required.");
  if (const auto text = read_file(kProductUuidPath)) {
    if (const auto uuid = uuid_of_product(*text)) return *uuid;
  }
  if (const auto text = read_file(kPartitionUuidPath)) {
    if (const auto uuid = from_text(*text)) return to_text(*uuid);
  }
  return random_uuid();
}

}  // namespace stas
