// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/brains/notation.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

#include "libstas/core/identity/nqn.h"

namespace stas::story {

namespace {

// Cuts what follows the last `mark` off `text`.
std::string cut_tail(std::string& text, char mark) {
  const auto at = text.rfind(mark);
  if (at == std::string::npos) return {};
  std::string tail = text.substr(at + 1);
  text.resize(at);
  return tail;
}

// Cuts the address (and port) off the front of `text`.
void take_address(std::string& text, TidFields& fields) {
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']') + 1;
    fields.traddr = text.substr(1, end - 2);
  } else {
    end = std::min(text.find_first_of(fields.transport == Transport::fc ? "/" : "/%:"), text.size());
    fields.traddr = text.substr(0, end);
  }
  text.erase(0, end);
  if (!text.starts_with(':')) return;
  end = std::min(text.find_first_of("/%"), text.size());
  fields.trsvcid = text.substr(1, end - 1);
  text.erase(0, end);
}

const std::map<std::string, std::string>& sections() {
  static const std::map<std::string, std::string> all = {
      {"controller", "Controllers"},
      {"exclude", "Controllers"},
      {"include", "Controllers"},
      {"inclde", "Controllers"},
      {"zeroconf", "Service Discovery"},
      {"persistent-connections", "Discovery controller connection management"},
      {"zeroconf-connections-persistence", "Discovery controller connection management"},
      {"disconnect-scope", "I/O controller connection management"},
      {"disconnect-trtypes", "I/O controller connection management"},
      {"disconnect-guard", "I/O controller connection management"},
      {"max-disconnects-per-minute", "I/O controller connection management"},
      {"connect-attempts-on-ncc", "I/O controller connection management"},
  };
  return all;
}

// A controller= line in full; one that is written in full already stays.
std::string controller_line(const std::string& value) {
  if (value.find('=') != std::string::npos) return value;
  const Tid tid = tid_of(value);
  std::string line = "transport=" + std::string(to_text(tid.transport())) + ";traddr=" + tid.traddr();
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) line += ";" + std::string(key) + "=" + text;
  };
  add("trsvcid", tid.trsvcid());
  add("nqn", tid.subsysnqn());
  add("host-iface", tid.host_iface());
  add("host-traddr", tid.host_traddr());
  if (tid.host_nqn() != kHostNqn) add("host-nqn", tid.host_nqn());
  return line;
}

}  // namespace

Tid tid_of(std::string_view token) {
  std::string text(token);
  TidFields fields;
  for (const auto transport : {Transport::tcp, Transport::rdma, Transport::fc, Transport::loop}) {
    const std::string prefix = std::string(to_text(transport)) + ":";
    if (!text.starts_with(prefix)) continue;
    fields.transport = transport;
    text.erase(0, prefix.size());
    break;
  }
  fields.host_nqn = text.find('@') == std::string::npos ? std::string(kHostNqn) : cut_tail(text, '@');
  fields.host_traddr = cut_tail(text, '<');
  take_address(text, fields);
  fields.host_iface = cut_tail(text, '%');
  fields.subsysnqn = text.starts_with('/') ? text.substr(1) : std::string(kWellKnownDiscoveryNqn);
  return Tid(std::move(fields));
}

std::string show(const Tid& tid) {
  std::string text;
  if (tid.transport() != Transport::tcp) text = std::string(to_text(tid.transport())) + ":";
  const bool v6 = is_ip_transport(tid.transport()) && tid.traddr().find(':') != std::string::npos;
  text += v6 ? "[" + tid.traddr() + "]" : tid.traddr();
  if (tid.trsvcid() != default_trsvcid(tid.transport())) text += ":" + tid.trsvcid();
  if (tid.subsysnqn() != kWellKnownDiscoveryNqn) text += "/" + tid.subsysnqn();
  if (!tid.host_iface().empty()) text += "%" + tid.host_iface();
  if (!tid.host_traddr().empty()) text += "<" + tid.host_traddr();
  if (tid.host_nqn() != kHostNqn) text += "@" + tid.host_nqn();
  return text;
}

ControllerLine boot_line_of(std::string_view token, int number) {
  const Tid tid = tid_of(token);
  ControllerLine line;
  line.transport = tid.transport();
  line.traddr = tid.traddr();
  line.trsvcid = tid.trsvcid();
  line.subsysnqn = tid.subsysnqn();
  line.host_iface = tid.host_iface();
  if (tid.host_nqn() != kHostNqn) line.host_nqn = tid.host_nqn();
  line.line = -number;
  return line;
}

Dlpe entry_of(std::string_view token, const Tid& dc) {
  std::string text(token);
  Dlpe entry;
  entry.subtype = kDlpSubtypeNvme;
  for (auto at = text.find('+'); at != std::string::npos; at = text.find('+')) {
    const std::string flag = cut_tail(text, '+');
    if (flag == "tls")
      entry.treq |= 1;  // TREQ: required
    else
      entry.eflags = static_cast<std::uint16_t>(entry.eflags | (flag == "ncc"     ? kEflagNcc
                                                                : flag == "epcsd" ? kEflagEpcsd
                                                                                  : kEflagDupretinfo));
  }
  if (text.starts_with("referral=")) {
    entry.subtype = kDlpSubtypeReferral;
    text.erase(0, 9);
  } else if (text.starts_with("self=")) {
    entry.subtype = kDlpSubtypeDiscovery;
    text.erase(0, 5);
  } else if (text.starts_with("nqn.")) {
    text.insert(0, dc.traddr() + "/");
  }
  const Tid tid = tid_of(text);
  static const std::map<Transport, std::uint8_t> types = {{Transport::tcp, kDlpTrtypeTcp},
                                                          {Transport::rdma, kDlpTrtypeRdma},
                                                          {Transport::fc, kDlpTrtypeFc},
                                                          {Transport::loop, kDlpTrtypeLoop}};
  entry.trtype = types.at(tid.transport());
  entry.adrfam = tid.ip() && tid.ip()->family() == IpFamily::v6 ? 2 : 1;
  entry.traddr = tid.traddr();
  entry.trsvcid = tid.trsvcid();
  entry.subnqn = tid.subsysnqn();
  return entry;
}

std::string conf_text(std::string_view options) {
  std::string text;
  std::string rest(options);
  while (!rest.empty()) {
    const auto bar = rest.find(" | ");
    std::string option = rest.substr(0, bar);
    rest = bar == std::string::npos ? std::string() : rest.substr(bar + 3);
    const auto equals = option.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("no option: " + option);
    const std::string key = option.substr(0, equals);
    if (key == "controller") option = key + "=" + controller_line(option.substr(equals + 1));
    if (option.starts_with("[")) {  // a section in full: "[Match a];nqn=nqn.*;kato=7"
      std::replace(option.begin(), option.end(), ';', '\n');
      text += option + "\n";
      continue;
    }
    const auto section = sections().find(key);
    text += "[" + (section == sections().end() ? "Global" : section->second) + "]\n" + option + "\n";
  }
  return text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace stas::story
