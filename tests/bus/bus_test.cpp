// SPDX-License-Identifier: Apache-2.0
//
// libstas/sys/bus against a real bus daemon: the contract a service relies on, and what happens when others misbehave.
#include "libstas/sys/bus/bus.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libstas/sys/bus/bus_client.h"
#include "libstas/sys/os/memory_file.h"
#include "tests/bus/fake_daemon.h"
#include "tests/bus/private_bus.h"

namespace stas::test {
namespace {

using namespace std::chrono_literals;

const BusTarget kEcho{"org.example.echo", "/org/example/echo", "org.example.echo"};

// Runs iterations of the loop until `done`, at most five seconds.
template <class Done>
bool wait_for(Loop& loop, Done done) {
  const auto end = loop.now() + 5s;
  while (!done() && loop.now() < end) loop.run_once(50ms);
  return done();
}

std::string run(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) text += static_cast<char>(c);
  pclose(pipe);
  return text;
}

// A service and a client on the same loop, each with its own connection.
class BusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    service_ = connect_bus(loop_).value();
    client_ = connect_bus(loop_).value();
  }

  std::vector<BusInterface> echo() {
    BusInterface interface;
    interface.name = kEcho.interface;
    const auto method = [&](const std::string& name, BusType in, BusType out, auto handler) {
      interface.methods.push_back({name, {{in, "value"}}, {{out, "result"}}, handler});
    };
    method("flip", BusType::boolean, BusType::boolean,
           [](const BusArgs& args) -> Result<BusValue> { return !std::get<bool>(args[0]); });
    method("echo", BusType::text, BusType::text, [](const BusArgs& args) -> Result<BusValue> { return args[0]; });
    method("dicts", BusType::text, BusType::dicts, [](const BusArgs& args) -> Result<BusValue> {
      return BusDicts{{{"z", std::get<std::string>(args[0])}, {"a", "\xff\xfe"}}, {}};
    });
    method("read", BusType::file, BusType::text, [](const BusArgs& args) -> Result<BusValue> {
      return read_memory_file(std::get<BusFile>(args[0])->get(), 100).map([](std::string text) {
        return BusValue(std::move(text));
      });
    });
    method("throws", BusType::text, BusType::text,
           [](const BusArgs&) -> Result<BusValue> { throw std::runtime_error("a bug"); });
    method("refuses", BusType::text, BusType::text,
           [](const BusArgs&) -> Result<BusValue> { return fail(ErrorKind::invalid_input, "no such thing"); });
    method("mistyped", BusType::text, BusType::text, [](const BusArgs&) -> Result<BusValue> { return true; });
    interface.signals = {{"changed", {{BusType::text, "a"}, {BusType::text, "b"}}}};
    return {interface};
  }

  void serve() {
    ASSERT_TRUE(service_->export_object(kEcho.path, echo()));
    ASSERT_TRUE(take_name(loop_, *service_, kEcho.service));
  }

  Result<BusValue> call(const std::string& method, const BusValue& arg, BusType reply, Duration timeout = 5s) {
    std::optional<Result<BusValue>> result;
    const auto handle =
        client_->call_async(kEcho, method, {arg}, reply, timeout, [&](Result<BusValue> r) { result = std::move(r); });
    if (!wait_for(loop_, [&] { return result.has_value(); })) return fail(ErrorKind::io, "no callback at all");
    return *result;
  }

  PrivateBus daemon_;
  Loop loop_;
  std::unique_ptr<Bus> service_;
  std::unique_ptr<Bus> client_;
};

TEST_F(BusTest, ValuesOfEveryTypeCrossUnchanged) {
  serve();
  EXPECT_EQ(std::get<bool>(*call("flip", true, BusType::boolean)), false);
  EXPECT_EQ(std::get<std::string>(*call("echo", std::string("d\xC3\xA9j\xC3\xA0 vu"), BusType::text)),
            "d\xC3\xA9j\xC3\xA0 vu");
  EXPECT_EQ(std::get<BusDicts>(*call("dicts", std::string("x"), BusType::dicts)),
            (BusDicts{{{"z", "x"}, {"a", "??"}}, {}}));
}

TEST_F(BusTest, AFileCrossesAsADescriptorOfItsOwn) {
  serve();
  auto file = std::make_shared<const UniqueFd>(make_memory_file("text \xff").value());
  EXPECT_EQ(std::get<std::string>(*call("read", BusFile(file), BusType::text)), "text ?");
  EXPECT_EQ(read_memory_file(file->get(), 100).value(), "text \xff");
  EXPECT_EQ(call("read", std::string("text"), BusType::text).error().kind, ErrorKind::invalid_input);
}

TEST_F(BusTest, TextThatIsNotUtf8IsMadeFit) {
  serve();
  EXPECT_EQ(std::get<std::string>(*call("echo", std::string("a\xC0\x80\xED\xA0\x80\xF5z\0b", 10), BusType::text)),
            "a??????z?b");
}

TEST_F(BusTest, FailuresReachTheCallerAndTheServiceSurvives) {
  serve();
  const struct {
    const char* method;
    BusValue arg;
    BusType reply;
    ErrorKind kind;
    const char* text;
  } rows[] = {
      {"throws", std::string(), BusType::text, ErrorKind::refused, "a bug"},
      {"refuses", std::string(), BusType::text, ErrorKind::invalid_input, "no such thing"},
      {"mistyped", std::string(), BusType::text, ErrorKind::refused, "wrong type"},
      {"echo", std::string(kMaxBusArgument + 1, 'x'), BusType::text, ErrorKind::invalid_input, "argument value"},
      {"echo", true, BusType::text, ErrorKind::invalid_input, "echo"},
      {"echo", std::string("x"), BusType::dicts, ErrorKind::protocol, "bad reply"},
      {"echo", std::string("x"), BusType::boolean, ErrorKind::protocol, "bad reply"},
      {"nothing", std::string("x"), BusType::text, ErrorKind::not_supported, "nothing"},
  };
  for (const auto& row : rows) {
    const auto result = call(row.method, row.arg, row.reply);
    ASSERT_FALSE(result) << row.method;
    EXPECT_EQ(result.error().kind, row.kind) << row.method << ": " << result.error().text;
    EXPECT_NE(result.error().text.find(row.text), std::string::npos) << result.error().text;
  }
  EXPECT_TRUE(call("echo", std::string(kMaxBusArgument, 'x'), BusType::text));
}

TEST_F(BusTest, CallToNobodyIsNotFound) {
  const auto result = call("echo", std::string("x"), BusType::text);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
  EXPECT_NE(result.error().text.find("org.example.echo: echo"), std::string::npos);
}

TEST_F(BusTest, CallToAServiceThatHangsEndsAtItsDeadline) {
  Loop stopped;  // never runs
  const auto silent = connect_bus(stopped).value();
  ASSERT_TRUE(silent->export_object(kEcho.path, echo()));
  ASSERT_TRUE(take_name(stopped, *silent, kEcho.service));
  const auto start = loop_.now();
  const auto result = call("echo", std::string("x"), BusType::text, 100ms);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::timed_out) << result.error().text;
  EXPECT_GE(loop_.now() - start, 100ms);
  EXPECT_LT(loop_.now() - start, 2s);
}

TEST_F(BusTest, DroppedHandleSilencesItsCall) {
  serve();
  bool called = false;
  {
    const auto handle =
        client_->call_async(kEcho, "flip", {true}, BusType::boolean, 5s, [&](Result<BusValue>) { called = true; });
  }
  EXPECT_TRUE(call("flip", true, BusType::boolean));  // answered after the first
  EXPECT_FALSE(called);
}

TEST_F(BusTest, HandlesMayDieInsideTheirCallbacksAndAfterTheBus) {
  serve();
  BusHandle call_handle;
  BusHandle watch_handle;
  int calls = 0;
  call_handle = client_->call_async(kEcho, "flip", {true}, BusType::boolean, 5s, [&](Result<BusValue>) {
    call_handle = {};
    ++calls;
  });
  watch_handle = client_->watch_name(kEcho.service, [&](const std::string&) {
    watch_handle = {};
    ++calls;
  });
  EXPECT_TRUE(wait_for(loop_, [&] { return calls == 2; }));
  auto late = client_->watch_name("org.example.other", [](const std::string&) {});
  client_.reset();
  late = {};
}

TEST_F(BusTest, SecondInstanceIsTold) {
  ASSERT_TRUE(take_name(loop_, *service_, kEcho.service));
  const auto second = take_name(loop_, *client_, kEcho.service);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
  EXPECT_NE(second.error().text.find("another instance"), std::string::npos) << second.error().text;
}

TEST_F(BusTest, NameWatchTellsThePresentStateAndEveryChange) {
  std::vector<std::string> owners;
  const auto handle = client_->watch_name(kEcho.service, [&](const std::string& owner) { owners.push_back(owner); });
  ASSERT_TRUE(wait_for(loop_, [&] { return owners.size() == 1; }));
  EXPECT_EQ(owners[0], "");
  ASSERT_TRUE(take_name(loop_, *service_, kEcho.service));
  ASSERT_TRUE(wait_for(loop_, [&] { return owners.size() == 2; }));
  EXPECT_EQ(owners[1].substr(0, 1), ":");
  service_.reset();
  ASSERT_TRUE(wait_for(loop_, [&] { return owners.size() == 3; }));
  EXPECT_EQ(owners[2], "");
}

TEST_F(BusTest, SignalsAreReceivedFromTheOwnerOnly) {
  serve();
  std::vector<std::vector<std::string>> seen;
  std::string owner;
  const auto watch = client_->watch_name(kEcho.service, [&](const std::string& name) { owner = name; });
  const auto handle = client_->subscribe(kEcho, "changed", [&](const auto& args) { seen.push_back(args); });
  ASSERT_TRUE(wait_for(loop_, [&] { return !owner.empty(); }));

  std::string unique;  // of the client
  ASSERT_TRUE(take_name(loop_, *client_, "org.example.client"));
  const auto self = client_->watch_name("org.example.client", [&](const std::string& name) { unique = name; });
  ASSERT_TRUE(wait_for(loop_, [&] { return !unique.empty(); }));

  // Somebody else sends the same signal right to the client, and pretends that the service has gone.
  run("dbus-send --system --type=signal --dest=" + unique +
      " /org/example/echo org.example.echo.changed string:forged string:forged");
  run("dbus-send --system --type=signal --dest=" + unique +
      " /org/freedesktop/DBus org.freedesktop.DBus.NameOwnerChanged string:org.example.echo string:" + owner +
      " string:");
  ASSERT_TRUE(service_->emit(kEcho.path, kEcho.interface, "changed", {"one", "\xff"}));
  ASSERT_TRUE(wait_for(loop_, [&] { return !seen.empty(); }));
  EXPECT_EQ(seen, (std::vector<std::vector<std::string>>{{"one", "?"}}));
  EXPECT_NE(owner, "");
}

TEST_F(BusTest, DeathOfTheBusIsReportedAndEndsPendingCalls) {
  Loop stopped;
  const auto silent = connect_bus(stopped).value();
  ASSERT_TRUE(take_name(stopped, *silent, kEcho.service));
  std::optional<Error> lost;
  std::optional<Result<BusValue>> pending;
  client_->on_lost([&](const Error& error) { lost = error; });
  const auto handle = client_->call_async(kEcho, "echo", {std::string("x")}, BusType::text, 30s,
                                          [&](Result<BusValue> r) { pending = r; });
  loop_.run_once(10ms);
  daemon_.kill();
  ASSERT_TRUE(wait_for(loop_, [&] { return lost && pending; }));
  EXPECT_EQ(lost->kind, ErrorKind::closed);
  EXPECT_FALSE(*pending);
  const auto after = call("echo", std::string("x"), BusType::text);
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind, ErrorKind::closed) << after.error().text;
}

// What is asked waits in a queue; the test ends when nothing here waits for the answer.
TEST_F(BusTest, ADaemonThatHangsHoldsUpNobody) {
  serve();
  daemon_.hang(true);
  int answers = 0;
  const auto name = client_->request_name("org.example.late", [&](const Result<void>&) { ++answers; });
  const auto watch = client_->watch_name("org.example.late", [&](const std::string&) { ++answers; });
  const auto signals = client_->subscribe({"org.example.late", "/x", "org.example.late"}, "changed",
                                          [&](const std::vector<std::string>&) { ++answers; });
  const auto call = client_->call_async(kEcho, "flip", {true}, BusType::boolean, 100ms, [&](const Result<BusValue>& r) {
    EXPECT_FALSE(r);
    ++answers;
  });
  EXPECT_TRUE(wait_for(loop_, [&] { return answers > 0; }));
  EXPECT_EQ(answers, 1) << "the call timed out, all else waits";
  // More than the socket takes (sd-bus makes it 8 MiB) is on its way when the service goes.
  for (int i = 0; i < 4000; ++i)
    ASSERT_TRUE(service_->emit(kEcho.path, kEcho.interface, "changed", {std::string(4096, 'x'), ""}));
  service_.reset();
  daemon_.hang(false);
  EXPECT_TRUE(wait_for(loop_, [&] { return answers >= 3; })) << "the name is ours, and the watch tells it";
}

TEST(BusWithoutDaemon, IsAnErrorThatNamesTheBus) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/stas-bus", 1);
  Loop loop;
  const auto bus = connect_bus(loop);
  ASSERT_FALSE(bus);
  EXPECT_NE(bus.error().text.find("system bus"), std::string::npos);
}

// --- the old product's interface ---

// One line per member, sorted: what counts of an introspection document.
std::set<std::string> members(const std::string& xml) {
  std::set<std::string> lines;
  std::string interface;
  std::string member;
  const auto attribute = [](const std::string& tag, const std::string& name) {
    std::smatch match;
    return std::regex_search(tag, match, std::regex("\\b" + name + "=\"([^\"]*)\"")) ? match[1].str() : std::string();
  };
  const auto flush = [&] {
    if (!member.empty() && interface.rfind("org.nvmexpress.", 0) == 0) lines.insert(interface + " " + member);
    member.clear();
  };
  const std::regex tags("<(interface|method|signal|property|arg)\\b[^>]*>");
  for (std::sregex_iterator it(xml.begin(), xml.end(), tags), end; it != end; ++it) {
    const auto tag = it->str();
    const auto kind = (*it)[1].str();
    if (kind == "arg") {
      const auto direction = attribute(tag, "direction");
      member += " (" + (direction.empty() ? "" : direction + " ") + attribute(tag, "type") + " " +
                attribute(tag, "name") + ")";
      continue;
    }
    flush();
    if (kind == "interface") {
      interface = attribute(tag, "name");
    } else {
      member = kind + " " + attribute(tag, "name");
      if (kind == "property") member += " " + attribute(tag, "type") + " " + attribute(tag, "access");
    }
  }
  flush();
  return lines;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Json document(const std::string& name) {
  return Json::parse(read(std::string(std::getenv("STAS_TEST_DATA")) + "/ctl/" + name + ".json")).value();
}

TEST(BusContract, IntrospectionEqualsTheRecordedInterface) {
  const PrivateBus bus;
  for (const auto kind : {FakeDaemon::Kind::staf, FakeDaemon::Kind::stac}) {
    const std::string name = kind == FakeDaemon::Kind::staf ? "staf" : "stac";
    const FakeDaemon daemon(kind, document(name));
    auto client = BusClient::system(5s).value();
    const auto xml = client.call({daemon.name(), daemon.path(), "org.freedesktop.DBus.Introspectable"}, "Introspect",
                                 {}, BusType::text);
    ASSERT_TRUE(xml) << xml.error().text;
    const auto recorded =
        members(read(std::string(std::getenv("STAS_INTERFACES")) + "/org.nvmexpress." + name + ".xml"));
    EXPECT_EQ(members(std::get<std::string>(*xml)), recorded);
    EXPECT_EQ(recorded.size(), name == "staf" ? 9U : 5U);
  }
}

TEST(BusContract, PropertiesAreSetAndRead) {
  const PrivateBus bus;
  FakeDaemon daemon(FakeDaemon::Kind::staf, document("staf"));
  const BusTarget debug{daemon.name(), daemon.path(), daemon.name() + ".debug"};
  auto client = BusClient::system(5s).value();
  ASSERT_TRUE(client.set_flag(debug, "tron", true));
  EXPECT_TRUE(daemon.tron());
  EXPECT_TRUE(client.get_flag(debug, "tron").value());
  EXPECT_FALSE(client.set_flag(debug, "log_level", true));
}

// PropertiesChanged is not text only, so it is observed from outside.
TEST(BusContract, SettingAPropertyTellsEverybody) {
  PrivateBus bus;
  FakeDaemon daemon(FakeDaemon::Kind::staf, document("staf"));
  const BusTarget debug{daemon.name(), daemon.path(), daemon.name() + ".debug"};
  auto client = BusClient::system(5s).value();
  FILE* monitor = popen(
      "exec timeout 10 dbus-monitor --system --profile \"type='signal',member='PropertiesChanged'\" 2>/dev/null", "r");
  ASSERT_NE(monitor, nullptr);
  char line[512];
  ASSERT_NE(fgets(line, sizeof line, monitor), nullptr);  // its header: it listens
  bool told = false;
  do {
    ASSERT_TRUE(client.set_flag(debug, "tron", true));
    if (fgets(line, sizeof line, monitor) == nullptr) break;
    const std::string text = line;
    told = text.find("PropertiesChanged") != std::string::npos && text.find(daemon.path()) != std::string::npos;
  } while (!told);
  bus.kill();  // ends the monitor
  pclose(monitor);
  EXPECT_TRUE(told);
}

TEST(BusContract, OldClientInPythonIsServed) {
  if (run("/usr/bin/python3 -c 'import dbus' && echo yes") != "yes\n") GTEST_SKIP() << "no python3-dbus";
  const PrivateBus bus;
  const FakeDaemon daemon(FakeDaemon::Kind::staf, document("staf"));
  const auto text = run(R"(/usr/bin/python3 -c '
import dbus
o = dbus.SystemBus().get_object("org.nvmexpress.staf", "/org/nvmexpress/staf")
i = dbus.Interface(o, "org.nvmexpress.staf")
for c in i.list_controllers(False):
    print(c["traddr"], len(i.get_log_pages(c["transport"], c["traddr"], c["trsvcid"], c["subsysnqn"],
          c["host-traddr"], c["host-iface"], c["host-nqn"])))
')");
  EXPECT_EQ(text, "10.0.0.77 0\n10.0.0.2 3\n");
}

}  // namespace
}  // namespace stas::test
