// SPDX-License-Identifier: Apache-2.0
#include "stacd/staf_client.h"

#include <utility>

#include "stacd/staf_pages.h"

namespace stas::stacd {

namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(10);

BusTarget staf() { return {"org.nvmexpress.staf", "/org/nvmexpress/staf", "org.nvmexpress.staf"}; }

BusTarget evidence() { return {"org.nvmexpress.staf", "/org/nvmexpress/staf", "org.nvmexpress.staf.evidence"}; }

std::vector<Tid> read_ended(const Result<BusValue>& answer) {
  std::vector<Tid> ended;
  if (!answer) return ended;
  for (const auto& dict : std::get<BusDicts>(*answer))
    if (auto tid = tid_of_dict(dict)) ended.push_back(std::move(*tid));
  return ended;
}

}  // namespace

StafClient::StafClient(Bus& bus, const Journal& journal, Sink sink)
    : bus_(bus), journal_(journal), sink_(std::move(sink)) {
  // Subscribed before the owner is known, so that no change slips through in between.
  changed_ =
      bus_.subscribe(staf(), "log_pages_changed", [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  removed_ = bus_.subscribe(staf(), "dc_removed", [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  settled_ =
      bus_.subscribe(evidence(), "settled_changed", [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  watch_ = bus_.watch_name(staf().service, [this](const std::string& owner) { on_owner(owner); });
}

void StafClient::on_owner(const std::string& owner) {
  if (!owner_.empty()) {
    pages_call_ = BusHandle();  // nobody is left to answer
    ended_call_ = BusHandle();
    settled_call_ = BusHandle();
    sink_(StafVanished{});
  }
  owner_ = owner;
  if (!owner_.empty()) sink_(StafAppeared{});
}

// All questions at once. Our stafd answers them in this order; that of nvme-stas 2.4.1 knows only the first and may say
// so before it answers that.
void StafClient::fetch() {
  answers_ = {};
  pages_call_ = bus_.call_async(staf(), "get_all_log_pages", {true}, BusType::text, kAnswerTimeout,
                                [this](const Result<BusValue>& answer) {
                                  answers_.pages = read_pages(answer);
                                  deliver_if_complete();
                                });
  // The rest of the evidence; a stafd that does not have it has none.
  ended_call_ = bus_.call_async(evidence(), "list_ended_controllers", {}, BusType::dicts, kAnswerTimeout,
                                [this](const Result<BusValue>& answer) {
                                  answers_.ended = read_ended(answer);
                                  deliver_if_complete();
                                });
  settled_call_ = bus_.call_async(
      evidence(), "is_settled", {}, BusType::boolean, kAnswerTimeout, [this](const Result<BusValue>& answer) {
        answers_.settled = answer ? std::optional(std::get<bool>(*answer)) : std::optional<bool>();
        answers_.settled_said = true;
        deliver_if_complete();
      });
}

Result<std::vector<StafDc>> StafClient::read_pages(const Result<BusValue>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  auto parsed = parse_staf_pages(std::get<std::string>(*answer));
  if (!parsed) return tl::unexpected(parsed.error());
  if (parsed->skipped > 0 && flaw_told_ != parsed->first_flaw)
    journal_.warning("Left out " + std::to_string(parsed->skipped) +
                     " unusable log page entries of stafd's answer: " + parsed->first_flaw);
  flaw_told_ = parsed->first_flaw;
  return std::move(parsed->dcs);
}

void StafClient::deliver_if_complete() {
  if (!answers_.pages || !answers_.ended || !answers_.settled_said) return;
  StafPages pages{std::move(*answers_.pages), std::move(*answers_.ended), answers_.settled};
  answers_ = {};
  sink_(std::move(pages));
}

}  // namespace stas::stacd
