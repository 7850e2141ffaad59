// SPDX-License-Identifier: Apache-2.0
//
// Keys that a file names instead of holding them: file:///PATH, and credential:NAME for what the service manager
// provides (systemd.exec(5), LoadCredential=). Reading them is the caller's job, before the file that names them is
// parsed, so that parsing stays pure and a disk that hangs holds up nobody.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libstas/core/base/secret.h"

namespace stas {

inline constexpr std::size_t kMaxKeyFileBytes = 4096;  // a key has some 110
inline constexpr std::size_t kMaxNamedKeys = 1024;     // different ones in one file
inline constexpr std::string_view kFileScheme = "file://", kCredentialScheme = "credential:";

// What was found there.
struct NamedKey {
  Secret text;           // the whole content
  std::string why;       // not empty: there is none, "No such file or directory"; no secret
  bool absent = false;   // ... because nothing is there
  std::string exposure;  // who else may read it, and what to do; no secret
};
using NamedKeys = std::map<std::string, NamedKey, std::less<>>;  // by the value of the option
using ReadKey = std::function<NamedKey(const std::string& value)>;

bool is_named_key(std::string_view value);
// The path of a file:// value, the name of a credential, "" if it is none that can be used.
std::string path_of_key(std::string_view value);
std::string credential_of_key(std::string_view value);
// The file or credential for a message; "..." when somebody put a key in its place.
std::string shown_place(std::string_view value);

// The keys of a text in the form of stafd.conf and stacd.conf.
struct KeysOfFile {
  std::set<std::string> named;  // kMaxNamedKeys at most
  bool literal = false;         // the text itself holds one
};
KeysOfFile find_keys(std::string_view text);

// The value of an option that is a DH-HMAC-CHAP key, or names one.
struct KeyOption {
  Secret key;
  std::string flaw;                   // a key is asked for and there is none: "/etc/k: No such file or directory"
  std::vector<std::string> warnings;  // each continues "dhchap-secret ..."
};
// What follows from a flaw, to end the sentence with.
inline constexpr std::string_view kNoKeyMeans =
    ": nothing is connected without that key, and nothing is cut - put it there, and reload";

// `value` is not empty. `named`: what was read of what it may name. A literal with another form than a key's is a key
// with a warning: what to make of it is the kernel's business (compatibility contract 8.3).
KeyOption read_dhchap_key(std::string_view value, const NamedKeys& named);

}  // namespace stas
