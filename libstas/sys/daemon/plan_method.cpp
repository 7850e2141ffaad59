// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/daemon/plan_method.h"

#include <optional>
#include <utility>

#include "libstas/core/brain/plan.h"
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

std::string told(const Shell::Outlook& outlook, const std::string& name, const Rehearse& rehearse) {
  const auto plan = outlook.understood ? std::optional(rehearse(outlook.event, name)) : std::nullopt;
  return plan_answer(name, outlook.complaints, plan).dump_python();
}

void answer_plan(const BusArgs& args, Shell& shell, const Rehearse& rehearse, const BusMethod::Reply& reply) {
  auto conf = sent(args.at(0), args.at(1));
  if (!conf) return reply(tl::unexpected(conf.error()));
  auto sys_conf = sent(args.at(2), args.at(3));
  if (!sys_conf) return reply(tl::unexpected(sys_conf.error()));
  std::string name = *conf ? (*conf)->path : shell.options().conf_file;
  shell.foresee(*std::move(conf), *std::move(sys_conf),
                [name = std::move(name), rehearse, reply](const Result<Shell::Outlook>& outlook) {
                  if (outlook)
                    reply(BusValue(told(*outlook, name, rehearse)));
                  else
                    reply(tl::unexpected(outlook.error()));
                });
}

}  // namespace

BusMethod plan_method(Shell& shell, Rehearse rehearse) {
  return {"plan",
          {{BusType::text, "config_name"},
           {BusType::file, "config"},
           {BusType::text, "sys_config_name"},
           {BusType::file, "sys_config"}},
          {{BusType::text, "plan_json"}},
          {},
          {},
          [&shell, rehearse = std::move(rehearse)](const BusArgs& args, const BusMethod::Reply& reply) {
            answer_plan(args, shell, rehearse, reply);
          }};
}

}  // namespace stas
