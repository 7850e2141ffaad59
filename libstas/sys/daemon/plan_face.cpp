// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/plan_face.h"

#include <utility>

#include "libstas/core/config/ini.h"
#include "libstas/sys/os/memory_file.h"

namespace stas {

namespace {

// The file that was sent under this name; nullopt: none was.
Result<std::optional<Shell::OtherFile>> sent(const BusValue& name, const BusValue& file) {
  const auto& path = std::get<std::string>(name);
  if (path.empty()) return std::nullopt;
  auto text = read_memory_file(std::get<BusFile>(file)->get(), kMaxConfigBytes);
  if (!text) return fail(text.error().kind, path + ": " + text.error().text);
  return Shell::OtherFile{path, *std::move(text)};
}

}  // namespace

std::vector<BusArg> plan_args() {
  return {{BusType::text, "config_name"},
          {BusType::file, "config"},
          {BusType::text, "sys_config_name"},
          {BusType::file, "sys_config"}};
}

Result<BusValue> answer_plan(const BusArgs& args, const Shell& shell,
                             const std::function<Json(const Event& reload, const std::string& conf_file)>& rehearse) {
  auto conf = sent(args.at(0), args.at(1));
  if (!conf) return tl::unexpected(conf.error());
  auto sys_conf = sent(args.at(2), args.at(3));
  if (!sys_conf) return tl::unexpected(sys_conf.error());
  const std::string name = *conf ? (*conf)->path : shell.options().conf_file;
  const auto outlook = shell.foresee(*std::move(conf), *std::move(sys_conf));
  auto answer = Json::object();
  answer.add("configuration", name);
  answer.add("understood", outlook.understood);
  auto complaints = Json::array();
  for (const auto& complaint : outlook.complaints) complaints.append(complaint);
  answer.add("complaints", std::move(complaints));
  if (outlook.understood) {
    const Json plan = rehearse(outlook.event, name);
    for (const auto& [key, value] : *plan.as_object()) answer.add(key, value);
  }
  return BusValue(answer.dump_python());
}

}  // namespace stas
