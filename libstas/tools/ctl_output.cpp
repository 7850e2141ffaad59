// SPDX-License-Identifier: Apache-2.0
#include "libstas/tools/ctl_output.h"

#include <algorithm>
#include <array>
#include <vector>

#include "libstas/core/base/pprint.h"
#include "libstas/core/base/unicode.h"

namespace stas {

namespace {

// Columns of a table, as far as the dictionaries have them and not all of them are empty. The log page entry's names
// first, then the controller's; the two have traddr and trsvcid in common.
constexpr std::array<std::string_view, 48> kColumns{
    "time",
    "event",
    "status",
    "action",
    "after",
    "until",
    "device",
    "subtype",
    "trtype",
    "transport",
    "adrfam",
    "traddr",
    "trsvcid",
    "subnqn",
    "subsysnqn",
    "host-iface",
    "host-traddr",
    "host-nqn",
    "desired",
    "live",
    "connecting",
    "resetting",
    "deleting",
    "missing",
    "held",
    "lost",
    "others",
    "connected",
    "state",
    "verdict",
    "origin",
    "entries",
    "cntrltype",
    "dctype",
    "model",
    "serial",
    "portid",
    "cntlid",
    "asqsz",
    "treq",
    "tsas",
    "eflags",
    "connect attempts",
    "retry connect timer",
    "reason",
    "source",
    "controller",
    "text",
};

constexpr std::string_view kGap = "  ";

std::string cell(const Json& value) {
  const auto* text = value.as_string();
  return text != nullptr ? escaped(*text) : python_repr(value);
}

std::string cell(const Json& row, std::string_view column) {
  const auto* value = row.find(column);
  return value == nullptr ? std::string() : cell(*value);
}

void append_table(std::string& out, const Json::Array& rows, std::string_view indent) {
  std::vector<std::string_view> columns;
  std::vector<std::size_t> widths;
  for (const auto column : kColumns) {
    std::size_t width = 0;
    for (const auto& row : rows) width = std::max(width, code_points(cell(row, column)));
    if (width == 0) continue;
    columns.push_back(column);
    widths.push_back(std::max(width, column.size()));
  }
  const auto append_row = [&](const auto& text_of) {
    std::string line(indent);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto text = text_of(columns[i]);
      line += text;
      if (i + 1 < columns.size()) line.append(widths[i] - code_points(text) + kGap.size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  if (columns.empty()) return;
  append_row([](std::string_view column) { return std::string(column); });
  for (const auto& row : rows) append_row([&](std::string_view column) { return cell(row, column); });
}

std::string table(const Json& document) {
  std::string out;
  if (const auto* object = document.as_object()) {
    for (const auto& [key, value] : *object) {
      if (value.as_array() == nullptr) out += escaped(key) + ": " + cell(value) + "\n";
    }
    for (const auto& [key, value] : *object) {
      const auto* rows = value.as_array();
      if (rows == nullptr) continue;
      out += "\n" + escaped(key) + ": " + std::to_string(rows->size()) + "\n";
      append_table(out, *rows, kGap);
    }
    return out;
  }
  const auto* rows = document.as_array();
  if (rows == nullptr) return cell(document) + "\n";
  if (rows->empty() || rows->front().find("discovery-controller") == nullptr) {
    append_table(out, *rows, "");
    return out;
  }
  for (const auto& row : *rows) {
    const auto* controller = row.find("discovery-controller");
    if (controller != nullptr) append_table(out, {*controller}, "");
    const auto* pages = row.find("log-pages");
    if (pages != nullptr && pages->as_array() != nullptr) append_table(out, *pages->as_array(), "    ");
    if (&row != &rows->back()) out += "\n";
  }
  return out;
}

}  // namespace

std::optional<OutputFormat> output_format(std::string_view name) {
  if (name == "pprint") return OutputFormat::pprint;
  if (name == "json") return OutputFormat::json;
  if (name == "table") return OutputFormat::table;
  if (name == "dot") return OutputFormat::dot;
  return std::nullopt;
}

std::string format_document(const Json& document, OutputFormat format) {
  switch (format) {
    case OutputFormat::pprint:
      return python_pprint(document) + "\n";
    case OutputFormat::json:
      return document.dump_pretty() + "\n";
    case OutputFormat::table:
      return table(document);
    case OutputFormat::dot:
      break;
  }
  return {};
}

}  // namespace stas
