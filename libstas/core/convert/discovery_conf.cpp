// SPDX-License-Identifier: Apache-2.0
//
// Options as nvme-cli 1.x and 2.x know them, in any of the forms that getopt_long(3) takes: "--traddr=ADDRESS",
// "--traddr ADDRESS", "-a ADDRESS", abbreviated. nvme-cli cuts a line at every '='; keys that end in '=' are taken
// whole here.
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "libstas/core/base/did_you_mean.h"
#include "libstas/core/base/text.h"
#include "libstas/core/config/line_fields.h"
#include "libstas/core/convert/nvme_cli.h"

namespace stas {

namespace {

constexpr std::size_t kMaxCliLine = 4096;  // bytes that nvme-cli reads of one
constexpr std::size_t kMaxCliWords = 128;

enum class CliGoes : std::uint8_t { field, parameter, host_nqn, host_id, host_key, nowhere, unneeded };

struct CliWord {
  std::string_view name;
  char letter = 0;
  bool takes_value = true;
  CliGoes goes = CliGoes::field;
  std::string_view ours{};  // its name on a controller= line, or why it has none
};

constexpr std::array<CliWord, 47> kCliWords = {{
    {"transport", 't', true, CliGoes::field, "transport"},
    {"nqn", 'n', true, CliGoes::field, "nqn"},
    {"traddr", 'a', true, CliGoes::field, "traddr"},
    {"trsvcid", 's', true, CliGoes::field, "trsvcid"},
    {"host-traddr", 'w', true, CliGoes::field, "host-traddr"},
    {"host-iface", 'f', true, CliGoes::field, "host-iface"},
    {"hostnqn", 'q', true, CliGoes::host_nqn},
    {"hostid", 'I', true, CliGoes::host_id},
    {"dhchap-secret", 'S', true, CliGoes::host_key},
    {"dhchap-ctrl-secret", 'C', true, CliGoes::field, "dhchap-ctrl-secret"},
    {"nr-io-queues", 'i', true, CliGoes::parameter, "nr-io-queues"},
    {"nr-write-queues", 'W', true, CliGoes::parameter, "nr-write-queues"},
    {"nr-poll-queues", 'P', true, CliGoes::parameter, "nr-poll-queues"},
    {"queue-size", 'Q', true, CliGoes::parameter, "queue-size"},
    {"keep-alive-tmo", 'k', true, CliGoes::parameter, "kato"},
    {"reconnect-delay", 'c', true, CliGoes::parameter, "reconnect-delay"},
    {"ctrl-loss-tmo", 'l', true, CliGoes::parameter, "ctrl-loss-tmo"},
    {"disable-sqflow", 0, false, CliGoes::parameter, "disable-sqflow"},
    {"hdr-digest", 'g', false, CliGoes::parameter, "hdr-digest"},
    {"data-digest", 'G', false, CliGoes::parameter, "data-digest"},
    {"fast-io-fail-tmo", 'F', true, CliGoes::nowhere, "the time-out of multipath is not set here"},
    {"tos", 'T', true, CliGoes::nowhere, "the type of service is not set here"},
    {"duplicate-connect", 'D', false, CliGoes::nowhere, "a controller is connected once"},
    {"keyring", 0, true, CliGoes::parameter, "keyring"},
    {"tls-key", 0, true, CliGoes::parameter, "tls-key"},
    {"tls-key-identity", 0, true, CliGoes::nowhere, "the kernel finds the key by its own rules"},
    {"tls", 0, false, CliGoes::parameter, "tls"},
    {"concat", 0, false, CliGoes::parameter, "tls-concat"},
    {"device", 'd', true, CliGoes::nowhere, "a discovery controller is named by its address here"},
    {"config", 'J', true, CliGoes::nowhere, "give that file to `stasadm convert` as well"},
    {"context", 0, true, CliGoes::nowhere, "connections of one program are not kept apart here"},
    {"owner", 0, true, CliGoes::nowhere, "what is connected here is owned by stas"},
    {"nbft", 0, false, CliGoes::nowhere, "stafd reads the boot table of the firmware anyway"},
    {"no-nbft", 0, false, CliGoes::nowhere, "stafd reads the boot table of the firmware anyway"},
    {"nbft-path", 0, true, CliGoes::nowhere, "stafd reads the boot table of the firmware anyway"},
    {"matching", 'm', false, CliGoes::nowhere, "use include= in stacd.conf"},
    // About the run of a command, or what stafd does anyway.
    {"output-format", 'o', true, CliGoes::unneeded},
    {"raw", 'r', true, CliGoes::unneeded},
    {"persistent", 'p', false, CliGoes::unneeded},
    {"quiet", 0, false, CliGoes::unneeded},
    {"verbose", 'v', false, CliGoes::unneeded},
    {"force", 0, false, CliGoes::unneeded},
    {"dump-config", 'O', false, CliGoes::unneeded},
    {"timeout", 0, true, CliGoes::unneeded},
    {"dry-run", 0, false, CliGoes::unneeded},
    {"no-retries", 0, false, CliGoes::unneeded},
    {"output-format-version", 0, true, CliGoes::unneeded},
}};

const CliWord* by_letter(char letter) {
  const auto* found =
      std::find_if(kCliWords.begin(), kCliWords.end(), [&](const CliWord& option) { return option.letter == letter; });
  return letter == 0 || found == kCliWords.end() ? nullptr : found;
}

// Exactly, or as a beginning that only one has; releases wrote some with '_'.
const CliWord* by_name(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  const CliWord* match = nullptr;
  int matches = 0;
  for (const CliWord& word : kCliWords) {
    if (word.name == name) return &word;
    if (!word.name.starts_with(name)) continue;
    match = &word;
    ++matches;
  }
  return matches == 1 ? match : nullptr;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> tokens;
  while (!(line = trimmed(line)).empty() && tokens.size() <= kMaxCliWords) {
    std::size_t end = 0;
    while (end < line.size() && !is_blank(line[end])) ++end;
    tokens.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return tokens;
}

class CliLine {
 public:
  CliLine(NvmeCliConf& conf, Losses& losses, Place place) : conf_(conf), losses_(losses), place_(std::move(place)) {
    controller_.discovery = controller_.connects = true;
    controller_.from = host_.from = place_;
  }

  void read(std::string_view text) {
    if (text.size() > kMaxCliLine)
      return losses_.lost(place_,
                          "the line is longer than " + std::to_string(kMaxCliLine) + " bytes: it is not converted");
    const auto tokens = words_of(text);
    if (tokens.size() > kMaxCliWords)
      return losses_.lost(place_, "more than " + std::to_string(kMaxCliWords) + " words: the line is not converted");
    for (std::size_t i = 0; i < tokens.size();) i = take(tokens, i);
    controller_.host = conf_.host(host_);
    conf_.controllers.push_back(std::move(controller_));
  }

 private:
  using Tokens = std::vector<std::string_view>;

  // Takes what begins at token `i`; returns where the next begins.
  std::size_t take(const Tokens& tokens, std::size_t i) {
    const std::string_view token = tokens[i];
    if (token.starts_with("--") && token.size() > 2) return take_long(tokens, i + 1, token.substr(2));
    if (token.size() > 1 && token[0] == '-' && token[1] != '-') return take_letters(tokens, i + 1, token.substr(1));
    losses_.lost(place_, "a word that belongs to no option is ignored");
    return i + 1;
  }

  std::size_t take_long(const Tokens& tokens, std::size_t next, std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const CliWord* option = by_name(to_lower(name));
    const bool attached = equals != std::string_view::npos;
    if (option != nullptr && attached) return take_value(*option, text.substr(equals + 1), next);
    if (option != nullptr) return take_separate(*option, tokens, next);
    tell_unknown(name);
    return attached ? next : behind_value(tokens, next);
  }

  // "-pg", "-t tcp", "-ttcp", "-t=tcp"
  std::size_t take_letters(const Tokens& tokens, std::size_t next, std::string_view letters) {
    while (!letters.empty()) {
      const CliWord* option = by_letter(letters.front());
      letters.remove_prefix(1);
      if (option == nullptr) {
        losses_.lost(place_, "an unknown option of one letter is ignored");
        return letters.empty() ? behind_value(tokens, next) : next;
      }
      if (option->takes_value && !letters.empty())
        return take_value(*option, letters.substr(letters.front() == '=' ? 1 : 0), next);
      next = take_separate(*option, tokens, next);
    }
    return next;
  }

  std::size_t take_value(const CliWord& option, std::string_view value, std::size_t next) {
    if (!option.takes_value) losses_.note(place_, "--" + std::string(option.name) + " takes no value");
    set(option, option.takes_value ? value : "true");
    return next;
  }

  std::size_t take_separate(const CliWord& option, const Tokens& tokens, std::size_t next) {
    if (!option.takes_value) {
      set(option, "true");
    } else if (next < tokens.size()) {
      set(option, tokens[next++]);
    } else {
      losses_.lost(place_, "--" + std::string(option.name) + " has no value");
    }
    return next;
  }

  // Nobody knows whether an option that nobody knows has one.
  static std::size_t behind_value(const Tokens& tokens, std::size_t next) {
    return next < tokens.size() && !tokens[next].starts_with('-') ? next + 1 : next;
  }

  void tell_unknown(std::string_view name) {
    std::vector<std::string_view> names;
    names.reserve(kCliWords.size());
    for (const CliWord& option : kCliWords) names.push_back(option.name);
    losses_.lost(place_, field_name(name) == "a field"
                             ? "an option with an unusual name is ignored"
                             : "unknown option `--" + std::string(name) + "` is ignored" + did_you_mean(name, names));
  }

  void set(const CliWord& option, std::string_view value) {
    const std::string name = "--" + std::string(option.name);
    if (option.goes == CliGoes::unneeded) return;
    if (option.goes == CliGoes::nowhere)
      return losses_.lost(place_, name + " has no counterpart: " + std::string(option.ours));
    if (const std::string why = unwritable(value); !why.empty())
      return losses_.lost(place_, "the value of " + name + " " + why + ": it is ignored");
    switch (option.goes) {
      case CliGoes::field:
        return replace(controller_.fields, option.ours, value);
      case CliGoes::parameter:
        return replace(controller_.parameters, option.ours, value);
      case CliGoes::host_nqn:
        host_.nqn = value;
        return;
      case CliGoes::host_id:
        host_.id = value;
        return;
      case CliGoes::host_key:
        host_.key = value;
        return;
      case CliGoes::nowhere:
      case CliGoes::unneeded:
        return;
    }
  }

  // Of an option that is there twice the last one counts.
  static void replace(Fields& fields, std::string_view name, std::string_view value) {
    std::erase_if(fields, [&](const Field& field) { return field.name == name; });
    fields.push_back({std::string(name), std::string(value)});
  }

  NvmeCliConf& conf_;
  Losses& losses_;
  const Place place_;
  NvmeCliController controller_;
  NvmeCliHost host_;
};

}  // namespace

void read_discovery_conf(std::string_view text, const std::string& path, NvmeCliConf& conf, Losses& losses) {
  std::size_t lines = 0;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (lines++ == kMaxNvmeCliControllers)
      return losses.lost({path, number},
                         "more than " + std::to_string(kMaxNvmeCliControllers) + " lines: the rest is not converted");
    CliLine(conf, losses, {path, number}).read(line);
  }
}

}  // namespace stas
