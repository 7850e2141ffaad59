// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "libstas/core/base/unicode.h"
#include "libstas/tools/colours.h"
#include "libstas/tools/json_fields.h"
#include "libstas/tools/topology_text.h"

namespace stas {

namespace {

struct Node {
  std::string name;   // among its siblings
  std::string label;  // what is shown
  std::string state{};
  bool has_state = false;  // of a connection, in front
  std::vector<Node> children{};

  explicit Node(const std::string& text) : name(text), label(text) {}

  Node& child(const std::string& text) {
    for (Node& node : children)
      if (node.name == text) return node;
    return children.emplace_back(text);
  }
  // The same where equal ones come one after the other.
  Node& latest(const std::string& text) {
    if (children.empty() || children.back().name != text) children.emplace_back(text);
    return children.back();
  }
};

class Tree {
 public:
  Tree(const Json& topology, bool colours) : topology_(topology), colours_(colours) {}

  std::string render() {
    const Json* host = topology_.find("host");
    Node root("host " + (host == nullptr ? "" : text_of(*host, "nqn")));
    add_interfaces(root);
    for (const Json& dc : items_of(topology_, "discovery controllers")) {
      const auto state = text_of(dc, "state");
      dcs_[text_of(dc, "name")] = {text_of(dc, "interface"),
                                   (state.empty() ? "" : state + ", ") + text_of(dc, "origin") +
                                       (is_false(dc, "page known") ? ", page not read yet" : ""),
                                   !state.empty()};
    }
    for (const Json& subsystem : items_of(topology_, "subsystems"))
      for (const Json& path : items_of(subsystem, "paths")) add_path(root, text_of(subsystem, "subsysnqn"), path);
    for (auto& [name, dc] : dcs_)
      if (!dc.shown) show(root, dc.interface, name, dc);
    if (const Node& anywhere = root.child(kAnywhere); anywhere.children.empty()) root.children.pop_back();
    out_ = root.label + "\n";
    print(root, "");
    return std::move(out_);
  }

 private:
  static constexpr char kAnywhere[] = "any interface";

  void add_interfaces(Node& root) {
    for (const Json& interface : items_of(topology_, "interfaces")) {
      std::string& label = root.child(text_of(interface, "name")).label;
      for (const Json& address : items_of(interface, "addresses"))
        if (address.as_string() != nullptr) label += " " + escaped(*address.as_string());
      if (is_false(interface, "up")) label += " down";
    }
    root.child(kAnywhere);
  }

  static Node& way(Node& root, const std::string& name) {
    if (!name.empty())
      for (Node& node : root.children)
        if (node.name == name) return node;
    return root.children.back();
  }

  struct Dc {
    std::string interface;  // "" when it does not say how it is reached: then it is shown where its paths are
    std::string state;
    bool has_state = false;  // of its connection, in front
    bool shown = false;
  };

  static Node& show(Node& root, const std::string& interface, const std::string& name, Dc& dc) {
    Node& node = way(root, interface).child(name);
    node.state = dc.state;
    node.has_state = dc.has_state;
    dc.shown = true;
    return node;
  }

  void add_path(Node& root, const std::string& nqn, const Json& path) {
    const auto interface = text_of(path, "interface");
    bool placed = false;
    for (const Json& listed : items_of(path, "discovery controllers")) {
      const auto it = listed.as_string() == nullptr ? dcs_.end() : dcs_.find(escaped(*listed.as_string()));
      if (it == dcs_.end()) continue;
      auto& [name, dc] = *it;
      const std::string& under = dc.interface.empty() ? interface : dc.interface;
      show(root, under, name, dc).latest(nqn).children.push_back(leaf(path, under));
      placed = true;
    }
    if (const auto place = text_of(path, "configured"); !place.empty() || !placed) {
      const auto verdict = text_of(path, "verdict");
      const std::string group = !place.empty() ? "controller= lines" : verdict == "foreign" ? "not ours" : "no source";
      way(root, interface).child(group).latest(nqn).children.push_back(leaf(path, interface));
    }
  }

  // `interface`: the one it hangs under.
  static Node leaf(const Json& path, const std::string& interface) {
    const auto device = text_of(path, "device");
    Node node((device.empty() ? "-" : device) + " " + text_of(path, "transport"));
    for (const char* field : {"traddr", "trsvcid"})
      if (const auto text = text_of(path, field); !text.empty()) node.label += " " + text;
    if (const auto via = text_of(path, "interface"); !via.empty() && via != interface) node.label += " via " + via;
    node.state = text_of(path, "state");
    node.has_state = !node.state.empty();
    if (const auto verdict = text_of(path, "verdict"); verdict != "wanted")
      node.state += (node.state.empty() ? "" : ", ") + verdict;
    return node;
  }

  void print(const Node& node, const std::string& indent) {
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Node& child = node.children[i];
      const bool last = i + 1 == node.children.size();
      out_ += indent + (last ? "└─ " : "├─ ") + child.label;
      if (!child.state.empty()) out_ += "  " + coloured(child);
      out_ += "\n";
      print(child, indent + (last ? "   " : "│  "));
    }
  }

  std::string coloured(const Node& node) const {
    if (!colours_ || !node.has_state) return node.state;
    const std::string_view state = std::string_view(node.state).substr(0, node.state.find(','));
    return in_colour_of(state, node.state);
  }

  const Json& topology_;
  const bool colours_;
  std::map<std::string, Dc> dcs_;  // by name
  std::string out_;
};

}  // namespace

std::string topology_tree(const Json& topology, bool colours) { return Tree(topology, colours).render(); }

}  // namespace stas
