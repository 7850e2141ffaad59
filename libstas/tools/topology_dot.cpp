// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string_view>

#include "libstas/tools/json_fields.h"
#include "libstas/tools/topology_text.h"

namespace stas {

namespace {

// A string of the language of dot(1): the escapes that escaped() leaves are shown as they are.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string_view fill_of(std::string_view state) {
  return state == "live" ? "darkgreen" : state == "missing" || state == "deleting" ? "red" : "orange";
}

class Graph {
 public:
  std::string render(const Json& topology) {
    out_ = "digraph topology {\n  rankdir=LR;\n  node [shape=box];\n";
    const Json* host = topology.find("host");
    node(kHost, host == nullptr ? "" : text_of(*host, "nqn"), "shape=house");
    for (const Json& interface : items_of(topology, "interfaces")) {
      const auto name = text_of(interface, "name");
      node("interface " + name, name, "shape=oval");
      edge(kHost, "interface " + name);
    }
    for (const Json& dc : items_of(topology, "discovery controllers")) {
      const auto name = text_of(dc, "name");
      node("dc " + name, name, "style=rounded");
      edge(way(dc), "dc " + name);
    }
    for (const Json& subsystem : items_of(topology, "subsystems")) add(subsystem);
    return out_ + "}\n";
  }

 private:
  static constexpr char kHost[] = "host";

  static std::string way(const Json& from) {
    const auto name = text_of(from, "interface");
    return name.empty() ? kHost : "interface " + name;
  }

  void add(const Json& subsystem) {
    const auto nqn = text_of(subsystem, "subsysnqn");
    node("subsystem " + nqn, nqn, "shape=cylinder");
    for (const Json& path : items_of(subsystem, "paths")) {
      for (const Json& dc : items_of(path, "discovery controllers"))
        if (dc.as_string() != nullptr) edge("dc " + escaped(*dc.as_string()), "subsystem " + nqn, "style=dashed");
      const auto state = text_of(path, "state"), device = text_of(path, "device");
      if (!device.empty() && !drawn_.insert(device).second) continue;  // another name of a connection
      if (state.empty()) continue;                                     // who does not know it knows no path, either
      const std::string label = (device.empty() ? "" : device + " ") + text_of(path, "transport") + " " +
                                text_of(path, "traddr") + " " + text_of(path, "trsvcid") + " " + state;
      const std::string colour(fill_of(state));
      edge(way(path), "subsystem " + nqn, "label=" + in_quotes(label) + ", color=" + colour + ", fontcolor=" + colour);
    }
  }

  void node(const std::string& id, const std::string& label, const std::string& look) {
    out_ += "  " + in_quotes(id) + " [label=" + in_quotes(label) + ", " + look + "];\n";
  }
  void edge(const std::string& from, const std::string& to, const std::string& look = {}) {
    out_ += "  " + in_quotes(from) + " -> " + in_quotes(to) + (look.empty() ? "" : " [" + look + "]") + ";\n";
  }

  std::string out_;
  std::set<std::string> drawn_;  // devices
};

}  // namespace

std::string topology_dot(const Json& topology) { return Graph().render(topology); }

}  // namespace stas
