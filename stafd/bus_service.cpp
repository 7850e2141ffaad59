// SPDX-License-Identifier: Apache-2.0
#include "stafd/bus_service.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "libstas/core/base/json.h"
#include "libstas/core/brain/view.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "libstas/core/identity/nqn.h"
#include "libstas/sys/daemon/bus_object.h"
#include "libstas/sys/daemon/plan_method.h"
#include "stafd/explain.h"
#include "stafd/rehearsal.h"
#include "stafd/topology.h"

namespace stas::stafd {

namespace {

constexpr char kName[] = "org.nvmexpress.staf";
constexpr char kPath[] = "/org/nvmexpress/staf";
constexpr char kEvidence[] = "org.nvmexpress.staf.evidence";
constexpr char kDesired[] = "org.nvmexpress.staf.desired";
constexpr char kDebug[] = "org.nvmexpress.staf.debug";

// An instant as asctime(3) prints it.
std::string wall_time(Instant at, Instant now) {
  const std::time_t then = std::time(nullptr) + std::chrono::duration_cast<std::chrono::seconds>(at - now).count();
  std::tm local{};
  char text[32] = {};
  if (localtime_r(&then, &local) == nullptr) return "---";
  return std::string(text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &local));
}

// A controller whose host name never resolved has no Dc yet, but people want to see it.
TextDict unresolved_info(const Tid& tid, bool detailed) {
  auto dict = id_dict(tid, {}, {});
  if (!detailed) return dict;
  dict.emplace_back("connect attempts", "0");
  dict.emplace_back("retry connect timer", "60.0s [off]");
  dict.emplace_back("origin", "configured");
  append_attributes(dict, nullptr, false);
  return dict;
}

}  // namespace

void BusService::publish(Published done) {
  auto debug = debug_interface(
      kDebug, shell_.journal(), [this] { return process_info(); },
      [this](const TidTexts& id) { return controller_info(id); });
  if (auto exported = bus_.export_object(kPath, {main_interface(), debug, evidence_interface(), desired_interface()});
      !exported)
    return done(exported);
  name_ = bus_.request_name(kName, std::move(done));
}

BusInterface BusService::main_interface() {
  auto interface = daemon_interface(kName, [this](bool detailed) { return list_controllers(detailed); });
  interface.methods.push_back(
      {"get_log_pages", id_args(), {{BusType::dicts, "log_pages"}}, [this](const BusArgs& args) -> Result<BusValue> {
         return BusValue(get_log_pages(texts_of(args)));
       }});
  interface.methods.push_back(
      {"get_all_log_pages",
       {{BusType::boolean, "detailed"}},
       {{BusType::text, "log_pages_json"}},
       [this](const BusArgs& args) -> Result<BusValue> { return BusValue(get_all_log_pages(std::get<bool>(args[0]))); },
       "ask for the page of each controller: get_log_pages"});
  auto signal_args = id_args();
  signal_args.push_back({BusType::text, "device"});
  interface.signals.push_back({"log_pages_changed", std::move(signal_args)});
  interface.signals.push_back({"dc_removed", {}});
  return interface;
}

// Ours alone: the pages one by one, for there may be more than a message can hold; and what a stacd that was away must
// know to tell "removed" from "not found yet".
BusInterface BusService::evidence_interface() {
  BusInterface interface {
    kEvidence, {}, {}, {}
  };
  interface.methods.push_back(
      {"list_pages", {}, {{BusType::dicts, "page_list"}}, [this](const BusArgs&) -> Result<BusValue> {
         return BusValue(list_pages());
       }});
  interface.methods.push_back(
      {"get_page",
       {{BusType::text, "page"}, {BusType::text, "first"}},
       {{BusType::text, "piece_json"}},
       [this](const BusArgs& args) -> Result<BusValue> {
         auto piece = pages_.piece(std::get<std::string>(args[0]), std::get<std::string>(args[1]));
         if (!piece)
           return fail(ErrorKind::invalid_input, "No such page, or it is not shown any more; list them again");
         return BusValue(*std::move(piece));
       }});
  interface.methods.push_back(
      {"list_ended_controllers", {}, {{BusType::dicts, "controller_list"}}, [this](const BusArgs&) -> Result<BusValue> {
         BusDicts list;
         for (const auto& tid : finder_.ended()) list.push_back(id_dict(tid, {}, {}));
         return BusValue(std::move(list));
       }});
  interface.methods.push_back(
      {"is_settled", {}, {{BusType::boolean, "settled"}}, [this](const BusArgs&) -> Result<BusValue> {
         return BusValue(finder_.is_settled());
       }});
  interface.signals.push_back({"settled_changed", {}});
  return interface;
}

// Ours alone, as of stacd.
BusInterface BusService::desired_interface() const {
  BusInterface interface {
    kDesired, {}, {}, {}
  };
  interface.methods.push_back(plan_method(shell_, [this](const Event& reload, const std::string& file) {
    const auto now = shell_.loop().now();
    const PlanFiles files{shell_.options().conf_file, file};
    return to_json(plan(finder_, std::get<StafdConfigured>(reload), files, now), now);
  }));
  interface.methods.push_back({"explain",
                               {{BusType::text, "question"}},
                               {{BusType::text, "explanation_json"}},
                               [this](const BusArgs& args) -> Result<BusValue> {
                                 const auto now = shell_.loop().now();
                                 const ConfigFiles files{shell_.options().conf_file, shell_.options().sys_conf};
                                 const auto answer = explain(finder_, std::get<std::string>(args.at(0)), files, now);
                                 return BusValue(to_json(answer, now).dump_python());
                               }});
  interface.methods.push_back(shell_.history().method());
  interface.methods.push_back(
      {"topology", {}, {{BusType::text, "topology_json"}}, [this](const BusArgs&) -> Result<BusValue> {
         return BusValue(topology(finder_).dump_python());
       }});
  interface.methods.push_back({"list_controllers",
                               {{BusType::boolean, "detailed"}},
                               {{BusType::dicts, "controller_list"}},
                               [this](const BusArgs& args) -> Result<BusValue> {
                                 return BusValue(list_with_states(std::get<bool>(args.at(0))));
                               }});
  interface.signals.push_back({"changed", {}});
  return interface;
}

void BusService::log_pages_changed(const Tid& tid, const std::string& device) {
  const auto texts = texts_of(tid);
  std::vector<std::string> args(texts.begin(), texts.end());
  args.push_back(device);
  const auto sent = bus_.emit(kPath, kName, "log_pages_changed", args);
  if (!sent) shell_.journal().error("Cannot send log_pages_changed: " + sent.error().text);
}

void BusService::dc_removed() {
  if (const auto sent = bus_.emit(kPath, kName, "dc_removed", {}); !sent)
    shell_.journal().error("Cannot send dc_removed: " + sent.error().text);
}

void BusService::settled_changed() {
  if (const auto sent = bus_.emit(kPath, kEvidence, "settled_changed", {}); !sent)
    shell_.journal().error("Cannot send settled_changed: " + sent.error().text);
}

void BusService::changed() {
  if (const auto sent = bus_.emit(kPath, kDesired, "changed", {}); !sent)
    shell_.journal().error("Cannot send changed: " + sent.error().text);
}

void BusService::tron_changed() { bus_.properties_changed(kPath, kDebug); }

TextDict BusService::id_dict_of(const Dc& dc) const {
  return id_dict(dc.tid, dc.cfg, dc.device ? dc.device->name : std::string());
}

TextDict BusService::info(const Dc& dc) const {
  const auto now = shell_.loop().now();
  auto dict = id_dict_of(dc);
  dict.emplace_back("connect attempts", std::to_string(dc.attempts));
  const bool waiting = !dc.device && dc.op == Dc::Op::none && dc.attempts > 0;
  dict.emplace_back("retry connect timer",
                    timer_text(dc.connect_backoff.interval(), waiting ? dc.next_connect : kNever, now));
  if (dc.op == Dc::Op::connect)
    dict.emplace_back("connect operation", operation_text(dc.connect_track.failures, false));
  dict.emplace_back("origin", dc.origin_text());
  if (dc.origin == Origin::discovered) {
    const auto* config = finder_.config();
    const auto persistence = config != nullptr ? config->zeroconf_persistence : std::nullopt;
    dict.emplace_back("unresponsive timer",
                      timer_text(persistence.value_or(Duration::zero()), finder_.lost_deadline(dc), now));
    dict.emplace_back(
        "unresponsive timeout",
        persistence ? std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*persistence).count()) + " sec"
                    : "forever");
    dict.emplace_back("unresponsive time",
                      dc.announced.lost_since == kNever ? "---" : wall_time(dc.announced.lost_since, now));
  }
  // A page that is known counts as read, also when it comes from before a restart: what it lists is evidence.
  if (dc.page_track.created || dc.page_known)
    dict.emplace_back("get log page operation", operation_text(dc.page_track.failures, dc.page_known));
  if (dc.register_track.created)
    dict.emplace_back("register operation", operation_text(dc.register_track.failures, dc.register_track.completed));
  if (dc.supported_track.created)
    dict.emplace_back("get supported log page operation",
                      operation_text(dc.supported_track.failures, dc.supported_track.completed));
  return dict;
}

TextDict BusService::details(const Dc& dc) const {
  auto dict = info(dc);
  append_attributes(dict, dc.device ? finder_.devices().find(*dc.device) : nullptr, dc.connected());
  return dict;
}

const Dc* BusService::find(const TidTexts& id) const {
  const auto* config = finder_.config();
  const auto tid = tid_of_args(id, config != nullptr && config->ignore_iface);
  return tid ? finder_.find(*tid) : nullptr;
}

BusDicts BusService::list_controllers(bool detailed) const {
  BusDicts list;
  for (const auto& dc : finder_.controllers()) list.push_back(detailed ? details(dc) : id_dict_of(dc));
  for (const auto& tid : finder_.unresolved()) list.push_back(unresolved_info(tid, detailed));
  return list;
}

// What 2.4.1 has no key for: whether the connection works now, what should be, and how much its page lists.
BusDicts BusService::list_with_states(bool detailed) const {
  BusDicts list = list_controllers(detailed);
  std::size_t next = 0;
  const auto add = [&](std::string_view origin, std::string_view state, std::string_view verdict, std::string entries) {
    TextDict& dict = list[next++];
    if (!detailed) dict.emplace_back("origin", origin);
    dict.emplace_back("state", state);
    dict.emplace_back("verdict", verdict);
    dict.emplace_back("entries", std::move(entries));
  };
  for (const Dc& dc : finder_.controllers())
    add(dc.origin_text(), finder_.state_of(dc), to_text(dc.verdict.standing),
        dc.page_known ? std::to_string(dc.entries.size()) : std::string());
  for (std::size_t i = 0; i < finder_.unresolved().size(); ++i)
    add(to_text(Origin::configured), path_state(nullptr), kWaitingForAddress, {});
  return list;
}

BusDicts BusService::get_log_pages(const TidTexts& id) const {
  BusDicts pages;
  if (const Dc* dc = find(id); dc != nullptr)
    for (const auto& entry : dc->entries) pages.push_back(to_dict(entry));
  return pages;
}

// Not longer than a message may be: what is sent instead says so.
std::string BusService::get_all_log_pages(bool detailed) {
  auto list = JsonWriter::python();
  const auto begin = [&list](const TextDict& dc) -> JsonWriter& {
    return list.begin_object().key("discovery-controller").value(dc).key("log-pages");
  };
  list.begin_array();
  for (const auto& dc : finder_.controllers()) {
    begin(detailed ? details(dc) : id_dict_of(dc)).json(pages_.text_of(dc.entries)).end();
    if (list.size() > kMaxBusMessage) break;
  }
  for (const auto& tid : finder_.unresolved()) begin(unresolved_info(tid, detailed)).begin_array().end().end();
  pages_.forget_texts();
  return list.end().take();
}

BusDicts BusService::list_pages() {
  std::vector<PageBook::Shown> shown;
  for (const auto& dc : finder_.controllers()) shown.push_back({&dc.tid, &dc.entries});
  const auto numbers = pages_.list(shown);
  BusDicts list;
  for (const auto& dc : finder_.controllers()) {
    auto& dict = list.emplace_back(id_dict(dc.tid, {}, {}));
    dict.emplace_back("origin", dc.origin_text());
    dict.emplace_back("page known", bool_text(dc.page_is_evidence()));
    dict.emplace_back("reading", bool_text(finder_.is_being_read(dc)));
    dict.emplace_back("page", dc.entries.empty() ? std::string() : std::to_string(numbers[list.size() - 1]));
  }
  for (const auto& tid : finder_.unresolved()) {
    auto& dict = list.emplace_back(id_dict(tid, {}, {}));
    dict.emplace_back("origin", "configured");
    dict.emplace_back("page known", bool_text(false));
    dict.emplace_back("reading", bool_text(false));
    dict.emplace_back("page", "");
  }
  return list;
}

std::string BusService::controller_info(const TidTexts& id) const {
  const Dc* dc = find(id);
  return dc == nullptr ? "{}" : to_json(info(*dc)).dump_python();
}

std::string BusService::process_info() const {
  const auto now = shell_.loop().now();
  auto services = Json::object();
  for (const auto& service : mdns_.services()) {
    auto value = Json::object();
    if (service.resolved) {
      value.add("transport", service.transport ? Json(to_text(*service.transport)) : Json(nullptr));
      value.add("traddr", service.traddr);
      value.add("trsvcid", service.trsvcid);
      value.add("host-iface", service.interface);
      value.add("subsysnqn", service.nqn.empty() ? std::string(kWellKnownDiscoveryNqn) : service.nqn);
    }
    const auto& all = finder_.controllers();
    const bool reachable = std::any_of(all.begin(), all.end(), [&](const Dc& dc) {
      return dc.connected() && service.transport == dc.tid.transport() && dc.tid.trsvcid() == service.trsvcid &&
             same_ip(dc.tid.traddr(), service.traddr);
    });
    value.add("reachable", bool_text(reachable));
    services.add("(" + service.interface + ", " + (service.ipv6 ? "IPv6" : "IPv4") + ", " + service.name + "." +
                     service.domain + ", " + service.stype + ")",
                 std::move(value));
  }
  auto types = Json::array();
  for (const auto& type : mdns_.service_types()) types.append(type);
  auto avahi = Json::object();
  avahi.add("avahi wake up timer", timer_text(mdns_.timing().wake_up, mdns_.wake_up_at(), now));
  avahi.add("service types", std::move(types));
  avahi.add("services", std::move(services));

  auto info = process_head(shell_, timer_text(finder_.timing().soak, finder_.soak_deadline(), now));
  for (const auto& dc : finder_.controllers())
    if (dc.op == Dc::Op::disconnect)
      info.add("terminator.controller." + dc.tid.to_string(), to_json(this->info(dc)).dump_python());
  info.add("avahi", std::move(avahi));
  return info.dump_python();
}

}  // namespace stas::stafd
