// SPDX-License-Identifier: Apache-2.0
//
// Connects through the kernel fabric: the probe before the write, one write at a time and in which order, what is asked
// when the kernel does not say why, stops, host names with several addresses, and portals that held up the kernel.
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sys/kernel_fabric_fixture.h"
#include "tests/unit/sys/kernel_listener.h"

namespace stas {
namespace {

using test::KernelFabricTest;
using test::Listener;
using test::run_until;

TEST_F(KernelFabricTest, ConnectsAndDescribesTheController) {
  Listener target(loop_, test::icresp());
  root_.add("nvme3", test::io_controller());
  writer_->answer = std::string("nvme3");
  fabric().submit(order(1, target.port()));
  EXPECT_EQ(answer(1), nullptr) << "called from inside submit()";
  EXPECT_EQ(fabric().pending(), 1U);
  const auto done = result(1);
  ASSERT_TRUE(std::holds_alternative<Connected>(done));
  EXPECT_EQ(std::get<Connected>(done).device.ref, ref("nvme3"));
  EXPECT_EQ(fabric().pending(), 0U);
}

TEST_F(KernelFabricTest, NothingIsWrittenForAPortalThatDoesNotAnswer) {
  limits_.connect.probe.deadline = std::chrono::milliseconds(50);
  Listener silent(loop_, "");
  const test::ClosedPort closed;
  fabric().submit(order(1, silent.port()));
  fabric().submit(order(2, closed.port()));
  EXPECT_EQ(kind(result(1)), ErrorKind::timed_out);
  EXPECT_EQ(kind(result(2)), ErrorKind::refused);
  EXPECT_EQ(writer_->writes(), 0U);
}

TEST_F(KernelFabricTest, WhatTheKernelDoesNotExplainTheControllerIsAskedFor) {
  Listener target(loop_, test::icresp(), test::After::close);
  limits_.connect.probe.fresh = std::chrono::minutes(1);
  writer_->answer = fail(ErrorKind::refused, "the general message", EIO);
  auto explained = order(1, target.port());
  explained.explain = true;
  fabric().submit(explained);
  EXPECT_EQ(kind(result(1)), ErrorKind::refused);
  EXPECT_EQ(std::get<Error>(result(1)).text, "the general message") << "nothing was learned";
  EXPECT_EQ(target.accepted(), 2U);
  fabric().submit(order(2, target.port()));
  result(2);
  EXPECT_EQ(target.accepted(), 2U) << "nobody wants to know";
  writer_->answer = fail(ErrorKind::invalid_input, "the kernel's own refusal", EINVAL);
  explained.op = 3;
  fabric().submit(explained);
  result(3);
  EXPECT_EQ(target.accepted(), 2U);
}

TEST_F(KernelFabricTest, AStopDoesNotWaitForTheReasonOfAFailure) {
  Listener target(loop_, test::icresp());  // nothing more
  writer_->answer = fail(ErrorKind::refused, "the general message", EIO);
  auto explained = order(1, target.port());
  explained.explain = true;
  fabric().submit(explained);
  ASSERT_TRUE(run_until(loop_, [&] { return target.accepted() == 2; }));
  EXPECT_EQ(answer(1), nullptr);
  fabric().stop_connecting();
  EXPECT_EQ(kind(result(1)), ErrorKind::refused);
}

TEST_F(KernelFabricTest, AnInjectionStopsBeforeAnyPacketIsSent) {
  Listener target(loop_, test::icresp());
  auto connect = order(1, target.port());
  TidFields fields = connect.tid.fields();
  fields.subsysnqn = "nqn.x,duplicate_connect";
  connect.tid = Tid(fields);
  fabric().submit(connect);
  EXPECT_EQ(answer(1), nullptr);
  EXPECT_EQ(kind(result(1)), ErrorKind::invalid_input);
  EXPECT_EQ(target.accepted(), 0U);
}

TEST_F(KernelFabricTest, OnlyOneWriteIsInFlightAndConfiguredOnesGoFirst) {
  Listener target(loop_, test::icresp());
  limits_.connect.probe.fresh = std::chrono::minutes(1);
  writer_->hold(true);
  fabric().submit(order(1, target.port(), Reason::listed));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(order(2, target.port(), Reason::listed));
  fabric().submit(order(3, target.port(), Reason::listed));
  for (OpId op = 10; op < 20; ++op) fabric().submit(order(op, target.port(), Reason::configured));
  for (int i = 0; i < 20; ++i) loop_.run_once(Duration::zero());
  writer_->hold(false);
  ASSERT_TRUE(run_until(loop_, [&] { return answers() == 13; }));
  EXPECT_EQ(writer_->most, 1U);
  EXPECT_EQ(writer_->order, (std::vector<OpId>{1, 10, 11, 12, 13, 14, 15, 16, 17, 2, 18, 19, 3}));
}

TEST_F(KernelFabricTest, AnAnswerThatBecameOldInTheQueueIsAskedForAgain) {
  Listener target(loop_, test::icresp());
  limits_.connect.probe.fresh = std::chrono::milliseconds(1);
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(order(2, target.port()));
  for (int i = 0; i < 20; ++i) loop_.run_once(std::chrono::milliseconds(2));
  const auto asked = target.accepted();
  writer_->hold(false);
  result(2);
  EXPECT_GT(target.accepted(), asked);
}

TEST_F(KernelFabricTest, AStuckWriteIsAnsweredByItsDeadlineAndHoldsOnlyTheQueue) {
  Listener target(loop_, test::icresp());
  limits_.connect.write = std::chrono::milliseconds(50);
  limits_.connect.queue = std::chrono::milliseconds(200);
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  EXPECT_EQ(kind(result(1)), ErrorKind::timed_out);
  fabric().submit(order(2, target.port()));
  EXPECT_EQ(kind(result(2)), ErrorKind::busy);
  EXPECT_EQ(writer_->writes(), 1U);
  const auto begin = loop_.now();
  fabric_.reset();
  EXPECT_LT(loop_.now() - begin, std::chrono::seconds(10)) << "the end waited for the stuck write";
  EXPECT_EQ(answers(), 2U);
}

TEST_F(KernelFabricTest, AStopCallsOffWhatTheKernelHasNotBegun) {
  Listener target(loop_, test::icresp());
  Listener silent(loop_, "");
  limits_.connect.probe.fresh = std::chrono::minutes(1);
  root_.add("nvme3", test::io_controller());
  writer_->answer = std::string("nvme3");
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(order(2, target.port()));
  fabric().submit(order(3, silent.port()));
  for (int i = 0; i < 20; ++i) loop_.run_once(Duration::zero());
  const auto begin = loop_.now();
  fabric().stop_connecting();
  fabric().submit(order(4, target.port()));
  for (const OpId op : {2, 3, 4}) EXPECT_EQ(kind(result(op)), ErrorKind::cancelled) << op;
  EXPECT_LT(loop_.now() - begin, std::chrono::seconds(1)) << "did not wait for the silent one";
  EXPECT_EQ(answer(1), nullptr) << "the kernel is at it";
  writer_->hold(false);
  EXPECT_TRUE(std::holds_alternative<Connected>(result(1)));
  EXPECT_EQ(writer_->order, std::vector<OpId>{1});
}

// A host name with several addresses: the kernel gets the one that answers, by another order.
TEST_F(KernelFabricTest, AnotherAddressThatAnswersFirstIsTheAnswerAndNothingIsWritten) {
  Listener target(loop_, test::icresp());
  Listener other(loop_, test::icresp(), test::After::keep_open, "127.0.0.2", target.number());
  test::DeafListener deaf(target.number(), "127.0.0.3");
  test::ClosedPort closed;
  ASSERT_TRUE(other.is_bound() && deaf.is_bound());
  root_.add("nvme3", test::io_controller());
  writer_->answer = std::string("nvme3");
  const auto named = [&](OpId op, const char* address, const std::string& port, std::vector<const char*> others) {
    auto connect = order(op, port);
    TidFields fields = connect.tid.fields();
    fields.traddr = address;
    connect.tid = Tid(fields);
    for (const char* text : others) connect.others.push_back(*IpAddress::parse(text));
    return connect;
  };
  fabric().submit(named(1, "127.0.0.3", target.port(), {"127.0.0.2"}));
  const auto elsewhere = result(1);
  ASSERT_TRUE(std::holds_alternative<AnsweredElsewhere>(elsewhere));
  EXPECT_EQ(std::get<AnsweredElsewhere>(elsewhere).address.to_string(), "127.0.0.2");
  EXPECT_EQ(writer_->writes(), 0U);
  fabric().submit(named(2, "127.0.0.1", target.port(), {"127.0.0.2"}));
  EXPECT_TRUE(std::holds_alternative<Connected>(result(2)));
  EXPECT_EQ(writer_->order, std::vector<OpId>{2});
  fabric().submit(named(3, "127.0.0.1", closed.port(), {"127.0.0.4"}));
  const auto nobody = result(3);
  ASSERT_TRUE(std::holds_alternative<NobodyAnswered>(nobody));
  EXPECT_EQ(std::get<NobodyAnswered>(nobody).others.size(), 1U);
  const std::string& text = std::get<NobodyAnswered>(nobody).error.text;
  EXPECT_NE(text.find("127.0.0.1:"), std::string::npos) << text;
  EXPECT_NE(text.find("127.0.0.4:"), std::string::npos) << text;
  fabric().submit(named(4, "127.0.0.3", target.port(), {"127.0.0.3"}));
  fabric().stop_connecting();
  EXPECT_EQ(kind(result(4)), ErrorKind::cancelled) << "the end does not wait for the race";
}

TEST_F(KernelFabricTest, AControllerThatHeldUpTheKernelRestsAndItsPortalLessLong) {
  Listener target(loop_, test::icresp());
  Listener other(loop_, test::icresp());
  limits_.connect.patience = std::chrono::milliseconds(50);
  limits_.connect.rest_factor = 10;
  const auto of_another_subsystem = [&](OpId op) {
    auto connect = order(op, target.port());
    TidFields fields = connect.tid.fields();
    fields.subsysnqn = "nqn.2014-08.org.example:another";
    connect.tid = Tid(fields);
    return connect;
  };
  writer_->hold(true);
  fabric().submit(order(1, target.port()));
  ASSERT_TRUE(run_until(loop_, [&] { return writer_->writes() == 1; }));
  fabric().submit(of_another_subsystem(2));
  const auto begin = loop_.now();
  ASSERT_TRUE(run_until(loop_, [&] { return loop_.now() - begin > std::chrono::milliseconds(100); }));
  writer_->hold(false);
  EXPECT_EQ(kind(result(1)), ErrorKind::io);
  EXPECT_EQ(kind(result(2)), ErrorKind::busy) << "it was in the queue already";
  fabric().submit(order(3, target.port()));
  EXPECT_EQ(kind(result(3)), ErrorKind::busy);
  fabric().submit(order(4, other.port()));
  EXPECT_EQ(kind(result(4)), ErrorKind::io) << "another portal is not concerned";
  OpId op = 10;
  ASSERT_TRUE(run_until(loop_, [&] {
    fabric().submit(of_another_subsystem(++op));
    return kind(result(op)) == ErrorKind::io;
  })) << "the portal's rest never ends";
  fabric().submit(order(5, target.port()));
  EXPECT_EQ(kind(result(5)), ErrorKind::busy) << "the controller's own rest is longer";
  auto other_key = order(6, target.port());
  other_key.options.dhchap_secret = Secret("DHHC-1:00:b3RoZXI=:");
  fabric().submit(other_key);
  EXPECT_EQ(kind(result(6)), ErrorKind::io) << "with another key it may well be answered";
}

}  // namespace
}  // namespace stas
