// SPDX-License-Identifier: Apache-2.0
//
// Writing the last known configuration: JSON with one line per log page entry, so that people can read and compare it.
#include "libstas/core/last_known.h"

#include "libstas/core/json.h"

namespace stas {
namespace {

constexpr unsigned kFlatLevel = 4;  // the elements of entries[] and sources[]

Json to_json(const Tid& tid) {
  return stas::to_json({{"transport", std::string(to_text(tid.transport()))},
                        {"traddr", tid.traddr()},
                        {"trsvcid", tid.trsvcid()},
                        {"subsysnqn", tid.subsysnqn()},
                        {"host-traddr", tid.host_traddr()},
                        {"host-iface", tid.host_iface()},
                        {"host-nqn", tid.host_nqn()}});
}

Json to_json(const Dlpe& dlpe) { return stas::to_json(to_dict(dlpe)); }

Json to_json(const KnownDc& dc) {
  Json entries = Json::array();
  for (const Dlpe& dlpe : dc.entries) entries.append(to_json(dlpe));
  Json json;
  json.add("tid", to_json(dc.tid));
  json.add("origin", dc.origin);
  json.add("page-known", dc.page_known);
  json.add("genctr", dc.genctr ? Json(*dc.genctr) : Json());
  json.add("entries", std::move(entries));
  return json;
}

Json to_json(const KnownIoc& ioc) {
  Json sources = Json::array();
  for (const auto& source : ioc.sources) {
    Json& json = sources.append(Json::object());
    json.add("dc", to_json(source.dc));
    json.add("origin", source.origin);
  }
  Json json;
  json.add("tid", to_json(ioc.tid));
  json.add("configured", ioc.configured);
  json.add("sources", std::move(sources));
  json.add("dlpe", ioc.dlpe ? to_json(*ioc.dlpe) : Json());
  return json;
}

template <class Elements>
Json document(std::string_view daemon, std::string key, const Elements& elements,
              const std::map<std::string, std::string>& resolved) {
  Json list = Json::array();
  for (const auto& element : elements) list.append(to_json(element));
  Json root;
  root.add("format", kLastKnownFormat);
  root.add("version", kLastKnownVersion);
  root.add("daemon", daemon);
  root.add(std::move(key), std::move(list));
  root.add("resolved", stas::to_json({resolved.begin(), resolved.end()}));
  return root;
}

std::string text_of(const Json& root) { return root.dump_pretty(kFlatLevel).append(1, '\n'); }

}  // namespace

std::string format_last_known(const KnownStafd& known) {
  Json root = document("stafd", "dcs", known.dcs, known.resolved);
  Json& ended = root.add("ended", Json::array());
  for (const Tid& tid : known.ended) ended.append(to_json(tid));
  return text_of(root);
}

std::string format_last_known(const KnownStacd& known) {
  return text_of(document("stacd", "iocs", known.iocs, known.resolved));
}

}  // namespace stas
