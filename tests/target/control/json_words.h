// SPDX-License-Identifier: Apache-2.0
//
// The words of the configuration and what they mean, shared by its readers and writers. Internal to the JSON files.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "tests/target/control/json_reader.h"
#include "tests/target/core/model.h"

namespace stas::target {

template <typename T>
using Words = std::initializer_list<std::pair<const char*, T>>;

inline constexpr Words<Transport> kTransports{
    {"tcp", Transport::tcp}, {"rdma", Transport::rdma}, {"fc", Transport::fc}, {"loop", Transport::loop}};
inline constexpr Words<DiscoveryKind> kKinds{
    {"none", DiscoveryKind::none}, {"ddc", DiscoveryKind::ddc}, {"cdc", DiscoveryKind::cdc}};
inline constexpr Words<EntryFilter> kFilters{
    {"transport", EntryFilter::transport}, {"listener", EntryFilter::listener}, {"none", EntryFilter::none}};
inline constexpr Words<Treq> kTreqs{
    {"not-specified", Treq::not_specified}, {"required", Treq::required}, {"not-required", Treq::not_required}};
inline constexpr Words<Tsas> kTsas{{"none", Tsas::none}, {"tls1.3", Tsas::tls13}};
inline constexpr Words<bool> kPaddings{{"nul", false}, {"space", true}};
inline constexpr Words<std::uint32_t> kVersions{
    {"1.3", 0x00010300}, {"1.4", 0x00010400}, {"2.0", 0x00020000}, {"2.1", 0x00020100}};
inline constexpr Words<AnaState> kAnaStates{{"optimized", AnaState::optimized},
                                            {"non-optimized", AnaState::non_optimized},
                                            {"inaccessible", AnaState::inaccessible},
                                            {"persistent-loss", AnaState::persistent_loss},
                                            {"change", AnaState::change}};
inline constexpr Words<AnaState> kSpdkAnaStates{{"optimized", AnaState::optimized},
                                                {"non_optimized", AnaState::non_optimized},
                                                {"inaccessible", AnaState::inaccessible},
                                                {"persistent_loss", AnaState::persistent_loss},
                                                {"change", AnaState::change}};
inline constexpr Words<std::uint8_t> kHashes{{"any", 0}, {"sha256", 1}, {"sha384", 2}, {"sha512", 3}};
inline constexpr Words<std::uint8_t> kDhGroups{{"any", 0xFF},    {"null", 0},      {"ffdhe2048", 1}, {"ffdhe3072", 2},
                                               {"ffdhe4096", 3}, {"ffdhe6144", 4}, {"ffdhe8192", 5}};
inline constexpr Words<std::uint8_t> kHashNames{{"sha256", 1}, {"sha384", 2}, {"sha512", 3}};
inline constexpr Words<std::uint8_t> kDhGroupNames{{"null", 0},      {"ffdhe2048", 1}, {"ffdhe3072", 2},
                                                   {"ffdhe4096", 3}, {"ffdhe6144", 4}, {"ffdhe8192", 5}};
inline constexpr Words<bool> kAuthQueues{{"all", false}, {"admin", true}};
inline constexpr Words<BackendKind> kBackendKinds{
    {"ram", BackendKind::ram}, {"null", BackendKind::null}, {"file", BackendKind::file}, {"block", BackendKind::block}};

template <typename T>
const char* word_of(Words<T> words, T value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return "unknown";
}

/// "1MiB", "64KiB", "2GiB", "4096" or a number of bytes, at most 1 TiB.
std::optional<std::uint64_t> size_from(const Json& value);
/// A size member; 0 and beyond 1 TiB are errors.
void read_size(ObjectReader& from, const char* key, std::uint64_t& to);

}  // namespace stas::target
