// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/view.h"

#include <array>
#include <charconv>

#include "libstas/core/base/pprint.h"
#include "libstas/core/discovery/dlpe_text.h"

namespace stas {

std::string python_seconds(Duration duration) {
  std::array<char, 32> buffer{};
  const double seconds = static_cast<double>(duration.count()) / 1e6;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), seconds, std::chars_format::fixed).ptr;
  std::string text(buffer.data(), end);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string timer_text(Duration interval, Instant at, Instant now) {
  const std::string head = python_seconds(interval) + "s [";
  if (at == kNever) return head + "off]";
  return head + (at > now ? python_seconds(at - now) : std::string("0")) + "s]";
}

std::string operation_text(unsigned failures, bool completed) {
  return "{'fail count': " + std::to_string(failures) + ", 'completed': " + std::string(bool_text(completed)) +
         ", 'alive': True}";
}

std::string dlpe_text(const Dlpe* dlpe) {
  if (dlpe == nullptr) return "None";
  std::string text = "{";
  for (const auto& [key, value] : to_dict(*dlpe)) {
    if (text.size() > 1) text += ", ";
    text += text_repr(key) + ": " + text_repr(value);
  }
  return text + "}";
}

std::string_view bool_text(bool value) { return value ? "True" : "False"; }

TextDict cfg_dict(const ControllerLine& line) {
  TextDict dict;
  const auto add_bool = [&](const char* key, const std::optional<bool>& value) {
    if (value) dict.emplace_back(key, bool_text(*value));
  };
  const auto add_int = [&](const char* key, const std::optional<int>& value) {
    if (value) dict.emplace_back(key, std::to_string(*value));
  };
  const auto& o = line.options;
  const auto add_secret = [&](const char* key, const Secret& value) {
    if (!value.empty() || o.missing.contains(key)) dict.emplace_back(key, Secret::kRedacted);
  };
  add_bool("hdr-digest", o.hdr_digest);
  add_bool("data-digest", o.data_digest);
  add_int("nr-io-queues", o.nr_io_queues);
  add_int("nr-write-queues", o.nr_write_queues);
  add_int("nr-poll-queues", o.nr_poll_queues);
  add_int("queue-size", o.queue_size);
  add_int("kato", o.kato);
  add_int("reconnect-delay", o.reconnect_delay);
  add_int("ctrl-loss-tmo", o.ctrl_loss_tmo);
  add_bool("disable-sqflow", o.disable_sqflow);
  add_bool("tls", o.tls);
  add_bool("tls-concat", o.tls_concat);
  add_int("keyring", o.keyring);
  add_int("tls-key", o.tls_key);
  add_secret("dhchap-secret", o.dhchap_secret);
  add_secret("dhchap-ctrl-secret", o.dhchap_ctrl_secret);
  for (const auto& [key, value] : line.extra) dict.emplace_back(key, value);
  return dict;
}

TextDict id_dict(const Tid& tid, const TextDict& cfg, std::string_view device) {
  const auto texts = texts_of(tid);
  TextDict dict(kTidFields.size());
  for (std::size_t i = 0; i < kTidFields.size(); ++i)
    dict[kTidFields[i].place_in_dictionaries] = {std::string(kTidFields[i].key), std::string(texts[i])};
  dict.insert(dict.end(), cfg.begin(), cfg.end());
  dict.emplace_back("device", device.empty() ? std::string_view("nvme?") : device);
  return dict;
}

void append_attributes(TextDict& dict, const Device* device, bool connected) {
  static const Device kNone;
  const Device& d = device != nullptr ? *device : kNone;
  dict.emplace_back("hostid", d.hostid);
  dict.emplace_back("hostnqn", d.hostnqn);
  dict.emplace_back("model", d.model);
  dict.emplace_back("serial", d.serial);
  dict.emplace_back("dctype", d.dctype);
  dict.emplace_back("cntrltype", d.cntrltype);
  dict.emplace_back("connected", bool_text(connected));
}

std::optional<Tid> tid_of_args(const TidTexts& args, bool ignore_iface) {
  auto fields = read_tid(args);
  if (!fields) return std::nullopt;
  if (ignore_iface) fields->host_iface.clear();
  return Tid(std::move(*fields));
}

}  // namespace stas
