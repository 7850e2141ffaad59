// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/brain/explanation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libstas/core/brain/configured.h"
#include "libstas/core/config/controller_rule.h"
#include "libstas/core/config/doubt.h"
#include "libstas/core/config/filter.h"
#include "libstas/core/config/option_value.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas {

namespace {

Json seconds(Duration time) { return static_cast<double>(time.count()) / 1e6; }

Json seconds(const std::optional<Duration>& time) { return time ? seconds(*time) : Json(nullptr); }

Json texts(const std::vector<std::string>& list) {
  auto json = Json::array();
  for (const auto& text : list) json.append(text);
  return json;
}

Json to_json(const Explanation::Rule& rule) {
  auto json = Json::object();
  json.add("rule", rule.text);
  json.add("source", rule.place);
  json.add("effect", rule.effect);
  return json;
}

Json to_json(const Explanation::Option& option) {
  auto json = Json::object();
  json.add("option", option.name);
  json.add("value", option.value);
  json.add("source", option.from);
  return json;
}

template <class T>
Json list_of(const std::vector<T>& items) {
  auto json = Json::array();
  for (const auto& item : items) json.append(to_json(item));
  return json;
}

Json to_json(const Explanation& told, Instant now) {
  auto json = Json::object();
  if (told.tid) {
    const auto fields = texts_of(*told.tid);
    for (std::size_t i = 0; i < kTidFields.size(); ++i) json.add(std::string(kTidFields[i].key), fields[i]);
    json.add("name", told.tid->to_string());
  }
  json.add("verdict", told.verdict);
  json.add("reason", told.why);
  json.add("since", seconds(told.since));
  json.add("until", told.until == kNever ? Json(nullptr) : seconds(told.until - now));
  json.add("then", told.then);
  json.add("sources", texts(told.named));
  json.add("earlier sources", texts(told.once));
  json.add("rules", list_of(told.rules));
  json.add("options", list_of(told.options));
  json.add("device", told.device);
  json.add("state", told.state);
  json.add("connected since", seconds(told.bound));
  json.add("shared with", told.shared);
  json.add("operation", told.doing);
  json.add("attempts", told.attempts);
  json.add("next attempt", seconds(told.next));
  json.add("no attempt", told.no_attempt);
  json.add("last error", told.last_error);
  json.add("failed", seconds(told.failed));
  json.add("details", stas::to_json(told.details));
  return json;
}

constexpr char kInGlobal[] = " [Global]", kInHost[] = " [Host]";
constexpr char kSet[] = "set", kMissing[] = "cannot be had";  // all that is said about a key
constexpr char kDefault[] = "default";

std::string_view to_text(const IpFamilies& families) {
  return families.v4 && families.v6 ? "ipv4+ipv6" : families.v4 ? "ipv4" : "ipv6";
}

// What makes the transport ID and the identity, as far as it is not plain who said it.
void tell_identity(Explanation& out, const HostIdentity& system, const Tid& tid, const ControllerLine* own,
                   const std::string& port_source, const std::string& source, const ConfigFiles& files) {
  const std::string line = own != nullptr ? place(files.conf, own->line) : std::string();
  const auto add = [&](const char* name, const std::string& value, std::string from) {
    if (!value.empty()) out.options.push_back({name, value, std::move(from)});
  };
  if (own != nullptr && own->traddr != tid.traddr() && !IpAddress::parse(own->traddr))
    add("traddr", tid.traddr(), "address of " + own->traddr);
  add("trsvcid", tid.trsvcid(), own == nullptr ? port_source : own->trsvcid.empty() ? kDefault : line);
  add("host-traddr", tid.host_traddr(), own != nullptr ? line : source);
  add("host-iface", tid.host_iface(), own != nullptr ? line : source);
  const HostIdentity host = identity_for(system, tid, own);
  const bool own_host = own != nullptr && own->host_nqn;
  const std::string sys = files.sys_conf + kInHost;
  add("host-nqn", tid.host_nqn(), own_host ? line : host.nqn == system.nqn ? sys : "the connection");
  add("host-id", host.id, own_host && own->host_id ? line : host.id == system.id ? sys : "the UUID in the host NQN");
}

}  // namespace

std::string place(const std::string& file, int line) {
  if (line < 0) return "entry " + std::to_string(-line) + " of the firmware's boot table (NBFT)";
  return line == 0 ? file : file + ":" + std::to_string(line);
}

namespace {

void tell_includes(Explanation& out, const CommonConfig& config, const Tid& tid, const ConfigFiles& files) {
  const auto includes = all_matches(config.includes, tid);
  for (const ControllerRule* rule : includes)
    out.rules.push_back({place(files.conf, rule->line), "include=" + stas::to_text(*rule), "lets it in"});
  if (!includes.empty()) return;
  if (const IncludeDoubt* doubt = include_doubt_about(config, tid); doubt != nullptr)
    out.rules.push_back({place(doubt->file, doubt->could.line), doubt->text, "may let it in"});
  else if (!config.includes.empty())
    out.rules.push_back({include_lines(config, files.conf), "include=", "let others in"});
}

}  // namespace

void tell_rules(Explanation& out, const CommonConfig& config, const Tid& tid, const ControllerRule* by_name, bool named,
                bool resolved, bool discovered, const ConfigFiles& files) {
  auto excludes = all_matches(config.excludes, tid);
  if (by_name != nullptr && std::ranges::find(excludes, by_name) == excludes.end()) excludes.push_back(by_name);
  for (const ControllerRule* rule : excludes)
    out.rules.push_back({place(files.conf, rule->line), "exclude=" + stas::to_text(*rule), "refuses it"});
  if (config.host_excludes != nullptr)
    for (const HostExclusion& entry : *config.host_excludes)
      if (matches(entry, tid)) out.rules.push_back({entry.place(), entry.to_string(), "keeps it from being connected"});
  if (resolved) {
    const auto why = fitness(config, tid);
    if (why == Usability::family_disabled)
      out.rules.push_back({files.conf + kInGlobal, "ip-family=" + std::string(to_text(config.families)), "refuses it"});
    else if (why != Usability::usable)
      out.rules.push_back({{}, std::string(stas::to_text(why)), "refuses it"});
  }
  if (discovered) tell_includes(out, config, tid, files);
  if (named) return;
  for (const ConfigDoubt& doubt : config.doubts)
    if (could_mean(doubt, tid)) out.rules.push_back({place(doubt.file, doubt.line), doubt.text, "may mean it"});
}

void tell_options(Explanation& out, const CommonConfig& config, const ConnectOptions& defaults,
                  const HostIdentity& system, const Tid& tid, const ControllerLine* line, const MatchSection* match,
                  const std::string& port_source, const std::string& source, const ConfigFiles& files) {
  const ConnectOptions none;
  if (line != nullptr) match = nullptr;
  const ConnectOptions& own = line != nullptr ? line->options : match != nullptr ? match->options : none;
  const auto at = [&](std::string_view name) {
    if (line != nullptr) return place(files.conf, line->line);
    if (match == nullptr) return std::string();
    const auto said = match->lines.find(name);
    return place(files.conf, said != match->lines.end() ? said->second : match->line) + " [Match" +
           (match->name.empty() ? "" : " ") + match->name + "]";
  };
  for (const auto name : connect_parameters()) {
    const std::string key(name);
    const auto global = connect_parameter_text(config.connect, name);
    if (auto text = connect_parameter_text(own, name); !text.empty())
      out.options.push_back({key, std::move(text), at(name)});
    else if (const auto said = config.connect_lines.find(name); said != config.connect_lines.end() && !global.empty())
      out.options.push_back({key, global, place(files.conf, said->second)});
    else if (!global.empty())
      out.options.push_back(
          {key, global, global == connect_parameter_text(defaults, name) ? kDefault : files.conf + kInGlobal});
    else if (name == "ctrl-loss-tmo")
      out.options.push_back({key, std::to_string(kDefaultCtrlLossTmo), kDefault});
  }
  for (const char* key : {"dhchap-secret", "dhchap-ctrl-secret"})
    if (says(own, key)) out.options.push_back({key, own.missing.contains(key) ? kMissing : kSet, at(key)});
  if (!says(own, "dhchap-secret") && !system.key.empty())
    out.options.push_back({"dhchap-secret", kSet, files.sys_conf + kInHost});
  tell_identity(out, system, tid, line, port_source, source, files);
}

void add_rule_hints(const Question& question, const CommonConfig& config, const std::string& conf_file,
                    Answer& answer) {
  std::set<std::string> told;
  for (const Explanation& controller : answer.controllers)
    for (const auto& rule : controller.rules) told.insert(rule.place);
  const auto add = [&](const std::string& where, const std::string& text) {
    if (answer.hints.size() < kMaxExplained && !told.contains(where)) answer.hints.push_back(where + ": " + text);
  };
  for (const ControllerRule& rule : config.excludes)
    if (question.means(rule)) add(place(conf_file, rule.line), "exclude=" + to_text(rule));
  for (const ConfigDoubt& doubt : config.doubts)
    if (question.means(doubt)) add(place(doubt.file, doubt.line), doubt.text);
}

Json to_json(const Answer& answer, Instant now) {
  auto controllers = Json::array();
  for (const auto& told : answer.controllers) controllers.append(to_json(told, now));
  auto json = Json::object();
  json.add("complete", answer.complete);
  json.add("controllers", std::move(controllers));
  json.add("more", answer.more);
  json.add("hints", texts(answer.hints));
  json.add("names", texts(answer.names));
  return json;
}

}  // namespace stas
