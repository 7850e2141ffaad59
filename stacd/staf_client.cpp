// SPDX-License-Identifier: Apache-2.0
#include "stacd/staf_client.h"

#include <utility>

#include "stacd/staf_target.h"

namespace stas::stacd {

namespace {

// Only when the pages change while they are read, and somebody else lists them meanwhile.
constexpr unsigned kMaxLists = 8;

std::vector<Tid> read_ended(const Result<BusValue>& answer) {
  std::vector<Tid> ended;
  if (!answer) return ended;
  for (const auto& dict : std::get<BusDicts>(*answer))
    if (auto tid = tid_of_dict(dict)) ended.push_back(std::move(*tid));
  return ended;
}

}  // namespace

StafClient::StafClient(Bus& bus, const Journal& journal, Sink sink)
    : bus_(bus), journal_(journal), sink_(std::move(sink)), reader_(bus) {
  // Subscribed before the owner is known, so that no change slips through in between.
  changed_ =
      bus_.subscribe(staf(), "log_pages_changed", [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  removed_ = bus_.subscribe(staf(), "dc_removed", [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  settled_ = bus_.subscribe(staf_evidence(), "settled_changed",
                            [this](const std::vector<std::string>&) { sink_(StafChanged{}); });
  watch_ = bus_.watch_name(staf().service, [this](const std::string& owner) { on_owner(owner); });
}

void StafClient::on_owner(const std::string& owner) {
  if (!owner_.empty()) {
    pages_call_ = BusHandle();  // nobody is left to answer
    ended_call_ = BusHandle();
    settled_call_ = BusHandle();
    reader_.forget();
    only_all_ = false;
    sink_(StafVanished{});
  }
  owner_ = owner;
  if (!owner_.empty()) sink_(StafAppeared{});
}

// All questions at once; our stafd answers them in this order. That of nvme-stas 2.4.1 does not know the first, is
// asked again in its own way, and may say that it does not know the others before it answers.
void StafClient::fetch() {
  lists_ = 0;
  ask();
}

void StafClient::ask() {
  answers_ = {};
  reader_.stop();
  if (only_all_)
    ask_for_all();
  else
    ask_for_list();
  // The rest of the evidence; a stafd that does not have it has none.
  ended_call_ = bus_.call_async(staf_evidence(), "list_ended_controllers", {}, BusType::dicts, kStafAnswerTimeout,
                                [this](const Result<BusValue>& answer) {
                                  answers_.ended = read_ended(answer);
                                  deliver_if_complete();
                                });
  settled_call_ = bus_.call_async(
      staf_evidence(), "is_settled", {}, BusType::boolean, kStafAnswerTimeout, [this](const Result<BusValue>& answer) {
        answers_.settled = answer ? std::optional(std::get<bool>(*answer)) : std::optional<bool>();
        answers_.settled_said = true;
        deliver_if_complete();
      });
}

void StafClient::ask_for_list() {
  ++lists_;
  pages_call_ = bus_.call_async(staf_evidence(), "list_pages", {}, BusType::dicts, kStafAnswerTimeout,
                                [this](const Result<BusValue>& answer) { on_list(answer); });
}

void StafClient::ask_for_all() {
  pages_call_ = bus_.call_async(staf(), "get_all_log_pages", {true}, BusType::text, kStafAnswerTimeout,
                                [this](const Result<BusValue>& answer) { pages_are(read_all(answer)); });
}

void StafClient::on_list(const Result<BusValue>& answer) {
  if (!answer && answer.error().kind == ErrorKind::not_supported) {
    only_all_ = true;
    return ask();
  }
  if (!answer) return pages_are(tl::unexpected(answer.error()));
  auto list = parse_page_list(std::get<BusDicts>(*answer));
  if (!list) return pages_are(tl::unexpected(list.error()));
  reader_.read(*std::move(list), [this](PageReader::Answer pages) { on_pages(std::move(pages)); });
}

void StafClient::on_pages(PageReader::Answer answer) {
  if (!answer.dcs && answer.dcs.error().kind == ErrorKind::invalid_input && lists_ < kMaxLists) return ask();
  if (answer.dcs) tell(answer.flaws);
  pages_are(std::move(answer.dcs));
}

Result<std::vector<StafDc>> StafClient::read_all(const Result<BusValue>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  auto parsed = parse_staf_pages(std::get<std::string>(*answer));
  if (!parsed) return tl::unexpected(parsed.error());
  tell(parsed->flaws);
  return std::move(parsed->dcs);
}

void StafClient::tell(const Flaws& flaws) {
  if (flaws.count == 0 || flaw_told_ == flaws.first) return;
  flaw_told_ = flaws.first;
  journal_.warning("Left out " + std::to_string(flaws.count) +
                   " unusable log page entries of stafd's answer: " + flaws.first);
}

void StafClient::pages_are(Result<std::vector<StafDc>> dcs) {
  answers_.pages = std::move(dcs);
  deliver_if_complete();
}

void StafClient::deliver_if_complete() {
  if (!answers_.pages || !answers_.ended || !answers_.settled_said) return;
  StafPages pages{std::move(*answers_.pages), std::move(*answers_.ended), answers_.settled};
  answers_ = {};
  sink_(std::move(pages));
}

}  // namespace stas::stacd
