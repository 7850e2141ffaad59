// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/convert/convert.h"

#include <algorithm>
#include <array>
#include <utility>

#include "libstas/core/base/shown.h"
#include "libstas/core/config/config.h"
#include "libstas/core/config/named_key.h"
#include "libstas/core/convert/nvme_cli.h"
#include "libstas/core/convert/settings.h"
#include "libstas/core/convert/versions.h"

namespace stas {

namespace {

constexpr int kMaxRounds = 4;  // of reading what was made; where a line is left out, others may be wrong that were not
// Stands for each key that a file names.
constexpr std::string_view kSomeKey = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:";
constexpr std::array<ConfFile, 3> kConfFiles = {ConfFile::stafd, ConfFile::stacd, ConfFile::sys};

tl::unexpected<Error> unclear_file(const std::string& path, const std::string& why) {
  return fail(ErrorKind::invalid_input, path + ": " + why);
}

class ConvertRun {
 public:
  ConvertRun(const std::vector<ConvertInput>& inputs, std::optional<ConfKind> from, ConfKind to)
      : inputs_(inputs), from_(from), to_(to) {}

  Result<Conversion> run() {
    if (is_nvme_cli(to_)) return fail(ErrorKind::invalid_input, "--to: files of nvme-cli are read, not written");
    for (const ConvertInput& input : inputs_)
      if (const auto read = this->read(input); !read) return tl::unexpected(read.error());
    if (nvme_cli_ && stas_)
      return fail(ErrorKind::invalid_input,
                  "files of nvme-cli and of nvme-stas are no single configuration: convert them one by one");
    if (nvme_cli_) add_settings(conf_, settings_, losses_);
    check<StafdConfig>(ConfFile::stafd, parse_stafd_conf);
    check<StacdConfig>(ConfFile::stacd, parse_stacd_conf);
    return write();
  }

 private:
  Result<void> read(const ConvertInput& input) {
    const std::string_view text = input.text.reveal();
    const auto looks = nvme_cli_kind(text);
    const auto kind = from_ ? from_ : looks;
    if (kind && is_nvme_cli(*kind)) {
      nvme_cli_ = true;
      sources_.push_back(shown(input.path) + " (" + std::string(to_text(*kind)) + ")");
      if (*kind == ConfKind::config_json) return read_config_json(text, input.path, conf_, losses_);
      read_discovery_conf(text, input.path, conf_, losses_);
      return {};
    }
    stas_ = true;
    return read_stas(input, text);
  }

  Result<void> read_stas(const ConvertInput& input, std::string_view text) {
    const IniFile ini = parse_ini(text);
    if (ini.sections.empty())
      return unclear_file(input.path, "is neither a discovery.conf or config.json of nvme-cli nor a file of nvme-stas");
    const auto file = conf_file_of(input.path, ini);
    if (!file)
      return unclear_file(
          input.path,
          "neither its name nor what is in it says whether it is stafd.conf, stacd.conf or sys.conf - give it "
          "a name that begins so");
    if (std::find(seen_.begin(), seen_.end(), *file) != seen_.end())
      return unclear_file(input.path, "is a second " + std::string(to_text(*file)) + " - convert one at a time");
    seen_.push_back(*file);
    const auto kind = from_ ? from_ : stas_kind(text, ini, *file);
    if (!kind)
      return unclear_file(input.path,
                          "what is in it does not show whether it is of nvme-stas 1 or later, which disconnect "
                          "differently - say --from=nvme-stas-1, nvme-stas-2, nvme-stas-3 or stas");
    sources_.push_back(shown(input.path) + " (" + std::string(to_text(*kind)) + ")");
    if (*file == ConfFile::stacd) stacd_ = Place{input.path, 0};
    read_version(ini, input.path, *kind, *file, settings_, losses_);
    return {};
  }

  // As the daemon will read it: what it refuses is not written.
  template <class Config>
  void check(ConfFile file,
             Parsed<Config> (*parse)(std::string_view, std::string_view, const Config*, const NamedKeys&)) {
    for (int round = 0; round < kMaxRounds; ++round) {
      const Written written = write_settings(settings_, file, {});
      NamedKeys keys;  // what is in their files is not looked at here
      for (const std::string& name : find_keys(written.text.reveal()).named)
        keys[name].text = Secret(std::string(kSomeKey));
      const auto parsed = parse(written.text.reveal(), to_text(file), nullptr, keys);
      if (!judge(parsed.complaints, written, file, round == 0)) return;
    }
  }

  // True: something was refused. What is only doubtful is told once.
  bool judge(const std::vector<Complaint>& complaints, const Written& written, ConfFile file, bool first) {
    std::vector<bool> refused(settings_.size(), false);
    for (const Complaint& complaint : complaints) {
      const auto line = static_cast<std::size_t>(complaint.line);
      const int index = line < written.setting_at.size() ? written.setting_at[line] : -1;
      if (index < 0) {
        losses_.note({}, std::string(to_text(file)) + ": " + complaint.text);
        continue;
      }
      const Setting& setting = settings_[static_cast<std::size_t>(index)];
      if (complaint.severity == Severity::error) {
        losses_.lost(setting.from, complaint.text);
        refuse(setting, refused);
      } else if (first) {
        losses_.note(setting.from, complaint.text);
      }
    }
    Settings kept;
    for (std::size_t i = 0; i < settings_.size(); ++i)
      if (!refused[i]) kept.push_back(settings_[i]);
    const bool any = kept.size() < settings_.size();
    settings_ = std::move(kept);
    return any;
  }

  // Without one of its lines a section that says what it is about would be about more.
  void refuse(const Setting& setting, std::vector<bool>& refused) const {
    for (std::size_t i = 0; i < settings_.size(); ++i) {
      const Setting& other = settings_[i];
      const bool together = setting.group > 0 && other.group == setting.group && other.file == setting.file;
      if (&other == &setting || together) refused[i] = true;
    }
  }

  Conversion write() {
    const bool has_stacd = std::any_of(settings_.begin(), settings_.end(),
                                       [](const Setting& setting) { return setting.file == ConfFile::stacd; });
    if (!stacd_ && has_stacd) stacd_ = Place{inputs_.front().path, 0};
    const Settings settings = for_version(settings_, to_, stacd_ ? &*stacd_ : nullptr, losses_);
    std::vector<std::string> comments;
    for (const std::string& source : sources_) comments.push_back("Made from " + source + " by stasadm convert.");
    Conversion out;
    for (const ConfFile file : kConfFiles) {
      Written written = write_settings(settings, file, comments);
      if (!written.text.empty()) out.files.push_back({file, std::move(written.text)});
    }
    out.complaints = losses_.take();
    return out;
  }

  const std::vector<ConvertInput>& inputs_;
  const std::optional<ConfKind> from_;
  const ConfKind to_;
  bool nvme_cli_ = false, stas_ = false;
  std::vector<ConfFile> seen_;
  std::vector<std::string> sources_;
  std::optional<Place> stacd_;
  NvmeCliConf conf_;
  Settings settings_;
  Losses losses_;
};

}  // namespace

Result<Conversion> convert(const std::vector<ConvertInput>& inputs, std::optional<ConfKind> from, ConfKind to) {
  return ConvertRun(inputs, from, to).run();
}

}  // namespace stas
