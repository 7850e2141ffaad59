// SPDX-License-Identifier: Apache-2.0
//
// The history of a daemon: what gets into it, how much of it is kept, its file, and what is answered from it.
#include "libstas/core/brain/history.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace stas {
namespace {

Tid tid(const std::string& traddr, const std::string& nqn = "nqn.a") {
  return Tid({Transport::tcp, traddr, "4420", nqn, {}, {}, "nqn.host"});
}

Report report(Topic topic, const std::string& traddr = "10.0.0.1", const std::string& device = "nvme3") {
  return {Level::info, tid(traddr), device, {}, Reason::not_listed, kNever, topic};
}

std::size_t count_of(const History& history, const std::string& traddr) {
  std::size_t count = 0;
  for (const auto& transition : history.transitions()) count += transition.tid.traddr() == traddr ? 1 : 0;
  return count;
}

TEST(History, TakesTransitionsWithoutTheNamesInTheirText) {
  History history;
  const std::string name = tid("10.0.0.1").to_string();
  EXPECT_TRUE(history.take(report(Topic::disconnecting), name + " | nvme3 - Disconnect initiated: gone", 5));
  EXPECT_TRUE(history.take(report(Topic::connect_failed, "10.0.0.1", "nvme?"), name + " Failed to connect.", 6));
  const std::vector<Transition> expect{
      {5, "disconnecting", tid("10.0.0.1"), "nvme3", std::string(to_text(Reason::not_listed)),
       "Disconnect initiated: gone"},
      {6, "connect failed", tid("10.0.0.1"), "", std::string(to_text(Reason::not_listed)), "Failed to connect."}};
  EXPECT_EQ(std::vector(history.transitions().begin(), history.transitions().end()), expect);
}

TEST(History, TakesWhatIsKept) {
  History history;
  for (const Topic topic : {Topic::held, Topic::in_use})
    EXPECT_TRUE(history.take(report(topic), "kept: ...", 1)) << static_cast<int>(topic);
}

TEST(History, LeavesOutWhatChangesNothing) {
  History history;
  auto repeated = report(Topic::connect_failed);
  repeated.level = Level::debug;
  auto about_nobody = report(Topic::connected);
  about_nobody.tid.reset();
  EXPECT_FALSE(history.take(repeated, "again", 1));
  EXPECT_FALSE(history.take(about_nobody, "nobody", 1));
  for (const Topic topic : {Topic::none, Topic::notified, Topic::page_changed, Topic::configuration})
    EXPECT_FALSE(history.take(report(topic), "text", 1));
  EXPECT_TRUE(history.transitions().empty());
}

TEST(History, OneThatFlapsDoesNotTakeTheOthersPlace) {
  History history;
  history.take(report(Topic::connected, "10.0.0.9"), "first", 0);
  for (std::size_t i = 1; i <= 3 * kMaxTransitions; ++i)
    history.take(report(Topic::link_lost, "10.0.0.1"), std::to_string(i), static_cast<std::int64_t>(i));
  EXPECT_EQ(count_of(history, "10.0.0.9"), 1U);
  EXPECT_EQ(count_of(history, "10.0.0.1"), kMaxTransitionsOfOne);
  EXPECT_EQ(history.transitions().back().text, std::to_string(3 * kMaxTransitions));
}

TEST(History, IsBoundedAndForgetsTheOldest) {
  History history;
  for (std::size_t i = 0; i < 2 * kMaxTransitions; ++i)
    history.take(report(Topic::connected, "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)),
                 std::string(10 * kMaxTransitionText, 'x'), static_cast<std::int64_t>(i));
  ASSERT_EQ(history.transitions().size(), kMaxTransitions);
  EXPECT_EQ(history.transitions().front().at, static_cast<std::int64_t>(kMaxTransitions));
  const std::string text = format_history(history.transitions(), "stacd");
  EXPECT_LT(text.size(), kMaxHistoryBytes);
  const auto read = parse_history(text, "f", "stacd");
  EXPECT_EQ(read.transitions.size(), kMaxTransitions) << "a long text is cut so that it can be read again";
  History later;
  later.restore(read.transitions);
  EXPECT_TRUE(later.transitions() == history.transitions());
}

TEST(History, AFileThatCannotBeUsedIsComplainedAbout) {
  History history;
  history.take(report(Topic::connected), "one", 1);
  history.take(report(Topic::gone), "two", 2);
  const std::string good = format_history(history.transitions(), "stacd");
  const auto spoilt = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return parse_history(text, "f", "stacd");
  };
  EXPECT_TRUE(parse_history("", "f", "stacd").complaints.empty());
  EXPECT_EQ(parse_history(good, "f", "stafd").complaints.size(), 1U) << "of the other daemon";
  for (std::size_t size = 1; size + 1 < good.size(); size += 7) {
    const auto read = parse_history(good.substr(0, size), "f", "stacd");
    EXPECT_TRUE(read.transitions.empty()) << size;
    EXPECT_EQ(read.complaints.size(), 1U) << size;
  }
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"time\": 1", "\"time\": -1"},
           {"\"time\": 1", "\"time\": \"x\""},
           {"\"tcp\"", "\"tcq\""},
           {"\"one\"", "7"},
           {"\"one\"", "\"" + std::string(kMaxTransitionText + 1, 'x') + "\""}}) {
    const auto read = spoilt(from, to);
    EXPECT_EQ(read.transitions.size(), 1U) << to;
    EXPECT_EQ(read.complaints.size(), 1U) << to;
  }
}

TEST(History, AnswersAboutANameADeviceOrAll) {
  History history;
  history.take(report(Topic::connected, "10.0.0.1", "nvme1"), "one", 1);
  history.take(report(Topic::connected, "10.0.0.2", "nvme2"), "two", 2);
  const auto found = [&](const char* question) {
    std::string texts;
    const Json answer = history_answer(history.transitions(), question);
    for (const Json& item : *answer.find("transitions")->as_array()) texts += *item.find("text")->as_string() + " ";
    return texts;
  };
  EXPECT_EQ(found(""), "one two ");
  EXPECT_EQ(found("nqn.a"), "one two ");
  EXPECT_EQ(found("10.0.0.2:4420"), "two ");
  EXPECT_EQ(found("/dev/nvme1"), "one ");
  EXPECT_EQ(found("(tcp, 10.0.0.1"), "one ");
  EXPECT_EQ(found("nqn.b"), "");
  EXPECT_NE(history_answer(history.transitions(), "nqn.b").find("names"), nullptr);
}

}  // namespace
}  // namespace stas
