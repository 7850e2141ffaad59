// SPDX-License-Identifier: Apache-2.0
#include "libstas/core/identity/tid_fields.h"

#include "libstas/core/base/unicode.h"
#include "libstas/core/identity/nqn.h"

namespace stas {

namespace {

tl::unexpected<Error> refused(std::string_view key, const char* why) {
  return fail(ErrorKind::invalid_input, "the " + std::string(key) + " of a controller " + why);
}

bool is_nqn(const TidField& field) { return field.text == &TidFields::subsysnqn || field.text == &TidFields::host_nqn; }

bool may_be_empty(const TidField& field, Transport transport) {
  if (field.text == &TidFields::traddr) return transport == Transport::loop;
  return field.text != &TidFields::subsysnqn;
}

}  // namespace

TidTexts texts_of(const Tid& tid) {
  TidTexts texts;
  for (std::size_t i = 0; i < kTidFields.size(); ++i) {
    const auto member = kTidFields[i].text;
    texts[i] = member == nullptr ? to_text(tid.transport()) : std::string_view(tid.fields().*member);
  }
  return texts;
}

Result<TidTexts> tid_texts(const Json& object) {
  if (object.as_object() == nullptr) return fail(ErrorKind::invalid_input, "a controller is no object");
  TidTexts texts;
  for (std::size_t i = 0; i < kTidFields.size(); ++i) {
    const Json* member = object.find(kTidFields[i].key);
    if (member == nullptr) continue;
    const std::string* text = member->as_string();
    if (text == nullptr) return refused(kTidFields[i].key, "is no text");
    texts[i] = *text;
  }
  return texts;
}

Result<TidFields> read_tid(const TidTexts& texts) {
  TidFields fields;
  const auto transport = parse_transport(texts[0]);
  if (!transport) return refused(kTidFields[0].key, "is not known");
  fields.transport = *transport;
  for (std::size_t i = 1; i < kTidFields.size(); ++i) {
    const TidField& field = kTidFields[i];
    const std::string_view text = texts[i];
    if (text.empty()) {
      if (!may_be_empty(field, *transport)) return refused(field.key, "is missing");
      continue;
    }
    if (text.size() > kMaxTidText) return refused(field.key, "is too long");
    if (!is_injection_free(text)) return refused(field.key, "has a comma or a control character in it");
    if (is_nqn(field) && !is_usable_nqn(text)) return refused(field.key, "is no NQN");
    fields.*field.text = text;
  }
  return fields;
}

Result<Tid> read_tid(const Json& object) {
  const auto texts = tid_texts(object);
  if (!texts) return tl::unexpected(texts.error());
  return read_tid(*texts).map([](TidFields fields) { return Tid(std::move(fields)); });
}

}  // namespace stas
