// SPDX-License-Identifier: Apache-2.0
//
// UserController: operations over a connection that is live, and their answers.
#include <utility>

#include "libstas/core/discovery/log_page.h"
#include "libstas/sys/fabric/user/user_controller.h"

namespace stas {

namespace {

// Did the controller itself say no (and the connection is fine)?
bool is_status(const Error& error) {
  return error.kind == ErrorKind::refused || error.kind == ErrorKind::rejected ||
         error.kind == ErrorKind::not_supported || error.kind == ErrorKind::permission;
}

}  // namespace

void UserController::submit(const FabricOp& op) {
  if (const auto* cut = std::get_if<Disconnect>(&op)) return disconnect(cut->op);
  const auto id = std::visit([](const auto& any) { return any.op; }, op);
  if (state_ != State::live) {
    return finish_with(id, Error{ErrorKind::closed, 0, ref_.name + " is not connected at present"});
  }
  if (const auto* page = std::get_if<FetchLogPage>(&op)) {
    fetch(id, page->pleo, page->known_genctr);
  } else if (const auto* registration = std::get_if<Register>(&op)) {
    operations_.emplace(next_request_, Operation{id, Registering{}});
    session_->request(
        next_request_++, "Discovery Information Management (21h)",
        nvme_tcp::discovery_information_management(static_cast<std::uint8_t>(registration->task), registration->data),
        loop_.now());
  } else if (std::holds_alternative<FetchSupported>(op)) {
    operations_.emplace(next_request_, Operation{id, AskingSupported{}});
    session_->request(next_request_++, "Get Log Page 00h",
                      nvme_tcp::get_log_page({kLidSupportedLogPages, 0, true, 0, kSupportedLogPagesSize}), loop_.now());
  }
  pump();
}

void UserController::disconnect(OpId op) {
  disconnects_.push_back(op);
  if (state_ == State::stopping) return;
  if (state_ != State::live) {
    stop_attempt();
    return finish_disconnect();
  }
  state_ = State::stopping;
  session_->shutdown(loop_.now());
  pump();
}

void UserController::fetch(OpId op, bool pleo, std::optional<std::uint64_t> known_genctr) {
  const auto limit = identity_.max_transfer == 0 ? LogReader::kMaxTransfer : identity_.max_transfer;
  continue_fetch(next_request_++, Operation{op, LogReader(pleo, known_genctr, limit)});
}

void UserController::continue_fetch(std::uint64_t request, Operation operation) {
  auto step = std::get<LogReader>(operation.what).next();
  if (const auto* read = std::get_if<LogReader::Read>(&step)) {
    operations_.emplace(request, std::move(operation));
    session_->request(request, "Get Log Page 70h", nvme_tcp::get_log_page(*read), loop_.now());
  } else if (auto* page = std::get_if<LogPage>(&step)) {
    finish(operation.op, std::move(*page));
  } else {
    finish_with(operation.op, std::get<Error>(step));
  }
}

void UserController::on_answer(std::uint64_t request, Result<nvme_tcp::Completion> answer) {
  auto node = operations_.extract(request);
  if (node.empty()) return;
  auto& operation = node.mapped();
  if (!answer) {
    const bool refused = std::holds_alternative<Registering>(operation.what) && is_status(answer.error());
    if (!refused) return finish_with(operation.op, answer.error());
    return finish(operation.op, Registered{answer.error().text});
  }
  if (auto* reader = std::get_if<LogReader>(&operation.what)) {
    reader->feed(answer->data);
    return continue_fetch(request, std::move(operation));
  }
  if (std::holds_alternative<Registering>(operation.what)) return finish(operation.op, Registered{});
  const auto supported = parse_supported_log_pages(answer->data);
  if (!supported) return finish_with(operation.op, supported.error());
  finish(operation.op, *supported);
}

void UserController::finish(OpId op, OpResult result) { hooks_.emit(OpDone{op, std::move(result)}); }

void UserController::finish_with(OpId op, Error error) { finish(op, in_context(std::move(error))); }

Error UserController::in_context(Error error) const {
  error.text = to_text(plan_) + ": " + error.text;
  return error;
}

}  // namespace stas
