// SPDX-License-Identifier: Apache-2.0
#include "tests/model/files.h"

#include <array>
#include <utility>

namespace stas::model {

namespace {

constexpr std::array<std::pair<const char*, Fault>, 11> kFaults{{{"none", Fault::none},
                                                                 {"absent", Fault::absent},
                                                                 {"unreadable", Fault::unreadable},
                                                                 {"directory", Fault::directory},
                                                                 {"empty", Fault::empty},
                                                                 {"unclosed", Fault::unclosed},
                                                                 {"section", Fault::section},
                                                                 {"key", Fault::key},
                                                                 {"port", Fault::port},
                                                                 {"include", Fault::include},
                                                                 {"value", Fault::value}}};

std::string family_text(int family) { return family == 4 ? "ipv4" : family == 6 ? "ipv6" : "ipv4+ipv6"; }

std::string global(int family, bool ignore_iface, Fault fault) {
  return std::string(fault == Fault::unclosed ? "[Global\n" : "[Global]\n") +
         "ip-family=" + (fault == Fault::value ? "ipv5" : family_text(family)) +
         "\nignore-iface=" + (ignore_iface ? "true" : "false") + "\n";
}

std::string section(const char* name, Fault fault) {
  std::string text = std::string("[") + name + "]\n";
  if (fault == Fault::section) text[1] = static_cast<char>(text[1] - 'A' + 'a');
  return text;
}

class Lines {
 public:
  explicit Lines(Fault fault) : fault_(fault) {}
  void add(const char* transport, const std::string& traddr, const std::string& trsvcid, const std::string& rest) {
    const bool bad = std::exchange(first_, false);
    text_ += std::string("controller=") + (bad && fault_ == Fault::key ? "transprt=" : "transport=") + transport +
             ";traddr=" + traddr;
    if (bad && fault_ == Fault::port)
      text_ += ";trsvcid=80O9";
    else if (!trsvcid.empty())
      text_ += ";trsvcid=" + trsvcid;
    text_ += rest + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  Fault fault_;
  bool first_ = true;
  std::string text_;
};

std::string source_of(int variant) {
  return variant == kEth0 ? ";host-iface=eth0" : variant == kEth1 ? ";host-iface=eth1" : "";
}

template <class T, class File, class Parse, class Unread>
std::shared_ptr<const T> read_as(const File& file, Fault fault, const T* previous, const std::string& path, Parse parse,
                                 Unread unread) {
  switch (fault) {
    case Fault::absent:
      return std::make_shared<const T>(unread(path, "no such file", previous).value);
    case Fault::unreadable:
      return std::make_shared<const T>(unread(path, "permission denied", previous).value);
    case Fault::directory:
      return std::make_shared<const T>(unread(path, "is a directory", previous).value);
    case Fault::empty:
      return std::make_shared<const T>(unread(path, "is empty", previous).value);
    default:
      return std::make_shared<const T>(parse(text_of(file, fault), path, previous).value);
  }
}

}  // namespace

std::optional<Fault> parse_fault(const std::string& word) {
  for (const auto& [text, fault] : kFaults)
    if (word == text) return fault;
  return std::nullopt;
}

bool is_whole(Fault fault) {
  return fault != Fault::none && fault != Fault::key && fault != Fault::port && fault != Fault::include &&
         fault != Fault::value;
}

std::string text_of(const StafFile& file, Fault fault) {
  std::string text = global(file.family, file.ignore_iface, fault);
  text += "[Discovery controller connection management]\nzeroconf-connections-persistence=";
  text += file.short_persistence ? "2min\n" : "72hours\n";
  if (file.leaves) text += "persistent-connections=false\n";
  text += section("Controllers", fault);
  Lines lines(fault);
  for (int host = 0; host < kHosts; ++host)
    for (int variant = 0; variant < kVariants; ++variant)
      if (file.lines.test(static_cast<std::size_t>(host * kVariants + variant)))
        lines.add("tcp", variant == kByName ? host_name_of(host) : address_of(host), "8009",
                  source_of(variant) + (variant == kSpecial ? ";nqn=" + unique_nqn_of(host) : ""));
  text += lines.take();
  for (int host = 0; host < kHosts; ++host)
    if (file.excludes.test(static_cast<std::size_t>(host)))
      text += "exclude=transport=tcp;traddr=" + address_of(host) + "\n";
  return text;
}

std::string text_of(const StacFile& file, Fault fault) {
  std::string text = global(file.family, file.ignore_iface, fault);
  text += "[I/O controller connection management]\ndisconnect-scope=";
  switch (file.scope) {
    case DisconnectScope::only_stas_connections:
      text += fault == Fault::value ? "only-stas-conections" : "only-stas-connections";
      break;
    case DisconnectScope::all_connections_matching_disconnect_trtypes:
      text += fault == Fault::value ? "all-conections" : "all-connections-matching-disconnect-trtypes";
      break;
    case DisconnectScope::no_disconnect:
      text += fault == Fault::value ? "no-disconect" : "no-disconnect";
      break;
  }
  text += std::string("\ndisconnect-trtypes=") + (file.all_trtypes ? "tcp+rdma+fc" : "tcp") + "\n";
  text += "connect-attempts-on-ncc=" + std::to_string(file.ncc_attempts) + "\n";
  if (file.guard_holds) text += "disconnect-guard=hold\n";
  text += section("Controllers", fault);
  Lines lines(fault);
  for (std::size_t path = 0; path < kPaths; ++path)
    for (int variant = 0; variant < kVariants; ++variant) {
      if (!file.lines.test(path * kVariants + static_cast<std::size_t>(variant))) continue;
      const int host = static_cast<int>(path) / kSubs;
      const int sub = static_cast<int>(path) % kSubs;
      const std::string nqn = ";nqn=" + subsystem_nqn_of(static_cast<int>(path));
      if (is_fc(sub))
        lines.add("fc", fc_address_of(host), "", nqn + ";host-traddr=" + kFcHostPort);
      else
        lines.add(is_rdma(sub) ? "rdma" : "tcp", variant == kByName ? host_name_of(host) : address_of(host), "4420",
                  nqn + (is_rdma(sub) ? "" : source_of(variant)) +
                      (variant == kSpecial
                           ? ";host-nqn=" + identity(2).nqn + ";ctrl-loss-tmo=" + std::to_string(kSpecialCtrlLoss)
                           : ""));
    }
  text += lines.take();
  for (std::size_t path = 0; path < kPaths; ++path)
    if (file.excludes.test(path)) text += "exclude=nqn=" + subsystem_nqn_of(static_cast<int>(path)) + "\n";
  for (std::size_t path = 0; path < kPaths; ++path) {
    if (!file.includes.test(path)) continue;
    const bool bad = fault == Fault::include;
    if (bad) fault = Fault::none;
    text += "include=nqn=" + subsystem_nqn_of(static_cast<int>(path)) + (bad ? ";trsvcid=80O9\n" : "\n");
  }
  return text;
}

std::shared_ptr<const StafdConfig> read(const StafFile& file, Fault fault, const StafdConfig* previous) {
  return read_as<StafdConfig>(
      file, fault, previous, "/etc/stas/stafd.conf",
      [](const auto& text, const auto& path, const auto* before) { return parse_stafd_conf(text, path, before); },
      [](const auto& path, const auto& why, const auto* before) { return unread_stafd_conf(path, why, before); });
}

std::shared_ptr<const StacdConfig> read(const StacFile& file, Fault fault, const StacdConfig* previous) {
  return read_as<StacdConfig>(
      file, fault, previous, "/etc/stas/stacd.conf",
      [](const auto& text, const auto& path, const auto* before) { return parse_stacd_conf(text, path, before); },
      [](const auto& path, const auto& why, const auto* before) { return unread_stacd_conf(path, why, before); });
}

}  // namespace stas::model
