// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/host/libcrypto.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/dh.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace stas {

namespace {

using nvme_tcp::DhAgreement;
using nvme_tcp::DhchapHash;

#define STAS_STRINGIFIED(text) #text
#define STAS_STRING(text) STAS_STRINGIFIED(text)
constexpr const char* kLibrary = "libcrypto.so." STAS_STRING(OPENSSL_VERSION_MAJOR);

// What is called of the library, under its names.
struct Functions {
  decltype(&::EVP_Q_digest) EVP_Q_digest = nullptr;
  decltype(&::EVP_Q_mac) EVP_Q_mac = nullptr;
  decltype(&::EVP_PKEY_CTX_new_from_name) EVP_PKEY_CTX_new_from_name = nullptr;
  decltype(&::EVP_PKEY_CTX_new) EVP_PKEY_CTX_new = nullptr;
  decltype(&::EVP_PKEY_CTX_free) EVP_PKEY_CTX_free = nullptr;
  decltype(&::EVP_PKEY_CTX_set_group_name) EVP_PKEY_CTX_set_group_name = nullptr;
  decltype(&::EVP_PKEY_CTX_set_dh_pad) EVP_PKEY_CTX_set_dh_pad = nullptr;
  decltype(&::EVP_PKEY_keygen_init) EVP_PKEY_keygen_init = nullptr;
  decltype(&::EVP_PKEY_keygen) EVP_PKEY_keygen = nullptr;
  decltype(&::EVP_PKEY_new) EVP_PKEY_new = nullptr;
  decltype(&::EVP_PKEY_free) EVP_PKEY_free = nullptr;
  decltype(&::EVP_PKEY_copy_parameters) EVP_PKEY_copy_parameters = nullptr;
  decltype(&::EVP_PKEY_get1_encoded_public_key) EVP_PKEY_get1_encoded_public_key = nullptr;
  decltype(&::EVP_PKEY_set1_encoded_public_key) EVP_PKEY_set1_encoded_public_key = nullptr;
  decltype(&::EVP_PKEY_derive_init) EVP_PKEY_derive_init = nullptr;
  decltype(&::EVP_PKEY_derive_set_peer) EVP_PKEY_derive_set_peer = nullptr;
  decltype(&::EVP_PKEY_derive) EVP_PKEY_derive = nullptr;
  decltype(&::CRYPTO_free) CRYPTO_free = nullptr;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

Result<Functions> load() {
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // stays loaded
  Functions f;
#define STAS_FIND(name) find(library, #name, f.name)
  const bool found = library != nullptr && STAS_FIND(EVP_Q_digest) && STAS_FIND(EVP_Q_mac) &&
                     STAS_FIND(EVP_PKEY_CTX_new_from_name) && STAS_FIND(EVP_PKEY_CTX_new) &&
                     STAS_FIND(EVP_PKEY_CTX_free) && STAS_FIND(EVP_PKEY_CTX_set_group_name) &&
                     STAS_FIND(EVP_PKEY_CTX_set_dh_pad) && STAS_FIND(EVP_PKEY_keygen_init) &&
                     STAS_FIND(EVP_PKEY_keygen) && STAS_FIND(EVP_PKEY_new) && STAS_FIND(EVP_PKEY_free) &&
                     STAS_FIND(EVP_PKEY_copy_parameters) && STAS_FIND(EVP_PKEY_get1_encoded_public_key) &&
                     STAS_FIND(EVP_PKEY_set1_encoded_public_key) && STAS_FIND(EVP_PKEY_derive_init) &&
                     STAS_FIND(EVP_PKEY_derive_set_peer) && STAS_FIND(EVP_PKEY_derive) && STAS_FIND(CRYPTO_free);
#undef STAS_FIND
  if (found) return f;
  const char* why = ::dlerror();
  return fail(ErrorKind::not_supported, std::string("authentication needs ") + kLibrary + " (OpenSSL): " +
                                            (why != nullptr ? why : "it is not the one this was built for"));
}

const char* name_of(DhchapHash hash) {
  switch (hash) {
    case DhchapHash::sha384:
      return "SHA384";
    case DhchapHash::sha512:
      return "SHA512";
    case DhchapHash::sha256:
    case DhchapHash::none:
      break;
  }
  return "SHA256";
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

class LibCrypto final : public nvme_tcp::DhchapCrypto {
 public:
  Result<std::string> digest(DhchapHash hash, std::string_view data) const override {
    const auto& f = functions();
    if (!f) return tl::unexpected(f.error());
    std::string out(nvme_tcp::digest_size(hash), '\0');
    std::size_t length = 0;
    if (f->EVP_Q_digest(nullptr, name_of(hash), nullptr, data.data(), data.size(), bytes_of(out), &length) != 1)
      return failed(name_of(hash));
    return out;
  }

  Result<std::string> hmac(DhchapHash hash, std::string_view key, std::string_view data) const override {
    const auto& f = functions();
    if (!f) return tl::unexpected(f.error());
    std::string out(nvme_tcp::digest_size(hash), '\0');
    std::size_t length = 0;
    if (f->EVP_Q_mac(nullptr, "HMAC", nullptr, name_of(hash), nullptr, key.data(), key.size(), bytes_of(data),
                     data.size(), bytes_of(out), out.size(), &length) == nullptr)
      return failed("HMAC");
    return out;
  }

  Result<DhAgreement> agree(std::uint8_t group, std::string_view peer) const override;

  Result<std::string> random(std::size_t count) const override {
    std::string out(count, '\0');
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got != static_cast<ssize_t>(count))
      return fail(ErrorKind::io, std::string("getrandom: ") + std::strerror(errno), errno);
    return out;
  }

 private:
  static tl::unexpected<Error> failed(const char* what) {
    return fail(ErrorKind::not_supported, std::string("OpenSSL does not do ") + what + " here");
  }
  static const Result<Functions>& functions() {
    static const auto loaded = load();
    return loaded;
  }
};

Result<DhAgreement> LibCrypto::agree(std::uint8_t group, std::string_view peer) const {
  constexpr std::array<const char*, 5> kGroups{"ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"};
  const auto& loaded = functions();
  if (!loaded) return tl::unexpected(loaded.error());
  const auto& f = *loaded;
  using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(f.EVP_PKEY_CTX_free)>;
  using Key = std::unique_ptr<EVP_PKEY, decltype(f.EVP_PKEY_free)>;
  const char* name = kGroups.at(group - 1U);

  const Context making(f.EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr), f.EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  if (!making || f.EVP_PKEY_keygen_init(making.get()) != 1 || f.EVP_PKEY_CTX_set_group_name(making.get(), name) != 1 ||
      f.EVP_PKEY_keygen(making.get(), &made) != 1)
    return failed(name);
  const Key own(made, f.EVP_PKEY_free);
  DhAgreement out;
  unsigned char* encoded = nullptr;
  const auto length = f.EVP_PKEY_get1_encoded_public_key(own.get(), &encoded);
  if (length == 0) return failed(name);
  out.own.assign(reinterpret_cast<const char*>(encoded), length);
  f.CRYPTO_free(encoded, __FILE__, __LINE__);

  const Key other(f.EVP_PKEY_new(), f.EVP_PKEY_free);
  const Context deriving(f.EVP_PKEY_CTX_new(own.get(), nullptr), f.EVP_PKEY_CTX_free);
  std::string secret(length, '\0');
  auto secret_length = length;
  if (!other || !deriving || f.EVP_PKEY_copy_parameters(other.get(), own.get()) != 1 ||
      f.EVP_PKEY_set1_encoded_public_key(other.get(), bytes_of(peer), peer.size()) != 1 ||
      f.EVP_PKEY_derive_init(deriving.get()) != 1 ||
      f.EVP_PKEY_CTX_set_dh_pad(deriving.get(), 1) != 1 ||  // leading zeroes belong to the secret
      f.EVP_PKEY_derive_set_peer(deriving.get(), other.get()) != 1 ||
      f.EVP_PKEY_derive(deriving.get(), bytes_of(secret), &secret_length) != 1 || secret_length != length) {
    return fail(ErrorKind::protocol, std::string("the controller's Diffie-Hellman value is none of ") + name);
  }
  out.secret = Secret(std::move(secret));
  return out;
}

}  // namespace

const nvme_tcp::DhchapCrypto& libcrypto() {
  static const LibCrypto instance;
  return instance;
}

}  // namespace stas
