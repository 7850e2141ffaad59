// SPDX-License-Identifier: Apache-2.0
//
// Writing the last known configuration: JSON with one line per log page entry, so that people can read and compare it.
#include "libstas/core/brain/last_known.h"

#include "libstas/core/base/json.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "libstas/core/identity/tid_fields.h"

namespace stas {
namespace {

constexpr unsigned kFlatLevel = 4;  // the elements of entries[] and sources[]

void write(JsonWriter& out, const Tid& tid) {
  const auto texts = texts_of(tid);
  out.begin_object();
  for (std::size_t i = 0; i < kTidFields.size(); ++i) out.key(kTidFields[i].key).text(texts[i]);
  out.end();
}

void write(JsonWriter& out, const KnownDc& dc) {
  out.begin_object();
  write(out.key("tid"), dc.tid);
  out.key("origin").text(dc.origin);
  out.key("page-known").value(Json(dc.page_known));
  out.key("genctr").value(dc.genctr ? Json(*dc.genctr) : Json());
  out.key("entries").begin_array();
  for (const Dlpe& dlpe : dc.entries) out.value(to_dict(dlpe));
  out.end();
  out.key("parents").begin_array();
  for (const Tid& parent : dc.parents) write(out, parent);
  out.end();
  out.key("host-name").text(dc.host_name);
  out.key("device").text(dc.device);
  out.key("system-identity").value(Json(dc.system_identity));
  out.end();
}

void write(JsonWriter& out, const KnownIoc& ioc) {
  out.begin_object();
  write(out.key("tid"), ioc.tid);
  out.key("configured").value(Json(ioc.configured));
  out.key("sources").begin_array();
  for (const auto& source : ioc.sources) {
    out.begin_object();
    write(out.key("dc"), source.dc);
    out.key("origin").text(source.origin).end();
  }
  out.end().key("dlpe");
  if (ioc.dlpe)
    out.value(to_dict(*ioc.dlpe));
  else
    out.value(Json());
  out.end();
}

// What both documents have, left open for more.
template <class Elements>
JsonWriter begin_document(std::string_view daemon, const std::optional<KnownHost>& host, std::string_view key,
                          const Elements& elements, const std::map<std::string, std::vector<std::string>>& resolved) {
  auto out = JsonWriter::pretty(kFlatLevel);
  out.begin_object();
  out.key("format").text(kLastKnownFormat);
  out.key("version").value(Json(kLastKnownVersion));
  out.key("daemon").text(daemon);
  if (host) out.key("host").value(TextDict{{"nqn", host->nqn}, {"id", host->id}});
  out.key(key).begin_array();
  for (const auto& element : elements) write(out, element);
  out.end();
  out.key("resolved").begin_object();
  for (const auto& [name, addresses] : resolved) {
    out.key(name).begin_array();
    for (const std::string& address : addresses) out.text(address);
    out.end();
  }
  out.end();
  return out;
}

std::string end_document(JsonWriter& out) { return out.end().take().append(1, '\n'); }

}  // namespace

std::string format_last_known(const KnownStafd& known) {
  auto out = begin_document("stafd", known.host, "dcs", known.dcs, known.resolved);
  out.key("ended").begin_array();
  for (const Tid& tid : known.ended) write(out, tid);
  out.end();
  return end_document(out);
}

std::string format_last_known(const KnownStacd& known) {
  auto out = begin_document("stacd", known.host, "iocs", known.iocs, known.resolved);
  out.key("host-nqns").begin_array();
  for (const std::string& nqn : known.host_nqns) out.text(nqn);
  out.end();
  return end_document(out);
}

}  // namespace stas
