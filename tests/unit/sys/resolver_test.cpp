// SPDX-License-Identifier: Apache-2.0
#include "libstas/sys/net/resolver.h"

#include <atomic>
#include <map>
#include <optional>
#include <semaphore>

#include <gtest/gtest.h>

#include "libstas/core/base/host_name.h"
#include "tests/unit/sys/loop_helper.h"

namespace stas {
namespace {

using test::run_until;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

// What a lookup says is made up by the test; "hang" waits until the test ends, "slow" until it is told to go on.
class ResolverTest : public testing::Test {
 protected:
  ~ResolverTest() override { go_.release(1024); }

  Resolver::Lookup lookup() {
    return [this](const std::string& name) -> Resolver::Addresses {
      ++lookups_;
      if (name == "slow" || name.rfind("hang", 0) == 0) go_.acquire();
      if (name == "missing") return fail(ErrorKind::not_found, "host name missing: unknown");
      return std::vector<IpAddress>{ip("192.0.2.1"), ip("2001:db8::1")};
    };
  }
  Resolver::Callback store(std::optional<Resolver::Addresses>& where) {
    return [&where](Resolver::Addresses addresses) {
      EXPECT_FALSE(where) << "answered twice";
      where = std::move(addresses);
    };
  }

  std::counting_semaphore<> go_{0};
  std::atomic<int> lookups_ = 0;
  Loop loop_;
  Worker worker_{loop_};  // stops before the semaphore goes: the destructor above has opened it
};

TEST_F(ResolverTest, ANumericAddressIsItsOwnAnswerButNotAtOnce) {
  Resolver resolver(loop_, worker_, lookup(), test::kPatience);
  for (const char* text : {"192.0.2.7", "2001:db8::7", "fe80::1%lo"}) {
    std::optional<Resolver::Addresses> answer;
    resolver.resolve(text, store(answer));
    EXPECT_FALSE(answer);
    ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    EXPECT_EQ(answer->value(), std::vector<IpAddress>{ip(text)});
  }
  EXPECT_EQ(lookups_, 0);
}

TEST_F(ResolverTest, ReturnsAddressesInOrderOrTheError) {
  Resolver resolver(loop_, worker_, lookup(), test::kPatience);
  std::optional<Resolver::Addresses> good;
  std::optional<Resolver::Addresses> bad;
  resolver.resolve("dc.example", store(good));
  resolver.resolve("missing", store(bad));
  ASSERT_TRUE(run_until(loop_, [&] { return good && bad; }));
  EXPECT_EQ(good->value(), (std::vector<IpAddress>{ip("192.0.2.1"), ip("2001:db8::1")}));
  ASSERT_FALSE(*bad);
  EXPECT_EQ(bad->error().kind, ErrorKind::not_found);
}

TEST_F(ResolverTest, RefusesWhatIsNoHostName) {
  Resolver resolver(loop_, worker_, lookup(), test::kPatience);
  for (const auto& name : {std::string(), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3),
                           std::string(kMaxHostName + 1, 'a'), std::string("10.0.0.256"), std::string("a..b")}) {
    std::optional<Resolver::Addresses> answer;
    resolver.resolve(name, store(answer));
    ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    ASSERT_FALSE(*answer);
    EXPECT_EQ(answer->error().kind, ErrorKind::invalid_input);
  }
  EXPECT_EQ(lookups_, 0);
}

TEST_F(ResolverTest, TheDeadlineEndsTheWaitAndTheLateAnswerIsDropped) {
  Resolver resolver(loop_, worker_, lookup(), std::chrono::milliseconds(20));
  std::optional<Resolver::Addresses> answer;
  resolver.resolve("slow", store(answer));
  ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().kind, ErrorKind::timed_out);
  EXPECT_NE(answer->error().text.find("slow"), std::string::npos);
  go_.release();
  ASSERT_TRUE(run_until(loop_, [&] { return worker_.pending() == 0; }));  // store() would complain about a second call
}

TEST_F(ResolverTest, ALateAnswerServesTheNextQuestionForTheSameName) {
  Resolver resolver(loop_, worker_, lookup(), std::chrono::seconds(20));
  std::optional<Resolver::Addresses> first;
  std::optional<Resolver::Addresses> second;
  resolver.resolve("slow", store(first));
  resolver.resolve("slow", store(second));
  go_.release();
  ASSERT_TRUE(run_until(loop_, [&] { return first && second; }));
  EXPECT_TRUE(second->has_value());
  EXPECT_EQ(lookups_, 1);
}

TEST_F(ResolverTest, SilentNamesLeaveThreadsToOthers) {
  Resolver resolver(loop_, worker_, lookup(), test::kPatience);
  for (int i = 0; i < 50; ++i) resolver.resolve("hang" + std::to_string(i), [](const Resolver::Addresses&) {});
  bool done = false;
  ASSERT_TRUE(worker_.submit("connect", [&done] { return [&done] { done = true; }; }));
  EXPECT_TRUE(run_until(loop_, [&] { return done; }));
  EXPECT_LE(lookups_, static_cast<int>(kLookupLanes));
  go_.release(50);
}

TEST_F(ResolverTest, TheNumberOfLookupsIsBounded) {
  Resolver resolver(loop_, worker_, lookup(), test::kPatience);
  std::map<ErrorKind, int> errors;
  int answers = 0;
  for (std::size_t i = 0; i < kMaxLookups + 10; ++i) {
    resolver.resolve("hang" + std::to_string(i), [&](const Resolver::Addresses& addresses) {
      ++answers;
      if (!addresses) ++errors[addresses.error().kind];
    });
  }
  ASSERT_TRUE(run_until(loop_, [&] { return answers == 10; }));
  EXPECT_EQ(errors[ErrorKind::busy], 10);
  go_.release(kMaxLookups);
  ASSERT_TRUE(run_until(loop_, [&] { return answers == static_cast<int>(kMaxLookups) + 10; }));
}

TEST_F(ResolverTest, NobodyIsCalledAfterItsEnd) {
  {
    Resolver resolver(loop_, worker_, lookup(), std::chrono::milliseconds(1));
    const auto unexpected = [](const Resolver::Addresses&) { ADD_FAILURE() << "called"; };
    resolver.resolve("slow", unexpected);
    resolver.resolve("192.0.2.7", unexpected);
  }
  go_.release();
  ASSERT_TRUE(run_until(loop_, [&] { return worker_.pending() == 0; }));
}

TEST_F(ResolverTest, TheSystemKnowsLocalhost) {
  Resolver resolver(loop_, worker_);
  std::optional<Resolver::Addresses> answer;
  resolver.resolve("localhost", store(answer));
  ASSERT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer) << answer->error().text;
  for (const auto& address : answer->value()) {
    const auto text = address.to_string();
    EXPECT_TRUE(text == "::1" || text.starts_with("127.")) << text;
  }
}

}  // namespace
}  // namespace stas
