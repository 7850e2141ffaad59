// SPDX-License-Identifier: Apache-2.0
//
// stacd's view of stafd over a real bus: only pages that changed are read, and nothing but a whole answer is one.
#include "stacd/staf_client.h"

#include <algorithm>
#include <chrono>
#include <map>

#include <gtest/gtest.h>

#include "libstas/core/base/json.h"
#include "libstas/core/discovery/dlpe_text.h"
#include "stacd/staf_target.h"
#include "tests/bus/private_bus.h"

namespace stas::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPiece = 2;  // entries

// A stafd with one page per controller, "DC" -> ("page", NQNs).
class FakeStafd {
 public:
  struct Page {
    std::string name;
    std::vector<std::string> nqns;
  };
  std::map<std::string, Page> dcs;
  bool lists_pages = true;               // not nvme-stas 2.4.1
  std::map<std::string, int> asked;      // methods, and "page first" for get_page
  std::function<void()> before_piece{};  // something happens while the pages are read

  Result<void> serve(Bus& bus, Loop& loop) {
    BusInterface main{"org.nvmexpress.staf", {}, {}, {{"log_pages_changed", {{BusType::text, "transport"}}}}};
    main.methods.push_back(
        {"get_all_log_pages", {{BusType::boolean, "detailed"}}, {{BusType::text, "json"}}, [this](const BusArgs&) {
           return all();
         }});
    std::vector<BusInterface> interfaces{main};
    if (lists_pages) interfaces.push_back(evidence());
    const auto target = stacd::staf();
    if (auto exported = bus.export_object(target.path, interfaces); !exported) return exported;
    return test::take_name(loop, bus, target.service);
  }

 private:
  static TextDict dict_of(const std::string& dc) {
    return {
        {"transport", "tcp"}, {"traddr", dc}, {"trsvcid", "8009"}, {"subsysnqn", "nqn.dc"}, {"origin", "configured"}};
  }
  static Json entry(const std::string& nqn) {
    Dlpe entry;
    entry.trtype = kDlpTrtypeTcp;
    entry.adrfam = 1;
    entry.subtype = kDlpSubtypeNvme;
    entry.traddr = "10.0.0.9";
    entry.trsvcid = "4420";
    entry.subnqn = nqn;
    return to_json(to_dict(entry));
  }

  Result<BusValue> all() {
    ++asked["get_all_log_pages"];
    auto list = Json::array();
    for (const auto& [dc, page] : dcs) {
      auto entries = Json::array();
      for (const auto& nqn : page.nqns) entries.append(entry(nqn));
      auto item = Json::object();
      item.add("discovery-controller", to_json(dict_of(dc)));
      item.add("log-pages", std::move(entries));
      list.append(std::move(item));
    }
    return BusValue(list.dump_python());
  }

  Result<BusValue> list() {
    ++asked["list_pages"];
    BusDicts dicts;
    for (const auto& [dc, page] : dcs) {
      auto& dict = dicts.emplace_back(dict_of(dc));
      dict.emplace_back("page known", "True");
      dict.emplace_back("page", page.name);
    }
    return BusValue(dicts);
  }

  Result<BusValue> piece(const std::string& name, const std::string& first) {
    ++asked[name + " " + first];
    if (const auto happen = before_piece) happen();
    for (const auto& [dc, page] : dcs) {
      if (page.name != name) continue;
      auto entries = Json::array();
      std::size_t at = std::stoul(first);
      for (std::size_t end = at + kPiece; at < std::min(end, page.nqns.size()); ++at)
        entries.append(entry(page.nqns[at]));
      auto json = Json::object();
      json.add("log-pages", std::move(entries));
      json.add("next", at < page.nqns.size() ? std::to_string(at) : std::string());
      return BusValue(json.dump_python());
    }
    return fail(ErrorKind::invalid_input, "No such page");
  }

  BusInterface evidence() {
    BusInterface interface {
      "org.nvmexpress.staf.evidence", {}, {}, {}
    };
    interface.methods.push_back(
        {"list_pages", {}, {{BusType::dicts, "list"}}, [this](const BusArgs&) { return list(); }});
    interface.methods.push_back({"get_page",
                                 {{BusType::text, "page"}, {BusType::text, "first"}},
                                 {{BusType::text, "json"}},
                                 [this](const BusArgs& args) {
                                   return piece(std::get<std::string>(args[0]), std::get<std::string>(args[1]));
                                 }});
    interface.methods.push_back(
        {"list_ended_controllers", {}, {{BusType::dicts, "list"}}, [](const BusArgs&) -> Result<BusValue> {
           return BusValue(BusDicts{});
         }});
    interface.methods.push_back(
        {"is_settled", {}, {{BusType::boolean, "settled"}}, [](const BusArgs&) -> Result<BusValue> {
           return BusValue(true);
         }});
    return interface;
  }
};

class StafClientTest : public ::testing::Test {
 protected:
  void start(bool lists_pages = true) {
    stafd_.lists_pages = lists_pages;
    service_ = test::connect_bus(loop_).value();
    client_bus_ = test::connect_bus(loop_).value();
    ASSERT_TRUE(stafd_.serve(*service_, loop_));
    client_ = std::make_unique<stacd::StafClient>(*client_bus_, journal_, [this](Event event) {
      if (std::holds_alternative<StafAppeared>(event)) present_ = true;
      if (auto* pages = std::get_if<StafPages>(&event)) answers_.push_back(std::move(*pages));
    });
    ASSERT_TRUE(wait([this] { return present_; }));
  }

  template <class Done>
  bool wait(Done done) {
    const auto end = loop_.now() + 20s;
    while (!done() && loop_.now() < end) loop_.run_once(50ms);
    return done();
  }

  // What one question leads to: "DC: NQN NQN", a line each, or "error". What was asked of stafd starts anew.
  std::string fetch() {
    stafd_.asked.clear();
    const auto before = answers_.size();
    client_->fetch();
    if (!wait([&] { return answers_.size() > before; })) return "no answer";
    const auto& dcs = answers_.back().dcs;
    if (!dcs) return "error";
    std::string text;
    for (const auto& dc : *dcs) {
      text += dc.tid.traddr() + ":";
      for (const auto& entry : dc.entries) text += " " + entry.subnqn;
      text += "\n";
    }
    return text;
  }

  std::string asked() const {
    std::string text;
    for (const auto& [what, times] : stafd_.asked) text += what + "=" + std::to_string(times) + ";";
    return text;
  }

  PrivateBus bus_;
  Loop loop_;
  Journal journal_{"test", Journal::Sink::standard_error};
  FakeStafd stafd_;
  std::unique_ptr<Bus> service_, client_bus_;
  std::unique_ptr<stacd::StafClient> client_;
  bool present_ = false;
  std::vector<StafPages> answers_;
};

TEST_F(StafClientTest, OnlyPagesThatChangedAreRead) {
  stafd_.dcs = {{"10.0.0.1", {"1", {"nqn.a", "nqn.b", "nqn.c"}}}, {"10.0.0.2", {"2", {"nqn.d"}}}};
  start();
  EXPECT_EQ(fetch(), "10.0.0.1: nqn.a nqn.b nqn.c\n10.0.0.2: nqn.d\n");
  EXPECT_EQ(asked(), "1 0=1;1 2=1;2 0=1;list_pages=1;");
  EXPECT_EQ(answers_.back().settled, true);
  EXPECT_EQ(fetch(), "10.0.0.1: nqn.a nqn.b nqn.c\n10.0.0.2: nqn.d\n");
  EXPECT_EQ(asked(), "list_pages=1;");
  stafd_.dcs["10.0.0.2"] = {"3", {"nqn.d", "nqn.e"}};
  stafd_.dcs["10.0.0.3"] = {"", {}};
  EXPECT_EQ(fetch(), "10.0.0.1: nqn.a nqn.b nqn.c\n10.0.0.2: nqn.d nqn.e\n10.0.0.3:\n");
  EXPECT_EQ(asked(), "3 0=1;list_pages=1;");
  stafd_.dcs.erase("10.0.0.1");
  EXPECT_EQ(fetch(), "10.0.0.2: nqn.d nqn.e\n10.0.0.3:\n");
}

TEST_F(StafClientTest, AStafdThatDoesNotListPagesIsAskedForAll) {
  stafd_.dcs = {{"10.0.0.1", {"1", {"nqn.a"}}}};
  start(false);
  EXPECT_EQ(fetch(), "10.0.0.1: nqn.a\n");
  EXPECT_EQ(asked(), "get_all_log_pages=1;");
  EXPECT_FALSE(answers_.back().settled);
  EXPECT_EQ(fetch(), "10.0.0.1: nqn.a\n");
}

// What was listed and is gone must not be left out of an answer that looks whole.
TEST_F(StafClientTest, PagesThatChangeWhileTheyAreReadAreListedAgain) {
  stafd_.dcs = {{"10.0.0.1", {"1", {"nqn.a"}}}, {"10.0.0.2", {"2", {"nqn.b", "nqn.c", "nqn.d"}}}};
  start();
  stafd_.before_piece = [this] {
    stafd_.dcs["10.0.0.2"] = {"5", {"nqn.e"}};
    stafd_.before_piece = nullptr;
  };
  EXPECT_EQ(fetch(), "10.0.0.1: nqn.a\n10.0.0.2: nqn.e\n");
  EXPECT_EQ(asked(), "1 0=1;2 0=1;5 0=1;list_pages=2;");
}

TEST_F(StafClientTest, PagesThatNeverStayAreAnErrorInTheEnd) {
  int number = 1;
  stafd_.dcs = {{"10.0.0.1", {"1", {"nqn.a"}}}};
  start();
  stafd_.before_piece = [&] { stafd_.dcs["10.0.0.1"].name = std::to_string(++number); };
  EXPECT_EQ(fetch(), "error");
  stafd_.before_piece = nullptr;
  EXPECT_EQ(fetch(), "10.0.0.1: nqn.a\n");
}

}  // namespace
}  // namespace stas::test
