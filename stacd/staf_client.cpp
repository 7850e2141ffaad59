// SPDX-License-Identifier: Apache-2.0
#include "stacd/staf_client.h"

#include <utility>

#include "stacd/staf_pages.h"

namespace stas::stacd {

namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(10);

BusTarget staf() { return {"org.nvmexpress.staf", "/org/nvmexpress/staf", "org.nvmexpress.staf"}; }

BusTarget evidence() { return {"org.nvmexpress.staf", "/org/nvmexpress/staf", "org.nvmexpress.staf.evidence"}; }

}  // namespace

StafClient::StafClient(Bus& bus, const Journal& journal, Sink sink)
    : bus_(bus), journal_(journal), sink_(std::move(sink)) {
  // Subscribed before the owner is known, so that no change slips through in between.
  changed_ =
      bus_.subscribe(staf(), "log_pages_changed", [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  removed_ = bus_.subscribe(staf(), "dc_removed", [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  watch_ = bus_.watch_name(staf().service, [this](const std::string& owner) { on_owner(owner); });
}

void StafClient::on_owner(const std::string& owner) {
  if (!owner_.empty()) {
    call_ = BusHandle();  // nobody is left to answer
    sink_(StafVanished{});
  }
  owner_ = owner;
  if (!owner_.empty()) sink_(StafAppeared{});
}

void StafClient::fetch() {
  call_ = bus_.call_async(staf(), "get_all_log_pages", {true}, BusType::text, kAnswerTimeout,
                          [this](Result<BusValue> answer) { on_answer(std::move(answer)); });
}

void StafClient::on_answer(Result<BusValue> answer) {
  if (!answer) return sink_(StafPages{tl::unexpected(answer.error()), {}});
  auto parsed = parse_staf_pages(std::get<std::string>(*answer));
  if (!parsed) return sink_(StafPages{tl::unexpected(parsed.error()), {}});
  if (parsed->skipped > 0 && flaw_told_ != parsed->first_flaw)
    journal_.warning("Left out " + std::to_string(parsed->skipped) +
                     " unusable log page entries of stafd's answer: " + parsed->first_flaw);
  flaw_told_ = parsed->first_flaw;
  // The rest of the evidence. The stafd of nvme-stas 2.4.1 does not have it, and then there is none.
  call_ = bus_.call_async(evidence(), "list_ended_controllers", {}, BusType::dicts, kAnswerTimeout,
                          [this, dcs = std::move(parsed->dcs)](Result<BusValue> ended) mutable {
                            on_ended(std::move(dcs), std::move(ended));
                          });
}

void StafClient::on_ended(std::vector<StafDc> dcs, Result<BusValue> ended) {
  StafPages pages{std::move(dcs), {}};
  if (ended)
    for (const auto& dict : std::get<BusDicts>(*ended))
      if (auto tid = tid_of_dict(dict)) pages.ended.push_back(std::move(*tid));
  sink_(std::move(pages));
}

}  // namespace stas::stacd
