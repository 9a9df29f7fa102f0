#include "bench/stores.h"

#include <initializer_list>
#include <utility>

namespace bylaw {
namespace {

Node Text(const std::string& text) {
  Node n;
  n.kind = Node::Kind::kString;
  n.text = text;
  n.quoted = true;
  return n;
}

Node Map() {
  Node n;
  n.kind = Node::Kind::kMap;
  return n;
}

Node List() {
  Node n;
  n.kind = Node::Kind::kList;
  return n;
}

void Put(Node* map, const char* key, Node value) {
  map->map.emplace_back(Text(key), std::move(value));
}

// A parent in `in`, where a type may have parents of several types.
Node Typed(const char* type, const std::string& id) {
  Node n = Map();
  Put(&n, "type", Text(type));
  Put(&n, "id", Text(id));
  return n;
}

class Generator {
 public:
  Generator(std::shared_ptr<const Program> program, const StoreOptions& options)
      : program_(program),
        options_(options),
        random_(options.seed),
        builder_(program) {
    file_ = builder_.AddFile("generated");
  }

  uint32_t size() const { return options_.entities; }
  bool Edge() { return std::bernoulli_distribution(options_.edges)(random_); }
  bool Half() { return std::bernoulli_distribution(0.5)(random_); }
  uint32_t Any(uint32_t n) {
    return std::uniform_int_distribution<uint32_t>(0, n - 1)(random_);
  }
  static std::string Id(const char* type, uint32_t i) {
    return std::string(type) + "::" + std::to_string(i);
  }

  void Add(const char* type, const std::string& id, const Node& attributes) {
    builder_.AddEntity(file_, program_->schema.FindEntity(type), id, {},
                       attributes);
  }

  // Entities 0 .. i-1 of `type`, each with the edges' probability.
  void Parents(const char* type, const char* id_of, uint32_t i, Node* list) {
    for (uint32_t parent = 0; parent < i; ++parent) {
      if (Edge()) list->list.push_back(Typed(type, Id(id_of, parent)));
    }
  }
  Node Some(const char* type) {
    Node list = List();
    for (uint32_t i = 0; i < size(); ++i) {
      if (Edge()) list.list.push_back(Text(Id(type, i)));
    }
    return list;
  }

  Store Finish(std::vector<BenchRequest> requests) {
    Store store;
    store.facts = builder_.Build();
    if (store.facts == nullptr) {
      store.error =
          builder_.errors().empty() ? "no facts" : builder_.errors()[0].message;
    }
    store.requests = std::move(requests);
    return store;
  }

  using Choice = std::pair<const char*, const char*>;  // action, resource type
  std::vector<BenchRequest> Requests(std::initializer_list<Choice> choices) {
    std::vector<BenchRequest> out;
    for (uint32_t i = 0; i < options_.requests; ++i) {
      const Choice& c =
          choices.begin()[Any(static_cast<uint32_t>(choices.size()))];
      out.push_back({"Account", Id("Account", Any(size())), c.first, c.second,
                     Id(c.second, Any(size()))});
    }
    return out;
  }

 private:
  std::shared_ptr<const Program> program_;
  const StoreOptions options_;
  std::mt19937_64 random_;
  FactsBuilder builder_;
  uint32_t file_ = 0;
};

}  // namespace

Store MakeGdrive(std::shared_ptr<const Program> program,
                 const StoreOptions& options) {
  Generator g(std::move(program), options);
  const uint32_t n = g.size();
  // Views 0 .. n-1 are the accounts', n .. 2n-1 the teams'. What a team's view
  // holds, the views of its members hold.
  std::vector<std::vector<uint32_t>> members(n);
  for (uint32_t i = 0; i < n; ++i) {
    Node team = Map(), parents = List();
    g.Parents("Team", "Team", i, &parents);
    Put(&team, "in", std::move(parents));
    g.Add("Team", g.Id("Team", i), team);
  }
  for (uint32_t i = 0; i < n; ++i) {
    Node account = Map(), teams = List();
    for (uint32_t t = 0; t < n; ++t) {
      if (!g.Edge()) continue;
      teams.list.push_back(Typed("Team", g.Id("Team", t)));
      members[t].push_back(i);
    }
    Put(&account, "in", std::move(teams));
    Put(&account, "view", Text(g.Id("View", i)));
    Put(&account, "owned_documents", g.Some("Document"));
    Put(&account, "owned_folders", g.Some("Folder"));
    g.Add("Account", g.Id("Account", i), account);
    g.Add("View", g.Id("View", i), Map());
  }
  for (uint32_t t = 0; t < n; ++t) {
    Node view = Map(), parents = List();
    for (const uint32_t m : members[t]) {
      parents.list.push_back(Typed("View", g.Id("View", m)));
    }
    Put(&view, "in", std::move(parents));
    g.Add("View", g.Id("View", n + t), view);
  }
  for (uint32_t i = 0; i < n; ++i) {
    Node folder = Map(), parents = List();
    g.Parents("Folder", "Folder", i, &parents);
    g.Parents("View", "View", 2 * n, &parents);
    Put(&folder, "in", std::move(parents));
    g.Add("Folder", g.Id("Folder", i), folder);
    Node document = Map(), around = List();
    g.Parents("Folder", "Folder", n, &around);
    g.Parents("View", "View", 2 * n, &around);
    Put(&document, "in", std::move(around));
    Node is_public;
    is_public.kind = Node::Kind::kBool;
    is_public.boolean = g.Edge();
    Put(&document, "public", is_public);
    g.Add("Document", g.Id("Document", i), document);
  }
  return g.Finish(g.Requests({{"read_document", "Document"},
                              {"write_document", "Document"},
                              {"change_document_owner", "Document"},
                              {"create_document", "Folder"},
                              {"change_folder_owner", "Folder"}}));
}

Store MakeGithub(std::shared_ptr<const Program> program,
                 const StoreOptions& options) {
  Generator g(std::move(program), options);
  const uint32_t n = g.size();
  // Teams 0 .. n-1 are people's; five more a repository are its roles, and
  // teams and accounts are in roles.
  constexpr const char* kRoles[] = {"readers", "triagers", "writers",
                                    "maintainers", "admins"};
  const uint32_t roles = static_cast<uint32_t>(std::size(kRoles));
  for (uint32_t i = 0; i < n; ++i) {
    Node team = Map(), parents = List();
    g.Parents("Team", "Team", i, &parents);
    for (uint32_t r = 0; r < n * roles; ++r) {
      if (g.Edge()) parents.list.push_back(Typed("Team", g.Id("Team", n + r)));
    }
    Put(&team, "in", std::move(parents));
    g.Add("Team", g.Id("Team", i), team);
    Node account = Map(), teams = List();
    g.Parents("Team", "Team", n, &teams);
    for (uint32_t r = 0; r < n * roles; ++r) {
      if (g.Edge()) teams.list.push_back(Typed("Team", g.Id("Team", n + r)));
    }
    Put(&account, "in", std::move(teams));
    g.Add("Account", g.Id("Account", i), account);
  }
  for (uint32_t i = 0; i < n; ++i) {
    Node repository = Map();
    for (uint32_t r = 0; r < roles; ++r) {
      // Who maintains also writes: a stronger role is in the weaker one.
      Node team = Map(), parents = List();
      const uint32_t number = n + i * roles + r;
      if (r > 0) {
        parents.list.push_back(Typed("Team", g.Id("Team", number - 1)));
      }
      Put(&team, "in", std::move(parents));
      g.Add("Team", g.Id("Team", number), team);
      Put(&repository, kRoles[r], Text(g.Id("Team", number)));
    }
    g.Add("Repository", g.Id("Repository", i), repository);
    Node issue = Map();
    Put(&issue, "repository", Text(g.Id("Repository", g.Any(n))));
    Put(&issue, "reporter", Text(g.Id("Account", g.Any(n))));
    g.Add("Issue", g.Id("Issue", i), issue);
  }
  return g.Finish(g.Requests({{"pull", "Repository"},
                              {"fork", "Repository"},
                              {"push", "Repository"},
                              {"add_reader", "Repository"},
                              {"add_triager", "Repository"},
                              {"add_writer", "Repository"},
                              {"add_maintainer", "Repository"},
                              {"add_admin", "Repository"},
                              {"delete_issue", "Issue"},
                              {"edit_issue", "Issue"},
                              {"assign_issue", "Issue"}}));
}

}  // namespace bylaw
